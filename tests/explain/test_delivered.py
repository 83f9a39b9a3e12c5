"""The plan of the delivery is used again only where a new one would be the same."""

from __future__ import annotations

from explain.test_explain import REGISTRY, SOURCES
from explain.test_first_resolution import every as every
from explain.test_first_resolution import varied
from floe_compiler.explain.attempts import Unchecked, Valid
from floe_compiler.explain.first_resolution import FirstResolution
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.known_parts import KnownParts


def planned(sources: Sources, known: KnownParts) -> object:
    """Return what the objects of the delivery tool are derived from; the error if that is not known."""
    try:
        return Unchecked(sources, REGISTRY, "dev", known).delivery_plan(encrypted=False)
    except ValueError as error:
        return type(error)


def test_the_shortcut_delivers_variations_in_the_same_way(every: int) -> None:
    known = FirstResolution()
    first = Valid(SOURCES, REGISTRY, "dev", known).delivery_plan(encrypted=False)
    known.end()
    other_names = [name for name, sources in varied(every) if _is_another(name, sources, known, first)]
    assert any(name.startswith("m.yaml ('delivery', 'repository')") for name in other_names)
    assert any(name.startswith("e.yaml namespaces") for name in other_names)


def _is_another(name: str, sources: Sources, known: FirstResolution, first: object) -> bool:
    plan = planned(sources, known)
    assert plan == planned(sources, KnownParts()), name
    return plan != first
