"""Canonical YAML and JSON: the same data gives the same bytes, and all readers get the same data back.

Text is written without quotes only if YAML 1.1 (PyYAML), YAML 1.2 (ruamel.yaml) and Kubernetes (sigs.k8s.io/yaml, in
kubectl, Argo CD and Flux) all read it as text. No library does that by default: ruamel.yaml writes `on` without quotes,
PyYAML `1e3`, and Kubernetes reads them as true and 1000.

Keys have a fixed order at every level: first those of `_FIRST_KEYS`, then the others by name. So the order in which a
component, a patch or kustomize built an object does not matter. Lists keep their order.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from functools import lru_cache
from typing import Any

from floe_compiler.model.objects import Object
from floe_compiler.model.plain_data import DEEPEST, check_plain

# fmt: off
_FIRST_KEYS = (
    "apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations",
    "image", "command", "args", "spec", "data",
)
# fmt: on
_FIRST = {key: rank for rank, key in enumerate(_FIRST_KEYS)}

# Begins with a letter, "/" or "_", which no number does, or like an option (`--config`). ":" and " " are allowed only
# where they do not end a key or begin a comment.
_WORDS = re.compile(r"-{0,2}(?:(?<!-)[/_]|[A-Za-z])[\w./@+=,-]*(?:[: ](?=[\w./])[\w./@+=,-]*)*", re.ASCII)
# Quantities and durations: no reader takes a number with such a suffix for a number.
_MEASURE = re.compile(r"[0-9]+(?:[mshkMG]|[KMGT]i)")
_RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))

# Characters that are invisible, or that a YAML reader takes for a line break or refuses: control characters, no-break
# and zero-width spaces, marks that reverse the direction of the text, and code points that are not characters.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    r"\U000e0000-\U000e0fff"
)
_ESCAPED = re.compile(rf'[\t\n"\\{_UNSEEN}]')
_SHORT_ESCAPES = {"\t": r"\t", "\n": r"\n", "\r": r"\r", '"': r"\"", "\\": r"\\"}
# A block shows text line by line. It is not used where spaces at the edge of a line matter, or for several line breaks
# at the end, which need `|+` and leave files that end in empty lines, which editors remove.
_NO_BLOCK = re.compile(rf"\A[ \n]|^\t|[ \t]$|\n\n\Z|[{_UNSEEN}]", re.MULTILINE)
_LINE_START = re.compile(r"^(?=.)", re.MULTILINE)

_DEEPEST_INDENT = 2 * DEEPEST
_LONGEST_WORD = 100
LONGEST_KEY = 1000  # YAML readers look for the ":" of a key in the first 1024 characters


def to_yaml(manifest: Object) -> str:
    """Return the object as one YAML document that ends with one line break.

    Raises TypeError or ValueError, with the place, for what check_plain refuses and for a key of more than 1000
    characters.
    """
    lines: list[str] = []
    try:
        if manifest:
            _write_mapping(manifest, "", "", lines)
        else:
            lines.append("{}")
    except (TypeError, ValueError, RecursionError):
        check_plain(manifest)  # which knows where the value is that cannot be written
        raise
    return "\n".join(lines) + "\n"


def from_yaml(text: str | bytes) -> Any:
    """Parse text that was written by this module; None if it is no longer valid YAML."""
    import yaml  # the fastest reader by far; all readers agree on text that this module wrote

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- both are safe
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that does not exist
        return None


def as_read(data: Any) -> Any:
    """Return the data that `from_yaml` would read from what `to_yaml` writes of it: a copy, with keys in that order."""
    if type(data) is dict:
        return {key: as_read(data[key]) for key, _ in _ordered(tuple(data))}
    return [*map(as_read, data)] if type(data) is list else data


def canonical_json(value: Any) -> bytes:
    """Return plain data as compact JSON with sorted keys; raise TypeError or ValueError as check_plain does."""
    check_plain(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256_of(value: Any) -> str:
    """Return the SHA-256 of plain data as 64 hexadecimal digits, whatever the order of its keys."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _write_mapping(mapping: Object, lead: str, indent: str, lines: list[str]) -> None:
    """Write a mapping that is not empty; `lead` begins its first line, `indent` the others."""
    if len(indent) > _DEEPEST_INDENT:
        raise ValueError("nested too deeply")
    inner = indent + "  "
    for key, written in _ordered(tuple(mapping)):
        value = mapping[key]
        kind = type(value)
        if kind is dict and value:
            lines.append(f"{lead}{written}:")
            _write_mapping(value, inner, inner, lines)
        elif kind is list and value:
            lines.append(f"{lead}{written}:")
            _write_list(value, indent, indent, lines)  # dashes below the key without indentation, as kubectl does
        else:
            lines.append(f"{lead}{written}: {_scalar(value, inner)}")
        lead = indent


