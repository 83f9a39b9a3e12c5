"""`floe-compile diff`: what compiling the current inputs would change, object by object. Writes nothing."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.commands.compiling import Chosen, add_compiling, compiling
from floe_compiler.commands.costs import costs_between, site_of
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_common, open_cache
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.files import FileSet, git_blob
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.plain_files import read_below
from floe_compiler.model.sites import environment_of

if TYPE_CHECKING:
    from floe_compiler.model.cache import Cache
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.costs.rollup import Costs
    from floe_compiler.report.dangers import AllObjects
    from floe_compiler.report.diff import EnvironmentDiff
    from floe_compiler.write.look import Looks

HEAD = "HEAD"
FORMATS = ("text", "json", "markdown", "github")
SMALLEST = 2000
LINK = re.compile(r"https?://[^\s<>()\[\]\"'`\\]+")
"""An address that Markdown takes as a whole."""


class State(msgspec.Struct, frozen=True):
    """The earlier output: the hash of each file, a function that hashes other files the same way, and a reader."""

    hashes: Mapping[str, str]
    hashes_of: Callable[[FileSet], Mapping[str, str]]
    read: Callable[[Iterable[str]], Mapping[str, bytes]]


EXAMPLES = """\
examples:
  floe-compile diff                                 what do my edits change, compared with the last commit?
  floe-compile diff --env prod --domain sales       only there
  floe-compile diff origin/main --format markdown   for a pull request
  floe-compile diff --toolchain 0.2.0               what would another version of floe-compile change?
  kubectl get deploy,svc -A -o yaml | floe-compile diff --env prod --against -
                                                    compared with what runs
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("revision", nargs="?", help="the Git revision whose output to compare with (default: HEAD)")
    parser.add_argument("--from-output", action="store_true", help="compare with output/ on disk instead")
    parser.add_argument(
        "--against",
        metavar="FILE",
        help="compare one environment with other YAML instead: a file, a folder, or - for standard input",
    )
    parser.add_argument(
        "--toolchain",
        metavar="VERSION",
        help="install another version of floe-compile into a temporary environment (this uses the network),"
        " and show what it would change: a version, a wheel, a folder with its source, or git+https://...@TAG",
    )
    add_common(parser, FORMATS)
    parser.add_argument(
        "--largest", type=int, metavar="BYTES", help="the size that Markdown may have (default: 60000, for GitHub)"
    )
    parser.add_argument("--link", default="", metavar="URL", help="the address of the report, for Markdown")
    add_compiling(parser)


def run(options: Namespace) -> int:
    """Compile in memory, compare, and show the difference."""
    if options.against:
        from floe_compiler.commands.diff_against import run_against

        return run_against(options)
    if options.toolchain:
        from floe_compiler.commands.diff_toolchain import run_toolchain

        return run_toolchain(options)
    chosen = Chosen.by(options)
    if options.from_output and options.revision:
        raise UsageError(f"give either the revision {options.revision} or --from-output, not both")
    if (options.largest is not None or options.link) and options.format != "markdown":
        raise UsageError("--largest and --link are for --format markdown")
    if options.largest is not None and options.largest < SMALLEST:
        raise UsageError(f"--largest {options.largest}: give {SMALLEST} or more")
    if options.link and not LINK.fullmatch(options.link):
        raise UsageError("--link: give an address that begins with https:// or http://, without spaces and brackets")
    with (
        open_cache(options, chosen.root) as cache,
        _earlier(options, chosen, cache) as before,
        compiling(options, chosen, cache) as run,
    ):
        compiled = run.compiled(meanwhile=before)
        run.progress("comparing")
        old = hashes_before(before(), compiled, chosen.environments)
        diffs = differences(before(), old, compiled)
        costs = costs_between(before(), old, compiled)
    show_diff(diffs, options, costs=costs)
    return DONE


@contextmanager
def _earlier(options: Namespace, chosen: Chosen, cache: Cache) -> Iterator[Callable[[], State]]:
    """Provide a function that returns the output to compare with. The output on disk is read meanwhile.

    Raises:
        UsageError: if Git does not know the revision.
    """
    if not options.from_output:
        revision = at_revision(chosen.output, options.revision or HEAD)
        yield lambda: revision
        return
    from floe_compiler.write.looking import looking

    with looking(chosen.output, (), cache) as seen:
        yield once(lambda: on_disk(chosen.output, seen()))


