"""CEL as Kubernetes has it: the language, its functions for texts, optional values, and those of Kubernetes.

What Kubernetes has types for (URLs, quantities, addresses, formats) are texts here. Not there are functions that search
for patterns (`find`), as Python may take forever to find one, those for versions (`semver`), and `format.named`.
Sources: k8s.io/apiserver, `pkg/cel/library`, and https://kubernetes.io/docs/reference/using-api/cel/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from floe_compiler.check.objects.custom_resources import cel_functions as kubernetes

if TYPE_CHECKING:
    from cel_expr_python.cel import Env, Expression, FunctionDecl

_VALIDATE = re.compile(r"\.validate\(")
_FORMAT = re.compile(r"format\.\w+\(\)$")
_OPENING, _CLOSING = "([{", ")]}"


def compiled(expression: str) -> Expression:
    """Return an expression, compiled; raise RuntimeError if it has an error, or something that is not known here."""
    return _environment().compile(_with_optional_values(expression))


def _with_optional_values(expression: str) -> str:
    """Return an expression in which the errors of a format are optional, which no function of ours can return."""
    parts, done = [], 0
    for call in _VALIDATE.finditer(expression):
        form = _FORMAT.search(expression, done, call.start())
        end = _end_of_arguments(expression, call.end())
        if form and end:
            parts += [expression[done : form.start()], "optional.ofNonZeroValue(", expression[form.start() : end], ")"]
            done = end
    return "".join([*parts, expression[done:]])


def _end_of_arguments(expression: str, start: int) -> int:
    """Return the place after the bracket that closes the one before `start`; 0 if there is none."""
    depth, quote = 1, ""
    for place, letter in enumerate(expression[start:], start + 1):
        if letter in "\"'":
            quote = "" if quote == letter else quote or letter
        elif not quote:
            depth += (letter in _OPENING) - (letter in _CLOSING)
            if not depth:
                return place
    return 0


@cache
def _environment() -> Env:
    from cel_expr_python import cel  # large, and not needed by most runs
    from cel_expr_python.ext import ext_optional, ext_strings

    return cel.NewEnv(
        variables={"self": cel.Type.DYN, "oldSelf": cel.Type.DYN},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
        functions=[*_functions()],
    )


def _functions() -> Iterator[FunctionDecl]:
    """Yield the functions of Kubernetes; one may take arguments of several types."""
    from cel_expr_python import cel

    types = cel.Type
    text, integer, truth, any_ = types.STRING, types.INT, types.BOOL, types.DYN
    many = types.List(any_)

    def of(*arguments: Any, returns: Any, run: Callable[..., Any], member: bool = True) -> Callable[[str], Any]:
        """Return a function that returns the overload for these arguments of the function with a name."""
        suffix = "_".join(str(argument.name()) for argument in arguments)
        return lambda name: cel.Overload(f"{name}_{member}_{suffix}", returns, arguments, is_member=member, impl=run)

    def plain(run: Callable[[str], Any], returns: Any = truth) -> Callable[[str], Any]:
        return of(text, returns=returns, run=run, member=False)

    def ask(run: Callable[[str], Any], returns: Any = truth) -> Callable[[str], Any]:
        return of(text, returns=returns, run=run)

    def compare(run: Callable[[Any, Any], Any], returns: Any = truth) -> Callable[[str], Any]:
        return of(text, text, returns=returns, run=lambda value, other: run(_amount(value), _amount(other)))

    def calculate(sign: int) -> tuple[Callable[[str], Any], ...]:
        def run(value: str, other: str | int) -> str:
            return str(_amount(value) + sign * _amount(str(other)))

        return of(text, text, returns=text, run=run), of(text, integer, returns=text, run=run)

    _amount, ip, cidr = kubernetes.quantity, kubernetes.ip, kubernetes.cidr
    overloads: dict[str, tuple[Callable[[str], Any], ...]] = {
        "isSorted": (of(many, returns=truth, run=lambda values: values == sorted(values)),),
        "sum": (of(many, returns=any_, run=sum),),
        "min": (of(many, returns=any_, run=min),),
        "max": (of(many, returns=any_, run=max),),
        "isURL": (plain(_is(kubernetes.url)),),
        "url": (plain(lambda value: kubernetes.url(value).geturl(), text),),
        "getScheme": (ask(lambda value: kubernetes.url(value).scheme, text),),
        "getHost": (ask(kubernetes.host, text),),
        "getHostname": (ask(kubernetes.hostname, text),),
        "getPort": (ask(kubernetes.port, text),),
        "getEscapedPath": (ask(kubernetes.escaped_path, text),),
        "getQuery": (ask(kubernetes.query, types.Map(text, many)),),
        "isQuantity": (plain(_is(_amount)),),
        "quantity": (plain(lambda value: str(_amount(value)), text),),
        "isGreaterThan": (compare(lambda value, other: value > other),),
        "isLessThan": (compare(lambda value, other: value < other),),
        "compareTo": (compare(lambda value, other: (value > other) - (value < other), integer),),
        "sign": (ask(lambda value: (_amount(value) > 0) - (_amount(value) < 0), integer),),
        "isInteger": (ask(_is(kubernetes.integer)),),
        "asInteger": (ask(kubernetes.integer, integer),),
        "asApproximateFloat": (ask(lambda value: float(_amount(value)), types.DOUBLE),),
        "add": calculate(1),
        "sub": calculate(-1),
        "isIP": (plain(_is(ip)),),
        "ip": (
            plain(lambda value: str(ip(value)), text),
            ask(lambda value: str(ip(value.partition("/")[0])), text),
        ),
        "ip.isCanonical": (plain(lambda value: str(ip(value)) == value),),
        "family": (ask(lambda address: ip(address).version, integer),),
        "isUnspecified": (ask(lambda address: ip(address).is_unspecified),),
        "isLoopback": (ask(lambda address: ip(address).is_loopback),),
        "isCIDR": (plain(_is(cidr)),),
        "cidr": (plain(lambda value: value if cidr(value) else "", text),),
        "containsIP": (of(text, text, returns=truth, run=lambda block, other: ip(other) in cidr(block)),),
        "containsCIDR": (of(text, text, returns=truth, run=kubernetes.contains),),
        "masked": (ask(lambda block: str(cidr(block)), text),),
        "prefixLength": (ask(lambda block: cidr(block).prefixlen, integer),),
        "validate": (of(text, text, returns=many, run=kubernetes.validate),),
    }
    for name, variants in overloads.items():
        yield cel.FunctionDecl(name, [overload(name) for overload in variants])
    for form in kubernetes.FORMATS:
        name = f"format.{form}"
        constant = cel.Overload(name, text, (), is_member=False, impl=lambda form=form: form)
        yield cel.FunctionDecl(name, [constant])


def _is(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Return a function that tells whether a text can be parsed."""

    def is_parsed(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return is_parsed
