"""What Kubernetes' own validation asks of its types, by their names in OpenAPI documents.

Sources: kubernetes/kubernetes 1.34, `pkg/apis/*/validation/validation.go`, and `pkg/apis/*/*/defaults.go`, as defaults
are set before. Left out is what other rules check, and what depends on the settings of a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.check.objects.kubernetes.constraints import (
    Breach,
    Constraint,
    Fields,
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
from floe_compiler.model.addresses import within
from floe_compiler.model.nested_fields import mappings

_MOST = 2**31 - 1
_PORT = (1, 65535)
_API, _META = "io.k8s.api", "io.k8s.apimachinery.pkg.apis.meta.v1"
_ADDRESS, _CIDR = "an IP address", "a range of IP addresses, such as 10.0.0.0/8"


def _end_of_ports(value: Fields) -> Iterator[Breach]:
    port, end = value.get("port"), value.get("endPort")
    if end is not None and not isinstance(port, int):
        yield Breach(("endPort",), "may only be set beside a port that is a number")
    elif isinstance(port, int) and end is not None and end < port:
        yield Breach(("endPort",), "must not be below port")


def _exceptions_within(value: Fields) -> Iterator[Breach]:
    try:
        whole = cidr(value["cidr"])
        parts = [cidr(one) for one in value.get("except", ())]
    except (KeyError, ValueError):
        return  # reported by its form
    for position, part in enumerate(parts):
        if not within(part, whole) or part == whole:
            yield Breach(("except", position), "must be a part of cidr")


def _nothing_moves(value: Fields) -> Iterator[Breach]:
    zero = (0, "0%")
    if value.get("maxUnavailable") in zero and value.get("maxSurge") in zero:
        yield Breach(("maxUnavailable",), "must not be 0 if maxSurge is 0, too")


def _service_ports(value: Fields) -> Iterator[Breach]:
    if not value.get("ports") and value.get("type") != "ExternalName" and value.get("clusterIP") != "None":
        yield Breach((), "needs ports, unless it is headless or of type ExternalName", lacks=True)


def _relative_path(value: Fields) -> Iterator[Breach]:
    if ".." in str(value.get("subPath", "")).split("/") or str(value.get("subPath", "")).startswith("/"):
        yield Breach(("subPath",), 'must be a relative path without ".."')


def _compared_with_one(value: Fields) -> Iterator[Breach]:
    if value.get("operator") in ("Gt", "Lt") and len(value.get("values") or ()) != 1:
        yield Breach(("values",), f"must have one item, as operator is {value['operator']}")


def _alone(value: Fields) -> Iterator[Breach]:
    modes = value.get("accessModes") or []
    if not modes:
        yield Breach((), "needs accessModes", lacks=True)
    elif "ReadWriteOncePod" in modes and len(modes) > 1:
        yield Breach(("accessModes",), "must not have other modes beside ReadWriteOncePod")


def _affinity_timeout(value: Fields) -> Iterator[Breach]:
    timeout = ((value.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds", 1)
    if value.get("sessionAffinity") == "ClientIP" and not 1 <= timeout <= 86400:
        yield Breach(("sessionAffinityConfig", "clientIP", "timeoutSeconds"), "must be 1 to 86400")


def _any_key(value: Fields) -> Iterator[Breach]:
    if not value.get("key") and value.get("operator") != "Exists":
        yield Breach((), "needs operator: Exists, as it has no key", lacks=True)


def _absolute(value: Fields) -> Iterator[Breach]:
    if value.get("pathType") in ("Exact", "Prefix") and not str(value.get("path", "")).startswith("/"):
        yield Breach(("path",), 'must begin with "/"')


def _accounts_with_namespace(value: Fields) -> Iterator[Breach]:
    # In a RoleBinding, they are in its own namespace otherwise.
    for position, subject in enumerate(mappings(value, ("subjects",))):
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            yield Breach(("subjects", position), "needs namespace, as kind is ServiceAccount", lacks=True)


def _some_peer(value: Fields) -> Iterator[Breach]:
    if not value:
        yield Breach((), "needs ipBlock, namespaceSelector or podSelector", lacks=True)


def _always(value: Fields) -> Iterator[Breach]:
    pod = (value.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy") in ("Never", "OnFailure"):
        yield Breach(("template", "spec", "restartPolicy"), "must be Always, unless a Job runs the pods")


def _deadline(value: Fields) -> Iterator[Breach]:
    ready, deadline = value.get("minReadySeconds", 0), value.get("progressDeadlineSeconds", 600)
    if 0 <= deadline <= ready:
        yield Breach(("progressDeadlineSeconds",), "must be above minReadySeconds")


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
    f"{_API}.apps.v1.DaemonSetSpec": (number(0, None, "minReadySeconds", "revisionHistoryLimit"), _always),
    f"{_API}.apps.v1.DeploymentSpec": (_REPLICAS, number(0, None, "progressDeadlineSeconds"), _deadline, _always),
    f"{_API}.apps.v1.DeploymentStrategy": (
        only_with("rollingUpdate", ("type", ("RollingUpdate",)), unset="RollingUpdate"),
    ),
    f"{_API}.apps.v1.ReplicaSetSpec": (number(0, None, "replicas", "minReadySeconds"), _always),
    f"{_API}.apps.v1.RollingUpdateDaemonSet": (number(0, None, "maxSurge", "maxUnavailable"), _nothing_moves),
    f"{_API}.apps.v1.RollingUpdateDeployment": (
        number(0, None, "maxSurge", "maxUnavailable"),
        percentage("maxUnavailable"),
        _nothing_moves,
    ),
    f"{_API}.apps.v1.RollingUpdateStatefulSetStrategy": (number(0, None, "partition"),),
    f"{_API}.apps.v1.StatefulSetOrdinals": (number(0, None, "start"),),
    f"{_API}.apps.v1.StatefulSetSpec": (number(0, None, "replicas", "minReadySeconds"), _always),
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
    f"{_API}.core.v1.NodeSelectorRequirement": (*_values_of(("In", "NotIn", "Gt", "Lt")), _compared_with_one),
    f"{_API}.core.v1.PersistentVolumeClaimSpec": (_alone,),
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
        _service_ports,
        _affinity_timeout,
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
        _any_key,
    ),
    f"{_API}.core.v1.TopologySpreadConstraint": (number(1, None, "maxSkew", "minDomains"),),
    f"{_API}.core.v1.Volume": (at_most_one(*_VOLUMES),),
    f"{_API}.core.v1.VolumeMount": (at_most_one("subPath", "subPathExpr"), _relative_path),
    f"{_API}.core.v1.VolumeProjection": (
        at_most_one(
            "clusterTrustBundle", "configMap", "downwardAPI", "podCertificate", "secret", "serviceAccountToken"
        ),
    ),
    f"{_API}.core.v1.WeightedPodAffinityTerm": _WEIGHT,
    f"{_API}.discovery.v1.EndpointPort": (number(*_PORT, "port"),),
    f"{_API}.networking.v1.HTTPIngressPath": (_absolute,),
    f"{_API}.networking.v1.HTTPIngressRuleValue": (not_empty("paths"),),
    f"{_API}.networking.v1.IPBlock": (parsed(cidr, _CIDR, "cidr", "except"), _exceptions_within),
    f"{_API}.networking.v1.IngressBackend": (exactly_one("resource", "service"),),
    f"{_API}.networking.v1.NetworkPolicyPeer": (
        at_most_one("ipBlock", "podSelector"),
        at_most_one("ipBlock", "namespaceSelector"),
        _some_peer,
    ),
    f"{_API}.networking.v1.NetworkPolicyPort": (number(*_PORT, "port", "endPort"), _end_of_ports),
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
    f"{_API}.rbac.v1.ClusterRoleBinding": (_accounts_with_namespace,),
    f"{_META}.LabelSelector": (labels("matchLabels"),),
    f"{_META}.LabelSelectorRequirement": (
        one_of(("DoesNotExist", "Exists", "In", "NotIn"), "operator"),
        *_values_of(("In", "NotIn")),
    ),
}
"""The constraints of each type."""
