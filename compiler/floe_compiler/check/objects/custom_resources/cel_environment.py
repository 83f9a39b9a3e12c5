"""CEL as Kubernetes has it: the language, its functions for texts, optional values, and some of Kubernetes' own.

Not there are the functions of Kubernetes that return objects of their own (`url`, `quantity`, `ip`, `cidr`, `format`),
and those that search for patterns (`find`), as Python may take forever to find one.
Sources: k8s.io/apiserver, `pkg/cel/library`, and https://kubernetes.io/docs/reference/using-api/cel/.
"""

from __future__ import annotations

import ipaddress
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

    text, truth, any_ = cel.Type.STRING, cel.Type.BOOL, cel.Type.DYN
    items = cel.Type.List(any_)

    def method(name: str, returned: Any, implementation: Callable[[list[Any]], Any]) -> cel.FunctionDecl:
        return cel.FunctionDecl(name, [cel.Overload(name, returned, (items,), is_member=True, impl=implementation)])

    def function(name: str, implementation: Callable[[str], bool]) -> cel.FunctionDecl:
        return cel.FunctionDecl(name, [cel.Overload(name, truth, (text,), is_member=False, impl=implementation)])

    return cel.NewEnv(
        variables={"self": any_, "oldSelf": any_},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
        functions=[
            method("isSorted", truth, lambda found: found == sorted(found)),
            method("sum", any_, sum),
            method("min", any_, min),
            method("max", any_, max),
            function("isQuantity", _is(lambda value: parse_quantity(value.lstrip("+-")))),
            function("isIP", _is(ipaddress.ip_address)),
            function("isCIDR", _is(_network)),
        ],
    )


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
