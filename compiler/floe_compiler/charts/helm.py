"""Finds and runs the helm program: offline, without plugins, and with nothing of the user's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from floe_compiler.charts.api_versions import own_kinds
from floe_compiler.charts.rules import DID_NOT_RUN, NOT_INSTALLED
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.span import Span

VARIABLE = "FLOE_COMPILE_HELM"
"""The environment variable that names another helm than the one on the PATH."""

OLDEST, NEWEST = (3, 14), (5, 0)
"""Versions of helm: from OLDEST up to, but not including, NEWEST."""

SECONDS = 120
"""A chart with 6,000 objects takes some seconds."""

CHART, VALUES = "chart", "values.json"

NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not exist: a request to the network fails at once."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.\d+)?\S*")


class Helm(msgspec.Struct, frozen=True):
    """A helm program, and the version that it reports."""

    program: str
    version: str


class HelmError(Exception):
    """helm refused a chart; the message is its own."""


class Release(msgspec.Struct, frozen=True):
    """What helm is given: the files of the chart by path, the values as JSON, and what the cluster is said to have."""

    name: str
    namespace: str
    files: Mapping[str, bytes]
    values: bytes
    kubernetes: str
    api_versions: tuple[str, ...]
    crds: bool


def find_helm(wanted: Span | None = None) -> Helm:
    """Return the program; raise StageFailed (H001, at what is `wanted`) if there is none, or no supported version."""
    named = os.environ.get(VARIABLE)
    program = shutil.which(named or "helm")
    hint = f"install helm 4 (helm.sh/docs/intro/install), or name it in {VARIABLE}"
    if program is None:
        problem = f"{VARIABLE} names {named}, which is not a program" if named else "there is no helm on the PATH"
        raise StageFailed([Diagnostic(NOT_INSTALLED, problem, wanted, hint=hint)])
    version = _version(program)
    match = _VERSION.fullmatch(version)
    if not match or not OLDEST <= (int(match[1]), int(match[2])) < NEWEST:
        problem = f"{program} is helm {version or 'of an unknown version'}, which is not supported"
        raise StageFailed([Diagnostic(NOT_INSTALLED, problem, wanted, hint=hint)])
    return Helm(program, version)


@cache
def _version(program: str) -> str:
    """Return what helm says is its version; empty if it does not say."""
    with tempfile.TemporaryDirectory(prefix="floe-compile-") as home:
        try:
            command = [program, "version", "--template", "{{.Version}}"]
            run = subprocess.run(
                command, cwd=home, env=_environment(home), capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return run.stdout.strip()


def run_helm(helm: Helm, release: Release) -> str:
    """Return what `helm template` prints of a release.

    Raises HelmError with helm's message if it refuses, StageFailed (H002) if it does not run or does not end.
    """
    with tempfile.TemporaryDirectory(prefix="floe-compile-") as home:
        for file, content in {**_below(CHART, release.files), VALUES: release.values}.items():
            path = Path(home, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            run = subprocess.run(
                [helm.program, *_arguments(release)],
                cwd=home,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            message = f"helm did not finish {release.name} within {SECONDS} seconds"
            raise StageFailed([Diagnostic(DID_NOT_RUN, message, hint="run it again with less beside it")]) from None
        except OSError as error:
            message = f"{helm.program} does not run: {error.strerror}"
            raise StageFailed([Diagnostic(DID_NOT_RUN, message, hint=f"name another one in {VARIABLE}")]) from error
    if run.returncode:
        raise HelmError(run.stderr.replace(f"{home}/", "").strip() or f"it ended with code {run.returncode}")
    return run.stdout


def _arguments(release: Release) -> Iterable[str]:
    yield from ("template", release.name, CHART, "--namespace", release.namespace, "--values", VALUES)
    yield from ("--kube-version", f"{release.kubernetes}.0")
    if release.crds:
        yield "--include-crds"
    for version in (*own_kinds(release.kubernetes), *release.api_versions):
        yield from ("--api-versions", version)


def _below(folder: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {f"{folder}/{path}": content for path, content in files.items()}


def _environment(home: str) -> dict[str, str]:
    """Return helm's environment variables: all its folders are in `home`, and it finds no cluster and no network."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    folders = {
        "HOME": home,
        "TMPDIR": home,
        "HELM_CACHE_HOME": f"{home}/cache",
        "HELM_CONFIG_HOME": f"{home}/config",
        "HELM_DATA_HOME": f"{home}/data",
        "HELM_PLUGINS": f"{home}/plugins",
        "KUBECONFIG": f"{home}/no-cluster",
    }
    return {**inherited, **folders, "HELM_NO_PLUGINS": "1", "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "TZ": "UTC"}
