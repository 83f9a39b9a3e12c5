"""Checks the objects of one unit, and summarizes them for the link."""

from __future__ import annotations

import msgspec

from floe_compiler.check.acceptances import settle
from floe_compiler.check.index import build_index
from floe_compiler.check.registry import MODULES, RULES
from floe_compiler.check.summary import summarize
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import Object
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.summary import Summary

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
    findings = tuple(settle(index, (finding for module in MODULES for finding in module.check(index))))
    return Checked(findings, summarize(index))
