"""`floe-compile promote`: the images that one environment has tested become those of another one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace as with_fields

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_common, chosen_environments, find_root, open_cache
from floe_compiler.commands.output_folder import add_output, find_output
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed, did_you_mean
from floe_compiler.model.output_paths import folder_path
from floe_compiler.model.plain_files import read_below

if TYPE_CHECKING:
    from floe_compiler.cache.store import Store
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.model.promotion import Change
    from floe_compiler.model.sources import Sources
    from floe_compiler.promotion.selection import Ran

Key = tuple[str, str]
"""A product's domain and name."""

NOTES = """\
The image of each product, with its digest if it has one, is written into overlays/TO/images.yaml as FROM runs it:
as its images.yaml, its environment.yaml or the product's own file says. Everything else of a product stays as it is,
since schedules, variables and sizes differ between environments on purpose.

An image is refused unless FROM runs it: the product must not be disabled there, and the image must be in the output
that was committed last. Nothing is written if anything is refused, or if TO would not compile.

examples:
  floe-compile promote staging prod                all products that both environments have
  floe-compile promote staging prod orders         one product
  floe-compile promote staging prod sales/orders   the same, where another domain has one of that name
  floe-compile promote staging prod --dry-run      only show what would change
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("source", metavar="FROM", help="the environment whose images to copy")
    parser.add_argument("target", metavar="TO", help="the environment that takes them over")
    parser.add_argument(
        "products", nargs="*", default=[], metavar="PRODUCT", help="a product, or domain/product (default: all)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
    add_common(parser, ("text", "json"))
    add_output(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """Show how the file of images changes, and change it."""
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.pipeline.resolving import resolve_inputs
    from floe_compiler.promotion.selection import Side, promotion
    from floe_compiler.report.promotion import render_json, render_text, summary
    from floe_compiler.report.terminal import paint_for
    from floe_compiler.write.commit import reporting_refusals, write_file

    root = find_root(options.root)
    environments = chosen_environments(root, (options.source, options.target))
    if options.source == options.target:
        raise UsageError(f"{options.source} cannot be promoted to itself; name two environments")
    output = find_output(root, options.output)
    files = read_inputs(root, output)
    file = f"overlays/{options.target}/images.yaml"
    with open_cache(options, root) as cache:
        sources, plans = resolve_inputs(files, environments, cache)
        named = [_key(word, sources) for word in options.products]
        source, target = (Side.of(sources, name) for name in environments)
        folders = {
            unit.scope: folder_path(plan.settings.site, unit.namespace)
            for plan in plans
            for unit in plan.units
            if plan.settings.environment.name == source.name
        }
        findings = Findings()
        promoted = promotion(sources, source, target, named, _ran(output, folders), findings)
        findings.finish()
        before, after = _texts(files, file, sources, target.name, promoted.changes)
        if after != before:
            _check(root, target.name, files, (file, after), promoted.changes, cache)
    written = after != before and not options.dry_run
    if options.format == "text" and not options.quiet:
        sys.stdout.write(render_text(file, before, after, paint_for(sys.stdout)))
        sys.stdout.flush()
    if written:
        with reporting_refusals(root):
            write_file(f"{root}/{file}", after)
    if options.format == "json":
        sys.stdout.write(render_json(source.name, target.name, file, promoted, written=written))
    elif not options.quiet:
        sys.stderr.write(summary(file, promoted, written=written))
    return DONE


def _key(word: str, sources: Sources) -> Key:
    """Return the product that a word names.

    Raises:
        UsageError: if it names none, or several.
    """
    products = [(domain, product) for domain, source in sorted(sources.domains.items()) for product in source.products]
    meant = [key for key in products if word in (key[1], "/".join(key))]
    if not meant:
        known = {"/".join(key) if "/" in word else key[1] for key in products}
        raise UsageError(f'there is no product "{word}"; {did_you_mean(word, known)}')
    if len(meant) > 1:
        raise UsageError(f'"{word}" is a product of several domains; say {" or ".join(map("/".join, meant))}')
    return meant[0]


def _ran(root: Path, folders: Mapping[str, str]) -> Ran:
    """Return what tells whether an image has run: whether it is in the output that was committed last.

    `folders` are those of the domains' namespaces there. Without a commit, the output on disk counts.
    """
    from floe_compiler.promotion.evidence import names_image

    @once
    def texts(domain: str) -> tuple[str, ...]:
        return tuple(content.decode(errors="replace") for content in _committed(root, folders[domain]))

    return lambda domain, image: names_image(texts(domain), image)


def _committed(root: Path, folder: str) -> Iterable[bytes]:
    from floe_compiler.commands.git import tree_at

    try:
        tree = tree_at(root, "HEAD", folder)
    except UsageError:
        paths = sorted(path.relative_to(root).as_posix() for path in (root / folder).glob("*.yaml"))
        return [read_below(root, path) for path in paths]
    return tree.read(tree.blobs).values()


def _texts(files: InputFiles, file: str, sources: Sources, target: str, changes: Iterable[Change]) -> tuple[str, str]:
    """Return the text of the file of images as it is (empty if there is none), and with the changes."""
    from floe_compiler.model.inputs import Metadata
    from floe_compiler.promotion.images_file import new_text, with_images

    content = files.contents.get(file, b"")
    before = content.decode() if isinstance(content, bytes) else ""
    images = {(change.domain, change.product): change.after for change in changes}
    if not images:
        return before, before
    metadata = Metadata.model_validate(sources.environments[target].data["metadata"])
    return before, with_images(before or new_text(metadata), images)


def _check(
    root: Path, target: str, files: InputFiles, change: tuple[str, str], changes: Iterable[Change], cache: Store
) -> None:
    """Compile the changed environment in memory. Raises StageFailed, with places in the files as they are."""
    from floe_compiler.pipeline import compile_mesh
    from floe_compiler.report.progress import showing_progress

    file, text = change
    inputs = replace(
        files,
        types=dict(sorted({**files.types, file: "file"}.items())),
        contents=dict(sorted({**files.contents, file: text.encode()}.items())),
    )
    try:
        with showing_progress(sys.stderr) as progress:
            compile_mesh(root, (target,), progress, cache=cache, input_files=inputs)
    except StageFailed as failed:
        raise StageFailed(_where_it_is_now(diagnostic, file, changes) for diagnostic in failed.diagnostics) from None


def _where_it_is_now(diagnostic: Diagnostic, file: str, changes: Iterable[Change]) -> Diagnostic:
    """Return an error about a line that is not written yet at the place that the image is taken from."""
    if diagnostic.span is None or diagnostic.span.file != file:
        return diagnostic
    origin = next((change.origin for change in changes if change.after in diagnostic.message), None)
    return with_fields(diagnostic, span=origin)
