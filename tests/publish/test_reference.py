"""References of artifacts: valid ones are parsed, and others refused."""

from __future__ import annotations

import pytest

from floe_compiler.publish.reference import NotAReference, Reference, parse_reference


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("oci://ghcr.io/acme/data-platform:prod", ("ghcr.io", "acme/data-platform", "prod")),
        ("oci://localhost:5000/mesh:1.2.3", ("localhost:5000", "mesh", "1.2.3")),
        ("oci://[::1]:5000/a__b/c.d:v1_x", ("[::1]:5000", "a__b/c.d", "v1_x")),
        ("oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/mesh:A-b", None),
    ],
)
def test_valid_references_are_parsed(text: str, parts: tuple[str, str, str] | None) -> None:
    reference = parse_reference(text)
    assert str(reference) == text
    assert parts is None or reference == Reference(*parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ghcr.io/acme/mesh:prod", "write the place with oci:// at the start, such as oci://"),
        ("https://ghcr.io/acme/mesh:prod", "write the place with oci:// at the start"),
        ("oci://ghcr.io", "oci://ghcr.io is a registry; write a repository in it, too, such as oci://ghcr.io/data-"),
        ("oci://localhost:1", "write a repository in it, too, such as oci://localhost:1/data-platform:prod"),
        ("oci://ghcr.io:prod", '"ghcr.io:prod" cannot be a registry: a host, and a port if it has one; such as'),
        ("oci://", "oci:// has no registry; write it such as"),
        ("oci:///mesh:prod", "oci:///mesh:prod has no registry"),
        ("oci://ghcr.io/acme/mesh", "has no tag; write one, such as oci://ghcr.io/acme/mesh:prod"),
        ("oci://ghcr.io/acme/mesh:", "has no tag; write one"),
        ("oci://ghcr.io/Acme/mesh:prod", '"Acme/mesh" cannot be the name of a repository: lower-case'),
        ("oci://ghcr.io/acme//mesh:prod", "cannot be the name of a repository"),
        ("oci://ghcr.io/../mesh:prod", "cannot be the name of a repository"),
        ("oci://ghcr.io/:prod", '"" cannot be the name'),
        ("oci://ghcr.io/acme/mesh:-prod", '"-prod" cannot be a tag'),
        ("oci://ghcr.io/acme/mesh:a/b", '"a/b" cannot be a tag'),
        ("oci://ghcr.io/acme/mesh@sha256:0a", "a digest follows from the content; write a tag"),
    ],
)
def test_invalid_references_are_refused(text: str, message: str) -> None:
    with pytest.raises(NotAReference) as caught:
        parse_reference(text)
    assert message in str(caught.value)


def test_a_login_is_not_repeated() -> None:
    with pytest.raises(NotAReference) as caught:
        parse_reference("oci://me:hunter2@ghcr.io/acme/mesh:prod")
    assert str(caught.value) == "write no login into the place; docker login REGISTRY keeps it"


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("127.8.8.8", True),
        ("[::1]:5000", True),
        ("ghcr.io", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:80", False),
    ],
)
def test_plain_http_is_allowed_only_on_the_loopback(registry: str, expected: bool) -> None:
    assert parse_reference(f"oci://{registry}/mesh:dev").is_loopback is expected
