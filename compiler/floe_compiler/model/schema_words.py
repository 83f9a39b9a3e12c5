"""Keywords of the JSON Schemas that their writers and readers share."""

from __future__ import annotations

REFERENCE = "#/$defs/"
"""Prefix of a reference to a definition of the same schema."""
PATTERN_HINT = "patternErrorMessage"
"""The keyword that describes a pattern in words; editors show it, too."""
DISCRIMINATOR = "type"
"""The key that decides which other keys a mapping has."""
DEFAULT_TYPE = "defaultType"
"""The keyword of a choice by type that names the type of a mapping without one."""
