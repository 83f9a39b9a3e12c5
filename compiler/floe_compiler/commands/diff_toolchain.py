"""`floe-compile diff --toolchain VERSION`: what another version of the compiler would make of the same inputs.

That version is installed into a temporary environment, and shows itself how its output differs
from output/, as `floe-compile diff --from-output` does. This is the only way of `diff` that uses the network.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.current_output import current_output
from floe_compiler.commands.exit_codes import UsageError

PACKAGE = "floe-compile"
SECONDS = 900
"""An installation downloads a hundred megabytes. A compilation may take as long as it does here."""

# packaging.python.org/en/latest/specifications/version-specifiers: what a release has.
_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?")
_ADDRESS = re.compile(r"(?:git\+)?https?://\S+|git\+ssh://\S+")
_LOGIN = re.compile(r"(?<=//)[^/@\s]+@")
_BINARIES = "Scripts" if os.name == "nt" else "bin"


def run_toolchain(options: Namespace) -> int:
    """Install the other version, let it show its difference, and return its exit code.

    Raises:
        UsageError: if options do not fit together, or the version cannot be installed.
        StageFailed: if output/ is not what this version compiles to, with which the other one is compared (W012).
    """
    if options.revision or options.from_output or options.against:
        raise UsageError("--toolchain compares with output/; leave the revision, --from-output and --against out")
    requirement = _requirement(options.toolchain)
    chosen = Chosen.by(options)
    with current_output(chosen, options):
        pass
    with tempfile.TemporaryDirectory(prefix="floe-compile-") as folder:
        _install(Path(folder), (requirement, *_own_components()), options.toolchain)
        program = str(Path(folder, _BINARIES, PACKAGE))
        sys.stdout.flush()
        command = [program, "diff", "--from-output", "--root", str(chosen.root), "--no-cache", *_passed_on(options)]
        try:
            return subprocess.run(command, env=_variables(), check=False).returncode
        except OSError as error:
            raise UsageError(f"{_shown(options.toolchain)} has no program {PACKAGE}: {error.strerror}") from None


def _requirement(toolchain: str) -> str:
    """Return what pip is to install: a release by its version, a file or folder, or an address."""
    if _VERSION.fullmatch(toolchain):
        return f"{PACKAGE}=={toolchain.removeprefix('v')}"
    if _ADDRESS.fullmatch(toolchain):
        return f"{PACKAGE} @ {toolchain}"
    if Path(toolchain).exists():
        return str(Path(toolchain).resolve())
    forms = "a version such as 0.2.0, a wheel, a folder with its source, or git+https://…@TAG"
    raise UsageError(f"--toolchain {_shown(toolchain)}: there is no such file; write {forms}")


def _own_components() -> Iterator[str]:
    """Yield the installed packages that bring components of their own, which the inputs may use, as requirements."""
    from floe_compiler.load.digests import dependencies, versions

    for name, installed in versions().items():
        if name not in (PACKAGE, *dependencies()):
            yield f"{name}=={installed}"


def _install(folder: Path, requirements: tuple[str, ...], toolchain: str) -> None:
    """Make an environment with some packages in a folder. Raises UsageError with what pip says last."""
    make, pip = _environment(folder)
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    for command in (make, [*pip, "install", *options, *requirements]):
        try:
            done = subprocess.run(
                command, env=_variables(), capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise UsageError(f"{_shown(toolchain)} could not be installed within {SECONDS} seconds") from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")] or [done.stderr.strip()]
            raise UsageError(f"{_shown(toolchain)} cannot be installed: {_shown(lines[-1].removeprefix('ERROR: '))}")


def _environment(folder: Path) -> tuple[list[str], list[str]]:
    """Return the command that makes an environment, and its pip: that of here if it can, which saves time."""
    python = str(folder / _BINARIES / "python")
    venv = [sys.executable, "-I", "-m", "venv", str(folder)]
    if _installs_elsewhere():
        return [*venv, "--without-pip"], [sys.executable, "-I", "-m", "pip", "--python", python]
    return venv, [python, "-I", "-m", "pip"]


def _installs_elsewhere() -> bool:
    """Return whether there is a pip here that knows `--python` (pip.pypa.io/en/stable/news: since 22.3)."""
    try:
        major, minor = version("pip").split(".")[:2]
    except PackageNotFoundError:
        return False
    return (int(major), int(minor)) >= (22, 3)


def _passed_on(options: Namespace) -> Iterator[str]:
    yield from ("--format", options.format)
    if options.output is not None:
        yield from ("--output", str(options.output.resolve()))
    for name, values in (("--env", options.env), ("--domain", options.domain)):
        for value in values:
            yield from (name, value)
    if options.largest is not None:
        yield from ("--largest", str(options.largest))
    if options.quiet:
        yield "--quiet"


def _variables() -> dict[str, str]:
    """Return the environment variables without those by which Python would find packages of this installation."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _shown(text: str) -> str:
    """Return a text without logins in addresses."""
    return _LOGIN.sub("", text)
