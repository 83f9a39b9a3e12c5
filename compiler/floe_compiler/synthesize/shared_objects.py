"""Objects that two units of an environment render, so that they would overwrite each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.summary import Summary
from floe_compiler.synthesize.clashes import TWICE


def shared_objects(
    environment: str, units: Mapping[str, Summary], places: Callable[[str], Places]
) -> Iterator[Diagnostic]:
    """Yield an error for each object that is rendered for two units.

    Args:
        environment: The environment's name.
        units: The units, by name.
        places: Returns the locations of a unit; called only for errors.
    """
    owners: dict[ObjectId, str] = {}
    for unit in sorted(units):
        for identity in _away_from_home(units[unit]):
            first = owners.setdefault(identity, unit)
            if first == unit and identity.namespace in units and _has(units[identity.namespace], identity):
                first = identity.namespace
            if first != unit:
                message = f"{identity} is rendered for {_name(first)} and for {_name(unit)}"
                origin = places(unit).origin(identity)
                yield Diagnostic(TWICE, message, origin, f"{environment}: {identity}", "rename one of the two")


def _away_from_home(summary: Summary) -> Iterable[ObjectId]:
    """Yield the objects of a unit outside its namespace, as only these can be in another unit, too."""
    for namespace, groups in summary.objects.items():
        if namespace != summary.unit or not namespace:
            for group, kinds in groups.items():
                for kind, names in kinds.items():
                    yield from (ObjectId(group, kind, namespace, name) for name in names)


def _has(summary: Summary, identity: ObjectId) -> bool:
    kinds = summary.objects.get(identity.namespace, {}).get(identity.group, {})
    return identity.name in kinds.get(identity.kind, ())


def _name(unit: str) -> str:
    return unit or "base/ and overlays/"
