"""Pod templates: containers, probes, security and spread, from what a component declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.kit import config_maps, labels
from floe_compiler.kit.images import pull_from, pull_policy
from floe_compiler.kit.meta import present
from floe_compiler.kit.volumes import mounts, volumes
from floe_compiler.kit.waits import wait_containers, wait_seconds
from floe_compiler.model.configuration import CONFIG_HASH, config_hash
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Pod, Probe, Resources, Variable
from floe_compiler.model.inputs import Placement
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance
from floe_compiler.model.settings import Settings

SECRET_REASONS = "floe.dev/secret-variables"  # noqa: S105 - the name of an annotation


def pod_template(instance: Instance[Any], name: str, pod: Pod, placement: Placement) -> Object:
    """Return the template (`metadata` and `spec`) of the pods of the workload `name`."""
    return {
        "metadata": {
            "labels": dict(sorted((pod_labels(instance, name, pod)).items())),
            **present(annotations=dict(sorted(pod_annotations(pod).items()))),
        },
        "spec": pod_spec(instance, name, pod, placement),
    }


def pod_labels(instance: Instance[Any], name: str, pod: Pod) -> labels.Labels:
    """Return the labels of the pods of the workload `name`."""
    identity = pod.workload_identity.labels if pod.workload_identity else ()
    own = dict(pod.labels) | dict(identity)
    return labels.template_labels(instance, name) | labels.access_labels(pod.servers()) | own


def pod_annotations(pod: Pod) -> Mapping[str, str]:
    """Return the template's annotations: the hash of its configuration, and the reasons for secrets in variables."""
    configuration = config_hash(config_maps.config_data([pod]))
    reasons = config_maps.secret_reasons(pod)
    return dict(pod.annotations) | present(**{CONFIG_HASH: configuration, SECRET_REASONS: reasons})


def pod_spec(instance: Instance[Any], name: str, pod: Pod, placement: Placement) -> Object:
    """Return the spec of the pods of the workload `name`, held to the restricted pod security standard."""
    settings = instance.settings
    return {
        "serviceAccountName": pod.account or name,
        "automountServiceAccountToken": bool(pod.kubernetes_api),
        # Service links put a variable like POLARIS_PORT=tcp://... into every pod, which several programs read.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pod.grace,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": pod.identity.user,
            "runAsGroup": pod.identity.group,
            "fsGroup": pod.identity.volume_group,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **placed(placement, pod.architecture),
        **present(initContainers=[container(settings, one) for one in (*wait_containers(pod), *pod.setup)]),
        "containers": [container(settings, one) for one in pod.containers],
        **present(volumes=volumes(pod)),
    }


def placed(placement: Placement, architecture: str = "") -> Object:
    """Return where pods may run; `architecture` is the only one that their images are built for."""
    built_for = {"kubernetes.io/arch": architecture} if architecture else {}
    tolerations = [
        present(key=one.key, operator="Equal" if one.value else "Exists", value=one.value, effect=one.effect)
        for one in placement.tolerations
    ]
    return present(nodeSelector=dict(sorted((placement.node_selector | built_for).items())), tolerations=tolerations)


def startup_seconds(pod: Pod) -> int:
    """Return how long a pod may wait for servers, and its slowest container may then take to start."""
    probes = [one.startup for one in pod.containers if one.startup]
    slowest = max((one.delay + one.period * one.failures for one in probes), default=0)
    return slowest + wait_seconds(pod)


def container(settings: Settings, declared: Container) -> Object:
    """Return one container of a pod spec."""
    return {
        "name": declared.name,
        "image": pull_from(settings, declared.image),
        "imagePullPolicy": pull_policy(settings),
        **present(
            command=list(declared.command),
            args=list(declared.arguments),
            workingDir=declared.working_directory,
            env=[variable(one) for one in declared.variables],
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
        **present(volumeMounts=mounts(declared)),
    }


def resources(declared: Resources) -> Object:
    """Return requests and limits."""
    return {
        "requests": {"cpu": declared.cpu, "memory": declared.memory},
        "limits": {"cpu": declared.cpu_limit, "memory": declared.memory_limit},
    }


def variable(declared: Variable) -> Object:
    """Return one environment variable."""
    if declared.secret:
        reference = {"name": declared.secret.secret.name, "key": declared.secret.key}
        return {"name": declared.name, "valueFrom": {"secretKeyRef": reference}}
    if declared.field:
        return {"name": declared.name, "valueFrom": {"fieldRef": {"fieldPath": declared.field}}}
    return {"name": declared.name, **present(value=declared.value)}  # an empty value is not stored


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
        # Unlike the other probes, a gRPC probe cannot name its port.
        number = next(port.number for port in owner.ports if declared.port in ("", port.name))
        return {"grpc": {"port": number}}
    if declared.path:
        return {"httpGet": {"path": declared.path, "port": declared.port}}
    return {"tcpSocket": {"port": declared.port}}
