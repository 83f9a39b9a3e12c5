"""The locations in the inputs of a namespace's objects, and the ConfigMaps by who reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from floe_compiler.kit import config_maps, labels
from floe_compiler.model.facts import Launched, Parts, Pod, Task, Workload, named_pods, pod_secrets
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.rendered import PodGroup, launched_id
from floe_compiler.model.span import Span

EXTERNAL_SECRET = "ExternalSecret.external-secrets.io"  # noqa: S105 - a kind of object

ConfigMapData = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a ConfigMap, and its files: key and text of each, sorted."""


def object_origins(declared: DeclaredInstance, objects: Iterable[Object]) -> list[tuple[str, Span]]:
    """Return the location in the inputs of each object: that of its workload, or where the component was chosen."""
    instance, special = declared.instance, _special_origins(declared.parts)
    origins = []
    for manifest_ in objects:
        name = (manifest_["metadata"].get("labels") or {}).get(labels.COMPONENT, "")
        origin = special.get(name, instance.origin)
        origins += [(str(identify(manifest_, instance.namespace)), origin)] if origin else []
    for pods in declared.parts.launched:
        if pods.origin:
            origins.append((str(launched_id(PodGroup(instance.namespace, pods.name))), pods.origin))
    return origins


def _special_origins(parts: Parts) -> Mapping[str, Span]:
    """Return the locations of those workloads that have their own."""
    facts: tuple[Workload | Task | Launched, ...] = (*parts.workloads, *parts.tasks, *parts.launched)
    return {fact.name: fact.origin for fact in facts if fact.origin}


def read_config_maps(unit: DeclaredUnit) -> Mapping[ConfigMapData, set[Span | None]]:
    """Return each ConfigMap with the locations of its readers.

    A component or a data product has all its files of one ConfigMap in it. Two that have different files in a ConfigMap
    of one name took the same name by chance: both are returned, and found to be rendered twice.
    """
    origins: dict[ConfigMapData, set[Span | None]] = {}
    for declared, origin, pods in _pods_by_origin(unit):
        for name, data in config_maps.config_data(pods).items():
            origins.setdefault((name, tuple(data.items())), set()).add(origin or declared.instance.origin)
    return dict(sorted(origins.items()))


def read_origins(unit: DeclaredUnit, maps: Mapping[ConfigMapData, set[Span | None]]) -> Iterator[tuple[str, Span]]:
    """Yield the locations of ConfigMaps and secrets whose readers all have the same location."""
    places = [(f"ConfigMap {unit.namespace}/{name}", origins) for (name, _), origins in maps.items()]
    secrets: dict[str, set[Span | None]] = {}
    for declared, origin, pods in _pods_by_origin(unit):
        for secret in sorted(pod_secrets(pods)):  # a set has another order in each process
            subject = f"{EXTERNAL_SECRET} {unit.namespace}/{secret.name}"
            secrets.setdefault(subject, set()).add(origin or declared.instance.origin)
    for subject, origins in (*places, *secrets.items()):
        if len(origins) == 1 and (place := next(iter(origins))):
            yield subject, place


def _pods_by_origin(unit: DeclaredUnit) -> Iterator[tuple[DeclaredInstance, Span | None, list[Pod]]]:
    """Yield the pods of each instance by their own location; None: that of the instance."""
    for declared in unit.instances:
        special, groups = _special_origins(declared.parts), defaultdict[Span | None, list[Pod]](list)
        for name, pod in named_pods(declared.parts):
            groups[special.get(name)].append(pod)
        yield from ((declared, origin, pods) for origin, pods in groups.items())
