"""Checks the objects of one unit, and summarizes them for the link."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from floe_compiler.check.acceptances import settle
from floe_compiler.check.index import Index, build_index
from floe_compiler.check.objects.schema import MISFIT
from floe_compiler.check.registry import MODULES, RULES
from floe_compiler.check.summary import summarize
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic
from floe_compiler.model.job_names import without_hash
from floe_compiler.model.objects import Object
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.summary import Summary
from floe_compiler.model.value_spans import path_in

__all__ = ["RULES", "Checked", "check_unit"]


class Checked(msgspec.Struct, frozen=True):
    """The findings about a unit (errors and warnings), and its summary."""

    findings: tuple[Diagnostic, ...]
    summary: Summary


def check_unit(unit: Rendered, definitions: tuple[Object, ...]) -> Checked:
    """Return the findings about one unit, and its summary. Errors in the objects are findings; nothing is raised.

    Args:
        unit: The objects and facts of one namespace (`unit.namespace`).
        definitions: The CustomResourceDefinitions of the environment.
    """
    index = build_index(unit, definitions)
    findings = _found(index)
    if unit.unpatched is not None and any(map(index.places.is_patched, findings)):
        without = build_index(replace(unit, objects=unit.unpatched, patched={}, removed={}), definitions)
        findings = _blamed(findings, index.places, _found(without))
    findings = tuple(settle(index, findings))
    return Checked(findings, summarize(index))


def _found(index: Index) -> tuple[Diagnostic, ...]:
    """Return the findings, without those about what is only missing because a value of another type is left out."""
    left_out = {
        f"{index.rendered.environment}{ENVIRONMENT_END}{identity}": [
            show_place(one.drop, index.objects[identity]) for one in violations if one.drop and one.number is None
        ]
        for identity, violations in index.shapes.violations.items()
    }
    return tuple(
        finding
        for module in MODULES
        for finding in module.check(index)
        if finding.rule == MISFIT or not _is_below(path_in(finding.message), left_out.get(finding.subject, ()))
    )


def _is_below(place: str, others: Iterable[str]) -> bool:
    return any(place == other or place.startswith((f"{other}.", f"{other}[")) for other in others)


def _blamed(findings: Iterable[Diagnostic], places: Places, without: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings; no patch is blamed for a value that it did not change, and that is wrong without it, too."""
    known = {_identity(finding): finding for finding in without}
    return tuple(
        known.get(_identity(finding), finding) if places.is_patched(finding) else finding for finding in findings
    )


def _identity(finding: Diagnostic) -> tuple[str, str, str]:
    """Return what identifies a finding; a patch gives a Job another name."""
    return finding.rule.code, without_hash(finding.subject), finding.message
