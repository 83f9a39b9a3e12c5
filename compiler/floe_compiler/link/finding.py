"""Findings of the link, before their objects' locations in the inputs are looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import PodGroup


@dataclass(frozen=True, slots=True)
class Finding:
    """An error between units. `unit` is the one whose locations the finding needs; `about` is in it."""

    rule: Rule
    unit: str
    about: ObjectId | PodGroup | str
    message: str
    hint: str = ""


def placed(findings: Iterable[Finding], places: Callable[[str], Places]) -> tuple[Diagnostic, ...]:
    """Return the findings as diagnostics with their locations.

    Args:
        findings: The findings of the link.
        places: Returns the locations of a unit; called only for units with findings.
    """
    known: dict[str, Places] = {}
    found = []
    for one in findings:
        if one.unit not in known:
            known[one.unit] = places(one.unit)
        found.append(known[one.unit].diagnostic(one.rule, one.about, one.message, one.hint))
    return tuple(dict.fromkeys(found))