def differences(
    before: State, old: Mapping[str, str], compiled: Compilation, known: Mapping[str, EnvironmentDiff] | None = None
) -> tuple[EnvironmentDiff, ...]:
    """Return the difference of each environment; only files whose text differs are read as objects.

    One with several clusters has a difference for each, and for its delivery if that is for all of them. If only some
    namespaces were compiled, only these are compared.

    Args:
        before: The earlier output.
        old: The hashes of its files that are compared, by path (`hashes_before`).
        compiled: The later output.
        known: The differences that are known, by environment or cluster.

    Raises:
        StageFailed: if an earlier file is not an object.
    """
    from floe_compiler.report.diff import compare
    from floe_compiler.report.manifests import read_manifests
    from floe_compiler.report.moves import with_moves

    after, known = compiled.files, known or {}
    all_objects = _all_objects(compiled)
    new = before.hashes_of(after)
    changed = {path for path, _ in old.items() ^ new.items() if site_of(path) not in known}
    texts = {path: text.decode(errors="replace") for path, text in before.read(sorted(changed & old.keys())).items()}
    gone = _by_site(texts)
    come = _by_site({path: after[path] for path in sorted(changed & new.keys())})
    findings = Findings()
    diffs = []
    folders = {path.rpartition("/")[0] for path in old.keys() | new.keys()}
    for site in sorted({site_of(f"{folder}/") for folder in folders}):
        if site in known:
            diffs.append(known[site])
            continue
        then, now = (read_manifests(files.get(site, {}), findings) for files in (gone, come))
        diffs.append(compare(site, then, now, all_objects.get(site)))
    findings.finish()
    return with_moves(diffs)


def hashes_before(before: State, compiled: Compilation, environments: tuple[str, ...]) -> Mapping[str, str]:
    """Return the hashes of the earlier files by path, as far as they belong to what was compiled."""
    from floe_compiler.write.part import Part

    part = Part.of(compiled.chosen) if compiled.chosen is not None else None
    return {
        path: digest
        for path, digest in before.hashes.items()
        if _counts(path, environments) and (part is None or path in part)
    }


def _all_objects(compiled: Compilation) -> Mapping[str, AllObjects]:
    """Return all objects of each environment in each of its clusters, and of each that has several."""
    from floe_compiler.report.dangers import Together

    sites = {environment.environment: environment for environment in compiled.environments}
    several: dict[str, list[AllObjects]] = {}
    for name, site in sites.items():
        several.setdefault(environment_of(name), []).append(site)
    return {**{name: Together(own) for name, own in several.items()}, **sites}


def _by_site(texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    by_site: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        by_site.setdefault(site_of(path), {})[path] = text
    return by_site


def _environment(path: str) -> str:
    return path.split("/", 2)[1]


def _counts(path: str, environments: tuple[str, ...]) -> bool:
    environment = _environment(path)
    return (
        path.endswith(".yaml") and not environment.startswith(".") and environment in (environments or (environment,))
    )


def at_revision(root: Path, revision: str) -> State:
    """Return the output of a revision. Raises UsageError if Git does not know it."""
    from floe_compiler.commands.git import tree_at

    tree = tree_at(root, revision, OUTPUT)
    # Git's blob hash; its length shows which of Git's two hash algorithms the repository uses.
    algorithm = "sha256" if any(len(blob) == 64 for blob in tree.blobs.values()) else "sha1"

    def git_blobs(files: FileSet) -> Mapping[str, str]:
        blobs = files.read_git_blobs() if algorithm == "sha1" else {}
        return blobs or {path: git_blob(text.encode(), algorithm) for path, text in files.items()}

    return State(tree.blobs, git_blobs, tree.read)


def on_disk(root: Path, seen: Looks) -> State:
    """Return the output as it was on disk. Raises StageFailed if it has errors."""
    Findings([*seen.findings]).finish()
    return State(
        {path: digest for looked in seen for path, digest in looked.snapshot.hashes.items()},
        lambda files: files.digests,
        lambda paths: {path: read_below(root, path) for path in paths},
    )


def show_diff(
    diffs: tuple[EnvironmentDiff, ...], options: Namespace, summary: str = "{}", costs: tuple[Costs, ...] = ()
) -> None:
    """Print a difference in the format of the options, and, unless they are quiet, the summary around its totals."""
    from floe_compiler.report.diff_text import render_diff, summary_line
    from floe_compiler.report.terminal import paint_for, plain

    if options.format == "json":
        from floe_compiler.report.diff_json import render_diff_json

        sys.stdout.write(render_diff_json(diffs, costs))
    elif options.format == "markdown":
        from floe_compiler.report.diff_markdown import LARGEST, render_diff_markdown

        sys.stdout.write(render_diff_markdown(diffs, options.largest or LARGEST, options.link, costs))
    elif options.format == "github":
        from floe_compiler.report.github import annotate_dangers, without_commands

        sys.stdout.write(
            without_commands(render_diff(diffs, plain, costs) or summary_line(diffs)) + annotate_dangers(diffs)
        )
    else:
        sys.stdout.write(render_diff(diffs, paint_for(sys.stdout), costs))
    if not options.quiet:
        sys.stdout.flush()
        sys.stderr.write(f"floe-compile: {summary.format(summary_line(diffs))}\n")
