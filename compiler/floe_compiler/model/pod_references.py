"""The ConfigMaps and Secrets that pods use, and which of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from floe_compiler.model.objects import Object
from floe_compiler.model.workloads import Container, Workload

Kind = Literal["ConfigMap", "Secret"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a ConfigMap or Secret in a pod's own namespace; `key` is empty where all keys are used."""

    kind: Kind
    name: str
    key: str
    place: str
    optional: bool


def references(workload: Workload) -> Iterator[Reference]:
    """Yield each use of a ConfigMap or Secret by the pods of a workload, image pull secrets aside."""
    for container in workload.containers:
        yield from _of_container(container)
    subpaths = _subpaths(workload)
    for volume in workload.pod.get("volumes", ()):
        place = workload.at(f"spec.volumes[{volume.get('name', '')}]")
        for kind, source, name in _sources(volume):
            keys = [item.get("key", "") for item in source.get("items", ())]
            wanted = keys or subpaths.get(volume.get("name", ""), [])
            for key in wanted or [""]:
                yield Reference(kind, name, key, place, bool(source.get("optional")))


def _of_container(container: Container) -> Iterator[Reference]:
    kinds: tuple[tuple[Kind, str, str], ...] = (
        ("ConfigMap", "configMapRef", "configMapKeyRef"),
        ("Secret", "secretRef", "secretKeyRef"),
    )
    for kind, whole, single in kinds:
        for source in container.data.get("envFrom", ()):
            if whole in source:
                yield _reference(kind, source[whole], f"{container.place}.envFrom")
        for variable in container.data.get("env", ()):
            if single in variable.get("valueFrom", {}):
                place = f"{container.place}.env[{variable.get('name', '')}]"
                yield _reference(kind, variable["valueFrom"][single], place)


def _reference(kind: Kind, source: Object, place: str) -> Reference:
    return Reference(kind, source.get("name", ""), source.get("key", ""), place, bool(source.get("optional")))


def _sources(volume: Object) -> Iterator[tuple[Kind, Any, str]]:
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"], volume["configMap"].get("name", "")
    if "secret" in volume:
        yield "Secret", volume["secret"], volume["secret"].get("secretName", "")
    for source in volume.get("projected", {}).get("sources", ()):
        if "configMap" in source:
            yield "ConfigMap", source["configMap"], source["configMap"].get("name", "")
        if "secret" in source:
            yield "Secret", source["secret"], source["secret"].get("name", "")


def _subpaths(workload: Workload) -> dict[str, list[str]]:
    """Return for each volume of one ConfigMap or Secret the keys that are mounted as single files."""
    found: dict[str, list[str]] = {}
    single = {
        volume.get("name", "") for volume in workload.pod.get("volumes", ()) if {"configMap", "secret"} & volume.keys()
    }
    for container in workload.containers:
        for mount in container.data.get("volumeMounts", ()):
            if mount.get("name") in single and "subPath" in mount:
                found.setdefault(mount["name"], []).append(mount["subPath"])
    return found
