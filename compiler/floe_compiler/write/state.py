"""Which inputs the output on disk was compiled from, remembered for this checkout only, to skip needless work.

Losing it costs one full compilation. It cannot make a wrong output pass: it names the index by hash, and the index
names every file by hash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from floe_compiler.write.commit import write_file
from floe_compiler.write.lock import CACHE_FOLDER, cache_folder

STATE_FILE = "inputs"


@dataclass(frozen=True, slots=True)
class Compiled:
    """An environment as last compiled: the digest of its inputs, the hash of its index, the number of warnings."""

    digest: str
    index: str
    warnings: int


def recall(root: Path) -> Mapping[str, Compiled]:
    """Return what is remembered for each environment; lines that make no sense are passed over."""
    try:
        lines = (root / CACHE_FOLDER / STATE_FILE).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = {}
    for line in lines:
        match line.split():
            case [environment, digest, index, warnings] if warnings.isdecimal():
                found[environment] = Compiled(digest, index, int(warnings))
    return found


def remember(root: Path, compiled: Mapping[str, Compiled]) -> None:
    """Remember these environments besides the others; a folder that cannot be written is no error."""
    known = {**recall(root), **compiled}
    lines = [f"{name} {it.digest} {it.index} {it.warnings}\n" for name, it in sorted(known.items())]
    with contextlib.suppress(OSError):
        write_file(cache_folder(root) / STATE_FILE, "".join(lines))
