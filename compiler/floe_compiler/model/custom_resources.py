"""Where well-known custom resources refer to other objects, have pod templates, select pods, and create objects.

One table for each, by API group and kind, so that a kind is added with a line. The sources are the definitions that the
projects publish (github.com/datreeio/CRDs-catalog collects them).

For their paths, see `star_paths`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.star_paths import found_at

Kind = tuple[str, str]
"""An API group and a kind."""

CERT_MANAGER = "cert-manager.io"
CNPG = "postgresql.cnpg.io"
FLUX_HELM = "helm.toolkit.fluxcd.io"
FLUX_KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
FLUX_SOURCE = "source.toolkit.fluxcd.io"
GATEWAY = "gateway.networking.k8s.io"
ISTIO = "networking.istio.io"
KEDA = "keda.sh"
KNATIVE = "serving.knative.dev"
PROMETHEUS = "monitoring.coreos.com"
ROLLOUTS = "argoproj.io"
SPARK = "sparkoperator.k8s.io"


class Field(NamedTuple):
    """A field that refers to another object: a mapping with `name`, or as `form` says, a name or a host of Istio.

    `kind` and `group` are those of the object, unless the mapping says otherwise in `kind`, and in `group` or
    `apiVersion`. With `fixed`, a mapping that says otherwise is left alone, and with `own` one that names another
    namespace: it means something that others create for the whole cluster. With an annotation that begins with
    `unless`, something creates the objects that the field names.
    """

    path: str
    kind: str
    group: str = ""
    fixed: bool = False
    own: bool = False
    form: Literal["mapping", "name", "host"] = "mapping"
    unless: str = ""


class Named(NamedTuple):
    """A reference: the object, the path of the field, and the port of a Service if the field says one."""

    target: ObjectId
    path: DataPath
    port: int | None = None


def _services(*paths: str) -> tuple[Field, ...]:
    return tuple(Field(path, "Service") for path in paths)


def _secrets(*paths: str, unless: str = "") -> tuple[Field, ...]:
    return tuple(Field(path, "Secret", fixed=True, own=True, unless=unless) for path in paths)


def _config_maps(*paths: str) -> tuple[Field, ...]:
    return tuple(Field(path, "ConfigMap", fixed=True) for path in paths)


def _names(kind: str, *paths: str) -> tuple[Field, ...]:
    return tuple(Field(path, kind, form="name") for path in paths)


def _hosts(*paths: str) -> tuple[Field, ...]:
    return tuple(Field(path, "Service", form="host") for path in paths)


def _spark_pods(spec: str) -> tuple[Field, ...]:
    """Return what the settings of a Spark application's pods refer to, beside their pod templates."""
    pods = (f"{spec}.driver", f"{spec}.executor")
    secrets = ("secrets[*]", "envSecretKeyRefs.*", "env[*].valueFrom.secretKeyRef", "envFrom[*].secretRef")
    config_maps = ("configMaps[*]", "env[*].valueFrom.configMapKeyRef", "envFrom[*].configMapRef")
    return (
        *_names("ServiceAccount", *(f"{pod}.serviceAccount" for pod in pods)),
        *_names("ConfigMap", f"{spec}.sparkConfigMap", f"{spec}.hadoopConfigMap"),
        *_secrets(*(f"{pod}.{field}" for pod in pods for field in secrets)),
        *_config_maps(*(f"{pod}.{field}" for pod in pods for field in config_maps)),
    )


def _scraped(endpoints: str) -> tuple[Field, ...]:
    """Return the secrets and certificates with which Prometheus scrapes endpoints."""
    logins = ("basicAuth.username", "basicAuth.password", "authorization.credentials", "oauth2.clientSecret")
    return (
        *_secrets(*(f"{endpoints}.{login}" for login in (*logins, "bearerTokenSecret"))),
        *_secrets(f"{endpoints}.**.secret", f"{endpoints}.**.keySecret"),
        *_config_maps(f"{endpoints}.**.configMap"),
    )


_PARENTS = Field("spec.parentRefs[*]", "Gateway", GATEWAY, own=True)
_BACKENDS = (_PARENTS, *_services("spec.rules[*].backendRefs[*]"))
_MIRRORS = _services("spec.rules[*].**.requestMirror.backendRef")
_TRIGGERS = Field("spec.triggers[*].authenticationRef", "TriggerAuthentication", KEDA, fixed=True)
_OF_CLUSTER = Field("spec.cluster", "Cluster", CNPG)

