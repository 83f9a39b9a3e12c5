"""The models of a domain's semantic layer."""

from __future__ import annotations

import msgspec


class ModelFile(msgspec.Struct, frozen=True):
    """A file of the models of a domain's semantic layer: its name, without the ending, and its YAML."""

    name: str
    text: str
