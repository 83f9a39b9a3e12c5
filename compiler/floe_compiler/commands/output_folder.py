"""The folder that `output/` is in: the repository of the inputs, or another one, which only `--output` names."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.output_paths import OUTPUT


def add_output(parser: ArgumentParser) -> None:
    """Add the option that names the folder."""
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help=f"the folder that {OUTPUT}/ is in: a clone of another repository, or a worktree of another branch"
        " (default: the repository)",
    )


def find_output(root: Path, option: Path | None) -> Path:
    """Return the folder that `--output` names as an absolute path (default: `root`).

    Raises:
        UsageError: if there is no such folder, or something else is where the output of this mesh would be.
    """
    folder = root if option is None else option.resolve()
    if folder != root and (mistake := _mistake(root, folder)):
        raise UsageError(f"--output {option}: {mistake}")
    return folder


def _mistake(root: Path, folder: Path) -> str:
    """Return why a folder cannot have the output of the mesh at `root`; empty if it can."""
    from floe_compiler.load.input_tree import TREES
    from floe_compiler.model.layout import VENDOR
    from floe_compiler.write.index import INDEX_FOLDER

    if not folder.is_dir():
        return "there is no such folder; clone the other repository, or add a worktree of the other branch"
    if (folder / MANIFEST).is_file():
        return f"it has a {MANIFEST} of its own, so its {OUTPUT}/ is that of another mesh"
    part = folder.relative_to(root).parts[0] if folder.is_relative_to(root) else ""
    if part in (OUTPUT, VENDOR, *TREES):
        return f"{part}/ is a part of the mesh; name a folder beside it"
    if root.is_relative_to(folder / OUTPUT):
        return f"the mesh itself is in its {OUTPUT}/"
    if _has_files(folder / OUTPUT) and not (folder / INDEX_FOLDER).is_dir():
        return f"its {OUTPUT}/ has files, and floe-compile did not write them; name another folder, or move them"
    return ""


def _has_files(output: Path) -> bool:
    """Return whether there is something in a folder; a link is reported later, with what else is wrong there."""
    return output.is_dir() and not output.is_symlink() and any(output.iterdir())
