"""Where the mesh is in its Git repository, and what rules over its files there.

Only looks for `.git` and reads the files that Git obeys; no program is started.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.plain_files import read_plain

_OBEYED = (".gitattributes", ".gitignore")
_LARGE = 1_000_000


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


def obeyed_files(root: Path) -> Mapping[str, str | None]:
    """Return the files that tell Git what to do with others, from the top of the repository down to the output.

    Their texts, by their paths from `root`, such as `../.gitignore`; None for what is not a regular file. In the
    output, what makes a folder another repository counts, too: `output/.git`, with an empty text.
    """
    depth = len(Path(path_in_git(root) or "").parts)
    texts: dict[str, str | None] = {}
    for folder in (*("../" * up for up in range(depth, -1, -1)), f"{OUTPUT}/"):
        for name in _OBEYED:
            try:
                texts[f"{folder}{name}"] = read_plain(root.resolve() / folder / name, _LARGE).decode("utf-8", "replace")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                texts[f"{folder}{name}"] = None
    return texts | dict.fromkeys(_repositories_in_output(root), "")


def _repositories_in_output(root: Path) -> Iterator[str]:
    """Yield the path of each `.git` in the output, or in a folder of an environment or a namespace."""
    environments = [f"{OUTPUT}/{name}" for name in _folders(root / OUTPUT)]
    namespaces = (f"{path}/{name}" for path in environments for name in _folders(root / path))
    # There are thousands of namespaces, and none of them has any `.git`.
    with_git = (path for path in (OUTPUT, *environments, *namespaces) if os.path.lexists(f"{root}/{path}/.git"))
    return (f"{path}/.git" for path in with_git if _is_top(root / path))


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _is_top(folder: Path) -> bool:
    git = folder / ".git"
    try:
        if git.is_file():
            return git.read_bytes()[:7] == b"gitdir:"
        return (git / "HEAD").is_file()
    except OSError:  # such as a folder that may not be read
        return False
