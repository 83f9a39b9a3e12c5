"""A parent of platform manifests as an artifact: its manifest, and those that it extends itself, with their paths."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zlib
from collections.abc import Mapping

from floe_compiler.model.layout import MANIFEST, MOST_PARENTS, VENDOR
from floe_compiler.publish.artifact import Artifact, artifact_of

PARENT_TYPE = "application/vnd.floe.parent.v1"
LARGEST = 16 * 1024 * 1024
"""What the manifests may have together when they are unpacked."""

_PATH = re.compile(rf"(?:{VENDOR}/[A-Za-z0-9][A-Za-z0-9._-]*/){{0,{MOST_PARENTS}}}{re.escape(MANIFEST)}")
_WITH_GZIP_HEAD = zlib.MAX_WBITS | 16


class BadParent(ValueError):
    """An artifact is not a parent that can be used; the message says why."""


def parent_of(manifests: Mapping[str, bytes], annotations: Mapping[str, str]) -> Artifact:
    """Return the artifact of manifests by path, from the folder of the parent."""
    return artifact_of(manifests, annotations, PARENT_TYPE)


def is_parent(artifact: Artifact) -> bool:
    """Return whether an artifact says that it is a parent."""
    return bool(json.loads(artifact.manifest).get("artifactType") == PARENT_TYPE)


def manifests_in(artifact: Artifact) -> Mapping[str, bytes]:
    """Return the manifests in a parent's artifact, by path. No other path is accepted, and nothing is written.

    Raises:
        BadParent: if it has something else in it, too much, or no manifest.
    """
    try:
        inflater = zlib.decompressobj(_WITH_GZIP_HEAD)
        content = inflater.decompress(artifact.blobs[-1], LARGEST)
        if not inflater.eof:
            raise BadParent(f"it is damaged, or has more than {LARGEST} bytes")
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            manifests = {entry.name: _content(archive, entry) for entry in archive}
    except (zlib.error, tarfile.TarError):
        raise BadParent("it has no archive that can be unpacked") from None
    if MANIFEST not in manifests:
        raise BadParent(f"there is no {MANIFEST} in it")
    return manifests


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry) if entry.isreg() and _PATH.fullmatch(entry.name) else None
    if file is None:
        raise BadParent("it has other files in it than manifests")
    return file.read()