REFERENCES: Mapping[Kind, tuple[Field, ...]] = {
    ("autoscaling", "HorizontalPodAutoscaler"): (Field("spec.scaleTargetRef", ""),),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): (Field("spec.targetRef", ""),),
    (CERT_MANAGER, "Certificate"): (
        Field("spec.issuerRef", "Issuer", CERT_MANAGER, fixed=True),
        *_secrets("spec.keystores.*.passwordSecretRef"),
    ),
    (CERT_MANAGER, "Issuer"): (
        *_names("Secret", "spec.ca.secretName"),
        *_secrets("spec.acme.externalAccountBinding.keySecretRef", "spec.acme.solvers[*].dns01.**.*SecretRef"),
        *_secrets("spec.vault.auth.**.*ecretRef"),
    ),
    (CNPG, "Backup"): (_OF_CLUSTER,),
    (CNPG, "Cluster"): (
        *_secrets("spec.bootstrap.*.secret", "spec.superuserSecret", "spec.imagePullSecrets[*]"),
        *_secrets("spec.managed.roles[*].passwordSecret", "spec.externalClusters[*].password"),
        *_secrets("spec.**.barmanObjectStore.s3Credentials.*", "spec.**.barmanObjectStore.azureCredentials.*"),
        *_secrets("spec.**.barmanObjectStore.googleCredentials.*", "spec.**.barmanObjectStore.endpointCA"),
        *_names("Secret", "spec.certificates.serverTLSSecret", "spec.certificates.serverCASecret"),
        *_names("Secret", "spec.certificates.replicationTLSSecret", "spec.certificates.clientCASecret"),
        Field("spec.imageCatalogRef", "ImageCatalog", CNPG, fixed=True),
    ),
    (CNPG, "Database"): (_OF_CLUSTER,),
    (CNPG, "Pooler"): (_OF_CLUSTER,),
    (CNPG, "ScheduledBackup"): (_OF_CLUSTER,),
    (FLUX_HELM, "HelmRelease"): (
        Field("spec.chart.spec.sourceRef", "HelmRepository", FLUX_SOURCE),
        Field("spec.chartRef", "OCIRepository", FLUX_SOURCE),
        Field("spec.dependsOn[*]", "HelmRelease", FLUX_HELM),
    ),
    (FLUX_KUSTOMIZE, "Kustomization"): (
        Field("spec.sourceRef", "GitRepository", FLUX_SOURCE),
        Field("spec.dependsOn[*]", "Kustomization", FLUX_KUSTOMIZE),
    ),
    (FLUX_SOURCE, "HelmChart"): (Field("spec.sourceRef", "HelmRepository", FLUX_SOURCE),),
    (GATEWAY, "BackendTLSPolicy"): (
        *_services("spec.targetRefs[*]"),
        *_config_maps("spec.validation.caCertificateRefs[*]"),
    ),
    (GATEWAY, "GRPCRoute"): (*_BACKENDS, *_MIRRORS),
    (GATEWAY, "Gateway"): _secrets("spec.listeners[*].tls.certificateRefs[*]", unless=f"{CERT_MANAGER}/"),
    (GATEWAY, "HTTPRoute"): (*_BACKENDS, *_MIRRORS),
    (GATEWAY, "TCPRoute"): _BACKENDS,
    (GATEWAY, "TLSRoute"): _BACKENDS,
    (GATEWAY, "UDPRoute"): _BACKENDS,
    (ISTIO, "DestinationRule"): _hosts("spec.host"),
    (ISTIO, "VirtualService"): (
        *_hosts("spec.*[*].route[*].destination", "spec.http[*].mirror", "spec.http[*].mirrors[*].destination"),
    ),
    (KEDA, "ScaledJob"): (_TRIGGERS,),
    (KEDA, "ScaledObject"): (Field("spec.scaleTargetRef", "Deployment", "apps"), _TRIGGERS),
    (KEDA, "TriggerAuthentication"): (
        *_secrets("spec.secretTargetRef[*]"),
        *_config_maps("spec.configMapTargetRef[*]"),
    ),
    (PROMETHEUS, "PodMonitor"): _scraped("spec.podMetricsEndpoints[*]"),
    (PROMETHEUS, "ServiceMonitor"): _scraped("spec.endpoints[*]"),
    (ROLLOUTS, "Rollout"): (
        Field("spec.workloadRef", "Deployment", "apps"),
        *_names("Service", "spec.strategy.blueGreen.activeService", "spec.strategy.blueGreen.previewService"),
        *_names("Service", "spec.strategy.canary.canaryService", "spec.strategy.canary.stableService"),
        *_names("Service", "spec.strategy.canary.pingPong.pingService", "spec.strategy.canary.pingPong.pongService"),
    ),
    (SPARK, "ScheduledSparkApplication"): _spark_pods("spec.template"),
    (SPARK, "SparkApplication"): _spark_pods("spec"),
}


class Template(NamedTuple):
    """A field with a pod template.

    `replicas` is the path of the number of its pods; empty: it is not known. With `is_task`, the pods run to their end.
    With `completed`, the operator adds what is missing, such as the image. `container` is the default name of a
    container, and `more` are the fields that the specification of a pod has besides those of Kubernetes.
    """

    path: str
    replicas: str = ""
    is_task: bool = False
    completed: bool = False
    container: str = ""
    more: frozenset[str] = frozenset()


_REVISION = Template(
    "spec.template",
    container="user-container",
    more=frozenset(
        {"containerConcurrency", "idleTimeoutSeconds", "responseStartTimeoutSeconds", "timeoutSeconds"},
    ),
)
_FLINK = ("spec.podTemplate", "spec.jobManager.podTemplate", "spec.taskManager.podTemplate")

