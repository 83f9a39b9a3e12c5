"""Keywords of JSON Schemas that several modules use."""

from __future__ import annotations

REFERENCE = "#/$defs/"
"""Prefix of a reference to a definition in the same schema."""
PATTERN_HINT = "patternErrorMessage"
"""The keyword that describes a pattern in words. Editors show it, too."""
NOT_HERE = "notHere"
"""The keyword of a mapping with keys that it cannot have, and why: hints for those who write one."""
NOT_A_MAPPING = "notAMapping"
"""The keyword of a text that says where to write what somebody may mean by a mapping."""
WRITTEN_TOGETHER = "writtenTogether"
"""The keyword of a mapping whose keys one command writes: the hint for who has not all of them."""
DISCRIMINATOR = "type"
"""The key that decides which other keys a mapping has."""
DEFAULT_TYPE = "defaultType"
"""The keyword of a choice by type that names the type of a mapping without one."""
