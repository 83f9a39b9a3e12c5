"""Objects that two environments would render into the same cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from floe_compiler.link.environment import Environment
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.span import Span

SHARED = Rule(
    "C018",
    "object of two environments in one cluster",
    "Two environments in the same cluster render an object of the same kind, namespace and name. They would keep "
    "overwriting each other's object, and removing one environment would delete the object of the other. Usually it "
    "has no namespace and is in base/. Render it in only one of them, or give it a different name in each.",
)

_Owner = tuple[Environment, str]
"""The environment and the unit that render an object."""


def duplicate_objects(
    environments: Iterable[Environment], places: Callable[[str, str], Places]
) -> Iterator[Diagnostic]:
    """Yield the objects that an environment and an earlier one of the same cluster both render.

    Args:
        environments: The linked environments.
        places: Returns the places of a unit, by environment and unit; called only for findings.
    """
    in_cluster: dict[str, list[Environment]] = defaultdict(list)
    for environment in environments:
        in_cluster[environment.facts.cluster].append(environment)
    for together in in_cluster.values():
        owners: dict[ObjectId, _Owner] = {}
        for environment in together if len(together) > 1 else ():
            for unit, identity in _objects(environment):
                first = owners.setdefault(identity, (environment, unit))
                if first[0] is not environment:
                    yield _shared(first, (environment, unit), identity, places)


def _objects(environment: Environment) -> Iterator[tuple[str, ObjectId]]:
    for unit, summary in environment.units.items():
        for namespace, groups in summary.objects.items():
            for group, kinds in groups.items():
                for kind, names in kinds.items():
                    yield from ((unit, ObjectId(group, kind, namespace, name)) for name in names)


def _shared(first: _Owner, second: _Owner, identity: ObjectId, places: Callable[[str, str], Places]) -> Diagnostic:
    name = str(identity)
    owners = ((owner[0].facts, owner[1]) for owner in (second, first))
    origins = [places(facts.environment, unit).origin(name) for facts, unit in owners]
    spans = [span for span in origins if span is not None]
    earlier, later = first[0].facts, second[0].facts
    cluster = later.cluster_name if earlier.cluster_name == later.cluster_name else later.cluster
    return Diagnostic(
        SHARED,
        f'environments "{earlier.environment}" and "{later.environment}" both render it into the cluster "{cluster}"',
        spans[0] if spans else None,
        name,
        _remedy(spans, earlier.environment, later.environment),
        tuple(Related(span, "rendered here, too") for span in spans[1:] if span != spans[0]),
    )


def _remedy(places: Sequence[Span], earlier: str, later: str) -> str:
    if places and all(place.file.startswith("base/") for place in places):
        return f"render it in one environment only: move it from base/ to overlays/{earlier}/"
    other = f'if "{later}" has a cluster of its own, give it another `cluster.name` or `cluster.server`'
    return f"{other}; else render it in only one of them, or give it a different name in each"
