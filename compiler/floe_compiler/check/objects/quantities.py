"""Quantities must have the form that Kubernetes prints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.objects.kubernetes.marked_values import QUANTITY
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.document import DataPath
from floe_compiler.model.hints import with_hint
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.resource_names import is_counted, wrong_amount

INVALID = Rule(
    "C160",
    "invalid quantity",
    "Kubernetes cannot parse this amount of CPU, memory or storage. Write a number and a suffix, "
    "such as 500m, 2 or 512Mi.",
)
NOT_CANONICAL = Rule(
    "C161",
    "non-canonical quantity",
    "The API server rewrites quantities (1000m to 1), so delivery tools would report a difference forever. "
    "Write the form that it prints.",
)
WRONG_BYTES = Rule(
    "C172",
    "implausible amount of bytes",
    "Memory and storage are counted in whole bytes. An amount below 1Mi most often lacks its suffix, or has a wrong "
    'one: "m" is a thousandth. Write a suffix such as Mi or Gi.',
)
NOT_WHOLE = Rule(
    "C210",
    "amount that must be a whole number",
    "Objects such as pods, and devices of nodes such as GPUs, are counted in whole numbers. The API server refuses "
    "fractions of most of them.",
)
RULES = (INVALID, NOT_CANONICAL, WRONG_BYTES, NOT_WHOLE)

_RATIO = "maxLimitRequestRatio"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the quantities that Kubernetes refuses or rewrites; schemas mark where quantities are."""
    for identity, path, value, type_, _ in index.marked_values:
        if type_ == QUANTITY:
            yield from _quantity(index, identity, path, value)


def _quantity(index: Index, identity: ObjectId, path: DataPath, value: Any) -> Iterator[Diagnostic]:
    try:
        canonical, problem = _known(str(value), "" if _RATIO in path else str(path[-1]))
    except ValueError as error:
        place = show_place(path, index.objects[identity])
        yield index.finding(INVALID, identity, *with_hint(f"{place}: {error}"))
        return
    if not problem and value == canonical:
        return
    place = show_place(path, index.objects[identity])
    if problem:
        message, _, hint = problem.partition("; ")
        rule = NOT_WHOLE if is_counted(str(path[-1])) else WRONG_BYTES
        yield index.finding(rule, identity, f"{place}: {message}", hint)
    else:
        yield index.finding(NOT_CANONICAL, identity, f"{place} is {value!r}", f'write "{canonical}"')


@lru_cache(maxsize=4096)
def _known(text: str, name: str) -> tuple[str, str]:
    """Return the canonical text of a quantity, and what is wrong with it as an amount of the resource of that name."""
    return str(parse_quantity(text)), wrong_amount(name, text)
