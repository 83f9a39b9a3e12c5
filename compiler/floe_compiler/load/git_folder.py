"""Where the mesh is in its Git repository. Only looks for `.git`; no program is started."""

from __future__ import annotations

from pathlib import Path


def top_of(root: Path) -> Path | None:
    """Return the top folder of the Git repository that `root` is in; None outside of Git."""
    root = root.resolve()
    return next((folder for folder in (root, *root.parents) if _is_top(folder)), None)


def path_in_git(root: Path) -> str | None:
    """Return the path of `root` from the top folder of its Git repository (empty at the top); None outside of Git.

    The top folder is the nearest one with `.git`: a folder, or, in a worktree or submodule, a file that names one. So
    the result is the same in every clone.
    """
    top = top_of(root)
    if top is None:
        return None
    path = root.resolve().relative_to(top).as_posix()
    return "" if path == "." else path


def _is_top(folder: Path) -> bool:
    git = folder / ".git"
    try:
        if git.is_file():
            return git.read_bytes()[:7] == b"gitdir:"
        return (git / "HEAD").is_file()
    except OSError:  # such as a folder that may not be read
        return False
