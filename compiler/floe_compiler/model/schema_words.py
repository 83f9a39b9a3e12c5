"""Words of the JSON Schemas that those who write the schemas share with those who read them."""

from __future__ import annotations

REFERENCE = "#/$defs/"
"""How a reference to a definition of the same schema begins."""
PATTERN_HINT = "patternErrorMessage"
"""The keyword with which a schema says in words what its pattern asks for; editors know it as well."""
