"""What was edited since a revision, by Git."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from floe_compiler.commands.git import run_git
from floe_compiler.load.input_tree import TREES
from floe_compiler.model.layout import MANIFEST, MOST_BYTES, SOPS_RULES, VENDOR

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Edit(msgspec.Struct, frozen=True):
    """The edited lines of one file: their numbers before or after, a sign (`-` or `+`), and their text."""

    file: str
    lines: tuple[tuple[int, str, str], ...]

    @property
    def new(self) -> frozenset[int]:
        """Return the numbers of the lines that are new or changed."""
        return frozenset(number for number, sign, _ in self.lines if sign == "+")


def edits_since(root: Path, revision: str) -> tuple[Edit, ...]:
    """Return the edits of the inputs, also of files that Git does not know yet, by path.

    Raises:
        UsageError: if Git fails.
    """
    below = ("--", MANIFEST, SOPS_RULES, VENDOR, *TREES)
    options = ("-c", "core.quotepath=off", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false")
    text = run_git(root, *options, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--relative", revision, *below)
    by_file = dict(_edits(text.decode(errors="replace")))
    for file in run_git(root, "ls-files", "--others", "--exclude-standard", "-z", *below).decode().split("\0"):
        if file and (root / file).is_file() and not (root / file).is_symlink():
            with (root / file).open("rb") as new:
                lines = new.read(MOST_BYTES).decode(errors="replace").splitlines()
            by_file[file] = [(number, "+", line) for number, line in enumerate(lines, start=1)]
    return tuple(Edit(file, tuple(by_file[file])) for file in sorted(by_file))


def _edits(text: str) -> dict[str, list[tuple[int, str, str]]]:
    """Return the edited lines by file, from what `git diff` prints."""
    by_file: dict[str, list[tuple[int, str, str]]] = {}
    lines: list[tuple[int, str, str]] = []
    before = after = old = new = 0
    for line in text.split("\n"):
        if old == new == 0 and line.startswith("--- "):
            file = line.removeprefix("--- ").removeprefix("a/").rstrip("\t")
        elif old == new == 0 and line.startswith("+++ "):
            other = line.removeprefix("+++ ").rstrip("\t")
            lines = by_file.setdefault(other.removeprefix("b/") if other != "/dev/null" else file, [])
        elif old == new == 0 and (hunk := _HUNK.match(line)):
            before, old, after, new = (int(number) if number else 1 for number in hunk.groups())
        elif old and line.startswith("-"):
            lines.append((before, "-", line[1:]))
            before, old = before + 1, old - 1
        elif new and line.startswith("+"):
            lines.append((after, "+", line[1:]))
            after, new = after + 1, new - 1
    return by_file


def commit_of(root: Path, revision: str) -> str:
    """Return the first digits of the commit of a revision, which must exist."""
    return run_git(root, "rev-parse", "--short=12", f"{revision}^{{commit}}").decode().strip()
