"""What is wrong between environments: objects that two of them would render into one cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span

SHARED = Rule(
    "C018",
    "object of two environments in one cluster",
    "Two environments that run in one cluster render an object of the same kind, namespace and name. Each would "
    "overwrite the other's for ever, and removing one environment would take the object from the other. Mostly it has "
    "no namespace and stands in base/. Let only one of them render it, or give it a name of its own in each.",
)


def check_across(environments: Iterable[Rendered]) -> Iterator[Diagnostic]:
    """Yield the objects that an environment shares with an earlier one of the same cluster."""
    owners: dict[tuple[str, ObjectId], Rendered] = {}
    for rendered in environments:
        for identity in rendered.objects.by_id:
            first = owners.setdefault((rendered.cluster, identity), rendered)
            if first is not rendered:
                yield _shared(first, rendered, identity)


def _shared(first: Rendered, second: Rendered, identity: ObjectId) -> Diagnostic:
    name = str(identity)
    places = [one.origins[name] for one in (second, first) if name in one.origins]
    names = f'"{first.environment}" and "{second.environment}"'
    cluster = second.cluster_name if first.cluster_name == second.cluster_name else second.cluster
    related = tuple(Related(place, "rendered here, too") for place in places[1:] if place != places[0])
    return Diagnostic(
        SHARED,
        f'environments {names} both render it into the cluster "{cluster}"',
        places[0] if places else None,
        name,
        _remedy(places, first.environment),
        related,
    )


def _remedy(places: Sequence[Span], environment: str) -> str:
    if places and all(place.file.startswith("base/") for place in places):
        return f"render it in one environment only: move it from base/ to overlays/{environment}/"
    return "render it in one of them only, or give it a name of its own in each"
