"""The default registry is named once, where an image is pulled from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.pipeline import compile_mesh
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh


def warned(root: Path) -> list[Diagnostic]:
    return [warning for warning in compile_mesh(root).warnings if warning.rule.code == "R030"]


def test_the_default_registry_is_reported_once_at_the_first_image(tmp_path: Path) -> None:
    root = small_mesh(tmp_path, {MANIFEST: {"images": None}})
    text = (root / PRODUCT).read_text(encoding="utf-8")
    (root / "domains/sales/products/visits.yaml").write_text(text.replace("orders", "visits"), encoding="utf-8")
    (root / "overlays/qa").mkdir()
    environment = (root / ENVIRONMENT).read_text(encoding="utf-8").replace("name: dev", "name: qa")
    (root / "overlays/qa/environment.yaml").write_text(environment.replace("kind\n", "qa\n"), encoding="utf-8")
    (warning,) = warned(root)
    assert str(warning.span) == f"{PRODUCT}:7:8"
    assert warning.message == (
        "sales/orders:1.0.0 names no registry, so it is pulled from the default: ghcr.io/sales/orders:1.0.0"
        "; so is that of 1 more data product"
    )
    assert warning.hint == "name yours in platform-manifest.yaml, such as images: {registry: ghcr.io/acme}"
    assert (warning.rule.code, warning.severity) == ("R030", "warning")


@pytest.mark.parametrize(
    "changes",
    [
        {MANIFEST: {"images": {"registry": "ghcr.io"}}},
        {MANIFEST: {"images": {"registry": "ghcr.io/acme"}}},
        {MANIFEST: {"images": None}, ENVIRONMENT: {"platform": {"images": {"registry": "registry.acme.example"}}}},
        {MANIFEST: {"images": None}, PRODUCT: {"image": "ghcr.io/acme/orders:1.0.0"}},
        {MANIFEST: {"images": {"mirrors": {"quay.io": "ghcr.io/acme/quay"}}}, PRODUCT: {"image": "quay.io/a/b:1.0.0"}},
    ],
)
def test_a_configured_registry_needs_no_warning(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert warned(small_mesh(tmp_path, changes)) == []


def test_a_domain_that_is_not_in_an_environment_needs_no_registry_there(tmp_path: Path) -> None:
    root = small_mesh(tmp_path, {MANIFEST: {"images": None}, DOMAIN: {"environments": ["qa"]}})
    environment = (root / ENVIRONMENT).read_text(encoding="utf-8").replace("name: dev", "name: qa")
    (root / "overlays/qa").mkdir()
    named = environment.replace("kind\n", "qa\n") + "platform: {images: {registry: ghcr.io/acme}}\n"
    (root / "overlays/qa/environment.yaml").write_text(named, encoding="utf-8")
    assert warned(root) == []