TEMPLATES: Mapping[Kind, tuple[Template, ...]] = {
    (CNPG, "Pooler"): (Template("spec.template", completed=True),),
    ("flink.apache.org", "FlinkDeployment"): tuple(Template(path, completed=True) for path in _FLINK),
    (KEDA, "ScaledJob"): (Template("spec.jobTargetRef.template", is_task=True),),
    (KNATIVE, "Configuration"): (_REVISION,),
    (KNATIVE, "Service"): (_REVISION,),
    ("kubeflow.org", "MPIJob"): (Template("spec.mpiReplicaSpecs.*.template", is_task=True),),
    (ROLLOUTS, "Rollout"): (Template("spec.template", "spec.replicas"),),
    (SPARK, "ScheduledSparkApplication"): tuple(
        Template(f"spec.template.{pod}.template", is_task=True, completed=True) for pod in ("driver", "executor")
    ),
    (SPARK, "SparkApplication"): tuple(
        Template(f"spec.{pod}.template", is_task=True, completed=True) for pod in ("driver", "executor")
    ),
}

SELECTORS: Mapping[Kind, str] = {
    ("policy.linkerd.io", "Server"): "spec.podSelector",
    ("security.istio.io", "AuthorizationPolicy"): "spec.selector",
    ("security.istio.io", "PeerAuthentication"): "spec.selector",
    ("security.istio.io", "RequestAuthentication"): "spec.selector",
}
"""The fields by which objects select pods of their own namespace."""

MONITORS: Mapping[Kind, str] = {(PROMETHEUS, "PodMonitor"): "pod", (PROMETHEUS, "ServiceMonitor"): "Service"}
"""The monitors of Prometheus, and what their `spec.selector` selects, in the namespaces of `spec.namespaceSelector`."""

_CREATED: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    (CNPG, "Cluster"): (
        *(("Service", f"{{}}-{access}") for access in ("r", "ro", "rw")),
        *(("Secret", f"{{}}-{use}") for use in ("app", "ca", "replication", "server", "superuser")),
    ),
    (CNPG, "Pooler"): (("Service", "{}"),),
    (KNATIVE, "Service"): (("Service", "{}"),),
    (PROMETHEUS, "Alertmanager"): (("Service", "alertmanager-operated"),),
    (PROMETHEUS, "Prometheus"): (("Service", "prometheus-operated"),),
    (PROMETHEUS, "ThanosRuler"): (("Service", "thanos-ruler-operated"),),
}
"""The kinds and names of what an operator creates for an object; `{}` is the name of the object."""


def created_for(identity: ObjectId) -> Iterator[ObjectId]:
    """Yield the objects that an operator creates for an object."""
    for kind, name in _CREATED.get((identity.group, identity.kind), ()):
        yield ObjectId("", kind, identity.namespace, name.format(identity.name))


def references_of(identity: ObjectId, manifest: Object, cluster_domain: str) -> Iterator[Named]:
    """Yield what an object refers to by the table; optional references, and parts of a wrong type, are left out."""
    annotations = mapping(manifest, ("metadata", "annotations"))
    for field in REFERENCES.get((identity.group, identity.kind), ()):
        if field.unless and any(str(name).startswith(field.unless) for name in annotations):
            continue
        for path, value in found_at(manifest, field.path):
            named = _named(identity, field, path, value, cluster_domain)
            if named is not None and named.target.name and named.target.kind:
                yield named


def _named(identity: ObjectId, field: Field, path: DataPath, value: Any, cluster_domain: str) -> Named | None:
    if field.form == "host":
        return _by_host(identity, path, value, cluster_domain)
    if field.form == "name":
        name = value if isinstance(value, str) else ""
        return Named(ObjectId(field.group, field.kind, identity.namespace, name), path)
    if not isinstance(value, dict) or value.get("optional") is True:
        return None
    kind = str(value.get("kind") or field.kind)
    group = str(value["group"]) if "group" in value else field.group
    if "apiVersion" in value:
        group = str(value["apiVersion"]).rpartition("/")[0]
    namespace = str(value.get("namespace") or identity.namespace)
    elsewhere = field.own and namespace != identity.namespace
    if elsewhere or (field.fixed and (group, kind) != (field.group, field.kind)):
        return None
    port = value.get("port")
    target = ObjectId(group, kind, namespace, str(value.get("name") or ""))
    return Named(target, path, port if isinstance(port, int) else None)


def _by_host(identity: ObjectId, path: DataPath, value: Any, cluster_domain: str) -> Named | None:
    """Return the Service that a host of Istio means: `<name>`, or its full name; None for any other host."""
    port = at(value, ("port", "number"))
    if isinstance(value, dict):
        path, value = (*path, "host"), value.get("host")
    if not isinstance(value, str) or value.startswith("*"):
        return None
    name, _, rest = value.removesuffix(f".{cluster_domain}").partition(".")
    namespace, _, service = rest.partition(".")
    if rest and (service != "svc" or not namespace):
        return None
    target = ObjectId("", "Service", namespace or identity.namespace, name)
    return Named(target, path, port if isinstance(port, int) else None)
