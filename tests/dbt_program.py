"""The real dbt, where it is installed beside the project: profiles are shown to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

PROJECT = "name: shop\nversion: 1.0.0\nprofile: floe\n"


def parse(folder: Path, adapter: str, target: Mapping[str, object], variables: Mapping[str, str]) -> str:
    """Return what `dbt parse` says of a profile's target; skip the test without dbt and the adapter."""
    program = shutil.which("dbt")
    if program is None:
        pytest.skip("dbt is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    if f"{adapter}:" not in version.stdout + version.stderr:
        pytest.skip(f"dbt-{adapter} is not installed")
    (folder / "profiles.yml").write_text(yaml.safe_dump({"floe": {"target": "dev", "outputs": {"dev": dict(target)}}}))
    (folder / "dbt_project.yml").write_text(PROJECT)
    done = subprocess.run(
        [program, "parse", "--no-use-colors", "--project-dir", str(folder), "--profiles-dir", str(folder)],
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
