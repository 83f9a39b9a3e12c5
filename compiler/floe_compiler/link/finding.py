"""Findings of the link, before the locations of their objects are looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import PodGroup


class Finding(msgspec.Struct, frozen=True):
    """An error between units. `about` is an object or group of pods of `unit`."""

    rule: Rule
    unit: str
    about: ObjectId | PodGroup | str
    message: str
    hint: str


def placed(findings: Iterable[Finding], places: Callable[[str], Places]) -> tuple[Diagnostic, ...]:
    """Return the findings as diagnostics with their locations.

    Args:
        findings: The findings of the link.
        places: Returns the locations of a unit; called only for units with findings.
    """
    places_of: dict[str, Places] = {}
    diagnostics = []
    for finding in findings:
        if finding.unit not in places_of:
            places_of[finding.unit] = places(finding.unit)
        diagnostics.append(
            places_of[finding.unit].diagnostic(finding.rule, finding.about, finding.message, finding.hint)
        )
    return tuple(dict.fromkeys(diagnostics))
