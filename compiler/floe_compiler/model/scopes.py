"""Which kinds are cluster-scoped.

Source: the "NAMESPACED" column of `kubectl api-resources` for Kubernetes, and the definitions of the custom resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NOTHING_DEFINED: Mapping[tuple[str, str], bool] = MappingProxyType({})

_CLUSTER: Mapping[str, frozenset[str]] = {
    "": frozenset({"ComponentStatus", "Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "argoproj.io": frozenset({"ClusterAnalysisTemplate", "ClusterWorkflowTemplate"}),
    "cert-manager.io": frozenset({"ClusterIssuer"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "external-secrets.io": frozenset({"ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "gateway.networking.k8s.io": frozenset({"GatewayClass"}),
    "generators.external-secrets.io": frozenset({"ClusterGenerator"}),
    "keda.sh": frozenset({"ClusterTriggerAuthentication"}),
    "networking.k8s.io": frozenset({"IPAddress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "policy": frozenset({"PodSecurityPolicy"}),
    "postgresql.cnpg.io": frozenset({"ClusterImageCatalog"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "DeviceTaintRule", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "snapshot.storage.k8s.io": frozenset({"VolumeSnapshotClass", "VolumeSnapshotContent"}),
    "storage.k8s.io": frozenset({"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
    "trust.cert-manager.io": frozenset({"Bundle"}),
}

_NAMESPACED_GROUPS = frozenset(
    {
        "",
        "apps",
        "argoproj.io",
        "autoscaling",
        "barmancloud.cnpg.io",
        "batch",
        "bitnami.com",
        "cert-manager.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "external-secrets.io",
        "gateway.networking.k8s.io",
        "generators.external-secrets.io",
        "helm.toolkit.fluxcd.io",
        "isindir.github.com",
        "keda.sh",
        "kustomize.toolkit.fluxcd.io",
        "monitoring.coreos.com",
        "multicluster.x-k8s.io",
        "networking.k8s.io",
        "notification.toolkit.fluxcd.io",
        "policy",
        "policy.linkerd.io",
        "postgresql.cnpg.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "secrets-store.csi.x-k8s.io",
        "security.istio.io",
        "snapshot.storage.k8s.io",
        "source.toolkit.fluxcd.io",
        "storage.k8s.io",
    }
)


def is_namespaced(group: str, kind: str, defined: Mapping[tuple[str, str], bool] = NOTHING_DEFINED) -> bool | None:
    """Return whether this kind is namespaced; None if that is not known.

    Args:
        group: The API group, empty for the core.
        kind: The kind.
        defined: Whether the kinds that the environment defines are namespaced, by group and kind.
    """
    if (group, kind) in defined:
        return defined[group, kind]
    if kind in _CLUSTER.get(group, ()):
        return False
    return True if group in _NAMESPACED_GROUPS else None
