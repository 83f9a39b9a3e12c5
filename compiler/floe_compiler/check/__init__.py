"""Checks the objects of one unit, and summarizes them for the link."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from floe_compiler.check.acceptances import settle
from floe_compiler.check.index import Index, build_index
from floe_compiler.check.objects.schema import MISFIT
from floe_compiler.check.registry import ABOUT_ONE_OBJECT, MODULES, RULES
from floe_compiler.check.summary import summarize
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic
from floe_compiler.model.job_names import without_hash
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.summary import Summary
from floe_compiler.model.value_spans import path_in

__all__ = ["RULES", "Checked", "check_unit"]


class Checked(msgspec.Struct, frozen=True):
    """The findings about a unit (errors and warnings), and its summary."""

    findings: tuple[Diagnostic, ...]
    summary: Summary
    sound: frozenset[ObjectId] = frozenset()
    """The objects in which the rules about single objects (`ABOUT_ONE_OBJECT`) have found nothing."""


def _unknown(_: Object) -> bool:
    return False


def check_unit(
    unit: Rendered, definitions: tuple[Object, ...], is_sound: Callable[[Object], bool] = _unknown
) -> Checked:
    """Return the findings about one unit, and its summary. Errors in the objects are findings; nothing is raised.

    Args:
        unit: The objects and facts of one namespace (`unit.namespace`).
        definitions: The CustomResourceDefinitions of the environment.
        is_sound: Tells whether an object is known to be `sound` in such a unit (default: none is).
    """
    index = build_index(unit, definitions)
    findings = _findings(index, is_sound)
    sound = frozenset(_sound(index, findings))
    if unit.unpatched is not None and any(map(index.places.is_patched, findings)):
        without = build_index(replace(unit, objects=unit.unpatched, patched={}, removed={}), definitions)
        findings = _blamed(findings, index.places, _findings(without, is_sound))
    findings = tuple(settle(index, findings))
    return Checked(findings, summarize(index), sound)


def _findings(index: Index, is_sound: Callable[[Object], bool]) -> tuple[Diagnostic, ...]:
    """Return the findings, without those about what is only missing because a value of another type is left out."""
    left_out = {
        f"{index.rendered.environment}{ENVIRONMENT_END}{identity}": [
            show_place(violation.drop, index.objects[identity])
            for violation in violations
            if violation.drop and violation.number is None
        ]
        for identity, violations in index.shapes.violations.items()
    }
    well_formed = set(_well_formed(index))
    doubtful = index.only(
        identity
        for identity, manifest in index.objects.items()
        if identity not in well_formed or not is_sound(manifest)
    )
    return tuple(
        finding
        for module in MODULES
        for finding in module.check(doubtful if module in ABOUT_ONE_OBJECT else index)
        if finding.rule == MISFIT or not _is_below(path_in(finding.message), left_out.get(finding.subject, ()))
    )


def _well_formed(index: Index) -> Iterable[ObjectId]:
    """Yield the objects that are as they were rendered: nothing was left out of them."""
    shapes = index.shapes
    return (
        identity for identity in index.objects if identity not in shapes.violations and identity not in shapes.nulls
    )


def _sound(index: Index, findings: Iterable[Diagnostic]) -> Iterable[ObjectId]:
    rules = {rule for module in ABOUT_ONE_OBJECT for rule in module.RULES}
    blamed = {finding.subject for finding in findings if finding.rule in rules}
    environment = index.rendered.environment
    return (identity for identity in _well_formed(index) if f"{environment}{ENVIRONMENT_END}{identity}" not in blamed)


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
