"""The ConfigMaps and Secrets that pods use, and which of their keys. The manifests may be malformed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from floe_compiler.model.nested_fields import mapping, mappings
from floe_compiler.model.object_memory import once, remembered
from floe_compiler.model.objects import Object
from floe_compiler.model.workloads import Container, Workload, containers_of, pod_template

Kind = Literal["ConfigMap", "Secret"]

_VARIABLES: tuple[tuple[Kind, str, str], ...] = (
    ("ConfigMap", "configMapRef", "configMapKeyRef"),
    ("Secret", "secretRef", "secretKeyRef"),
)
_VOLUMES: tuple[tuple[Kind, str, str], ...] = (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName"))
_PROJECTED: tuple[tuple[Kind, str, str], ...] = (("ConfigMap", "configMap", "name"), ("Secret", "secret", "name"))


class Reference(NamedTuple):
    """A use of a ConfigMap or Secret in a pod's own namespace; `key` is empty where all keys are used."""

    kind: Kind
    name: str
    key: str
    place: str
    optional: bool


def references(pod: Object, place: str = "spec") -> Iterator[Reference]:
    """Yield each use of a ConfigMap or Secret in a pod's specification, except image pull secrets.

    Args:
        pod: The specification.
        place: Its data path in the object.
    """
    mounted: dict[str, list[str]] = defaultdict(list)
    for container in containers_of(pod, place):
        yield from _of_variables(container)
        for mount in mappings(container.data, ("volumeMounts",)):
            # A file that is mounted alone has the name of its key, unless the volume sets another.
            mounted[str(mount.get("name"))].append(str(mount.get("subPath", "")))
    for volume in mappings(pod, ("volumes",)):
        name = str(volume.get("name", ""))
        yield from _of_source(volume, _VOLUMES, f"{place}.volumes[{name}]", mounted.get(name, [""]))
        for source in mappings(volume, ("projected", "sources")):
            yield from _of_source(source, _PROJECTED, f"{place}.volumes[{name}]", [""])


@remembered
def references_in(manifest: Object) -> tuple[Reference, ...]:
    """Return the `references` of an object's pod template."""
    return tuple(references(mapping(pod_template(manifest), ("spec",))))


@once
def workload_references(workload: Workload) -> tuple[Reference, ...]:
    """Return the `references` of a workload's pods, each once, with its place in the object."""
    return tuple(dict.fromkeys(references(workload.pod, workload.at("spec"))))


def _of_variables(container: Container) -> Iterator[Reference]:
    sources, variables = mappings(container.data, ("envFrom",)), mappings(container.data, ("env",))
    for source in sources:
        for kind, field, _ in _VARIABLES:
            if isinstance(reference := source.get(field), dict):
                yield _reference(kind, reference, "", f"{container.place}.envFrom")
    for variable in variables:
        value_from = variable.get("valueFrom")
        if not isinstance(value_from, dict):
            continue
        for kind, _, single in _VARIABLES:
            if isinstance(reference := value_from.get(single), dict):
                place = f"{container.place}.env[{variable.get('name', '')}]"
                yield _reference(kind, reference, str(reference.get("key", "")), place)


def _of_source(
    owner: Object, kinds: tuple[tuple[Kind, str, str], ...], place: str, keys: Iterable[str]
) -> Iterator[Reference]:
    for kind, field, name in kinds:
        if isinstance(source := owner.get(field), dict):
            items = [str(item.get("key", "")) for item in mappings(source, ("items",))]
            for key in items or keys:
                yield _reference(kind, source, key, place, name)


def _reference(kind: Kind, source: Object, key: str, place: str, name: str = "name") -> Reference:
    return Reference(kind, str(source.get(name, "")), key, place, bool(source.get("optional")))
