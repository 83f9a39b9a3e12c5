"""`floe-compile rollout`: which rings of domains have which changes of the platform, and which still lack them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import (
    add_cache,
    add_environments,
    add_repository,
    chosen_environments,
    find_root,
    open_cache,
)

NOTES = """\
For each change under `rollout` of platform-manifest.yaml and each environment: the rings that have it, those that still
lack it, and their domains there. A domain that has its own value of a setting is named with the line that says so: for
it, the change changes nothing.

A change goes on with `reached: RING` in the manifest, or in one environment with `rollout: {CHANGE: RING}`.

examples:
  floe-compile rollout              how far is what we roll out?
  floe-compile rollout --env prod   only there
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to report (default: text)")
    add_repository(parser)
    add_environments(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """List the changes.

    Raises:
        StageFailed: if an input is wrong.
    """
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.pipeline.resolving import resolve_inputs
    from floe_compiler.promotion.rollout import rollout_progress
    from floe_compiler.report.rollout import render_json, render_text, summary
    from floe_compiler.report.terminal import paint_for

    root = find_root(options.root)
    environments = chosen_environments(root, options.env)
    with open_cache(options, root) as cache:
        sources, _ = resolve_inputs(read_inputs(root), environments, cache)
    changes = rollout_progress(sources, environments)
    if options.format == "json":
        sys.stdout.write(render_json(changes))
    else:
        sys.stdout.write(render_text(changes, paint_for(sys.stdout)))
        sys.stdout.flush()
        sys.stderr.write(f"floe-compile: {summary(changes)}\n")
    return DONE
