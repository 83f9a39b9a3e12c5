"""`floe-compile diff --against`: how a compiled environment differs from other YAML, such as a cluster's."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from floe_compiler.commands.compiling import Chosen, compiling
from floe_compiler.commands.exit_codes import DONE, UsageError

if TYPE_CHECKING:
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.diff import EnvironmentDiff

STDIN = "-"
ENDINGS = (".yaml", ".yml", ".json")
MOST = 200_000_000
"""The characters that standard input may have: it never ends if a program repeats itself."""


def run_against(options: Namespace) -> int:
    """Compile an environment in memory, compare it with the given YAML, and show the difference."""
    if options.from_output or options.revision:
        raise UsageError("give either --against, or a revision or --from-output")
    if options.format == "github":
        raise UsageError("--format github is for changes of a pull request; --against has text, json and markdown")
    chosen = Chosen.by(options)
    environments = chosen.environments or tuple(_environments(chosen.root))
    if len(environments) != 1:
        raise UsageError(
            f"--against compares one environment; name it: --env {environments[0] if environments else 'NAME'}"
        )
    documents = list(_documents(options.against))
    if not any(isinstance(document, dict) and document.get("kind") for document in documents):
        raise UsageError(f"{_shown(options.against)} has no object of Kubernetes; did what was to write it fail?")
    with compiling(options, replace(chosen, environments=environments)) as run:
        compiled = run.compiled()
        run.progress("comparing")
        diff, left_out = compared(documents, compiled, environments[0])
    _show(diff, left_out, options)
    return DONE


def compared(documents: list[Any], compiled: Compilation, environment: str) -> tuple[EnvironmentDiff, int]:
    """Return the difference, from the others' objects to the compiled ones, and how many of these are left out.

    They are left out if the others have nothing of their namespace, or nothing without a namespace.
    """
    from floe_compiler.model.diagnostics import Findings
    from floe_compiler.report.diff import compare
    from floe_compiler.report.manifests import Manifests, read_manifests
    from floe_compiler.report.running import alike, as_written, foreign_objects

    ours = read_manifests({path: text for path, text in compiled.files.items() if path.endswith(".yaml")}, Findings())
    theirs = foreign_objects(documents, environment, ours.by_id)
    namespaces = {identity.namespace for identity in theirs.by_id}
    chosen = {
        identity: as_written(identity, manifest)
        for identity, manifest in ours.by_id.items()
        if identity.namespace in namespaces
    }
    before, after = dict(theirs.by_id), dict(chosen)
    for identity in before.keys() & after.keys():
        before[identity], after[identity] = alike(before[identity], after[identity])
    files = {identity: ours.files[identity] for identity in chosen}
    diff = compare(environment, Manifests(before, theirs.files), Manifests(after, files))
    # What the others have is not deleted, and what they lack is not there yet.
    changes = tuple(change if change.action == "changed" else replace(change, dangers=()) for change in diff.changes)
    return replace(diff, changes=changes), len(ours.by_id) - len(chosen)


def _environments(root: Path) -> list[str]:
    return sorted(path.parent.name for path in root.glob("overlays/*/environment.yaml"))


def _documents(source: str) -> Iterator[Any]:
    """Yield the documents of a file, of all files in a folder, or of standard input."""
    from floe_compiler.model.kubernetes_yaml import NotYaml, read_objects

    for name, text in _texts(source):
        try:
            yield from read_objects(text)
        except NotYaml as error:
            raise UsageError(f"{name} is not YAML: {error}") from None


def _texts(source: str) -> Iterator[tuple[str, str]]:
    if source == STDIN:
        yield "standard input", _standard_input()
        return
    path = Path(source)
    if not path.exists():
        raise UsageError(f"there is no {source}")
    files = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS) if path.is_dir() else [path]
    for file in files:
        try:
            yield str(file), file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UsageError(f"{file} cannot be read: {reason}") from None


def _standard_input() -> str:
    if sys.stdin is None:  # if the shell has closed it
        raise UsageError("standard input is closed; pipe objects into it, or name a file")
    try:
        text = sys.stdin.read(MOST + 1)
        text.encode()  # in some locales, Python reads other bytes as halves of surrogate pairs
    except UnicodeError:
        raise UsageError("standard input cannot be read: it is not UTF-8 text") from None
    if len(text) > MOST:  # what is left out would seem to be missing
        raise UsageError(f"standard input has more than {MOST:,} characters; compare a few namespaces at a time")
    return text


def _show(diff: EnvironmentDiff, left_out: int, options: Namespace) -> None:
    from floe_compiler.report.diff_json import render_diff_json
    from floe_compiler.report.diff_markdown import render_diff_markdown
    from floe_compiler.report.diff_text import render_diff
    from floe_compiler.report.terminal import paint_for

    if options.format == "json":
        sys.stdout.write(render_diff_json((diff,)))
    elif options.format == "markdown":
        sys.stdout.write(render_diff_markdown((diff,)))
    else:
        sys.stdout.write(render_diff((diff,), paint_for(sys.stdout)))
    if not options.quiet:
        sys.stdout.flush()
        sys.stderr.write(f"floe-compile: {_summary(diff, left_out, options.against)}\n")


def _shown(source: str) -> str:
    return "standard input" if source == STDIN else source


def _summary(diff: EnvironmentDiff, left_out: int, source: str) -> str:
    from floe_compiler.report.outcome import count

    there = _shown(source)
    parts = [
        f"{diff.total('deleted')} only in {there} (-)",
        f"{diff.total('changed')} different (~)",
        f"{diff.total('added')} only compiled (+)",
    ]
    more = f"; {count(left_out, 'object')} left out, of whose namespaces {there} has nothing" if left_out else ""
    return f"{diff.environment}: {', '.join(parts)}{more}"
