"""The value of an unquoted scalar. It has one only if YAML 1.1, YAML 1.2 and Kubernetes agree on it.

They often differ. Kubernetes reads `on` and `y` as true, `0644` and `0o644` as 420, `1e3` as 1000. YAML 1.2 reads
`0644` as 644 and `on` as text. YAML 1.1 reads `12:30` as 750 and `1e3` as text. (Measured with kubectl 1.37, PyYAML
6.0.3 and ruamel.yaml 0.19.1; the tests measure it again.)
"""

from __future__ import annotations

import math
import re

import msgspec

Scalar = str | int | float | bool | None

_AGREED: dict[str, bool | None] = {
    "": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]*(?:[eE][-+][0-9]+)?")

_SWITCHES = {"y": "true", "yes": "true", "on": "true", "n": "false", "no": "false", "off": "false"}
_BASED = re.compile(r"[-+]?0(?:x[0-9a-f]+|o[0-7]+|b[01]+)", re.IGNORECASE)
# Text that some readers take for a number although it has no digit, or a sign in the middle.
_NEARLY_NUMBER = re.compile(r"[-+]?(?:0[xob]|\.)?_+|0_*b_*[-+][01_]+", re.IGNORECASE)
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?", re.IGNORECASE)
_OCTAL = re.compile(r"[-+]?0[0-7]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}[-+:.0-9Z \t]*)?")


class Ambiguous(msgspec.Struct, frozen=True):
    """A scalar that readers disagree on: what some read, and what to write if that was meant."""

    kind: str
    meant: str = ""


def read_plain(text: str) -> Scalar | Ambiguous:
    """Return the value of an unquoted scalar, or why it is ambiguous."""
    if text in _AGREED:
        return _AGREED[text]
    if _INTEGER.fullmatch(text) and len(text) <= 20 and -(2**63) <= int(text) < 2**63:
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return _ambiguity(text) or text


def _ambiguity(text: str) -> Ambiguous | None:
    if switch := _SWITCHES.get(text.lower()):
        return Ambiguous("a boolean", switch)
    if text == "~":
        return Ambiguous("no value", "null")
    if text in ("=", "<<"):
        return Ambiguous("an operator")
    if _NOT_FINITE.fullmatch(text):
        return Ambiguous("a number that JSON cannot represent")
    if _DATE.fullmatch(text):
        return Ambiguous("a date")
    return _number_ambiguity(text) if text[0] in "+-.0123456789" else None


def _number_ambiguity(written: str) -> Ambiguous | None:
    if _NEARLY_NUMBER.fullmatch(written):
        return Ambiguous("a number")
    text = written.replace("_", "")  # as some readers do
    if _SEXAGESIMAL.fullmatch(text):
        return Ambiguous("a base-60 number")
    if _BASED.fullmatch(text):
        return _number(int(text, 0))
    if _OCTAL.fullmatch(text):
        return _number(int(text, 8), "an octal number")
    if _DECIMAL.fullmatch(text):
        return _number(float(text))
    return None


def _number(number: float, kind: str = "a number") -> Ambiguous:
    """Return the ambiguity of a number, with the form that all readers agree on if there is one."""
    if -1e15 < number < 1e15 and "e" not in (shown := repr(float(number))):
        return Ambiguous(kind, shown.removesuffix(".0"))
    return Ambiguous("a number out of range")
