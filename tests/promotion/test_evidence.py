"""The output names an image with another registry than the input, but with the same path, tag and digest."""

from __future__ import annotations

import pytest

from floe_compiler.promotion.evidence import names_image

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("output", "image", "names_it"),
    [
        ("image: ghcr.io/acme/sales/orders:1.0.0", "sales/orders:1.0.0", True),
        ('"image":"mirror.example/ghcr/acme/orders:1.0.0"', "ghcr.io/acme/orders:1.0.0", True),
        (f"image: ghcr.io/orders:1.0.0@{DIGEST}", f"orders:1.0.0@{DIGEST}", True),
        (f"image: ghcr.io/orders:1.0.0@{DIGEST}", "orders:1.0.0", False),
        ("image: ghcr.io/sales/orders:1.0.01", "sales/orders:1.0.0", False),
        ("image: ghcr.io/sales/orders:1.0.0-rc.1", "sales/orders:1.0.0", False),
        ("image: ghcr.io/sales/orders:1x0.0", "sales/orders:1.0.0", False),
        ("image: ghcr.io/resales/orders:1.0.0", "sales/orders:1.0.0", False),
    ],
)
def test_images_in_the_output_match_those_of_the_inputs(output: str, image: str, names_it: bool) -> None:
    assert names_image(["kind: Job\n", f"{output}\nkind: CronJob\n"], image) is names_it
