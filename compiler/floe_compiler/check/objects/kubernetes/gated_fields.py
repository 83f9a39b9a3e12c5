"""Fields that came behind a feature gate. Source: `gated_fields.json`, see `README.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from floe_compiler.check.objects.kubernetes.life_cycles import Version, parse_version


class Gate(NamedTuple):
    """A feature gate, and the release since when it is on by default; None if it is not."""

    name: str
    default_since: Version | None


@cache
def gated_fields() -> Mapping[str, Mapping[str, Gate]]:
    """Return the gate of each field that came with one, by the name of its type in OpenAPI documents and its own."""
    data = json.loads((resources.files(__package__) / "gated_fields.json").read_text("utf-8"))
    return {
        type_: {field: Gate(name, parse_version(since) if since else None) for field, (name, since) in fields.items()}
        for type_, fields in data.items()
    }
