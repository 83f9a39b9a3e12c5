"""Paths in a kustomization.yaml, which must be in base/ or overlays/<environment>/."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection

from floe_compiler.model.diagnostics import Findings, Rule, did_you_mean
from floe_compiler.model.input_files import InputFiles
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
    inputs: InputFiles, folder: str, path: str, span: Span, findings: Findings, listed: Collection[str] = ()
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
    problem = _why_not(inputs, folder, path, location)
    if problem:
        hint = "give it a name without a dot at its start" if problem == HIDDEN else f"copy it to {folder}/"
        findings.add(PATH_NOT_ALLOWED, f'"{path}" {problem}', span, hint=hint)
        return None
    if location not in inputs.types:
        nearby = posixpath.dirname(location)
        taken = {posixpath.normpath(posixpath.join(folder, other)) for other in listed}
        free = (name for name in inputs.names_in(nearby) if posixpath.join(nearby, name) not in taken)
        names = [name for name in free if name != KUSTOMIZATION]
        hint = did_you_mean(posixpath.basename(location), names)
        findings.add(NOT_FOUND, f"{location} does not exist", span, hint=hint)
        return None
    return location


def has_kustomization(inputs: InputFiles, folder: str, span: Span | None, findings: Findings) -> bool:
    """Return whether a folder has a kustomization.yaml; add a finding if it has one with another name."""
    for name in OTHER_NAMES:
        if f"{folder}/{name}" in inputs.types:
            place = span or Span(f"{folder}/{name}")
            findings.add(NOT_FOUND, f"{folder} has a {name}", place, hint=f"rename it to {KUSTOMIZATION}")
    return inputs.is_file(f"{folder}/{KUSTOMIZATION}")


def _why_not(inputs: InputFiles, folder: str, path: str, location: str) -> str:
    """Return why a path is not allowed; empty if it is."""
    if posixpath.isabs(path) or not re.fullmatch(r"[^\\\n\0]{1,200}", path):
        return "is not a relative path with forward slashes"
    if inputs.link_in(location):
        return "is or follows a symbolic link"
    allowed = (folder,) if inputs.is_file(location) else (tree_of(folder), "base")
    if not any(location == parent or location.startswith(f"{parent}/") for parent in allowed):
        return f"is outside {allowed[0]}/"
    # Editors and systems leave hidden files, which must not make the output stale.
    return HIDDEN if any(part.startswith(".") for part in location.split("/")) else ""


def tree_of(folder: str) -> str:
    """Return `base` or `overlays/<environment>`, to which the folder belongs."""
    parts = folder.split("/")
    return "/".join(parts[: 1 if parts[0] == "base" else 2])
