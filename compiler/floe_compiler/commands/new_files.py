"""Writes the files of something new, and never over a file that is there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.model.plain_files import link_in
from floe_compiler.start.marks import marked
from floe_compiler.write.commit import reporting_refusals, write_file


def write_new(root: Path, files: Mapping[str, str], seen_from: Path | None = None) -> tuple[str, ...]:
    """Write the files that are not there yet, and return their paths, as `files` has them.

    They are listed with their paths from another folder if one is given (`../CODEOWNERS`).

    Raises:
        UsageError: if a symbolic link is in the way.
        StageFailed: if nobody may write there.
    """
    for path in files:
        if link := link_in(root, path):
            raise UsageError(f"{link} is a symbolic link; nothing is written through it")
    missing = tuple(path for path in files if not (root / path).exists())
    with reporting_refusals(root):
        for path in missing:
            write_file(f"{root}/{path}", files[path])
    for path in files:
        shown = path_from(seen_from or root, root / path)
        sys.stdout.write(f"{'wrote' if path in missing else 'kept '} {shown}\n")
    sys.stdout.flush()
    return missing


def path_from(folder: Path, file: Path) -> str:
    """Return the path of a file from a folder, upwards if need be, whatever links lead to either."""
    return os.path.relpath(file.resolve(), folder.resolve())


def show_values(files: Mapping[str, str]) -> None:
    """List the values in new files that only their owner knows, if there are any."""
    lines = [f"  {line}\n" for line in marked(files)]
    if lines:
        sys.stdout.write("Values that only you know:\n" + "".join(lines))
