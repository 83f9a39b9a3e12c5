"""`floe-compile graph`: draw who calls whom, who reads whose tables, or what starts after what."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_repository, chosen_environments, find_root, open_cache
from floe_compiler.model.diagnostics import did_you_mean

if TYPE_CHECKING:
    from floe_compiler.cache.store import Store
    from floe_compiler.model.graph import Graph

KINDS = ("lineage", "connections", "waves")
SECONDS = 60
NOTES = """\
  lineage       data products; an arrow leads from one to those that read a table of it
  connections   pods; an arrow leads to each server that they call, with its ports
  waves         servers and tasks; an arrow leads to what must run or end before

A whole environment has hundreds of connections. A picture of them has one node for each namespace; --all draws each
pod, --only NAME a part. JSON has all, unless --fold is given.
GitHub and GitLab draw Mermaid in Markdown. svg is drawn by Graphviz, whose program `dot` must be installed.

examples:
  floe-compile graph lineage
  floe-compile graph connections
  floe-compile graph connections --env prod --only floe-sales-domain --format svg > sales.svg
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    from floe_compiler.report.graph_formats import RENDERERS

    parser.epilog = NOTES
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=f"what to draw: {', '.join(KINDS)}")
    parser.add_argument("--env", metavar="NAME", help="the environment (default: the first one)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="only this namespace (or domain, of lineage), and what it is connected with (may be repeated)",
    )
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument(
        "--fold",
        action="store_true",
        help="draw one node for each namespace (or domain, of lineage), not what is in it",
    )
    whole.add_argument("--all", action="store_true", help="draw each pod, however many connections there are")
    parser.add_argument("--format", choices=(*RENDERERS, "svg"), default="mermaid", help="default: mermaid")
    add_repository(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """Draw the graph."""
    from floe_compiler.report.graph_formats import RENDERERS, dot

    root = find_root(options.root)
    with open_cache(options, root) as cache:
        graph = _graph(root, options, cache)
    groups = {node.group for node in graph.nodes}
    for name in options.only:
        if name not in groups:
            raise UsageError(f'--only: there is no "{name}" in the graph; {did_you_mean(name, groups)}')
    if options.only:
        graph = graph.around(frozenset(options.only))
    if options.fold or _is_tangled(options):
        graph = graph.folded()
    sys.stdout.write(_svg(dot(graph)) if options.format == "svg" else RENDERERS[options.format](graph))
    return DONE


def _is_tangled(options: Namespace) -> bool:
    """Return whether a picture of all this would show nothing. Programs that read JSON have no trouble with it."""
    whole = options.kind == "connections" and not options.only
    return whole and options.format != "json" and not options.all


def _graph(root: Path, options: Namespace, cache: Store) -> Graph:
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.model.graph import joined
    from floe_compiler.model.sites import environment_of
    from floe_compiler.pipeline.planned_units import plan_environments

    environments = chosen_environments(root, [options.env] if options.env else [])
    sources, plans = plan_environments(read_inputs(root), environments, cache)
    if options.kind == "lineage":
        from floe_compiler.report.lineage_graph import lineage

        return lineage(sources)
    from floe_compiler.synthesize import graphs

    draw = graphs.connections if options.kind == "connections" else graphs.waves
    first = environment_of(min(plans))
    sites = {name: own for name, own in sorted(plans.items()) if environment_of(name) == first}
    if len(sites) == 1:
        return draw(sites[first])
    return joined({name.partition("/")[2]: draw(own) for name, own in sites.items()})


def _svg(text: str) -> str:
    """Return the picture that Graphviz makes. Raises UsageError if it cannot."""
    try:
        done = subprocess.run(
            ["dot", "-Tsvg"],  # noqa: S607 -- the user's own, wherever it is installed
            input=text,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError(
            "Graphviz is not installed (no `dot` on the PATH); or draw it with --format mermaid"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"Graphviz took more than {SECONDS} seconds; draw a part: --only NAMESPACE") from error
    if done.returncode:
        raise UsageError(f"Graphviz failed: {done.stderr.strip()}")
    return done.stdout
