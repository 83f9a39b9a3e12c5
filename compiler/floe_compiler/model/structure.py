"""Structural errors of data against a JSON Schema: unknown keys, missing keys, wrong values.

All messages for such errors come from here, whether in one document (`load`) or in merged ones (`resolve`).
The schemas are generated from the models in `model/inputs/` and the configurations of the components; what no schema
can express is left to the validators of those models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from floe_compiler.model import structure_hints
from floe_compiler.model.assigned_secrets import may_show_secret
from floe_compiler.model.credentials import holds_secret, refers_to_secret
from floe_compiler.model.diagnostics import did_you_mean
from floe_compiler.model.document import DataPath
from floe_compiler.model.schema_words import DISCRIMINATOR, PATTERN_HINT

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator
    from jsonschema_rs import Draft202012Validator as QuickValidator


class Wrong(Enum):
    """The kinds of structural errors."""

    UNKNOWN_KEY = "unknown key"
    MISSING_KEY = "missing key"
    VALUE = "wrong value"


class Mistake(msgspec.Struct, frozen=True):
    """One structural error.

    `path` ends with the key that is unknown or missing, and is empty if the data as a whole is wrong. A key without a
    value is `absent`. A mistake is `secret` if the value of a secret may stand there. `meant` is the key that an
    unknown one is probably a misspelling of, if it is absent or the type.
    """

    wrong: Wrong
    path: DataPath
    text: str
    hint: str = ""
    absent: bool = False
    secret: bool = False
    meant: str = ""

    def message(self, path: str) -> str:
        """Return the message, with the path in the given form."""
        return f"{path}{':' if self.wrong is Wrong.VALUE else ''} {self.text}"


def without_consequences(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Return the mistakes to report, without those that follow from a misspelt key.

    A key that is there, but misspelt, is not missing. Where the type is misspelt, nothing tells which keys are known.
    """
    mistakes = tuple(mistakes)
    misspelt = {(*mistake.path[:-1], mistake.meant): mistake for mistake in mistakes if mistake.meant}
    types = {path[:-1]: mistake for path, mistake in misspelt.items() if path[-1] == DISCRIMINATOR}

    def follows(mistake: Mistake) -> bool:
        above = (types.get(mistake.path[:depth], mistake) for depth in range(len(mistake.path)))
        return (mistake.wrong is Wrong.MISSING_KEY and mistake.path in misspelt) or any(
            other is not mistake for other in above
        )

    return tuple(mistake for mistake in mistakes if not follows(mistake))


def gives_away_secret(path: DataPath, value: Any) -> bool:
    """Return whether to show a value might be to show a secret, by its place or by its form."""
    return holds_secret(path) or (isinstance(value, str) and may_show_secret(value))


@lru_cache(maxsize=16)  # a process that compiles several times has the same schemas
def _quick(schema: str) -> QuickValidator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema)


