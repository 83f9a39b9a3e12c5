"""Where images are pulled from."""

from __future__ import annotations

import pytest

from floe_compiler.kit.images import pull_from, pull_policy
from support import DEVELOPMENT, PRODUCTION, changed

MIRRORS = {"docker.io": "mirror.acme.example/hub", "localhost": "a.example", "r.example:5000": "b.example/r"}
MIRRORED = changed(DEVELOPMENT, platform={"registry": "ghcr.io/acme", "mirrors": MIRRORS})


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        ("orders:1.0.0", "ghcr.io/acme/orders:1.0.0"),
        ("sales/orders:1.0.0", "ghcr.io/acme/sales/orders:1.0.0"),
        ("docker.io/library/postgres:16", "mirror.acme.example/hub/library/postgres:16"),
        ("docker.io/postgres@sha256:0", "mirror.acme.example/hub/postgres@sha256:0"),
        ("quay.io/minio/minio:1", "quay.io/minio/minio:1"),
        ("localhost/orders:1", "a.example/orders:1"),
        ("r.example:5000/orders:1", "b.example/r/orders:1"),
        ("registry:5000/orders:1", "registry:5000/orders:1"),
    ],
)
def test_images_come_from_the_platform_or_a_mirror(image: str, pulled: str) -> None:
    assert pull_from(MIRRORED, image) == pulled


def test_production_always_pulls_images() -> None:
    assert pull_policy(PRODUCTION) == "Always"
    assert pull_policy(DEVELOPMENT) == "IfNotPresent"
