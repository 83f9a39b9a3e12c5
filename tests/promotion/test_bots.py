"""Programs that look for new versions find every image of an images.yaml with the documented settings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def renovate() -> dict[str, list[str]]:
    """Return the documented settings of Renovate."""
    page = (ROOT / "docs/delivery.md").read_text(encoding="utf-8")
    block = page.partition("<!-- renovate -->\n```json\n")[2].partition("```")[0]
    (manager,) = json.loads(block)["customManagers"]
    return dict(manager)


def images_in(text: str) -> list[tuple[str, str, str | None]]:
    """Return name, version and digest of each image that Renovate finds in a text."""
    (pattern,) = renovate()["matchStrings"]
    matches = re.finditer(
        pattern.replace("(?<", "(?P<"), text
    )  # JavaScript and Python write names of groups differently
    return [(match["depName"], match["currentValue"], match["currentDigest"]) for match in matches]


def test_renovate_finds_exactly_the_images_of_this_repository() -> None:
    for path in ROOT.glob("overlays/*/images.yaml"):
        text = path.read_text(encoding="utf-8")
        images = [image for products in yaml.safe_load(text)["images"].values() for image in products.values()]
        assert [f"{name}:{version}" for name, version, _ in images_in(text)] == images
        assert images


@pytest.mark.parametrize(
    ("line", "image"),
    [
        ("    orders: ghcr.io/acme/orders:1.2.0", ("ghcr.io/acme/orders", "1.2.0", None)),
        (f"    orders: ghcr.io/acme/orders:1.2.0@{DIGEST} # why", ("ghcr.io/acme/orders", "1.2.0", DIGEST)),
    ],
)
def test_renovate_finds_version_and_digest(line: str, image: tuple[str, str, str | None]) -> None:
    assert images_in(f"{line}\n") == [image]


def test_renovate_edits_images_of_the_first_environment() -> None:
    (pattern,) = renovate()["managerFilePatterns"]
    assert re.search(pattern.strip("/"), "overlays/staging/images.yaml")
    assert not re.search(pattern.strip("/"), "overlays/prod/images.yaml")
