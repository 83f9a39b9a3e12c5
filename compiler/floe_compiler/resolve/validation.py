"""Validates merged data against the models, and reports each error where the value was written.

Each document was validated by itself when it was loaded. What is left shows only in the merged layers: a
key that the type chosen in another layer does not have, or one that no layer gives. `model/structure.py` finds these as
well; pydantic adds what no schema can express.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.nested_fields import at
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.model.span import Span
from floe_compiler.model.structure import Mistake, Structure, Wrong, gives_away_secret, without_consequences
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.model_schemas import model_schema
from floe_compiler.resolve.rules import MISSING_KEY, UNKNOWN_KEY, WRONG_VALUE

Model = TypeVar("Model", bound=BaseModel)

MOST_KNOWN = 1000
"""The number of models that are kept for when the same data comes again."""

_KNOWN: dict[tuple[type[BaseModel], str], BaseModel] = {}

KEY = "[key]"
"""pydantic's last step of the location of an invalid key."""
HIDDEN_VALUE = "it is not shown, as it may hold a secret: if so, leave that out"
"""The hint of what is wrong with a value that must not be shown."""
_OF_VALIDATORS = ("value_error", "assertion_error")
"""The types of pydantic's errors that come from the validators of a model."""


def validate(model: type[Model], merged: Merged, prefix: DataPath, findings: Findings) -> Model | None:
    """Return the part of `merged` below `prefix` as a `model`; None, with the findings added, if it is invalid."""
    data = at(merged.data, prefix)
    try:
        return _valid(model, data)
    except ValidationError as error:
        if not findings.worded:
            findings.add(WRONG_VALUE, model.__name__)
            return None
        mistakes = check_structure(model_schema(model), merged, prefix, findings)
        for mistake, at_key in _beyond_the_schema(data, error.errors(include_url=False), mistakes):
            _report(mistake, merged, prefix, findings, at_key=at_key)
        return None


def _valid(model: type[Model], data: Any) -> Model:
    """Return the data as a model, which is frozen: the same one for the same data, as environments share most of it."""
    key = model, repr(data)
    instance = _KNOWN.get(key)
    if not isinstance(instance, model):
        instance = model.model_validate(data)
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = instance
    return instance


def check_structure(
    schema: Mapping[str, Any], merged: Merged, prefix: DataPath, findings: Findings
) -> Iterable[Mistake]:
    """Return all mistakes in the part of `merged` below `prefix` by a JSON Schema, with the findings added."""
    data = at(merged.data, prefix)

    def written(path: DataPath) -> str:
        origin = merged.origin(prefix + path)
        return origin.layer.raw(prefix + path) if origin else ""

    mistakes = Structure(schema).mistakes(data, written)
    for mistake in without_consequences(mistakes):
        at_key = mistake.wrong is Wrong.UNKNOWN_KEY or mistake.absent
        _report(mistake, merged, prefix, findings, at_key=at_key)
    return mistakes


def _beyond_the_schema(
    data: Any, errors: Iterable[ErrorDetails], mistakes: Iterable[Mistake]
) -> Iterator[tuple[Mistake, bool]]:
    """Yield the errors that only pydantic can find, and whether each is about a key.

    pydantic's errors at, or above, the location of a structural error are only consequences, and left out.
    """
    located = [(_location(data, error), error) for error in errors]
    known = {mistake.path for mistake in mistakes}
    own = {path for path, error in located if error["type"] in _OF_VALIDATORS}
    for path, error in located:
        is_own = error["type"] in _OF_VALIDATORS
        explained = path in known if is_own else any(path == mistaken[: len(path)] for mistaken in known | own)
        if not explained:
            at_key = error["loc"][-1:] == (KEY,)
            secret = gives_away_secret((), path[-1]) if at_key else gives_away_secret(path, _value(data, path))
            yield _pydantic_mistake(path, error, secret=secret), at_key


def _location(data: Any, error: ErrorDetails) -> DataPath:
    """Return the path of an error: of the wrong value itself where pydantic names an alternative that it is not."""
    path = data_path(data, error["loc"])
    if error["type"] == "missing" or not path:
        return path
    above = _value(data, path[:-1])
    is_alternative = isinstance(above, Mapping | str | int | float) and not _has(above, path[-1])
    return path[:-1] if is_alternative else path


