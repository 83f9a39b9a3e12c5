"""Patterns of custom resources: written for Go, which the API server uses, and read here by another engine."""

from __future__ import annotations

import re
from functools import cache

# Flags at the start, perhaps after the anchor, apply to the whole pattern. Go: pkg.go.dev/regexp/syntax
_LEADING_FLAGS = re.compile(r"(?P<anchor>\^?)\(\?(?P<flags>[ims]+)\)")


@cache
def readable_pattern(pattern: object) -> str | None:
    """Return a pattern in the form that the validator reads; None if there is no such form."""
    if not isinstance(pattern, str):
        return None
    translated = pattern
    if leading := _LEADING_FLAGS.match(pattern):
        translated = f"(?{leading['flags']}:{leading['anchor']}{pattern[leading.end() :]})"
    return translated if _is_readable(translated) else None


def _is_readable(pattern: str) -> bool:
    from jsonschema_rs import Draft4Validator

    try:
        Draft4Validator({"pattern": pattern})
    except ValueError:
        return False
    return True
