"""The paths of output files with the hashes of their contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

SHA256_SIZE, SHA1_SIZE = 32, 20
"""The bytes of these hashes."""


class FileDigest(NamedTuple):
    """A file whose text is loaded only when it is written: its path and the hash of its content.

    `git_blob` is the content's SHA-1 in Git; empty if it is not known.
    """

    path: str
    sha256: str
    git_blob: str = ""


class FileDigests(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Files with the hashes of their contents, packed: a mesh has tens of thousands of them in memory at once.

    `lines` has a path in each line, `sha256` and `git_blobs` the hashes as bytes, one after the other. There are no
    `git_blobs` if that of any file is unknown.
    """

    lines: str = ""
    sha256: bytes = b""
    git_blobs: bytes = b""

    @classmethod
    def of(cls, files: Iterable[FileDigest]) -> FileDigests:
        """Return these files."""
        rows = tuple(files)
        blobs = [file.git_blob for file in rows]
        return cls(
            "\n".join(file.path for file in rows),
            bytes.fromhex("".join(file.sha256 for file in rows)),
            bytes.fromhex("".join(blobs)) if all(blobs) else b"",
        )

    @property
    def paths(self) -> list[str]:
        """The paths of the files."""
        return self.lines.split("\n") if self.lines else []

    @property
    def is_whole(self) -> bool:
        """Return whether there is a hash for each file."""
        count = len(self.paths)
        return len(self.sha256) == count * SHA256_SIZE and len(self.git_blobs) in (0, count * SHA1_SIZE)

    def hashes(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the SHA-256 of each file."""
        return zip(self.paths, _unpacked(self.sha256, SHA256_SIZE), strict=True)

    def blobs(self) -> Iterator[tuple[str, str]]:
        """Yield the path of each file and its hash in Git; nothing if one is unknown."""
        return zip(self.paths if self.git_blobs else (), _unpacked(self.git_blobs, SHA1_SIZE), strict=True)


def _unpacked(packed: bytes, size: int) -> Iterator[str]:
    """Yield hashes of that many bytes each in the form of the index."""
    text, width = packed.hex(), 2 * size
    return (text[start : start + width] for start in range(0, len(text), width))
