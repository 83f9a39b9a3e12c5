"""Where an artifact is published to: `oci://registry/name:tag`."""

from __future__ import annotations

import re
from typing import NamedTuple

SCHEME = "oci://"
EXAMPLE = "oci://ghcr.io/acme/data-platform:prod"
DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
"""The names of Docker Hub: in references, in the configuration of Docker, and its server's."""

# github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_REGISTRY = re.compile(r"(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?")


class NotAReference(ValueError):
    """A text is not such a reference; the message says why, and what it should be."""


class NoTag(NotAReference):
    """A text is a reference but for its tag."""


class Reference(NamedTuple):
    """A tag of a repository in a registry."""

    registry: str
    name: str
    tag: str

    @property
    def is_loopback(self) -> bool:
        """Return whether the registry runs on this machine, so that it needs no TLS (as for Docker)."""
        return bool(_LOOPBACK.fullmatch(self.registry))

    def __str__(self) -> str:
        return f"{SCHEME}{self.registry}/{self.name}:{self.tag}"


def parse_reference(text: str) -> Reference:
    """Return the reference that a text is.

    Raises:
        NotAReference: if the text is not a reference. The message repeats no password in it.
    """
    if not text.startswith(SCHEME):
        raise NotAReference(f"write the place with {SCHEME} at the start, such as {EXAMPLE}")
    registry, slash, path = text.removeprefix(SCHEME).partition("/")
    if "@" in registry:
        raise NotAReference("write no login into the place; docker login REGISTRY keeps it")
    if "@" in path:
        raise NotAReference(f"a digest follows from the content; write a tag, such as {EXAMPLE}")
    name, _, tag = path.partition(":")
    if not registry:
        raise NotAReference(f"{text} has no registry; write it such as {EXAMPLE}")
    if not _REGISTRY.fullmatch(registry):
        raise NotAReference(f'"{registry}" cannot be a registry: a host, and a port if it has one; such as {EXAMPLE}')
    if not slash:
        raise NotAReference(
            f"{text} is a registry; write a repository in it, too, such as {SCHEME}{registry}/data-platform:prod"
        )
    if not tag:
        raise NoTag(f"{text} has no tag; write one, such as {SCHEME}{registry}/{name or 'NAME'}:prod")
    if not _NAME.fullmatch(name):
        raise NotAReference(
            f'"{name}" cannot be the name of a repository: lower-case letters, digits, and one of ._-/ between'
        )
    if not _TAG.fullmatch(tag):
        raise NotAReference(f'"{tag}" cannot be a tag: letters, digits and ._- (128 at most), and first no . or -')
    return Reference(registry, name, tag)