def _pydantic_mistake(path: DataPath, error: ErrorDetails, *, secret: bool) -> Mistake:
    """Return an error of pydantic's as a mistake, without what it says of a value that may be secret."""
    if secret:
        return Mistake(Wrong.VALUE, path, "the value is not allowed here", HIDDEN_VALUE, secret=True)
    text, _, hint = error["msg"].removeprefix("Value error, ").partition("; ")
    return Mistake(Wrong.VALUE, path, text[:1].lower() + text[1:], hint)


def data_path(data: Any, location: tuple[str | int, ...]) -> DataPath:
    """Return pydantic's location of an error as a path in the data: without the tags of unions that it went through.

    The path of a wrong key ends with that key.
    """
    path: list[str | int] = []
    for index, step in enumerate(location):
        if _has(data, step):
            data = data[step]
        elif step == KEY or (isinstance(data, Mapping) and (index < len(location) - 1 or _is_tag(step, data))):
            continue
        path.append(step)
    return tuple(path)


def _is_tag(step: str | int, data: Mapping[Any, Any]) -> bool:
    """Return whether a step is the tag of a union: an error of the whole model ends with it."""
    return data.get(DISCRIMINATOR) == step


def _value(data: Any, path: DataPath) -> Any:
    """Return the value at a path; None if it is not there."""
    for step in path:
        if not _has(data, step):
            return None
        data = data[step]
    return data


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)


def _report(mistake: Mistake, merged: Merged, prefix: DataPath, findings: Findings, *, at_key: bool) -> None:
    path = prefix + mistake.path
    message = mistake.message(show_path(path))
    span = merged.key_span(path) if at_key else merged.span(path)
    if mistake.wrong is Wrong.UNKNOWN_KEY:
        kind, related = _type_of(merged, path)
        findings.add(UNKNOWN_KEY, message + kind, span, hint=mistake.hint, related=related, secret=mistake.secret)
    elif mistake.wrong is Wrong.MISSING_KEY:
        related = _dropped(merged, path[:-1])
        span = merged.span(path[:-1]) if path[:-1] else _document(merged)
        findings.add(MISSING_KEY, message, span, hint=mistake.hint, related=related, secret=mistake.secret)
    else:
        related = _overridden(merged, path)
        findings.add(WRONG_VALUE, message, span, hint=mistake.hint, related=related, secret=mistake.secret)


def _document(merged: Merged) -> Span | None:
    """Return where the document begins that the others complete, and that has its own name."""
    origin = merged.origin(("metadata",)) or merged.origin(())
    return origin.layer.span(()) if origin else None


def _overridden(merged: Merged, path: DataPath) -> list[Related]:
    """Return the locations of the values that the wrong one overrode."""
    return [
        Related(origin.span, f"overrides {_shown(path, origin.value)}")
        for origin in merged.origins.get(path, ())[1:]
        if origin.span
    ]


def _shown(path: DataPath, value: Any) -> str:
    return "another value" if gives_away_secret(path, value) else json.dumps(value)


def _type_of(merged: Merged, path: DataPath) -> tuple[str, list[Related]]:
    """Return the type of a key's mapping, for a message, and the location in another file that chose it."""
    origin = merged.origins.get((*path[:-1], DISCRIMINATOR), (None,))[0]
    if origin is None:
        return "", []
    elsewhere = origin.span and (here := merged.key_span(path)) and origin.span.file != here.file
    note = [Related(origin.span, "the type is chosen here")] if origin.span and elsewhere else []
    return f' of type "{origin.value}"', note


def _dropped(merged: Merged, mapping: DataPath) -> list[Related]:
    """Return the locations of a mapping's settings for another type, which a change of type dropped."""
    origins = merged.origins.get((*mapping, DISCRIMINATOR), ())
    return [
        Related(origin.span, f'these settings are for type "{origin.value}", not "{origins[0].value}"')
        for origin in origins[1:]
        if origin.span and origin.value != origins[0].value
    ]
