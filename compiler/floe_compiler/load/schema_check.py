"""Authored documents against their JSON Schemas: unknown keys, missing keys, values of the wrong kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from floe_compiler.load.rules import SCHEMA
from floe_compiler.load.secret_scan import holds_secret
from floe_compiler.load.text_file import visible
from floe_compiler.model.diagnostics import Diagnostic, did_you_mean
from floe_compiler.model.document import DataPath, Document, show_path
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
        # Each missing key is an error of its own, which tells of all that are missing.
        return tuple(dict.fromkeys(one for error in errors for one in _diagnostics(error, document)))


def _diagnostics(error: ValidationError, document: Document) -> Iterator[Diagnostic]:
    from jsonschema.exceptions import best_match

    error = best_match([error]) or error
    path: DataPath = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        schema: Any = error.schema
        known = list(schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                at = (*path, key)
                yield _problem(
                    f"{visible(show_path(at))} is not a known key", document.key_span(at), did_you_mean(key, known)
                )
    elif error.validator == "required" and isinstance(error.instance, Mapping):
        for key in wanted:
            if key not in error.instance:
                yield _problem(f"{show_path((*path, key))} is missing", document.span(path), f"add `{key}:`")
    else:
        message, hint = _value_problem(error, document, path)
        # What has no value seems to stand where the next thing begins.
        span = document.key_span(path) if error.instance is None else document.span(path)
        yield _problem(f"{show_path(path) or document.file}: {message}", span, hint)


def _problem(message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(SCHEMA, message, span, hint=hint)


KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def _value_problem(error: ValidationError, document: Document, path: DataPath) -> tuple[str, str]:
    """Return what is wrong with a value, and how to mend it."""
    wanted: Any = error.validator_value
    shown = _shown(error.instance, path)
    if error.validator in ("type", "anyOf"):
        kinds = _kinds(error.validator, wanted)
        raw = "" if holds_secret(path) else document.raw.get(path, "")
        if example := _example(error.schema):
            hint = f'write such as "{example}"'
        else:
            hint = f'quote it: "{raw}"' if raw and "string" in kinds else ""
        if error.instance is None and not raw:
            return "there is no value", hint or "write one, or delete the key"
        return f"{raw or shown} is not {' or '.join(KINDS[kind] for kind in kinds)}", hint
    if error.validator in ("enum", "const"):
        known = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        return f"{shown} is not known here", did_you_mean(str(error.instance), known)
    if error.validator == "minItems":
        return "the list is empty", "give it at least one entry"
    if holds_secret(path):
        return f"{shown} cannot stand here", ""
    message = error.message
    return message[:1].lower() + message[1:], ""


def _kinds(validator: str, wanted: Any) -> list[str]:
    """Return the kinds of value that would do."""
    if validator == "anyOf":
        return [one.get("type", "object") for one in wanted]
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _example(schema: Any) -> str:
    """Return a value that the schema gives as an example."""
    return next(iter(schema.get("examples", ())), "") if isinstance(schema, Mapping) else ""


def _shown(value: Any, path: DataPath) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "what stands there" if holds_secret(path) else visible(json.dumps(value, ensure_ascii=False))
