"""Alternative values of an input, to see what in the output depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.model.by_identity import by_identity
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.schedules import check_schedule

_NUMBER = re.compile(r"\d+")
_SCHEDULE = re.compile(r"@|\S+( \S+){4}$")
"""What begins as a schedule does, so that few texts are read as one."""
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
# Values with a syntax that allows no changed letters or digits.
_ELSEWHERE = ("Europe/Paris", "Etc/UTC")


@by_identity(2)  # to look through all schemas takes a third of what a question takes
def closed_words(schemas: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return every enum in JSON Schemas, each once."""
    return tuple(dict.fromkeys(words(schemas)))


def words(schema: Any) -> Iterator[tuple[str, ...]]:
    """Yield every enum in a JSON Schema, as its words can replace each other."""
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        yield tuple(str(word) for word in schema["enum"])
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):  # most are neither, and this is quicker than another generator
            yield from words(part)


def variations(value: Any, closed: Iterable[tuple[str, ...]]) -> Iterator[Any]:
    """Yield values to try in place of `value`; those that are most likely valid come first."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        # Twice as much first, as a little more may be rounded away.
        yield from dict.fromkeys(other for other in (2 * value, value + 1, value - 1) if other != value)
    elif isinstance(value, str):
        yield from dict.fromkeys(word for group in closed if value in group for word in group if word != value)
        yield from _other_schedules(value)
        yield from _other_digests(value)
        yield from _other_numbers(value)
        yield from (f"{value}x", *(place for place in _ELSEWHERE if "/" in value and place != value))


def _other_schedules(text: str) -> Iterator[str]:
    """Yield schedules that run far less or far more often: at another hour, it would be as often as before."""
    if not _SCHEDULE.match(text):
        return
    try:
        check_schedule(text)
    except ValueError:
        return
    is_of_each_month = text.split()[3:4] == ["*"] or text in ("@monthly", "@weekly", "@daily", "@midnight", "@hourly")
    others = ("@yearly", "@hourly") if is_of_each_month else ("@hourly", "@yearly")
    yield from (other for other in others if other != text)


def _other_digests(text: str) -> Iterator[str]:
    """Yield the text with the last digit of a digest changed, as its length must not change."""
    for match in _DIGEST.finditer(text):
        other = "0" if match[0][-1] != "0" else "1"
        yield f"{text[: match.end() - 1]}{other}{text[match.end() :]}"


def _other_numbers(text: str) -> Iterator[str]:
    """Yield the text with one of its numbers changed, the last first."""
    for match in reversed(list(_NUMBER.finditer(text))):
        number = int(match[0])
        for changed in dict.fromkeys((2 * number, number + 1, number - 1)):
            if changed >= 0 and changed != number:
                yield f"{text[: match.start()]}{changed}{text[match.end() :]}"


def scalars(data: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    """Yield every scalar of plain data with its path."""
    found: list[tuple[DataPath, Any]] = []
    _add_scalars(data, path, found)
    return iter(found)


def _add_scalars(data: Any, path: DataPath, found: list[tuple[DataPath, Any]]) -> None:
    """Add every scalar: half of what it takes to yield them through all levels, and objects are compared often."""
    children: Iterable[tuple[str | int, Any]]
    kind = type(data)
    if kind is dict:
        children = data.items()
    elif kind is list or kind is tuple:
        children = enumerate(data)
    elif kind is not str and isinstance(data, Mapping):
        children = data.items()
    else:
        found.append((path, data))
        return
    for step, child in children:
        _add_scalars(child, (*path, step), found)


def without_value(data: Any, path: DataPath) -> Any:
    """Return a copy of plain data, whose mappings have a value at `path`, without it."""
    step, *rest = path
    if not rest:
        return {key: value for key, value in data.items() if key != step}
    return {**data, step: without_value(data[step], tuple(rest))}


def differences(before: Any, after: Any) -> frozenset[DataPath]:
    """Return the paths of the scalars of `before` that differ in `after`.

    An item of a list may have moved, or have another name: it is the same one if it is the same at its position, or
    under its name.
    """
    new, old = dict(scalars(after)), list(scalars(before))
    changed = {path: value for path, value in old if path not in new or not _same(new[path], value)}
    if not any(isinstance(step, int) for path in changed for step in path):
        return frozenset(changed)
    alike = {(len(path), path[-1:]) for path in changed}  # an item that has moved has as many steps, and the last one
    named = {show_place(path, after): value for path, value in new.items() if (len(path), path[-1:]) in alike}
    return frozenset(path for path, value in changed.items() if not _has(named, show_place(path, before), value))


def _has(named: Mapping[str, Any], place: str, value: Any) -> bool:
    return place in named and _same(named[place], value)


def _same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and bool(first == second)
