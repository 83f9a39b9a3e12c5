"""Pod templates: containers, probes and security, from what a component declares."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from floe_compiler.kit import config_maps, labels, service_mesh, tls, trust
from floe_compiler.kit.csi import NO_CSI, CsiFiles, csi_files
from floe_compiler.kit.images import pull_from, pull_policy
from floe_compiler.kit.meta import present
from floe_compiler.kit.placement import free_metadata, joined, placed
from floe_compiler.kit.volumes import mounts, volumes
from floe_compiler.kit.waits import wait_containers, wait_seconds
from floe_compiler.model.configuration import CONFIG_HASH, config_hash
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Pod, Probe, Resources, Variable
from floe_compiler.model.inputs import Placement
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance
from floe_compiler.model.settings import Settings

ROOT = 0
EVERYWHERE: Object = {"tolerations": [{"operator": "Exists"}]}
"""On all nodes, with any taints."""

SECRET_REASONS = "floe.dev/secret-variables"  # noqa: S105 - the name of an annotation


def pod_template(instance: Instance[Any], name: str, pod: Pod, placement: Placement) -> Object:
    """Return the template (`metadata` and `spec`) of the pods of the workload `name`."""
    free, noted = free_metadata(joined(placement, pod.placement))
    return {
        "metadata": {
            "labels": dict(sorted((free | pod_labels(instance, name, pod)).items())),
            **present(annotations=dict(sorted((noted | pod_annotations(instance.settings, pod)).items()))),
        },
        "spec": pod_spec(instance, name, pod, placement),
    }


def pod_labels(instance: Instance[Any], name: str, pod: Pod) -> labels.Labels:
    """Return the labels of the pods of the workload `name`."""
    identity = pod.workload_identity.labels if pod.workload_identity else ()
    own_labels = dict(pod.labels) | dict(identity)
    return labels.template_labels(instance, name) | labels.access_labels(pod.servers()) | own_labels


def pod_annotations(settings: Settings, pod: Pod) -> dict[str, str]:
    """Return the template's annotations: the hash of its configuration, why secrets are in variables, its proxy."""
    configuration = config_hash(dict(sorted({**config_maps.config_data([pod]), **trust.contents(settings)}.items())))
    reasons = config_maps.secret_reasons(pod)
    own = dict(pod.annotations) | present(**{CONFIG_HASH: configuration, SECRET_REASONS: reasons})
    return own | dict(service_mesh.pod_annotations(settings))


def pod_spec(instance: Instance[Any], name: str, pod: Pod, placement: Placement) -> Object:
    """Return the spec of the pods of the workload `name`, which meets the restricted pod security standard.

    Pods with access to their node are the exception.
    """
    settings = instance.settings
    csi = csi_files(settings, instance.scope, pod)
    return {
        "serviceAccountName": pod.account or name,
        "automountServiceAccountToken": pod.calls_kubernetes,
        # Service links add variables such as POLARIS_PORT=tcp://... to every pod, which some programs take as settings.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pod.grace,
        "securityContext": {
            "runAsNonRoot": pod.identity.user != ROOT,
            "runAsUser": pod.identity.user,
            "runAsGroup": pod.identity.group,
            "fsGroup": pod.identity.volume_group,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **(EVERYWHERE if pod.node_access else placed(joined(placement, pod.placement), pod.architecture)),
        **present(initContainers=[container(settings, init, csi) for init in (*wait_containers(pod), *pod.setup)]),
        "containers": [container(settings, main, csi) for main in pod.containers],
        **present(
            volumes=sorted(
                (*volumes(pod, csi), *tls.volumes(name, pod), *trust.volumes(settings)), key=itemgetter("name")
            )
        ),
    }


def startup_seconds(pod: Pod) -> int:
    """Return how long a pod may take to start: the wait for servers, and the start of its slowest container."""
    probes = [declared.startup for declared in pod.containers if declared.startup]
    slowest = max((check.delay + check.period * check.failures for check in probes), default=0)
    return slowest + wait_seconds(pod)


def container(settings: Settings, declared: Container, csi: CsiFiles = NO_CSI) -> Object:
    """Return one container of a pod spec; `csi` is what the Secrets Store CSI driver brings to the pod."""
    return {
        "name": declared.name,
        "image": pull_from(settings, declared.image),
        "imagePullPolicy": pull_policy(settings),
        **present(
            command=list(declared.command),
            args=list(declared.arguments),
            workingDir=declared.working_directory,
            env=[variable(entry) for entry in trust.variables(settings, declared)],
            ports=[container_port(port) for port in declared.ports],
        ),
        **present(
            startupProbe=probe(declared, declared.startup),
            livenessProbe=probe(declared, declared.liveness),
            readinessProbe=probe(declared, declared.readiness),
            lifecycle={"preStop": {"exec": {"command": list(declared.before_stop)}}} if declared.before_stop else {},
        ),
        "resources": resources(declared.resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": not declared.writable_root,
            "capabilities": {"drop": ["ALL"]},
        },
        **present(
            volumeMounts=sorted(
                (*mounts(declared, csi), *tls.mounts(declared), *trust.mounts(settings)), key=itemgetter("mountPath")
            )
        ),
    }


def resources(declared: Resources) -> Object:
    """Return requests and limits."""
    devices = {name: str(count) for name, count in declared.devices}
    return {
        "requests": {
            "cpu": declared.cpu,
            "memory": declared.memory,
            **present(**{"ephemeral-storage": declared.disk}),
            **devices,
        },
        "limits": {"cpu": declared.cpu_limit, "memory": declared.memory_limit, **devices},
    }


def variable(declared: Variable) -> Object:
    """Return one environment variable. Raises ValueError if nobody has filled in the address of an interface."""
    if declared.interface:
        raise ValueError(f"{declared.name} is the address of {declared.interface}, which these pods cannot know")
    if declared.secret:
        reference = {"name": declared.secret.secret.name, "key": declared.secret.key}
        return {"name": declared.name, "valueFrom": {"secretKeyRef": reference}}
    if declared.field:
        return {"name": declared.name, "valueFrom": {"fieldRef": {"fieldPath": declared.field}}}
    return {"name": declared.name, **present(value=declared.value)}  # Kubernetes does not store an empty value


def container_port(port: Port) -> Object:
    """Return a container's port."""
    return {"name": port.name, "containerPort": port.number, "protocol": port.protocol}


def probe(owner: Container, declared: Probe | None) -> Object | None:
    """Return a health check of the container `owner`."""
    if declared is None:
        return None
    timing = present(
        initialDelaySeconds=declared.delay or None,
        periodSeconds=declared.period,
        timeoutSeconds=declared.timeout,
        failureThreshold=declared.failures,
    )
    return _action(owner, declared) | timing


def _action(owner: Container, declared: Probe) -> Object:
    if declared.command:
        return {"exec": {"command": list(declared.command)}}
    if declared.grpc:
        # Unlike other probes, a gRPC probe needs the port's number.
        number = next(port.number for port in owner.ports if declared.port in ("", port.name))
        return {"grpc": {"port": number}}
    if declared.path:
        # The kubelet does not verify the certificate.
        secure = any(port.scheme == "https" for port in owner.ports if port.name == declared.port)
        scheme = {"scheme": "HTTPS"} if secure else {}
        return {"httpGet": {"path": declared.path, "port": declared.port, **scheme}}
    return {"tcpSocket": {"port": declared.port}}
