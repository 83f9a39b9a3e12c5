"""The values of fields that take one of a few. Source: `enumerations.json`, see `README.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from floe_compiler.check.objects.kubernetes.life_cycles import Version, parse_version


class Enumerations(msgspec.Struct, frozen=True):
    """The fields of each type that take one of a few values, by the type's name in OpenAPI documents.

    Each value has the first release that knows it; empty, if all do. `version` is the newest release looked at.
    """

    version: str
    types: Mapping[str, Mapping[str, Mapping[str, str]]]

    def known_in(self, version: Version) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Return the values that a release knows, by type and field."""
        return {
            type_: {
                field: tuple(value for value, since in values.items() if not since or parse_version(since) <= version)
                for field, values in fields.items()
            }
            for type_, fields in self.types.items()
        }


@cache
def enumerations() -> Enumerations:
    """Return the enumerations of Kubernetes' own types."""
    text = (resources.files(__package__) / "enumerations.json").read_text("utf-8")
    return msgspec.convert(json.loads(text), Enumerations)
