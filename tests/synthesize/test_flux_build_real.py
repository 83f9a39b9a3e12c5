"""Flux's own code builds exactly the objects of each folder that a Kustomization delivers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from floe_compiler.model.objects import Object, ObjectId, identify

PROGRAM = shutil.which("fluxbuild")  # tests/programs/fluxbuild
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(PROGRAM is None, reason="fluxbuild, of tests/programs, is not on the PATH"),
]
OUTPUT = Path(__file__).parents[1] / "golden/flux/output"


def read(path: Path) -> dict[ObjectId, Object]:
    return {identify(manifest): manifest for manifest in yaml.load_all(path.read_text(), yaml.CSafeLoader) if manifest}


def test_flux_builds_each_folder_unchanged(tmp_path: Path) -> None:
    shutil.copytree(OUTPUT, tmp_path / "output")
    delivery = sorted((tmp_path / "output").glob("*/_delivery/kustomization.*"))
    assert len(delivery) == 5
    done = subprocess.run(
        [str(PROGRAM), str(tmp_path), *map(str, delivery)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    for file in delivery:
        (delivered,) = read(file).values()
        folder = OUTPUT.parent / delivered["spec"]["path"]
        expected = {key: manifest for path in folder.rglob("*.yaml") for key, manifest in read(path).items()}
        assert expected
        assert read(tmp_path / f"{file.name}.built") == expected
