"""Errors inside a component of another package: they are its authors', so they are reported with the line at fault."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from floe_compiler.model.accounts import TwoIdentities
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.plan import Component, Instance

OWN = __name__.partition(".")[0]

COMPONENT_FAILED = Rule(
    "R031",
    "component that raises an error",
    "A component of another package raised an error. The message names the error and the line that raised it. Mend the"
    " component, or tell its authors.",
)

NOT_LOADED = Rule(
    "R032",
    "component that cannot be loaded",
    "An installed package announces a component (entry point `floe_compile.components`) that cannot be used: its module"
    " cannot be imported, or it is not a component, or it clashes with another one. Mend the package, or uninstall it.",
)

TWO_IDENTITIES = Rule(
    "R091",
    "pod with two identities",
    "A pod has one ServiceAccount, and so one identity in a cloud: what it calls there must know it by the same role or"
    " service account. If it has a key of that cloud, too, its programs would log in with the key everywhere.",
)


@contextmanager
def blaming(component: Component[Any], instance: Instance[Any]) -> Iterator[None]:
    """Turn an error of a component's own code into a StageFailed (R031) at the place that chooses the component.

    Pods that would need two identities are R091. Other errors of the components in this package stay as they are: they
    are bugs of this program.
    """
    package = component.build.__module__.partition(".")[0]
    try:
        yield
    except StageFailed:
        raise
    except TwoIdentities as error:
        message = f"{instance.label()}: {error}"
        hint = "let both services know it by the same one, or log in to one of them with a secret"
        raise StageFailed([Diagnostic(TWO_IDENTITIES, message, instance.origin, hint=hint)]) from error
    except Exception as error:
        if package == OWN:
            raise
        message = f"{instance.label()} failed: {fault(error, package)}"
        hint = f"mend the component in the package {package}, or tell its authors"
        raise StageFailed([Diagnostic(COMPONENT_FAILED, message, instance.origin, hint=hint)]) from error


def fault(error: BaseException, package: str) -> str:
    """Return an error on one line, with the last line of this package that it passed through."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(": ")
    line = _line(error.__traceback__, package)
    return f"{text} ({line})" if line else text


def _line(trace: TracebackType | None, package: str) -> str:
    """Return the module and line; of modules, as the path of a file says where somebody works."""
    frames = [(frame.f_globals.get("__name__", ""), line) for frame, line in traceback.walk_tb(trace)]
    own = [f"{module}, line {line}" for module, line in frames if module.partition(".")[0] == package]
    return own[-1] if own else ""
