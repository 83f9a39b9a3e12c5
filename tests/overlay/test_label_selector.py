"""Label selectors mean what they mean to kubectl."""

from __future__ import annotations

import pytest

from floe_compiler.overlay.label_selector import parse_label_selector

LABELS = {"app": "web", "tier": "gold", "example.com/part-of": "acme", "empty": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=api", False),
        ("app!=api", True),
        ("app!=web", False),
        ("gone!=x", True),
        ("gone=x", False),
        ("app", True),
        ("gone", False),
        ("!gone", True),
        ("! app", False),
        ("empty=", True),
        ("app=", False),
        ("tier in (gold, silver)", True),
        ("tier in (silver)", False),
        ("tier notin (silver,bronze)", True),
        ("tier notin (gold)", False),
        ("gone notin (gold)", True),
        ("app=web,tier in (a,gold),!gone", True),
        ("app=web, tier=silver", False),
        ("example.com/part-of=acme", True),
        ("in", False),
        ("!in,app", True),
    ],
)
def test_selectors_are_parsed(text: str, expected: bool) -> None:
    assert all(requirement.holds(LABELS) for requirement in parse_label_selector(text)) is expected


@pytest.mark.parametrize(
    "text", [",", "a,", "a b", "=a", "a in", "a in b", "a in (b", "!", "!a=b", "a=b=c", "a>1", "-a"]
)
def test_invalid_selectors_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a label selector"):
        parse_label_selector(text)
