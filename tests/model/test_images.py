"""Whether image references mean what they mean to a container runtime."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.images import Image, parse_image
from tables import table

DIGEST = "sha256:" + "0123456789abcdef" * 4

# As parsed by github.com/distribution/reference (ParseNormalizedNamed).
IMAGES = {
    "postgres": Image("docker.io", "library/postgres"),
    "postgres:16": Image("docker.io", "library/postgres", "16"),
    "bitnami/redis:7": Image("docker.io", "bitnami/redis", "7"),
    "docker.io/postgres": Image("docker.io", "library/postgres"),
    "index.docker.io/a/b": Image("docker.io", "a/b"),
    "ghcr.io/acme/web:1.2.3": Image("ghcr.io", "acme/web", "1.2.3"),
    "ghcr.io/acme/deep/er/web": Image("ghcr.io", "acme/deep/er/web"),
    "localhost/web": Image("localhost", "web"),
    "localhost:5000/web:dev": Image("localhost:5000", "web", "dev"),
    "localhost:5000": Image("docker.io", "library/localhost", "5000"),
    "registry:5000/web": Image("registry:5000", "web"),
    "Registry/web": Image("Registry", "web"),
    "[fd00::1]:5000/web:1": Image("[fd00::1]:5000", "web", "1"),
    "a__b-c.d---e": Image("docker.io", "library/a__b-c.d---e"),
    f"ghcr.io/acme/web@{DIGEST}": Image("ghcr.io", "acme/web", "", DIGEST),
    f"ghcr.io/acme/web:1@{DIGEST}": Image("ghcr.io", "acme/web", "1", DIGEST),
}


@table("text, image", IMAGES.items())
def test_an_image_has_its_parts(text: str, image: Image) -> None:
    assert parse_image(text) == image
    assert parse_image(str(image)) == image


def test_an_image_has_its_full_reference() -> None:
    assert str(parse_image("postgres:16")) == "docker.io/library/postgres:16"
    assert str(parse_image(f"ghcr.io/acme/web:1@{DIGEST}")) == f"ghcr.io/acme/web:1@{DIGEST}"


@table(
    "text, message",
    [
        ("", "write each part of its name with"),
        ("ghcr.io/", "write each part of its name with"),
        ("ghcr.io//web", "write each part of its name with"),
        ("a/b ", "write each part of its name with"),
        ("a..b", "write each part of its name with"),
        ("a_-b", "write each part of its name with"),
        ("ghcr.io/Acme/web", 'such as "acme/web"'),
        ("Postgres", 'such as "library/postgres"'),
        ("web:", 'has no tag after the ":"'),
        ("web:-1", 'has no tag after the ":"'),
        ("web:aé", 'has no tag after the ":"'),
        ("web:a b", 'has no tag after the ":"'),
        (f"web:{'a' * 129}", 'has no tag after the ":"'),
        ("web@", 'has no digest after the "@"'),
        ("web@sha256:123", 'write "sha256:" and 64'),
        (f"web@{DIGEST.upper()}", 'write "sha256:" and 64'),
        ("https://ghcr.io/acme/web", 'leave out "https://"'),
        ("-a.b/web", "begin it with the host of a registry"),
        ("host:port/web", "begin it with the host of a registry"),
        (f"ghcr.io/{'a' * 256}", "its name may have 255 characters"),
        ("web\n", "write each part of its name with"),
    ],
)
def test_invalid_images_are_refused_with_a_fix(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_image(text)
    assert message in str(raised.value)
    assert "; " in str(raised.value)


@table(
    "text, mutable",
    [
        ("web", True),
        ("web:latest", True),
        ("web:latest-slim", True),
        ("web:16-latest", True),
        ("web:main", True),
        ("web:Stable", True),
        ("web:nightly", True),
        ("web:1", False),
        ("web:main-3f2a91c", False),
        ("web:nightly-2025-11-01", False),
        ("web:latestish", False),
        ("web:1.25-edge", False),
        (f"web@{DIGEST}", False),
        (f"web:latest@{DIGEST}", False),
    ],
)
def test_mutable_images_are_recognised(text: str, mutable: bool) -> None:
    assert parse_image(text).is_mutable is mutable


@given(st.text("abA0.-_/:@[]\n", max_size=12))
def test_any_text_is_a_valid_image_or_refused(text: str) -> None:
    try:
        image = parse_image(text)
    except ValueError as error:
        assert "; " in str(error)  # noqa: PT017 - either outcome is right; the message must have a remedy
    else:
        assert parse_image(str(image)) == image
