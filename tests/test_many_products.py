"""Domains with many data products: everything grows with them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from floe_compiler.pipeline import compile_mesh
from small_mesh import ENVIRONMENT, MANIFEST, PRODUCT, small_mesh


@pytest.mark.parametrize(
    ("orchestrator", "scale"),
    [
        ("dagster", "heavy"),
        *(
            pytest.param(*one, marks=pytest.mark.thorough)
            for one in (("dagster", "light"), ("dagster", "medium"), ("kubernetes", "light"))
        ),
    ],
)
def test_forty_products_fit_into_the_computed_quota(tmp_path: Path, orchestrator: str, scale: str) -> None:
    """More than 64 kinds of pods, too, whose sets have more bits than MessagePack's integers."""
    root = small_mesh(tmp_path, {ENVIRONMENT: {"scale": scale}, MANIFEST: {"orchestrator": {"type": orchestrator}}})
    product = (root / PRODUCT).read_text(encoding="utf-8")
    for number in range(39):
        name = f"orders-{number}"
        text = product.replace("name: orders\n", f"name: {name}\n", 1)
        (root / PRODUCT).with_name(f"{name}.yaml").write_text(text, encoding="utf-8")
    files = compile_mesh(root).files
    hard = yaml.load(files["output/dev/floe-sales-domain/resourcequota_quota.yaml"], yaml.CSafeLoader)["spec"]["hard"]
    assert 40 <= int(hard["pods"]) <= 200
    shared = yaml.load(files["output/dev/floe-platform/resourcequota_quota.yaml"], yaml.CSafeLoader)["spec"]["hard"]
    assert shared["pods"] == "50", "a domain's products are no reason for the platform's quota to grow"
