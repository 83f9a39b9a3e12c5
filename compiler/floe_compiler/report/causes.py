"""The causes of a value as data, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.model.explanation import Cause
from floe_compiler.report.secrecy import hide_in_text


def causes_data(causes: Iterable[Cause]) -> list[dict[str, Any]]:
    """Return what each cause says and where it is written, with the values that it overrides; no secrets."""
    return [
        {
            "what": cause.description,
            "at": str(cause.span) if cause.span else None,
            "overrides": [
                {"value": hide_in_text(weaker), "at": str(span) if span else None} for weaker, span in cause.overrides
            ],
        }
        for cause in causes
    ]
