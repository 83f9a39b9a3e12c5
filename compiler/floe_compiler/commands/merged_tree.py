"""What Git is merging, and what its result is, as far as Git alone can tell.

While a merge driver runs, Git has not yet told any file which commit it merges. `git merge` says it in an environment
variable for each commit (git-merge(1) of Git 2.39: builtin/merge.c), `git rebase` in the last line of the list of what
it has done (`rebase-merge/done`). A guess is held against the files that the driver was given, so a wrong one does no
harm.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from floe_compiler.commands.git import GitFailed, run_git

DRIVER = "floe-compile"
"""The name of the driver in the configuration of Git, and in .gitattributes."""
NESTED = "FLOE_COMPILE_MERGES"
"""An environment variable: a merge that this verb asks for is under way. The driver then leaves conflicts."""

_HEAD = re.compile(r"GITHEAD_([0-9a-f]{40,64})")
_PICK = re.compile(r"(?:pick|p|reword|r|edit|e|squash|s|fixup|f)(?: -[cC])? ([0-9a-f]{7,64})\b.*")
_AUTHOR = {f"GIT_{role}_{field}": "floe-compile" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
_DATE = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}


class Merge(msgspec.Struct, frozen=True):
    """Two commits that Git merges; `base` is their ancestor if Git does not choose it, as in a rebase."""

    ours: str
    theirs: str
    base: str = ""


class Merged(msgspec.Struct, frozen=True):
    """The tree that a merge leads to, and the paths in conflict. In the tree, these are not merged."""

    tree: str
    conflicts: tuple[str, ...]


def merge_under_way(top: Path, path: str, ours: bytes, theirs: bytes) -> Merge | None:
    """Return the merge that is under way; None if it is not one of two commits, or not known.

    Args:
        top: The top folder of the working tree.
        path: A file that is merged, from there.
        ours: Its content on our side, to be sure of the commits.
        theirs: Its content on the other side.
    """
    for merge in _candidates(top):
        try:
            blobs = [run_git(top, "cat-file", "blob", f"{commit}:{path}") for commit in (merge.ours, merge.theirs)]
        except GitFailed:  # such as a file that has another name there
            continue
        if blobs == [ours, theirs]:
            return merge
    return None


def _candidates(top: Path) -> Iterator[Merge]:
    ours = _commit(top, "HEAD")
    heads = [match[1] for name in os.environ if (match := _HEAD.fullmatch(name))]
    if len(heads) == 1:
        yield Merge(ours, heads[0])
    done = git_path(top, "rebase-merge/done")
    lines = done.read_text(encoding="utf-8", errors="replace").splitlines() if done.is_file() else []
    if lines and (match := _PICK.fullmatch(lines[-1])):
        try:
            yield Merge(ours, _commit(top, match[1]), _commit(top, f"{match[1]}^"))
        except GitFailed:  # The first commit of a repository has no parent.
            return


def merged_tree(top: Path, merge: Merge) -> Merged:
    """Return what the merge leads to, from `git merge-tree`, which needs Git 2.38.

    Raises:
        GitFailed: if Git cannot say.
    """
    sides = (merge.ours, merge.theirs)
    if merge.base:  # Git before 2.40 has no way to name it: make two commits that have it as their parent.
        base = _commit_of(top, merge.base)
        sides = (_commit_of(top, merge.ours, base), _commit_of(top, merge.theirs, base))
    # Our own driver would start for each file; `false` leaves the same conflicts, and is faster.
    own = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"merge.{DRIVER}.driver", "GIT_CONFIG_VALUE_0": "false"}
    command = ("merge-tree", "--write-tree", "--no-messages", "--name-only", "-z")
    answer = run_git(top, *command, *sides, variables={**own, NESTED: "1"}, accepted=(0, 1))
    tree, *conflicts = answer.decode(errors="surrogateescape").rstrip("\0").split("\0")
    return Merged(tree, tuple(conflicts))


def differing(top: Path, before: str, after: str, folder: str) -> Mapping[str, str]:
    """Return the paths below a folder that differ between two trees, each with `A`, `D` or `M` (git-diff-tree(1))."""
    answer = run_git(top, "diff-tree", "-r", "-z", "--no-renames", "--name-status", before, after, "--", f"{folder}/")
    fields = answer.decode(errors="surrogateescape").split("\0")
    return dict(zip(fields[1::2], fields[0::2], strict=False))


class Checkout(msgspec.Struct, frozen=True):
    """A folder with the files of a tree, beside the working tree, and with an index of its own."""

    top: Path
    folder: Path
    git: Path

    @staticmethod
    def of(top: Path, tree: str, folder: Path) -> Checkout:
        """Write the files of a tree into an empty folder, and return it."""
        checkout = Checkout(
            top, folder / "tree", Path(run_git(top, "rev-parse", "--absolute-git-dir").decode().strip())
        )
        checkout.folder.mkdir()
        checkout.run("read-tree", tree)
        checkout.run("checkout-index", "--all", "--quiet")
        # What asks where the mesh is in its repository finds the top here.
        (checkout.folder / ".git").write_text(f"gitdir: {checkout.git}\n", encoding="utf-8")
        return checkout

    def tree_with(self, folder: str) -> str:
        """Return the tree with the present content of a folder in place of the old content."""
        self.run("add", "--all", "--force", "--", folder)
        return self.run("write-tree").decode().strip()

    def run(self, *arguments: str) -> bytes:
        """Return what Git prints, run on these files."""
        places = {
            "GIT_DIR": str(self.git),
            "GIT_WORK_TREE": str(self.folder),
            "GIT_INDEX_FILE": str(self.folder.parent / "index"),
        }
        return run_git(self.folder, *arguments, variables=places)


def git_path(top: Path, name: str) -> Path:
    """Return where Git keeps something of this working tree, such as `rebase-merge/done`."""
    return top / run_git(top, "rev-parse", "--git-path", name).decode(errors="surrogateescape").rstrip("\n")


def _commit(top: Path, revision: str) -> str:
    return run_git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()


def _commit_of(top: Path, commit: str, *parents: str) -> str:
    """Return a commit with the tree of another one; it is in no branch, so Git removes it after a while."""
    ancestors = [word for parent in parents for word in ("-p", parent)]
    command = ("commit-tree", "-m", DRIVER, *ancestors, f"{commit}^{{tree}}")
    return run_git(top, *command, variables=_AUTHOR | _DATE).decode().strip()
