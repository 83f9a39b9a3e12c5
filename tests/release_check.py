"""Checks a release before it is built: `python tests/release_check.py v0.2.1` (docs/releases.md).

The tag must be the version of pyproject.toml, and CHANGELOG.md must have a section of it. A patch release must compile
the inputs of the release before it to the same bytes: those are in its tag, with the output that it has compiled.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOE = Path(sys.executable).with_name("floe-compile")
TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
Version = tuple[int, int, int]


def version_of(tag: str) -> Version | None:
    """Return the version that a tag names; None if it names none."""
    match = TAG.fullmatch(tag)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def git(root: Path, *words: str) -> str:
    """Return what Git prints."""
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def problems(root: Path, tag: str) -> Iterator[str]:
    """Yield what is wrong with a release of what is checked out in a folder."""
    version = version_of(tag)
    if version is None:
        yield f"{tag} is no tag of a release; write it such as v0.2.1"
        return
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if f"v{declared}" != tag:
        yield f"pyproject.toml has version {declared}, and the tag is {tag}"
    if f"\n## {tag.removeprefix('v')}\n" not in (root / "CHANGELOG.md").read_text(encoding="utf-8"):
        yield f"CHANGELOG.md has no section ## {tag.removeprefix('v')}"
    former = before(root, version)
    if former and former[:2] == version[:2]:
        yield from changed_outputs(root, f"v{'.'.join(map(str, former))}")


def before(root: Path, version: Version) -> Version | None:
    """Return the release before a version; None if it is the first."""
    tags = git(root, "tag", "--list", "v*").split()
    return max((version_ for version_ in map(version_of, tags) if version_ and version_ < version), default=None)


def changed_outputs(root: Path, tag: str) -> Iterator[str]:
    """Yield the meshes of an earlier release that compile to something else than what it has compiled them to."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "former")
        git(root, "worktree", "add", "--quiet", "--detach", str(place), tag)
        try:
            for mesh in (place, *sorted(place.glob("tests/golden/*/"))):
                done = subprocess.run(
                    [FLOE, "check", "--no-cache", "--root", mesh], capture_output=True, text=True, check=False
                )
                if done.returncode:
                    name = mesh.relative_to(place).as_posix()
                    output = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines())
                    yield f"the mesh in {name} compiles differently with {tag}, so it is not a patch:\n{output}"
        finally:
            git(root, "worktree", "remove", "--force", str(place))


def main(arguments: list[str]) -> int:
    """Print what is wrong, and return whether anything is."""
    problems_ = list(problems(ROOT, arguments[0]))
    sys.stderr.write("".join(f"{problem}\n" for problem in problems_))
    return int(bool(problems_))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