def _write_list(items: list[Any], lead: str, indent: str, lines: list[str]) -> None:
    """Write a list that is not empty."""
    inner = indent + "  "
    for item in items:
        kind = type(item)
        if kind is dict and item:
            _write_mapping(item, f"{lead}- ", inner, lines)
        elif kind is list and item:
            _write_list(item, f"{lead}- ", inner, lines)
        else:
            lines.append(f"{lead}- {_scalar(item, inner)}")
        lead = indent


@lru_cache(maxsize=4096)  # objects of one kind have the same keys
def _ordered(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return keys in the order in which they are written, each with its text."""
    return tuple((key, _key(key)) for key in sorted(keys, key=_rank))


def _rank(key: str) -> tuple[int, str]:
    return _FIRST.get(key, len(_FIRST)), key


def is_too_long(key: str) -> bool:
    """Return whether a key is too long to be written: every character may take ten."""
    return len(key) * 10 > LONGEST_KEY and len(_plain_or_quoted(key)) > LONGEST_KEY


def _key(key: str) -> str:
    if type(key) is not str:
        raise TypeError("a key that is not text")
    written = _plain_or_quoted(key)
    if len(written) > LONGEST_KEY:
        raise ValueError(f"the key that begins {key[:40]} is too long: YAML readers find keys of up to 1000 characters")
    return written


def _scalar(value: Any, indent: str) -> str:
    if type(value) is str:
        if "\n" not in value:
            return _word(value) if len(value) <= _LONGEST_WORD else _plain_or_quoted(value)
        if not _NO_BLOCK.search(value):
            value.encode()
            return _block(value, indent)
        return _plain_or_quoted(value)
    if type(value) is float:
        return _float(value)
    if value is None or value is True or value is False or value in ([], {}):
        return json.dumps(value)
    if type(value) is int and -(2**63) <= value < 2**63:
        return str(value)
    raise TypeError("a value that is not plain data")


@lru_cache(maxsize=32768)  # the same words are in every domain's objects
def _word(text: str) -> str:
    return _plain_or_quoted(text)


def _plain_or_quoted(text: str) -> str:
    if not text.isascii():
        text.encode()  # half a surrogate pair is not valid Unicode
    if (_WORDS.fullmatch(text) and text.lower() not in _RESERVED) or _MEASURE.fullmatch(text):
        return text
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _SHORT_ESCAPES.get(character) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _block(text: str, indent: str) -> str:
    indicator = "|" if text.endswith("\n") else "|-"
    return f"{indicator}\n{_LINE_START.sub(indent, text.removesuffix(chr(10)))}"


def _float(number: float) -> str:
    """Return the shortest text of the number, with a point, as YAML 1.1 takes `1e+16` for text."""
    if not math.isfinite(number):
        raise ValueError("a number that JSON cannot represent")
    mantissa, exponent, power = repr(number).partition("e")
    return (mantissa if "." in mantissa else f"{mantissa}.0") + exponent + power
