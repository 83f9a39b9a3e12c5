"""The pods of custom resources whose pod templates `custom_resources` knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.check.objects.shapes import shape
from floe_compiler.check.objects.violations import Violation
from floe_compiler.model.custom_resources import TEMPLATES, Kind, Template
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import items, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.star_paths import found_at
from floe_compiler.model.workloads import PROBE_ACTIONS, PROBES, Workload, containers_of

_POD_TEMPLATE = ("v1", "PodTemplate")
_CONTAINERS = ("containers", "initContainers")
_KNATIVE_PORT = 8080


def custom_pods(
    rendered: Rendered, by_kind: Mapping[Kind, Sequence[tuple[ObjectId, Object]]], schemas: Schemas
) -> tuple[Mapping[ObjectId, Workload], Mapping[ObjectId, tuple[Violation, ...]]]:
    """Return the workloads of custom resources, and the violations of the schema of pod templates by object.

    Of several templates in an object, all but the first have a key of their own.
    """
    workloads: dict[ObjectId, Workload] = {}
    violations: dict[ObjectId, tuple[Violation, ...]] = {}
    for kind, templates in TEMPLATES.items():
        for identity, manifest in by_kind.get(kind, ()):
            for template, path, data in _templates(manifest, templates):
                broken, clean = _checked(identity, path, _prepared(data, template), schemas)
                violations[identity] = (*violations.get(identity, ()), *broken)
                place = show_place(path, manifest)
                key = identity._replace(name=f"{identity.name} {place}") if identity in workloads else identity
                workloads[key] = _workload(identity, manifest, template, place, clean, rendered)
    return workloads, violations


def _templates(manifest: Object, templates: Sequence[Template]) -> Iterator[tuple[Template, DataPath, Object]]:
    for template in templates:
        for path, data in found_at(manifest, template.path):
            if isinstance(data, dict) and mapping(data, ("spec",)):
                yield template, path, data


def _prepared(data: Object, template: Template) -> Object:
    """Return a pod template with only what Kubernetes knows, and with the default names of containers."""
    spec = {key: value for key, value in mapping(data, ("spec",)).items() if key not in template.more}
    containers = mappings(spec, ("containers",))
    if template.container and containers and len(containers) == len(items(spec, ("containers",))):
        serving = next((container for container in containers if container.get("ports")), containers[0])
        spec["containers"] = [
            _serving(container, template.container) if container is serving else container for container in containers
        ]
    return {**data, "spec": spec}


def _serving(container: Object, name: str) -> Object:
    """Return the container of Knative that serves, with its default name, port and probes.

    Source: knative.dev/serving, `pkg/apis/serving/v1/revision_defaults.go`.
    """
    ports = mappings(container, ("ports",)) or [{"containerPort": _KNATIVE_PORT}]
    number = ports[0].get("containerPort", _KNATIVE_PORT)
    probes = {field: mapping(container, (field,)) for field in PROBES if field in container}
    probes.setdefault("readinessProbe", {"tcpSocket": {}})
    with_port = {
        field: {
            action: {**how, "port": how.get("port") or number}
            if action in PROBE_ACTIONS and isinstance(how, dict)
            else how
            for action, how in probe.items()
        }
        for field, probe in probes.items()
    }
    return {"name": name, **container, "ports": ports, **with_port}


def _checked(
    identity: ObjectId, path: DataPath, data: Object, schemas: Schemas
) -> tuple[tuple[Violation, ...], Object]:
    """Return the violations of a pod template, at their paths in its object, and its valid parts."""
    api_version, kind = _POD_TEMPLATE
    own = ObjectId("", kind, identity.namespace, identity.name)
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "template"}, "template": data}
    checked = shape(ObjectSet({own: manifest}), schemas)
    violations = tuple(
        Violation((*path, *violation.path[1:]), violation.message, violation.hint)
        for violation in checked.violations.get(own, ())
        if violation.path[:1] == ("template",)
    )
    return violations, mapping(checked.objects.by_id[own], ("template",))


def _workload(
    identity: ObjectId, manifest: Object, template: Template, place: str, data: Object, rendered: Rendered
) -> Workload:
    data = _completed(data, rendered) if template.completed else data
    numbers = [value for _, value in found_at(manifest, template.replicas)] if template.replicas else [0]
    replicas = numbers[0] if numbers and isinstance(numbers[0], int) else 1
    containers = tuple(containers_of(mapping(data, ("spec",)), f"{place}.spec"))
    return Workload(identity, manifest, data, place, containers, replicas, template.is_task, template.completed)


def _completed(data: Object, rendered: Rendered) -> Object:
    """Return a pod template with what the rules want of every pod and it does not set, as its operator adds that."""
    pod = mapping(data, ("spec",))
    context = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        **data,
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            **pod,
            "securityContext": {**context, **mapping(pod, ("securityContext",))},
            **{
                field: [_container(container, rendered) for container in mappings(pod, (field,))]
                for field in _CONTAINERS
            },
        },
    }


def _container(data: Object, rendered: Rendered) -> Object:
    context = mapping(data, ("securityContext",))
    registry = rendered.image_registries[0] if rendered.image_registries else "registry.example"
    return {
        "image": f"{registry}/operator:1.0.0",
        "imagePullPolicy": "Always" if rendered.production else "IfNotPresent",
        "livenessProbe": {},
        "readinessProbe": {},
        **data,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            **context,
            "capabilities": {"drop": ["ALL"], **mapping(context, ("capabilities",))},
        },
    }
