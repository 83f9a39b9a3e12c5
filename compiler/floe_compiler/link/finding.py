"""What the link finds, before it is known where the objects come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import PodGroup


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong between units. `unit` is the one whose places the finding needs; `about` is in it."""

    rule: Rule
    unit: str
    about: ObjectId | PodGroup | str
    message: str
    hint: str = ""


def placed(findings: Iterable[Finding], places: Callable[[str], Places]) -> tuple[Diagnostic, ...]:
    """Return the findings as diagnostics with their places.

    Args:
        findings: What the link found.
        places: Returns the places of a unit; asked only for units that a finding is about.
    """
    known: dict[str, Places] = {}
    found = []
    for one in findings:
        if one.unit not in known:
            known[one.unit] = places(one.unit)
        found.append(known[one.unit].diagnostic(one.rule, one.about, one.message, one.hint))
    return tuple(dict.fromkeys(found))
