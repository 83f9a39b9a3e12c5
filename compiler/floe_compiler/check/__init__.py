"""ObjectSet -> diagnostics: what is wrong with a rendered environment, seen as a whole."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable

from floe_compiler.check import rules
from floe_compiler.check.index import Index, build_index
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.rendered import Rendered

Check = Callable[[Index], Iterable[Diagnostic]]


def run_checks(rendered: Rendered) -> tuple[Diagnostic, ...]:
    """Return the warnings about a rendered environment, in order.

    Raises:
        StageFailed: There are errors; it carries all findings of all rules, warnings included.
    """
    index = build_index(rendered)
    findings = Findings()
    for check in all_checks():
        findings.extend(check(index))
    return findings.finish()


def all_checks() -> tuple[Check, ...]:
    """Return the `check` function of each module in `rules`, by module name: a new rule is one new file."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    return tuple(importlib.import_module(f"{rules.__name__}.{name}").check for name in names)
