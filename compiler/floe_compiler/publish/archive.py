"""Archives with the same bytes for the same files, on every machine and with every version of Python."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping

# RFC 1952, 2.3: deflate, no flags, no time, no hint about the compressor, and an unknown system.
_GZIP_HEAD = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
_LARGEST_BLOCK = 0xFFFF
"""The length of a stored block has 16 bits (RFC 1951, 3.2.4)."""


def tar(files: Mapping[str, bytes]) -> bytes:
    """Return a tar archive of files by path, sorted, all with the same owner, mode and time (1970).

    There are no entries for folders: whoever unpacks it creates those that a path needs.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as writer:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)  # its defaults: owner and group 0 without names, mode 0644, time 0
            entry.size = len(content)
            writer.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def gzip(content: bytes) -> bytes:
    """Return the content in the form of gzip, stored and not compressed.

    What a compressor makes depends on the library and its version: zlib and zlib-ng differ, and Python is built with
    either. Stored blocks are all given by RFC 1951; zlib only adds up the checksum.
    """
    end = struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return b"".join((_GZIP_HEAD, *_stored(content), end))


def _stored(content: bytes) -> Iterator[bytes]:
    starts = range(0, len(content), _LARGEST_BLOCK) or (0,)
    for start in starts:
        block = content[start : start + _LARGEST_BLOCK]
        is_last = start + _LARGEST_BLOCK >= len(content)
        yield struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF)
        yield block
