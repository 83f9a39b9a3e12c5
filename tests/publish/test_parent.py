"""A parent's artifact has only manifests, whoever has made it."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from floe_compiler.publish import parent
from floe_compiler.publish.archive import gzip as stored
from floe_compiler.publish.archive import tar
from floe_compiler.publish.artifact import CONFIG, Artifact, artifact_of
from floe_compiler.publish.parent import BadParent, is_parent, manifests_in, parent_of

MANIFEST = "platform-manifest.yaml"
MANIFESTS = {MANIFEST: b"kind: a\n", f"vendor/group/{MANIFEST}": b"kind: b\n"}


def with_layer(layer: bytes) -> Artifact:
    return Artifact(parent_of(MANIFESTS, {}).manifest, (CONFIG, layer))


def link(kind: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as writer:
        entry = tarfile.TarInfo(MANIFEST)
        entry.type, entry.linkname = kind, "/etc/passwd"
        writer.addfile(entry)
    return stored(archive.getvalue())


def test_packed_manifests_are_unpacked() -> None:
    artifact = parent_of(MANIFESTS, {"org.opencontainers.image.title": "group"})
    assert is_parent(artifact)
    assert manifests_in(artifact) == MANIFESTS
    assert manifests_in(with_layer(gzip.compress(tar(MANIFESTS)))) == MANIFESTS, "also if another program packed it"
    assert not is_parent(artifact_of(MANIFESTS, {}))


@pytest.mark.parametrize(
    "path",
    [
        f"../{MANIFEST}",
        f"/{MANIFEST}",
        f"vendor/../{MANIFEST}",
        f"vendor/{MANIFEST}",
        f"domains/a/{MANIFEST}",
        "vendor/a/README.md",
        f"vendor/.git/{MANIFEST}",
    ],
)
def test_other_files_are_refused(path: str) -> None:
    with pytest.raises(BadParent, match="it has other files in it than manifests"):
        manifests_in(with_layer(stored(tar({**MANIFESTS, path: b""}))))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_the_like_are_refused(kind: bytes) -> None:
    with pytest.raises(BadParent, match="it has other files in it than manifests"):
        manifests_in(with_layer(link(kind)))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (b"hunter2", "it has no archive that can be unpacked"),
        (stored(b"hunter2" * 100), "it has no archive that can be unpacked"),
        (stored(tar(MANIFESTS))[:-9], "it is damaged"),
        (stored(tar({f"vendor/a/{MANIFEST}": b""})), f"there is no {MANIFEST} in it"),
    ],
)
def test_invalid_archives_are_refused(layer: bytes, message: str) -> None:
    with pytest.raises(BadParent, match=message):
        manifests_in(with_layer(layer))


def test_an_archive_that_expands_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "LARGEST", 100_000)
    with pytest.raises(BadParent, match="has more than 100000 bytes"):
        manifests_in(with_layer(gzip.compress(tar({MANIFEST: b"#" * 200_000}))))