class Structure:
    """A JSON Schema that reports errors in plain words.

    jsonschema tells most about an error, but takes a hundred times as long as jsonschema-rs to find that there is none.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._quick = _quick(msgspec.json.encode(schema).decode())
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self._schema)

    def is_sound(self, data: Any) -> bool:
        """Return whether the data has no structural errors."""
        try:
            return self._quick.is_valid(data)
        except ValueError:  # not JSON, such as a key that is not text
            return False

    def mistakes(self, data: Any, written: Callable[[DataPath], str]) -> tuple[Mistake, ...]:
        """Return all structural errors of the data.

        Args:
            data: Plain data.
            written: Returns how the value at a path was written, if that is not the value itself.
        """
        if self.is_sound(data):
            return ()
        mistakes = (mistake for error in self._validator.iter_errors(data) for mistake in self._of(error, written))
        # jsonschema reports each missing key with the list of all missing keys.
        return tuple(dict.fromkeys(mistakes))

    def _of(self, error: ValidationError, written: Callable[[DataPath], str]) -> Iterator[Mistake]:
        schema: Any = error.schema
        path: DataPath = tuple(error.absolute_path)
        wanted: Any = error.validator_value
        if meant := _meant(error):
            for cause in meant:
                yield from self._of(cause, written)
        elif error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
            secret = self._refers_to_secret(schema)
            for key, hint, other in structure_hints.unknown_keys(error.instance, schema, self._definitions):
                text = "is not a known key"
                yield Mistake(Wrong.UNKNOWN_KEY, (*path, key), text, hint, secret=secret, meant=other)
        elif error.validator == "required" and isinstance(error.instance, Mapping):
            secret = self._refers_to_secret(schema)
            for key in structure_hints.looked_for(wanted, error.instance, schema):
                if key == DISCRIMINATOR and key not in error.instance:
                    for typo, hint in structure_hints.misspelt_type(error.instance, schema, self._definitions):
                        text = "is not a known key"
                        yield Mistake(Wrong.UNKNOWN_KEY, (*path, typo), text, hint, secret=secret, meant=key)
                if key not in error.instance:
                    hint = structure_hints.missing_key(key, schema, self._definitions)
                    yield Mistake(Wrong.MISSING_KEY, (*path, key), "is missing", hint, secret=secret)
        else:
            secret = self._is_secret(error, path)
            text, hint = self._value(error, "" if secret else written(path), secret=secret)
            yield Mistake(Wrong.VALUE, path, text, hint, absent=error.instance is None, secret=secret)

    def _is_secret(self, error: ValidationError, path: DataPath) -> bool:
        """Return whether a value may be a secret's, or stands where a mapping should name one."""
        schema: Any = error.schema
        value = error.instance
        return gives_away_secret(path, value) or (isinstance(value, str) and self._refers_to_secret(schema))

    def _refers_to_secret(self, schema: Mapping[str, Any]) -> bool:
        """Return whether the schema is that of a reference to a key of a secret."""
        return refers_to_secret(structure_hints.mapping_in(schema, self._definitions).get("properties", {}))

    def _value(self, error: ValidationError, raw: str, *, secret: bool) -> tuple[str, str]:
        """Return what is wrong with a value, and how to fix it."""
        schema: Any = error.schema
        wanted: Any = error.validator_value
        shown = _shown(error.instance, secret=secret)
        if error.validator in ("type", "anyOf"):
            kinds = _kinds(error.validator, wanted)
            hidden: dict[str, Any] | None = {} if isinstance(error.instance, dict) else None
            value = hidden if secret else error.instance
            hint = structure_hints.value_of_another_kind(value, raw, schema, kinds, self._definitions)
            if error.instance is None and not raw:
                return "there is no value", hint or "write one, or delete the key"
            return f"{raw or shown} is not {' or '.join(KINDS[kind] for kind in kinds)}", hint
        if error.validator in ("enum", "const"):
            known = [str(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
            return f"{shown} is not a known value", did_you_mean(str(error.instance), known)
        if error.validator == "minItems":
            return "the list is empty", "give it at least one entry"
        if secret:
            return f"{shown} is not allowed here", ""
        if error.validator == "pattern" and PATTERN_HINT in schema:
            return f"{shown} does not have the expected form", schema[PATTERN_HINT]
        message = error.message
        return message[:1].lower() + message[1:], structure_hints.value_out_of_bounds(schema)


def _meant(error: ValidationError) -> list[ValidationError]:
    """Return the errors of the one alternative of an `anyOf` that has the value's type; empty if it is not unique."""
    choices: dict[Any, list[ValidationError]] = {}
    for cause in error.context or () if error.validator == "anyOf" else ():
        choices.setdefault(cause.relative_schema_path[0], []).append(cause)
    fitting = [
        errors
        for errors in choices.values()
        if not any(cause.validator == "type" and not cause.path for cause in errors)
    ]
    return fitting[0] if len(fitting) == 1 else []


KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def _kinds(validator: str, wanted: Any) -> list[str]:
    """Return the kinds of value that are allowed."""
    if validator == "anyOf":
        return [alternative.get("type", "object") for alternative in wanted]
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _shown(value: Any, *, secret: bool) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "the value" if secret else json.dumps(value, ensure_ascii=False)
