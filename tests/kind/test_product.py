"""The sample data product has everything that the products of the reference mesh run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "kind" / "product"
PRODUCTS = sorted(ROOT.glob("domains/*/products/*.yaml"))


def document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return loaded


def files_of(step: dict[str, Any]) -> list[str]:
    match step["type"]:
        case "dlt":
            return [step["script"]]
        case "dbt":
            return [f"{step.get('project', 'dbt')}/dbt_project.yml"]
        case "quality":
            return [step["data_source"], *step["contracts"]]
        case _:
            assert step["command"][:2] == ["python", "-m"]
            return [f"{step['command'][2].replace('.', '/')}.py"]


@pytest.mark.parametrize("path", PRODUCTS, ids=lambda path: path.stem)
def test_every_step_finds_its_files(path: Path) -> None:
    for step in document(path)["steps"]:
        for name in files_of(step):
            assert (SAMPLE / name).is_file(), f"{path.stem}: {step['name']} needs {name}"


@pytest.mark.parametrize("path", PRODUCTS, ids=lambda path: path.stem)
def test_every_output_has_a_model_of_its_product(path: Path) -> None:
    for output in document(path)["outputs"]:
        model = SAMPLE / "dbt" / "models" / "marts" / f"{output['name'].replace('-', '_')}.sql"
        assert f'== "{path.stem}"' in model.read_text("utf-8")


def test_the_mesh_has_products() -> None:
    assert len(PRODUCTS) == 6


def test_the_image_is_exact_and_runs_as_the_platforms_user() -> None:
    text = (SAMPLE / "Dockerfile").read_text("utf-8")
    assert re.findall(r"^FROM (.*)$", text, re.MULTILINE)
    for base in re.findall(r"^FROM (.*)$", text, re.MULTILINE):
        assert re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", base)
    assert text.rstrip().endswith("USER 10001:10001")
    assert "--require-hashes" in text


def test_requirements_are_exact_hashed_and_name_no_host() -> None:
    text = (SAMPLE / "requirements.txt").read_text("utf-8")
    packages = re.findall(r"^([a-z0-9][^ \\]*)", text, re.MULTILINE)
    assert len(packages) > 50
    for package in packages:
        assert re.fullmatch(r"[a-z0-9._-]+==[^=]+", package)
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
