"""Runs the `git` program."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from floe_compiler.commands.exit_codes import UsageError

TIMEOUT = 60
SHA1_LENGTH = 40
_LOGIN_IN_URL = re.compile(r"^([a-z+]+://)[^/@]*@", re.IGNORECASE)
FROM_OUTPUT = "floe-compile diff --from-output"
# Git sets these for its hooks, relative to the folder where it was called.
_PATH_VARIABLES = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY")


def unstaged(root: Path, places: Iterable[str]) -> tuple[str, ...]:
    """Return the files under some paths that differ from the next commit, sorted.

    These are new, ignored or conflicting files, and files that were changed or deleted after they were staged. Paths
    start at `root`.
    """
    return tuple(sorted(path for state, path in _changed(root, places) if state[1] != " "))


def _changed(root: Path, places: Iterable[str]) -> list[tuple[str, str]]:
    """Return the state of each file under some paths that differs from the last commit, and its path from `root`."""
    command = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching")
    fields = run_git(root, *command, "--", *places).decode(errors="surrogateescape").split("\0")
    prefix = run_git(root, "rev-parse", "--show-prefix").decode(errors="surrogateescape").strip("\n")
    return [(field[:2], field[3:].removeprefix(prefix)) for field in fields if field]


def version(root: Path) -> str:
    """Return what Git says of itself: `git version 2.47.0`."""
    return run_git(root, "version").decode(errors="replace").strip()


class Commit(msgspec.Struct, frozen=True):
    """The last commit, for provenance."""

    revision: str
    """Its hash, with the algorithm: `sha1:…`, as Flux writes it."""

    created: str
    """Its time, in UTC: `2026-11-27T17:00:00Z`."""

    source: str
    """The URL of the remote `origin` without a login; empty if there is none."""


def commit_with(root: Path, places: Iterable[str]) -> tuple[Commit, tuple[str, ...]]:
    """Return the last commit, and the files under some paths that differ from it, sorted.

    Raises:
        UsageError: if there is no commit.
    """
    try:
        name, seconds = run_git(root, "show", "--no-patch", "--format=%H %ct", "HEAD", "--").decode().split()
    except GitFailed:
        raise UsageError(
            f"{root} has no Git commit, and an artifact says which one it is made from; commit it"
        ) from None
    created = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        source = _LOGIN_IN_URL.sub(r"\1", run_git(root, "remote", "get-url", "origin").decode(errors="replace").strip())
    except GitFailed:
        source = ""
    algorithm = "sha1" if len(name) == SHA1_LENGTH else "sha256"
    different = tuple(sorted(path for _, path in _changed(root, places)))
    return Commit(f"{algorithm}:{name}", created, source), different


class Tree(msgspec.Struct, frozen=True):
    """The files of a folder at some revision: the hash of each blob by path, the paths starting at the root."""

    root: Path
    blobs: Mapping[str, str]

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the content of some of the files."""
        paths = list(paths)
        names = "".join(f"{self.blobs[path]}\n" for path in paths).encode()
        answer = run_git(self.root, "cat-file", "--batch", stdin=names)
        contents, start = {}, 0
        for path in paths:  # Each answer is "<hash> blob <size>\n<content>\n".
            end = answer.index(b"\n", start)
            size = int(answer[start:end].rpartition(b" ")[2])
            contents[path] = answer[end + 1 : end + 1 + size]
            start = end + size + 2
        return contents


def tree_at(root: Path, revision: str, folder: str) -> Tree:
    """Return the files of a folder at a revision; empty if the folder did not exist.

    Raises:
        UsageError: if there is no such revision, or a submodule has the folder, or a part of it.
    """
    if revision.startswith("-") or not revision:
        raise UsageError(f"{revision!r} is not a Git revision")
    try:
        commit = run_git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except GitFailed as error:
        if "not a git repository" in str(error):
            message = f"this is not a Git repository; compare with the files on disk: {FROM_OUTPUT}"
            raise UsageError(message) from error
        raise UsageError(f"Git knows no revision {revision!r}; {_other_revision(root)}") from error
    entries = run_git(root, "ls-tree", "-r", "-z", commit, "--", f"{folder}/").decode(errors="surrogateescape")
    blobs = {}
    for entry in filter(None, entries.split("\0")):
        description, path = entry.split("\t", 1)
        mode, kind, blob = description.split(" ")
        if kind == "commit":
            raise UsageError(f"{path} is a submodule at {revision}; compare with the files: {FROM_OUTPUT}")
        if kind == "blob" and mode != "120000":  # no symbolic links
            blobs[path] = blob
    return Tree(root, blobs)


def _other_revision(root: Path) -> str:
    try:
        run_git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except GitFailed:
        return f"there is no commit yet; compare with the files on disk: {FROM_OUTPUT}"
    return "try HEAD, a branch, a tag or a commit"


class GitFailed(UsageError):
    """Git failed; the message is Git's."""


def run_git(
    root: Path,
    *arguments: str,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    accepted: Container[int] = (0,),
) -> bytes:
    """Return what Git prints.

    Args:
        root: The folder to run it in.
        arguments: The command.
        stdin: What it reads from stdin.
        variables: Further environment variables.
        accepted: The exit codes that do not mean a failure.

    Raises:
        GitFailed: if it fails.
        UsageError: if there is no Git, or it takes too long.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 -- the user's own git, wherever it is installed
            cwd=root,
            env=_environment() | dict(variables or {}),
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed, or not on the PATH") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git {arguments[0]} took more than {TIMEOUT} seconds") from error
    if done.returncode not in accepted:
        raise GitFailed(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Return the environment for Git: messages in English, no optional locks, and absolute paths."""
    variables = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    variables |= {name: str(Path(variables[name]).absolute()) for name in _PATH_VARIABLES if variables.get(name)}
    return variables
