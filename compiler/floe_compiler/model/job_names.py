"""Names of Jobs: they end in a hash of the Job's spec, as a Job is immutable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from floe_compiler.model.yaml_text import sha256_of

_DIGITS = 8
LONGEST_STEM = 62 - _DIGITS
"""The longest name that stays whole before the hash."""

_HASH = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$")


def job_name(name: str, spec: Mapping[str, Any]) -> str:
    """Return the name with a hash of the Job's spec, at most 63 characters long."""
    return f"{name[:LONGEST_STEM]}-{sha256_of(spec)[:_DIGITS]}"


def has_hash(name: str) -> bool:
    """Return whether a name ends in what looks like a hash."""
    return bool(_HASH.search(name))


def without_hash(name: str) -> str:
    """Return the name that a Job has whatever its spec says: without the hash, if it ends in one."""
    return _HASH.sub("", name)
