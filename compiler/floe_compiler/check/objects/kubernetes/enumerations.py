"""The values of fields that take one of a few. Source: `enumerations.json`, see `README.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec


class Enumerations(msgspec.Struct, frozen=True):
    """The values of the fields of each type, by the type's name in OpenAPI documents, as of a Kubernetes version."""

    version: str
    types: Mapping[str, Mapping[str, tuple[str, ...]]]


@cache
def enumerations() -> Enumerations:
    """Return the enumerations of Kubernetes' own types."""
    text = (resources.files(__package__) / "enumerations.json").read_text("utf-8")
    return msgspec.convert(json.loads(text), Enumerations)
