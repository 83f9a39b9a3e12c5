"""Paths in a kustomization.yaml, which must be in base/ or overlays/<environment>/."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from pathlib import Path

from floe_compiler.model.diagnostics import Findings, Rule, did_you_mean
from floe_compiler.model.layout import KUSTOMIZATION
from floe_compiler.model.span import Span

REMOTE = Rule(
    "K008",
    "remote resource",
    "The content of a URL may change after a review, and compiling must not need a network. Commit a copy.",
)
PATH_NOT_ALLOWED = Rule(
    "K009",
    "path not allowed",
    "A kustomization may list files in its own folder or below it, and folders of base/ (in an overlay, also its own)."
    " Symbolic links are not followed, and hidden files are not inputs. So nothing else in the repository or on the"
    " machine changes the output.",
)
NOT_FOUND = Rule(
    "K010",
    "file not found",
    "A file or folder that a kustomization lists does not exist or cannot be read as UTF-8 text.",
)

HIDDEN = "is hidden"
"""Why a path with a hidden file or folder is not allowed."""

OTHER_NAMES = ("kustomization.yml", "Kustomization")
"""Other names that kustomize accepts for the file."""

# URLs that kustomize would fetch. Source: api/internal/git/repospec.go and its use in kusttarget.
_REMOTE = re.compile(r"\w+://|git@|git::|(?:www\.)?(?:github|gitlab|bitbucket)\.\w+[/:]|.*[?]ref=|.*\.git(?:$|[/?])")


def locate(
    root: Path, folder: str, path: str, span: Span, findings: Findings, listed: Collection[str] = ()
) -> str | None:
    """Return the path, from the repository's root, of an item that a kustomization in `folder` lists as `path`.

    `listed` are the paths that it lists; a hint suggests none of them.

    Returns None, with a finding, if it is remote, not allowed, or does not exist.
    """
    if _REMOTE.match(path):
        hint = f"commit a copy of it in {folder}/ and list that"
        findings.add(REMOTE, f'"{path}" is not in this repository', span, hint=hint)
        return None
    location = posixpath.normpath(posixpath.join(folder, path))
    problem = _why_not(root, folder, path, location)
    if problem:
        hint = "give it a name without a dot at its start" if problem == HIDDEN else f"copy it to {folder}/"
        findings.add(PATH_NOT_ALLOWED, f'"{path}" {problem}', span, hint=hint)
        return None
    if not (root / location).exists():
        nearby = root / posixpath.dirname(location)
        taken = {posixpath.normpath(posixpath.join(folder, other)) for other in listed}
        entries = (entry.name for entry in nearby.iterdir()) if nearby.is_dir() else ()
        names = [
            name
            for name in entries
            if posixpath.join(posixpath.dirname(location), name) not in taken and name != KUSTOMIZATION
        ]
        findings.add(
            NOT_FOUND, f"{location} does not exist", span, hint=did_you_mean(posixpath.basename(location), names)
        )
        return None
    return location


def has_kustomization(root: Path, folder: str, span: Span | None, findings: Findings) -> bool:
    """Return whether a folder has a kustomization.yaml; add a finding if it has one with another name."""
    for name in OTHER_NAMES:
        # Compared with the listing, as some file systems ignore case.
        if (root / folder).is_dir() and name in {entry.name for entry in (root / folder).iterdir()}:
            place = span or Span(f"{folder}/{name}")
            findings.add(NOT_FOUND, f"{folder} has a {name}", place, hint=f"rename it to {KUSTOMIZATION}")
    return (root / folder / KUSTOMIZATION).is_file()


def _why_not(root: Path, folder: str, path: str, location: str) -> str:
    """Return why a path is not allowed; empty if it is."""
    if posixpath.isabs(path) or not re.fullmatch(r"[^\\\n\0]{1,200}", path):
        return "is not a relative path with forward slashes"
    parts = Path(location).parts
    if any((root / Path(*parts[: index + 1])).is_symlink() for index in range(len(parts))):
        return "is or follows a symbolic link"
    allowed = (folder,) if (root / location).is_file() else (tree_of(folder), "base")
    if not any(location == parent or location.startswith(f"{parent}/") for parent in allowed):
        return f"is outside {allowed[0]}/"
    # Editors and systems leave hidden files, which must not make the output stale.
    return HIDDEN if any(part.startswith(".") for part in parts) else ""


def tree_of(folder: str) -> str:
    """Return `base` or `overlays/<environment>`, to which the folder belongs."""
    parts = folder.split("/")
    return "/".join(parts[: 1 if parts[0] == "base" else 2])
