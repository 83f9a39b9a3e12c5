"""The contract between the platform and the images of data products: variables that no product may set."""

from __future__ import annotations

from floe_compiler.model.names import check_variable_name

PREFIXES = ("FLOE_", "POLARIS_")
"""Prefix of variables that only the platform sets."""
NAMES = frozenset({"OTLP_ENDPOINT", "OPENLINEAGE_URL", "WAREHOUSE_URL"})
"""Other variables that only the platform sets. Products may override those of tools (`OTEL_*`, `AWS_*`)."""


def check_own_variable(text: str) -> str:
    """Accept the name of an environment variable unless only the platform may set it."""
    check_variable_name(text)
    if text in NAMES or text.startswith(PREFIXES):
        raise ValueError(f'"{text}" is set by the platform, and means the same in every image; use another name')
    return text
