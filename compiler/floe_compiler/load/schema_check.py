"""Authored documents against their JSON Schemas: unknown keys, missing keys, values of the wrong kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from floe_compiler.load import schema_hints
from floe_compiler.load.rules import SCHEMA
from floe_compiler.load.secret_scan import holds_secret
from floe_compiler.load.text_file import visible
from floe_compiler.model.credentials import refers_to_secret, secret_in
from floe_compiler.model.diagnostics import Diagnostic, did_you_mean
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.schema_words import PATTERN_HINT
from floe_compiler.model.span import Span

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError


class SchemaCheck:
    """Validators for each kind of document, made when the first one is checked."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._schemas = schemas
        self._validators: dict[str, Draft202012Validator] = {}

    def problems(self, kind: str, document: Document) -> tuple[Diagnostic, ...]:
        """Return everything in which the document does not fit the schema of its kind."""
        from jsonschema import Draft202012Validator

        if kind not in self._validators:
            self._validators[kind] = Draft202012Validator(self._schemas[kind])
        errors = self._validators[kind].iter_errors(document.data)
        problems = _Problems(document, self._schemas[kind].get("$defs", {}))
        # Each missing key is an error of its own, which tells of all that are missing.
        return tuple(dict.fromkeys(one for error in errors for one in problems.of(error)))


@dataclass(frozen=True, slots=True)
class _Problems:
    """What the errors of the validator say of a document; `definitions` are what references in its schema lead to."""

    document: Document
    definitions: Mapping[str, Any]

    def of(self, error: ValidationError) -> Iterator[Diagnostic]:
        schema: Any = error.schema
        path: DataPath = tuple(error.absolute_path)
        wanted: Any = error.validator_value
        if meant := _meant(error):
            for one in meant:
                yield from self.of(one)
        elif error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
            for key in error.instance:
                if key not in schema.get("properties", {}):
                    at = (*path, key)
                    hint = schema_hints.unknown_key(key, schema, self.definitions)
                    message = f"{visible(show_path(at))} is not a known key"
                    yield _problem(message, self.document.key_span(at), hint, secret=self.refers_to_secret(schema))
        elif error.validator == "required" and isinstance(error.instance, Mapping):
            for key in wanted:
                if key not in error.instance:
                    hint = schema_hints.missing_key(key, schema)
                    message = f"{show_path((*path, key))} is missing"
                    yield _problem(message, self.document.span(path), hint, secret=self.refers_to_secret(schema))
        else:
            secret = self.is_secret(error, path)
            message, hint = self.value(error, path, secret=secret)
            # What has no value seems to stand where the next thing begins.
            span = self.document.key_span(path) if error.instance is None else self.document.span(path)
            yield _problem(f"{show_path(path) or self.document.file}: {message}", span, hint, secret=secret)

    def is_secret(self, error: ValidationError, path: DataPath) -> bool:
        """Tell whether a value may be a secret's, or stands where a mapping should name one."""
        schema: Any = error.schema
        value = error.instance
        if not isinstance(value, str):
            return holds_secret(path)
        return holds_secret(path) or bool(secret_in(value)) or self.refers_to_secret(schema)

    def refers_to_secret(self, schema: Mapping[str, Any]) -> bool:
        """Tell whether what stands there should name a secret, and the key in it."""
        return refers_to_secret(schema_hints.mapping_in(schema, self.definitions).get("properties", {}))

    def value(self, error: ValidationError, path: DataPath, *, secret: bool) -> tuple[str, str]:
        """Return what is wrong with a value, and how to mend it."""
        schema: Any = error.schema
        wanted: Any = error.validator_value
        shown = _shown(error.instance, secret=secret)
        if error.validator in ("type", "anyOf"):
            kinds = _kinds(error.validator, wanted)
            raw = "" if secret else self.document.raw.get(path, "")
            value = None if secret else error.instance
            hint = schema_hints.value_of_another_kind(value, raw, schema, kinds, self.definitions)
            if error.instance is None and not raw:
                return "there is no value", hint or "write one, or delete the key"
            return f"{raw or shown} is not {' or '.join(KINDS[kind] for kind in kinds)}", hint
        if error.validator in ("enum", "const"):
            known = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
            return f"{shown} is not known here", did_you_mean(str(error.instance), known)
        if error.validator == "minItems":
            return "the list is empty", "give it at least one entry"
        if secret:
            return f"{shown} cannot stand here", ""
        if error.validator == "pattern" and PATTERN_HINT in schema:
            return f"{shown} does not fit", schema[PATTERN_HINT]
        message = error.message
        return message[:1].lower() + message[1:], ""


def _meant(error: ValidationError) -> list[ValidationError]:
    """Return the errors of the one choice whose type the value has; none if the error is no choice, or unclear."""
    choices: dict[Any, list[ValidationError]] = {}
    for one in error.context or () if error.validator == "anyOf" else ():
        choices.setdefault(one.relative_schema_path[0], []).append(one)
    fitting = [
        errors for errors in choices.values() if not any(one.validator == "type" and not one.path for one in errors)
    ]
    return fitting[0] if len(fitting) == 1 else []


def _problem(message: str, span: Span, hint: str, *, secret: bool) -> Diagnostic:
    return Diagnostic(SCHEMA, message, span, hint=hint, secret=secret)


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
    """Return the kinds of value that would do."""
    if validator == "anyOf":
        return [one.get("type", "object") for one in wanted]
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _shown(value: Any, *, secret: bool) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "what stands there" if secret else visible(json.dumps(value, ensure_ascii=False))
