"""Readable data paths."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.data_paths import show_place

MANIFEST: dict[str, Any] = {
    "spec": {
        "containers": [{"name": "web", "args": ["a", "b"]}],
        "claims": [{"metadata": {"name": "data"}, "spec": {}}],
        "odd": [{"metadata": "text"}, 1],
    }
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "containers", 0), "spec.containers[web]"),
        (("spec", "containers", 0, "args", 1), "spec.containers[web].args[1]"),
        (("spec", "claims", 0, "spec"), "spec.claims[data].spec"),
        (("spec", "odd", 0), "spec.odd[0]"),
        (("spec", "odd", 1), "spec.odd[1]"),
        (("spec", "containers", 3, "image"), "spec.containers[3].image"),
        (("gone", "too", 0), "gone.too[0]"),
    ],
)
def test_items_are_named_in_paths(path: tuple[str | int, ...], expected: str) -> None:
    assert show_place(path, MANIFEST) == expected
