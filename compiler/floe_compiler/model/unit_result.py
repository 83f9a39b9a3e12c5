"""What compiling a unit yields: a head that every run needs, and a body for runs that write or explain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.span import Span
from floe_compiler.model.summary import Summary

Stage = Literal["synthesize", "overlay", "check"]
"""The stages that a unit goes through."""


class OutputFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file of the output: its path, what it holds, the SHA-256 of its text, and what Git calls that text."""

    path: str
    subject: str
    sha256: str
    blob: str


class UnitHead(msgspec.Struct, frozen=True, array_like=True):
    """The files of a unit, and what the link has to know of it.

    `warnings` are kept by the stage that found them. `hits` are the digests of the patches that select in it.
    `definitions` are the CustomResourceDefinitions in it, as YAML.
    """

    unit: str
    files: tuple[OutputFile, ...]
    summary: Summary
    warnings: dict[Stage, tuple[Diagnostic, ...]] = {}
    hits: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()


class Removed(msgspec.Struct, frozen=True, array_like=True):
    """An object that patches removed, and these patches."""

    identity: ObjectId
    patches: tuple[Span, ...]


class UnitBody(msgspec.Struct, frozen=True, array_like=True):
    """The texts of a unit's files, in the order of its head, and the authored places that its objects are due to."""

    texts: tuple[str, ...]
    origins: dict[str, Span]
    patched: dict[str, tuple[Span, ...]]
    removed: tuple[Removed, ...]

    def places(self, environment: str) -> Places:
        """Return the places of the unit's objects."""
        removed = {one.identity: one.patches for one in self.removed}
        return Places(environment, self.origins, self.patched, removed)


def output_file(path: str, subject: str, text: str) -> OutputFile:
    """Return a file of the output with the digests of its text."""
    data = text.encode()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return OutputFile(path, subject, hashlib.sha256(data).hexdigest(), blob)


def body_of(texts: Iterable[str], places: Places) -> UnitBody:
    """Return the body of a unit."""
    removed = tuple(Removed(identity, spans) for identity, spans in places.removed.items())
    return UnitBody(tuple(texts), dict(places.origins), dict(places.patched), removed)


def is_sound(head: UnitHead, body: UnitBody) -> bool:
    """Tell whether a body has the texts that its head says."""
    if len(body.texts) != len(head.files):
        return False
    return all(
        hashlib.sha256(text.encode()).hexdigest() == file.sha256
        for text, file in zip(body.texts, head.files, strict=True)
    )
