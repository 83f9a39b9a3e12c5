"""Names outside Kubernetes."""

from __future__ import annotations

from floe_compiler.kit.identifiers import identifier


def test_hyphens_would_have_to_be_quoted() -> None:
    assert identifier("order-analytics-2") == "order_analytics_2"
