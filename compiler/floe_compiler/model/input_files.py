"""All files among the inputs, read once: what counts in a digest is what is compiled."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from floe_compiler.model.plain_files import parts_of

EntryType = Literal["file", "folder", "link", "other"]


class Unread(msgspec.Struct, frozen=True):
    """Why a file is not read; `size` is its number of bytes if these are too many, or else 0."""

    reason: str
    size: int = 0


@dataclass(frozen=True, slots=True, eq=False)  # what was read at another time is something else
class InputFiles:
    """What lies in the places of inputs, by path from the root, sorted.

    `types` has everything, except what is in hidden folders. `contents` has each regular file that is not hidden. So
    nothing else can be an input: no link, no hidden file, and nothing elsewhere.

    `output_root` is the folder that `output/` is in: mostly `root`, too. What Git says there is an input as well.
    """

    root: Path
    types: Mapping[str, EntryType]
    contents: Mapping[str, bytes | Unread]
    output_root: Path

    def is_file(self, path: str) -> bool:
        """Return whether this is a file that may be read."""
        return path in self.contents

    def link_in(self, path: str) -> str:
        """Return the first part of a path that is a link; empty if none is."""
        return next((part for part in parts_of(path) if self.types.get(part) == "link"), "")

    def names_in(self, folder: str) -> Iterator[str]:
        """Yield the names of what is in a folder."""
        return (posixpath.basename(path) for path in self.types if posixpath.dirname(path) == folder)
