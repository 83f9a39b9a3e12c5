"""Reports the files under output/ that this tool did not write, by what becomes of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.hints import some
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.span import Span
from floe_compiler.write.folders import with_parents
from floe_compiler.write.snapshot import MANIFEST_SUFFIXES
from floe_compiler.write.steering import FLUX, IGNORED, STEERS_DELIVERY, obeyed_by

STRAY = Rule(
    "W005",
    "foreign file in the output",
    "A file under output/ was not written by this tool, so it is not changed. Move it elsewhere.",
    severity="warning",
)
APPLIED = Rule(
    "W015",
    "hand-written file among compiled files",
    "Argo CD (which applies *.yaml) or Flux (also *.yml, and in folders below) would apply this file with the compiled"
    " ones, without any check. Move the object to base/ or overlays/, where it is checked, or delete the file.",
)

_LEFT_OUT = re.compile(
    r"/(?:\.(?:git|github|circleci)/.*|(?:\.(?:travis|gitlab-ci|drone|goreleaser)|appveyor|codeship-(?:services|steps))\.yml"
    r"|(?:\.(?:sops|flux)|cloudbuild)\.yaml)$"
)
"""What Flux leaves out of every repository (fluxcd/pkg `sourceignore/sourceignore.go`,
ExcludeVCS, ExcludeCI, ExcludeExtra)."""


def report_foreign(paths: Sequence[str], compiled: Collection[str], findings: Findings) -> None:
    """Add a finding for each foreign file that is delivered or changes what is (W015, W021), or a warning (W005).

    Only folders with compiled files are delivered: the folder of an Application or a Kustomization has some. Argo CD
    applies the files in it, and Flux those in folders below, too.

    Args:
        paths: the foreign files, sorted.
        compiled: the compiled files of their environments, also those that are deleted now.
        findings: gets the findings.
    """
    delivered = {path.rpartition("/")[0] for path in compiled}
    parents = with_parents(compiled)
    steering = {path: tool for path in paths if (tool := _steers(path, delivered, parents))}
    for path, tool in steering.items():
        message = f"floe-compile did not write this file, and with it, {tool} applies something else"
        findings.add(STEERS_DELIVERY, message, Span(path), hint=f"delete it: rm {path}")
    strays = [path for path in paths if path not in steering]
    applied = {path: tools for path in strays if (tools := _applied_by(path, delivered))}
    _report_applied(applied, findings)
    by_folder: dict[str, list[str]] = defaultdict(list)
    for folder, _, name in (path.rpartition("/") for path in strays if path not in applied):
        by_folder[folder].append(name)
    for folder, names in by_folder.items():
        message = f"holds {some(names)}, which floe-compile did not write"
        findings.add(STRAY, message, subject=folder, hint="move or delete it")


def _report_applied(applied: dict[str, str], findings: Findings) -> None:
    by_environment: dict[str, list[str]] = defaultdict(list)
    for path in applied:
        by_environment[path.split("/")[1]].append(path)
    for environment, (path, *others) in by_environment.items():
        more = f" nor {len(others)} more in {OUTPUT}/{environment}/," if others else ""
        message = f"floe-compile did not write this file,{more} but {applied[path]} would apply it with the rest"
        findings.add(APPLIED, message, Span(path), hint="move the object to base/ or overlays/, or delete the file")


def _steers(path: str, delivered: Collection[str], parents: Collection[str]) -> str:
    """Return the tool that delivers something else because of a file; empty if none does.

    The patterns of a `.sourceignore` hold for all folders below it.
    """
    folder, _, name = path.rpartition("/")
    steers = _is_below(folder, delivered) or (name == IGNORED and folder in parents)
    tool = obeyed_by(path) if steers else ""
    return "" if tool == FLUX and _LEFT_OUT.search(path) else tool


def _applied_by(path: str, delivered: Collection[str]) -> str:
    """Return what would apply a file; empty if nothing would."""
    folder = path.rpartition("/")[0]
    argo_cd = path.endswith(MANIFEST_SUFFIXES[0]) and folder in delivered
    flux = path.endswith(MANIFEST_SUFFIXES) and _is_below(folder, delivered) and not _LEFT_OUT.search(path)
    return " or ".join(tool for tool, applies in (("Argo CD", argo_cd), (FLUX, flux)) if applies)


def _is_below(folder: str, delivered: Collection[str]) -> bool:
    """Return whether a folder is delivered, or one above it."""
    while folder and folder not in delivered:
        folder = folder.rpartition("/")[0]
    return bool(folder)
