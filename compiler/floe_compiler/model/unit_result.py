"""The result of compiling a unit: a head that every run needs, and a body for runs that write or explain.

Its summary, which only the link reads, is apart, too (`model/summary.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.file_digests import FileDigest, FileDigests
from floe_compiler.model.files import File, git_blob, sha256
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch

Stage = Literal["synthesize", "overlay", "check"]
"""The stages that compile a unit."""


class UnitHead(msgspec.Struct, frozen=True, array_like=True):
    """The files of a unit.

    `summary` is the digest of its encoded summary for the link. `warnings` are grouped by the stage that found them.
    `hits` are the digests of the patches that select an object of the unit. `definitions` are its
    CustomResourceDefinitions, as YAML.
    """

    unit: str
    files: FileDigests
    summary: str
    warnings: dict[Stage, tuple[Diagnostic, ...]] = {}
    hits: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()


class Removed(msgspec.Struct, frozen=True, array_like=True):
    """An object that patches removed, and these patches."""

    identity: ObjectId
    patches: tuple[Span, ...]


class UnitBody(msgspec.Struct, frozen=True, array_like=True):
    """The texts of a unit's files, in the order of its head, and the locations of its objects in the inputs."""

    texts: tuple[str, ...]
    origins: dict[str, Span]
    patched: dict[str, tuple[Patch, ...]]
    removed: tuple[Removed, ...]
    values: dict[str, dict[str, Span]] = {}
    templates: dict[str, Span] = {}

    def places(self, environment: str) -> Places:
        """Return the places of the unit's objects."""
        removed = {object_.identity: object_.patches for object_ in self.removed}
        return Places(environment, self.origins, self.patched, removed, self.values, self.templates)


def file_digests(files: Iterable[File]) -> FileDigests:
    """Return the files with the hashes of their texts."""
    texts = ((file.path, file.text.encode()) for file in files)
    return FileDigests.of(FileDigest(path, sha256(data), git_blob(data)) for path, data in texts)


def body_of(texts: Iterable[str], places: Places) -> UnitBody:
    """Return the texts of a unit's files, with the places that findings about its objects name."""
    removed = tuple(Removed(identity, spans) for identity, spans in places.removed.items())
    values = {name: dict(spans) for name, spans in places.values.items()}
    return UnitBody(tuple(texts), dict(places.origins), dict(places.patched), removed, values, dict(places.templates))


def is_sound(head: UnitHead, body: UnitBody) -> bool:
    """Return whether the body's texts are those that the head lists."""
    return head.files.sha256 == b"".join(hashlib.sha256(text.encode()).digest() for text in body.texts)
