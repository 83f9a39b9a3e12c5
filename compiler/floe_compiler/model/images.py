"""Image references: the registry, repository, tag and digest of an image.

The grammar is that of github.com/distribution/reference, `reference.go`. Names without a registry mean Docker Hub, by
the rules of `normalize.go` there.
"""

from __future__ import annotations

import re

import msgspec

DOCKER_HUB = "docker.io"

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_HOST = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REGISTRY = re.compile(rf"(?:{_HOST}(?:\.{_HOST})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_LONGEST_NAME = 255
# Branches and channels, whose tags move; a tag with a commit, date or version after it does not.
_MOVING = re.compile(
    r"latest(-.*)?|.*-latest|main|master|trunk|head|develop|development|dev|staging|prod|production|test|stable|edge"
    r"|nightly|canary|snapshot",
    re.IGNORECASE,
)


class Image(msgspec.Struct, frozen=True, order=True):
    """An image reference in full; `tag` and `digest` (`sha256:...`) are empty where it has none."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def is_mutable(self) -> bool:
        """Return whether the content behind the name can change: no digest, and no tag or a moving one."""
        return not self.digest and (not self.tag or bool(_MOVING.fullmatch(self.tag)))


def parse_image(text: str) -> Image:
    """Return the parts of an image reference; raise ValueError if the text is not one.

    A first part without "." or ":" is a Docker Hub account and not a registry, unless it is `localhost`.
    """
    if "://" in text:
        raise ValueError(f'"{text}" is not an image; leave out "{text.partition("://")[0]}://"')
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ValueError(f'"{text}" has no digest after the "@"; write "sha256:" and 64 of the digits 0-9 and a-f')
    name, tag = _split_tag(text, name)
    registry, repository = _split_registry(name)
    if not _REGISTRY.fullmatch(registry):
        raise ValueError(
            f'"{text}" is not an image; begin it with the host of a registry, such as ghcr.io, not "{registry}"'
        )
    _check_repository(text, repository)
    return Image(registry, repository, tag, digest)


def is_image(text: str) -> bool:
    """Return whether a text is an image reference."""
    try:
        parse_image(text)
    except ValueError:
        return False
    return True


def registry_of(text: str) -> str:
    """Return the registry that an image reference is written with; empty if it has none."""
    first, slash, _ = text.partition("/")
    return first if slash and (re.search("[.:A-Z]", first) or first == "localhost") else ""


def _split_tag(text: str, name: str) -> tuple[str, str]:
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, ""
    if not _TAG.fullmatch(tag):
        rule = 'up to 128 letters, digits, "_", "." and "-", and begin with a letter, digit or "_"'
        raise ValueError(f'"{text}" has no tag after the ":"; write {rule}')
    return head, tag


def _split_registry(name: str) -> tuple[str, str]:
    written = registry_of(name)
    rest = name.removeprefix(f"{written}/")
    registry = DOCKER_HUB if written in ("", "index.docker.io") else written  # the second is its old name
    return registry, f"library/{rest}" if registry == DOCKER_HUB and "/" not in rest else rest


def _check_repository(text: str, repository: str) -> None:
    if len(repository) > _LONGEST_NAME:
        raise ValueError(f'"{text[:60]}..." is not an image; its name may have {_LONGEST_NAME} characters')
    if not _REPOSITORY.fullmatch(repository):
        rule = 'lower-case letters and digits, with one ".", one or two "_" or any "-" between them'
        lower = repository.lower()
        better = f', such as "{lower}"' if _REPOSITORY.fullmatch(lower) else ""
        raise ValueError(f'"{text}" is not an image; write each part of its name with {rule}{better}')
