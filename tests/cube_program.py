"""Packages of Cube, where they are installed: what it makes of models and of settings.

`npm install --ignore-scripts @cubejs-backend/duckdb-driver@1.7.43` in some folder brings them; NODE_PATH names its
`node_modules`. Cube's own server needs a native part that is no package.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest


def run(script: str, *arguments: str, package: str = "duckdb-driver", env: Mapping[str, str] | None = None) -> str:
    """Return what a script of Node prints; skip the test without Node or the package. Raises AssertionError."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    variables = {**os.environ, **(env or {})}
    if not _has(node, f"@cubejs-backend/{package}", variables.get("NODE_PATH", "")):
        pytest.skip(f"the package @cubejs-backend/{package} is not installed: NODE_PATH names no folder with it")
    done = subprocess.run(
        [node, "-e", script, *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def _has(node: str, name: str, folders: str) -> bool:
    command = [node, "-e", f"require.resolve('{name}/package.json')"]
    env = {**os.environ, "NODE_PATH": folders}
    return subprocess.run(command, env=env, capture_output=True, timeout=60, check=False).returncode == 0


COMPILE = """
const { prepareCompiler } = require('@cubejs-backend/schema-compiler');
const fs = require('fs');
const nativeInstance = (files) => ({
  loadPythonContext: async () => ({ filters: {}, functions: {}, variables: {} }),
  newJinjaEngine: () => ({
    loadTemplate() {},
    renderTemplate: async (name) => files.find((one) => one.fileName === name).content,
  }),
});
async function problems(folder) {
  const files = fs.readdirSync(folder).sort().map((name) => ({
    fileName: name, content: fs.readFileSync(`${folder}/${name}`, 'utf8'),
  }));
  const repository = { localPath: () => folder, dataSchemaFiles: async () => files };
  try {
    await prepareCompiler(repository, { nativeInstance: nativeInstance(files) }).compiler.compile();
    return '';
  } catch (error) {
    return error.message;
  }
}
(async () => {
  const found = [];
  for (const folder of process.argv.slice(1)) found.push(await problems(folder));
  fs.writeSync(1, JSON.stringify(found));
  process.exit(0);
})();
"""
"""Compiles the models in each folder, and prints what is wrong with them. Templates are taken as they are."""


def problems(*folders: Path) -> list[str]:
    """Return, for each folder, what Cube finds wrong with the models in it; empty if it accepts them."""
    # Cube writes to the standard output, too.
    printed = run(COMPILE, *map(str, folders), package="schema-compiler").splitlines()[-1]
    lines: list[str] = json.loads(printed)
    return lines
