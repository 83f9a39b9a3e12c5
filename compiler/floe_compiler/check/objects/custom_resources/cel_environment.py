"""CEL as Kubernetes has it: the language, its functions for texts, optional values, and some of Kubernetes' own.

Not there are the functions of Kubernetes that return objects of their own: `url`, `quantity`, `ip`, `cidr`, `format`.
Sources: k8s.io/apiserver, `pkg/cel/library`, and https://kubernetes.io/docs/reference/using-api/cel/.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from floe_compiler.model.quantities import parse_quantity

if TYPE_CHECKING:
    from cel_expr_python.cel import Env


@cache
def environment() -> Env:
    """Return the environment in which rules are compiled; `self` and `oldSelf` may have any type."""
    from cel_expr_python import cel  # large, and not needed by most runs
    from cel_expr_python.ext import ext_optional, ext_strings

    text, number, truth, any_ = cel.Type.STRING, cel.Type.INT, cel.Type.BOOL, cel.Type.DYN
    texts, items = cel.Type.List(text), cel.Type.List(any_)

    def method(name: str, returned: Any, *overloads: tuple[tuple[Any, ...], Callable[..., Any]]) -> cel.FunctionDecl:
        declared = [
            cel.Overload(f"{name}_{position}", returned, parameters, is_member=True, impl=implementation)
            for position, (parameters, implementation) in enumerate(overloads)
        ]
        return cel.FunctionDecl(name, declared)

    def function(name: str, implementation: Callable[[str], bool]) -> cel.FunctionDecl:
        return cel.FunctionDecl(name, [cel.Overload(name, truth, (text,), is_member=False, impl=implementation)])

    return cel.NewEnv(
        variables={"self": any_, "oldSelf": any_},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
        functions=[
            method("find", text, ((text, text), _find)),
            method("findAll", texts, ((text, text), _find_all), ((text, text, number), _find_all)),
            method("isSorted", truth, ((items,), lambda found: found == sorted(found))),
            method("sum", any_, ((items,), sum)),
            method("min", any_, ((items,), min)),
            method("max", any_, ((items,), max)),
            function("isQuantity", _is(lambda value: parse_quantity(value.lstrip("+-")))),
            function("isIP", _is(ipaddress.ip_address)),
            function("isCIDR", _is(_network)),
        ],
    )


def _find(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found[0] if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [one[0] for one in re.finditer(pattern, text)]
    return found if limit < 0 else found[:limit]


def _is(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Return a function that tells whether a text can be parsed."""

    def is_parsed(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return is_parsed


def _network(text: str) -> object:
    if not text.rpartition("/")[2].isdecimal() or "/" not in text:
        raise ValueError(f"{text} has no length")
    return ipaddress.ip_network(text, strict=False)
