"""The contract between the platform and the images of data products: variables whose meaning no product may change."""

from __future__ import annotations

from floe_compiler.model.names import check_variable_name

PREFIXES = ("FLOE_", "POLARIS_")
"""Prefix of names that are reserved for the platform."""
NAMES = frozenset({"OTLP_ENDPOINT", "OPENLINEAGE_URL", "WAREHOUSE_URL"})
"""Further reserved names. Products may override what tools define themselves (`OTEL_*`, `AWS_*`, `DESTINATION__*`)."""


def check_own_variable(text: str) -> str:
    """Accept the name of an environment variable unless it is the platform's to set."""
    check_variable_name(text)
    if text in NAMES or text.startswith(PREFIXES):
        raise ValueError(f'"{text}" is set by the platform, and means the same in every image; use another name')
    return text
