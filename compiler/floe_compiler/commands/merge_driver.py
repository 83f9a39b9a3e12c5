"""`floe-compile merge-driver`: for Git. Merge a file of output/ by compiling the merged inputs."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from floe_compiler.commands.exit_codes import DONE, FOUND, UsageError
from floe_compiler.commands.git import GitFailed, run_git, tree_at
from floe_compiler.commands.hook import PLACES
from floe_compiler.commands.merged_tree import (
    NESTED,
    Checkout,
    Merge,
    differing,
    git_path,
    merge_under_way,
    merged_tree,
)
from floe_compiler.commands.options import add_cache, add_workers, open_cache, open_workers
from floe_compiler.model.diagnostics import Findings, StageFailed
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.output_paths import OUTPUT

NOTES = """\
Git calls it for each file of output/ that both sides have changed, once this is configured:

  git config merge.floe-compile.driver "floe-compile merge-driver %O %A %B %P"      in each clone
  output/** text eol=lf merge=floe-compile                                          in .gitattributes

The second takes the place of the lines about output/ there, that with merge=union included. Then `git merge`, `git
pull` and `git rebase` compile the merged inputs, and take the files from there.

Git stops, as for any conflict, if inputs conflict or do not compile, or if files that only one side has changed must
become different, too. The files of output/ then have no markers. Correct the inputs, and:

  floe-compile && git add --all -- output

The same goes for operations that do not tell the driver their commits: cherry-pick, revert, stash, and merges of three
branches or more.

examples:
  floe-compile merge-driver %O %A %B %P   only Git calls it, with these arguments
"""
MEMORY = "floe-compile-merge"
"""A file in Git's folder with the result of the last merge, as Git calls the driver for each file."""
BY_ITSELF = "Git calls this by itself, see: floe-compile merge-driver --help"
OF_GIT = ".merge_file_"
"""How the names of the files begin that Git writes for a driver (`create_temp` in its merge-ll.c)."""
NEXT = "then: floe-compile && git add --all -- output"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = NOTES
    parser.add_argument("base", type=Path, metavar="BASE", help="the file in the common ancestor (%%O)")
    parser.add_argument("ours", type=Path, metavar="OURS", help="the file here; the result is written to it (%%A)")
    parser.add_argument("theirs", type=Path, metavar="THEIRS", help="the file on the other side (%%B)")
    parser.add_argument("path", metavar="PATH", help="where it is in the repository (%%P)")
    add_cache(parser)
    add_workers(parser)


def run(options: Namespace) -> int:
    """Write the merged file. Return 1 if there is a conflict: Git then does not commit.

    Raises:
        UsageError: if the path is not in the output of a mesh, or the files cannot be read.
    """
    if os.environ.get(NESTED):
        return FOUND
    top = Path.cwd()
    mesh = _mesh_of(top, options.path)
    try:
        sides = [side.read_bytes() for side in (options.ours, options.theirs)]
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read: {error.strerror}; {BY_ITSELF}") from None
    merge = merge_under_way(top, options.path, *sides)
    if merge is None and not options.ours.name.startswith(OF_GIT):
        _say(f"Git merges no {options.path} here, and nothing was written; {BY_ITSELF}")
        return FOUND
    result = _result(options, top, mesh, merge) if merge else Result(False)
    if result.tree:
        try:
            content = run_git(top, "cat-file", "blob", f"{result.tree}:{options.path}")
        except GitFailed:  # The merged inputs compile to no such file.
            return FOUND
        if result.is_whole:
            options.ours.write_bytes(content)
            return DONE
    if options.path.endswith(".index"):
        # Until it compiles, all that either side has written is ours to change, as with merge=union.
        run_git(top, "merge-file", "--union", *(str(file) for file in (options.ours, options.base, options.theirs)))
        if merge is None:
            _say(f"{options.path}: Git does not say what it merges here; {NEXT}")
    return FOUND


class Result(msgspec.Struct, frozen=True):
    """The result of a merge.

    `tree` has the compiled output; it is empty if there is none. It `is_whole` if it is what Git's result will be, with
    the files that Git asks the driver for.
    """

    is_whole: bool
    tree: str = ""


class Memory(msgspec.Struct, frozen=True):
    """The result of a merge, with all that it follows from."""

    compiler: str
    mesh: str
    merge: Merge
    result: Result


def _mesh_of(top: Path, path: str) -> str:
    """Return the path of the mesh whose output has a file, from the top; empty if it is there."""
    parts = path.split("/")
    for number, part in enumerate(parts):
        mesh = "/".join(parts[:number])
        if part == OUTPUT and (top / mesh / MANIFEST).is_file():
            return mesh
    raise UsageError(f"{path} is not in the {OUTPUT}/ of a mesh; give merge=floe-compile only to files there")


def _result(options: Namespace, top: Path, mesh: str, merge: Merge) -> Result:
    """Return the result of the merge, and say once why it is not whole."""
    from floe_compiler.load.digests import compiler_digest

    place = git_path(top, MEMORY)
    remembered = _known(place)
    fresh = Memory(compiler_digest(), mesh, merge, Result(False))
    if (
        remembered is not None
        and msgspec.structs.replace(remembered, result=fresh.result) == fresh
        and _exists(top, remembered)
    ):
        return remembered.result
    result = _compiled(options, top, mesh, merge)
    place.write_bytes(msgspec.json.encode(msgspec.structs.replace(fresh, result=result)))
    return result


def _known(place: Path) -> Memory | None:
    try:
        return msgspec.json.decode(place.read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return None


def _exists(top: Path, remembered: Memory) -> bool:
    """Return whether Git still has the tree: it removes what belongs to no branch after a while."""
    try:
        run_git(top, "cat-file", "-e", remembered.result.tree or remembered.merge.ours)
    except GitFailed:
        return False
    return True


def _compiled(options: Namespace, top: Path, mesh: str, merge: Merge) -> Result:
    from floe_compiler.commands.compile import compile_and_write
    from floe_compiler.commands.compiling import Chosen
    from floe_compiler.commands.console import show
    from floe_compiler.report.outcome import Outcome, count

    prefix = f"{mesh}/" if mesh else ""
    output = f"{prefix}{OUTPUT}"
    try:
        merged = merged_tree(top, merge)
    except GitFailed as failed:
        _say(f"Git cannot say what the merged inputs are, as Git 2.38 and newer can ({failed}); {NEXT}")
        return Result(False)
    inputs = tuple(f"{prefix}{place}" for place in PLACES if place != OUTPUT)
    wrong = [
        path for path in merged.conflicts if path in inputs or path.startswith(tuple(f"{folder}/" for folder in inputs))
    ]
    if wrong:
        _say(f"{output}/ is left as it is here, as inputs conflict ({_some(wrong)}); resolve them, {NEXT}")
        return Result(False)
    with TemporaryDirectory() as folder, open_cache(options, top / mesh) as cache:
        checkout = Checkout.of(top, merged.tree, Path(folder))
        root = checkout.folder / mesh
        for path in _owned(top / mesh, merge):
            (root / path).unlink(missing_ok=True)
        try:
            compile_and_write(Chosen(root, root), cache, open_workers(options), for_people=True)
        except StageFailed as failed:
            summary = f"so {output}/ is left as it is here; correct the merged inputs, {NEXT}"
            show(Outcome(failed.diagnostics, summary=summary), root, Namespace(format="text", quiet=False))
            return Result(False)
        tree = checkout.tree_with(output)
    differ = differing(top, merged.tree, tree, output)
    more = [path for path, change in differ.items() if change == "D" or path not in merged.conflicts]
    if more:
        _say(f"{count(len(more), 'file')} of {output}/ must change or go, too ({_some(more)}); {NEXT}")
    return Result(not more, tree)


def _owned(root: Path, merge: Merge) -> set[str]:
    """Return the files that either side has compiled, and its indexes, from the mesh's root."""
    from floe_compiler.write.index import INDEX_FOLDER, parse_index

    owned: set[str] = set()
    for commit in (merge.ours, merge.theirs):
        tree = tree_at(root, commit, INDEX_FOLDER)
        for path, content in tree.read(tree.blobs).items():
            entries = parse_index(Path(path).stem, content.decode(errors="replace"), Findings())
            owned |= {path, *(file for file, _ in entries)}
    return owned


def _some(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _say(text: str) -> None:
    from floe_compiler.report.terminal import printable

    sys.stderr.write(f"floe-compile: {printable(text)}\n")
