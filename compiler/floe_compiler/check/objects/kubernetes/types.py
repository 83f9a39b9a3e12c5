"""What Kubernetes' own validation asks of its types, by their names in OpenAPI documents.

Sources: kubernetes/kubernetes 1.34, `pkg/apis/*/validation/validation.go`, and `pkg/apis/*/*/defaults.go`, as defaults
are set before. Left out is what other rules check, and what depends on the settings of a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.check.objects.kubernetes.constraints import (
    Constraint,
    address,
    at_most_one,
    cidr,
    exactly_one,
    file_mode,
    in_base64,
    labels,
    needed_with,
    not_empty,
    number,
    one_of,
    only_with,
    parsed,
    percentage,
)
from floe_compiler.check.objects.kubernetes.field_relations import (
    absolute,
    access_modes,
    accounts_with_namespace,
    affinity_timeout,
    always_restarted,
    any_key,
    compared_with_one,
    deadline_after_ready,
    end_of_ports,
    exceptions_within,
    nothing_moves,
    relative_path,
    service_ports,
    some_peer,
)

_MOST = 2**31 - 1
_PORT = (1, 65535)
_API, _META = "io.k8s.api", "io.k8s.apimachinery.pkg.apis.meta.v1"
_ADDRESS, _CIDR = "an IP address", "a range of IP addresses, such as 10.0.0.0/8"


def _values_of(operators: tuple[str, ...]) -> tuple[Constraint, ...]:
    return (
        needed_with("values", "operator", "In", "NotIn"),
        only_with("values", ("operator", operators)),
    )


_VOLUMES = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
]
_USERS = number(0, _MOST, "runAsUser", "runAsGroup", "fsGroup", "supplementalGroups")
_REPLICAS = number(0, None, "replicas", "minReadySeconds", "revisionHistoryLimit")
_WEIGHT = (number(1, 100, "weight"),)
_MODES = (file_mode("defaultMode"),)

CONSTRAINTS: Mapping[str, tuple[Constraint, ...]] = {
    f"{_API}.apps.v1.DaemonSetSpec": (number(0, None, "minReadySeconds", "revisionHistoryLimit"), always_restarted),
    f"{_API}.apps.v1.DeploymentSpec": (
        _REPLICAS,
        number(0, None, "progressDeadlineSeconds"),
        deadline_after_ready,
        always_restarted,
    ),
    f"{_API}.apps.v1.DeploymentStrategy": (
        only_with("rollingUpdate", ("type", ("RollingUpdate",)), unset="RollingUpdate"),
    ),
    f"{_API}.apps.v1.ReplicaSetSpec": (number(0, None, "replicas", "minReadySeconds"), always_restarted),
    f"{_API}.apps.v1.RollingUpdateDaemonSet": (number(0, None, "maxSurge", "maxUnavailable"), nothing_moves),
    f"{_API}.apps.v1.RollingUpdateDeployment": (
        number(0, None, "maxSurge", "maxUnavailable"),
        percentage("maxUnavailable"),
        nothing_moves,
    ),
    f"{_API}.apps.v1.RollingUpdateStatefulSetStrategy": (number(0, None, "partition"),),
    f"{_API}.apps.v1.StatefulSetOrdinals": (number(0, None, "start"),),
    f"{_API}.apps.v1.StatefulSetSpec": (number(0, None, "replicas", "minReadySeconds"), always_restarted),
    f"{_API}.apps.v1.StatefulSetUpdateStrategy": (
        only_with("rollingUpdate", ("type", ("RollingUpdate",)), unset="RollingUpdate"),
    ),
    f"{_API}.autoscaling.v2.HPAScalingPolicy": (
        one_of(("Pods", "Percent"), "type"),
        number(1, None, "value"),
        number(1, 1800, "periodSeconds"),
    ),
    f"{_API}.autoscaling.v2.HPAScalingRules": (
        one_of(("Disabled", "Max", "Min"), "selectPolicy"),
        number(0, 3600, "stabilizationWindowSeconds"),
    ),
    f"{_API}.autoscaling.v2.HorizontalPodAutoscalerSpec": (
        number(0, None, "minReplicas"),
        number(1, None, "maxReplicas"),
    ),
    f"{_API}.autoscaling.v2.MetricSpec": (
        one_of(("ContainerResource", "External", "Object", "Pods", "Resource"), "type"),
        needed_with("containerResource", "type", "ContainerResource"),
        needed_with("external", "type", "External"),
        needed_with("object", "type", "Object"),
        needed_with("pods", "type", "Pods"),
        needed_with("resource", "type", "Resource"),
        at_most_one("containerResource", "external", "object", "pods", "resource"),
    ),
    f"{_API}.autoscaling.v2.MetricTarget": (
        one_of(("AverageValue", "Utilization", "Value"), "type"),
        number(1, None, "averageUtilization"),
    ),
    f"{_API}.batch.v1.CronJobSpec": (
        number(0, None, "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"),
    ),
    f"{_API}.batch.v1.JobSpec": (
        number(0, None, "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit"),
        number(0, None, "backoffLimitPerIndex", "maxFailedIndexes", "ttlSecondsAfterFinished"),
    ),
    f"{_API}.core.v1.AppArmorProfile": (needed_with("localhostProfile", "type", "Localhost"),),
    f"{_API}.core.v1.ConfigMap": (in_base64("binaryData"),),
    f"{_API}.core.v1.ConfigMapVolumeSource": _MODES,
    f"{_API}.core.v1.ContainerPort": (number(*_PORT, "containerPort"), number(0, 65535, "hostPort")),
    f"{_API}.core.v1.DownwardAPIVolumeFile": (file_mode("mode"), exactly_one("fieldRef", "resourceFieldRef")),
    f"{_API}.core.v1.DownwardAPIVolumeSource": _MODES,
    f"{_API}.core.v1.EnvFromSource": (exactly_one("configMapRef", "secretRef"),),
    f"{_API}.core.v1.EnvVar": (at_most_one("value", "valueFrom"),),
    f"{_API}.core.v1.EnvVarSource": (
        exactly_one("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"),
    ),
    f"{_API}.core.v1.GRPCAction": (number(*_PORT, "port"),),
    f"{_API}.core.v1.HTTPGetAction": (number(*_PORT, "port"),),
    f"{_API}.core.v1.HostAlias": (parsed(address, _ADDRESS, "ip"),),
    f"{_API}.core.v1.KeyToPath": (file_mode("mode"),),
    f"{_API}.core.v1.LifecycleHandler": (exactly_one("exec", "httpGet", "sleep", "tcpSocket"),),
    f"{_API}.core.v1.NodeSelector": (not_empty("nodeSelectorTerms"),),
    f"{_API}.core.v1.NodeSelectorRequirement": (*_values_of(("In", "NotIn", "Gt", "Lt")), compared_with_one),
    f"{_API}.core.v1.PersistentVolumeClaimSpec": (access_modes,),
    f"{_API}.core.v1.PodDNSConfig": (parsed(address, _ADDRESS, "nameservers"),),
    f"{_API}.core.v1.PodSecurityContext": (_USERS,),
    f"{_API}.core.v1.PodSpec": (
        number(1, _MOST, "activeDeadlineSeconds"),
        labels("nodeSelector"),
        not_empty("containers"),
    ),
    f"{_API}.core.v1.PreferredSchedulingTerm": _WEIGHT,
    f"{_API}.core.v1.Probe": (
        exactly_one("exec", "grpc", "httpGet", "tcpSocket"),
        number(0, None, "initialDelaySeconds"),
        number(1, None, "terminationGracePeriodSeconds"),
    ),
    f"{_API}.core.v1.ProjectedVolumeSource": _MODES,
    f"{_API}.core.v1.SeccompProfile": (needed_with("localhostProfile", "type", "Localhost"),),
    f"{_API}.core.v1.SecretVolumeSource": _MODES,
    f"{_API}.core.v1.SecurityContext": (_USERS,),
    f"{_API}.core.v1.ServicePort": (number(*_PORT, "port"), number(0, 65535, "nodePort", "targetPort")),
    f"{_API}.core.v1.ServiceSpec": (
        service_ports,
        affinity_timeout,
        labels("selector"),
        needed_with("externalName", "type", "ExternalName"),
        parsed(address, _ADDRESS, "externalIPs"),
        parsed(cidr, _CIDR, "loadBalancerSourceRanges"),
    ),
    f"{_API}.core.v1.SleepAction": (number(0, None, "seconds"),),
    f"{_API}.core.v1.TCPSocketAction": (number(*_PORT, "port"),),
    f"{_API}.core.v1.Toleration": (
        only_with("value", ("operator", ("Equal", "Gt", "Lt")), unset="Equal"),
        only_with("tolerationSeconds", ("effect", ("NoExecute",))),
        any_key,
    ),
    f"{_API}.core.v1.TopologySpreadConstraint": (number(1, None, "maxSkew", "minDomains"),),
    f"{_API}.core.v1.Volume": (at_most_one(*_VOLUMES),),
    f"{_API}.core.v1.VolumeMount": (at_most_one("subPath", "subPathExpr"), relative_path),
    f"{_API}.core.v1.VolumeProjection": (
        at_most_one(
            "clusterTrustBundle", "configMap", "downwardAPI", "podCertificate", "secret", "serviceAccountToken"
        ),
    ),
    f"{_API}.core.v1.WeightedPodAffinityTerm": _WEIGHT,
    f"{_API}.discovery.v1.EndpointPort": (number(*_PORT, "port"),),
    f"{_API}.networking.v1.HTTPIngressPath": (absolute,),
    f"{_API}.networking.v1.HTTPIngressRuleValue": (not_empty("paths"),),
    f"{_API}.networking.v1.IPBlock": (parsed(cidr, _CIDR, "cidr", "except"), exceptions_within),
    f"{_API}.networking.v1.IngressBackend": (exactly_one("resource", "service"),),
    f"{_API}.networking.v1.NetworkPolicyPeer": (
        at_most_one("ipBlock", "podSelector"),
        at_most_one("ipBlock", "namespaceSelector"),
        some_peer,
    ),
    f"{_API}.networking.v1.NetworkPolicyPort": (number(*_PORT, "port", "endPort"), end_of_ports),
    f"{_API}.networking.v1.ServiceBackendPort": (exactly_one("name", "number"), number(*_PORT, "number")),
    f"{_API}.policy.v1.PodDisruptionBudgetSpec": (
        at_most_one("maxUnavailable", "minAvailable"),
        number(0, None, "maxUnavailable", "minAvailable"),
        percentage("maxUnavailable", "minAvailable"),
    ),
    f"{_API}.rbac.v1.RoleRef": (
        one_of(("ClusterRole", "Role"), "kind"),
        one_of(("rbac.authorization.k8s.io",), "apiGroup"),
    ),
    f"{_API}.rbac.v1.Subject": (one_of(("Group", "ServiceAccount", "User"), "kind"),),
    f"{_API}.rbac.v1.ClusterRoleBinding": (accounts_with_namespace,),
    f"{_META}.LabelSelector": (labels("matchLabels"),),
    f"{_META}.LabelSelectorRequirement": (
        one_of(("DoesNotExist", "Exists", "In", "NotIn"), "operator"),
        *_values_of(("In", "NotIn")),
    ),
}
"""The constraints of each type."""
