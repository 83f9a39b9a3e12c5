"""The rules in CEL of a custom resource's schema (`x-kubernetes-validations`).

The API server evaluates a rule at each value that its schema describes. Rules about changes (`oldSelf`) do not apply to
new objects. What our CEL cannot evaluate is left to the API server, see `unevaluated`.
Source: k8s.io/apiextensions-apiserver, `pkg/apiserver/schema/cel`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from floe_compiler.check.objects.custom_resources.cel_environment import compiled
from floe_compiler.check.objects.violations import Violation
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import mapping, mappings

if TYPE_CHECKING:
    from cel_expr_python.cel import Expression

RULES = "x-kubernetes-validations"

Schema = Mapping[str, Any]

_BELOW = ("items", "additionalProperties")
_RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
_NAME = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*")
_ESCAPED = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))
_OLD = re.compile(r"\boldSelf\b")
_MISSING = re.compile(r'NOT_FOUND: Key not found in map : "(.*)"')
_FIELD = re.compile(r"\.([A-Za-z_][\w-]*)|\['([^']+)'\]")


class Rule(msgspec.Struct, frozen=True):
    """A rule, and what is wrong where it does not hold: a message without a value of the object, and a field below."""

    expression: str
    message: str
    field: DataPath = ()


class Rules(msgspec.Struct, frozen=True):
    """The rules of a schema and, by step, of the schemas below it that have any; `*` is any other step."""

    schema: Schema
    rules: tuple[Rule, ...] = ()
    steps: Mapping[str, Rules] = msgspec.field(default_factory=dict)

    def violations(self, value: Any, root: Schema, path: DataPath = ()) -> Iterator[Violation]:
        """Yield the violations of a value that fits its schema; `root` is the schema document."""
        if value is None:
            return
        if self.rules:
            subject = _as_cel(value, self.schema, root)
            for rule in self.rules:
                if problem := _problem(rule, subject):
                    yield Violation((*path, *rule.field), problem)
        for step, item in _items(value):
            if below := self.steps.get(str(step)) or self.steps.get("*"):
                yield from below.violations(item, root, (*path, step))


def rules_of(schema: Any, root: Schema) -> Rules | None:
    """Return the rules of a schema; None if neither it nor any below has one."""
    schema = _resolved(schema, root)
    below = {**mapping(schema, ("properties",)), **_others(schema)}
    steps = {step: rules_below for step, part in below.items() if (rules_below := rules_of(part, root))}
    rules = tuple(map(_rule, mappings(schema, (RULES,))))
    return Rules(schema, rules, steps) if rules or steps else None


def unevaluated(schema: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, str]]:
    """Yield the rules of a structural schema that cannot be evaluated here: the path of their value, and the rule."""
    if not isinstance(schema, dict):
        return
    for entry in mappings(schema, (RULES,)):
        rule = _rule(entry)
        if _program(rule.expression) is None or (is_about_changes(rule.expression) and entry.get("optionalOldSelf")):
            yield path, rule.expression
    for name, below in mapping(schema, ("properties",)).items():
        yield from unevaluated(below, (*path, name))
    for word in _BELOW:
        yield from unevaluated(schema.get(word), (*path, "*"))


def _others(schema: Schema) -> Mapping[str, Any]:
    """Return the schema of the items of a list, or of the values of a mapping with arbitrary keys, under `*`."""
    return next(({"*": schema[word]} for word in _BELOW if isinstance(schema.get(word), dict)), {})


def _rule(entry: Schema) -> Rule:
    expression = str(entry.get("rule", "")).strip()
    message = str(entry.get("message") or "").strip() or f"does not keep the rule: {expression}"
    fields = tuple(dotted or quoted for dotted, quoted in _FIELD.findall(str(entry.get("fieldPath", ""))))
    return Rule(expression, message, fields)


def _problem(rule: Rule, subject: Any) -> str:
    """Return why a rule does not hold; empty if it does, or cannot be evaluated."""
    program = _program(rule.expression)
    if program is None or is_about_changes(rule.expression):
        return ""
    try:
        result = program.eval(data={"self": subject}).value()
    except RuntimeError:  # as the limits of the library are reached
        return ""
    if missing := _MISSING.match(str(result)):  # the API server refuses the object, too: "no such key"
        return f"lacks {missing[1]}, which a rule reads: {rule.expression}"
    return rule.message if result is False else ""


def is_about_changes(expression: str) -> bool:
    """Return whether a rule compares an object with what it was before."""
    return bool(_OLD.search(expression))


@cache
def _program(expression: str) -> Expression | None:
    """Return a rule compiled; None if it has something that cannot be evaluated."""
    try:
        return compiled(expression)
    except RuntimeError:  # of the library, for any error in an expression
        return None


def _resolved(schema: Any, root: Schema) -> Schema:
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        return mapping(root, ("$defs", str(schema["$ref"]).rpartition("/")[2]))
    return schema


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _as_cel(value: Any, schema: Any, root: Schema) -> Any:
    """Return a value with the names by which CEL knows it; numbers are doubles. Durations and times stay texts."""
    schema = _resolved(schema, root)
    if isinstance(value, dict):
        properties = mapping(schema, ("properties",))
        if not properties:
            additional = schema.get("additionalProperties")
            return {key: _as_cel(item, additional, root) for key, item in value.items()}
        known = {key: _escaped(key) for key in value if key in properties}
        return {name: _as_cel(value[key], properties[key], root) for key, name in known.items() if name}
    if isinstance(value, list):
        return [_as_cel(item, schema.get("items"), root) for item in value]
    types = schema.get("type")
    is_number = types == "number" or (isinstance(types, list) and "number" in types)
    return float(value) if is_number and isinstance(value, int) else value


def _escaped(name: str) -> str:
    """Return the name of a property in CEL; empty if it has none."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _NAME.fullmatch(name):
        return ""
    for sign, escape in _ESCAPED:
        name = name.replace(sign, escape)
    return name
