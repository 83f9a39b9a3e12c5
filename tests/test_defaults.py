"""Defaults fit together: a domain without any sizes compiles at every scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.pipeline import compile_mesh
from small_mesh import ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

PRODUCTS = 3


@pytest.mark.parametrize(
    ("scale", "orchestrator"),
    [
        ("light", "dagster"),
        ("medium", "kubernetes"),
        ("heavy", "dagster"),
        pytest.param("light", "kubernetes", marks=pytest.mark.thorough),
        pytest.param("medium", "dagster", marks=pytest.mark.thorough),
        pytest.param("heavy", "kubernetes", marks=pytest.mark.thorough),
    ],
)
def test_three_products_fit_into_the_quota_of_a_domain(tmp_path: Path, scale: str, orchestrator: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        ENVIRONMENT: {"scale": scale},
        MANIFEST: {"orchestrator": {"type": orchestrator}},
    }
    root = small_mesh(tmp_path, changes)
    product = (root / PRODUCT).read_text(encoding="utf-8")
    for number in range(1, PRODUCTS):
        name = f"orders-{number}"
        (root / PRODUCT).with_name(f"{name}.yaml").write_text(product.replace("name: orders\n", f"name: {name}\n", 1))
    assert len(compile_mesh(root).files) > 20
