"""`floe-compile package --helm`: pack the output of an environment as Helm charts, one for each delivered folder."""

from __future__ import annotations

import re
import shlex
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.current_output import add_current_output, current_output
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.model.output_paths import OUTPUT

if TYPE_CHECKING:
    from floe_compiler.publish.helm_charts import Chart

NOTES = """\
For those who must use `helm install`, and cannot let Argo CD or Flux apply output/. Each folder of output/<env>/
becomes a chart with the name of its Application or Kustomization. A chart has the compiled objects as they are, and no
values: to change something, change the mesh. The only additions are annotations for Helm, where an object has one of
Argo CD or Flux: hooks stay hooks, and what is never deleted is not deleted by Helm, either.

The same output and version give the same bytes. Without --version, the version follows from the content. What is
printed are the commands that install the charts, in their order.

Helm neither updates what it has installed from crds/ of a chart, nor decrypts what SOPS has encrypted (P003). When an
object leaves the output, `helm upgrade` deletes it, also in production.

If an environment has several clusters, each command has --kube-context with the cluster's name.

examples:
  floe-compile package --helm --env prod                             write charts into dist/, and print how to install
  floe-compile package --helm --env prod --version 1.4.0 --to charts
  floe-compile package --helm --env dev | sh                         install or upgrade them all
"""
DEFAULT_FOLDER = "dist"
ANYWHERE = "default"
"""The namespace in which Helm keeps the release of objects without one; every cluster has it."""

TIMEOUT = "15m"
"""As long as Flux waits: longer than the slowest pod may take to start."""

# semver.org/spec/v2.0.0.html#backusnaur-form-grammar-for-valid-semver-versions
_NUMBER = r"(?:0|[1-9][0-9]*)"
_WORD = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_WORD}(?:\.{_WORD})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("--helm", action="store_true", required=True, help="pack Helm charts")
    parser.add_argument("--env", required=True, metavar="NAME", help="the environment to pack")
    parser.add_argument("--version", metavar="VERSION", help="the version of the charts, such as 1.4.0")
    parser.add_argument(
        "--to",
        type=Path,
        default=Path(DEFAULT_FOLDER),
        metavar="FOLDER",
        help=f"where to write them (default: {DEFAULT_FOLDER})",
    )
    add_current_output(parser)


def run(options: Namespace) -> int:
    """Check, pack, write, and print how to install.

    Raises:
        UsageError: if the version, the folder or the environment is wrong.
        StageFailed: if the output is not current (W012), or has what Helm cannot install (P003).
    """
    from floe_compiler.publish.helm_charts import charts_of
    from floe_compiler.write.commit import reporting_refusals, write_file

    chosen = Chosen.by(Namespace(**{**vars(options), "env": (options.env,)}))
    if options.version is not None and not _VERSION.fullmatch(options.version):
        raise UsageError(f'--version "{options.version}": Helm takes versions such as 1.4.0 or 1.4.0-rc.1 (semver.org)')
    folder: Path = options.to
    if folder.resolve().is_relative_to(chosen.output / OUTPUT):
        raise UsageError(f"--to {folder}: {OUTPUT}/ has compiled files only; name another folder")
    with current_output(chosen, options) as current:
        charts = charts_of(dict(current.compiled.files.items()))
    several = len({_cluster(chart) for chart in charts}) > 1
    with reporting_refusals(chosen.root):
        for chart in sorted(charts, key=lambda chart: (_cluster(chart), chart.rank)):
            version = options.version or chart.content_version
            file = folder / f"{chart.name}-{version}.tgz"
            write_file(str(file), chart.packed(version))
            context = ("--kube-context", _cluster(chart)) if several else ()
            place = ("--namespace", chart.namespace or ANYWHERE, *context)
            words = ("helm", "upgrade", "--install", chart.name, str(file), *place, "--wait", "--timeout", TIMEOUT)
            sys.stdout.write(f"{shlex.join(words)}\n")
    return DONE


def _cluster(chart: Chart) -> str:
    """Return the cluster that a chart is of, if its environment has several: output/<env>/<cluster>/<folder>."""
    return chart.folder.removeprefix(f"{OUTPUT}/").rpartition("/")[0].partition("/")[2]
