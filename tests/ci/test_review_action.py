"""The action for GitHub and the template for GitLab: safe, pinned, and their scripts work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.cli import main
from forge_server import forge_server
from quick_program import quick_program
from small_mesh import PRODUCT, small_mesh

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SPEC, TEMPLATE = yaml.safe_load_all((ROOT / "templates" / "review.yml").read_text(encoding="utf-8"))


def test_no_script_has_untrusted_text() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) > 5
    assert not [script for script in scripts if "${{" in script]
    assert not [line for line in TEMPLATE["floe-compile"]["script"] if "$[[" in line]


def test_actions_are_pinned_by_digest() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) == 3
    assert not [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)]


def test_inputs_are_those_that_are_declared() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert {*re.findall(r"inputs\.([\w-]+)", text)} == {*ACTION["inputs"]}
    template = (ROOT / "templates" / "review.yml").read_text(encoding="utf-8")
    assert {*re.findall(r"inputs\.([\w-]+)", template)} == {*SPEC["spec"]["inputs"]}


def test_the_template_is_valid_with_its_defaults() -> None:
    """GitLab puts inputs into the text before it reads the YAML: an empty one must still be a text."""
    _, _, text = (ROOT / "templates" / "review.yml").read_text(encoding="utf-8").partition("\n---\n")
    for name, input_ in SPEC["spec"]["inputs"].items():
        text = text.replace(f"$[[ inputs.{name} ]]", input_["default"])
    assert "$[[" not in text
    job = yaml.safe_load(text)["floe-compile"]
    assert all(isinstance(value, str) for value in (job["stage"], job["image"], *job["variables"].values()))
    assert job["variables"]["FLOE_OUTPUT"] == ""


@pytest.fixture
def mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a mesh with a commit, and a compiled edit after it."""
    root = small_mesh(tmp_path / "mesh", {})
    monkeypatch.chdir(root)
    assert main(["compile", "--quiet"]) == 0
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "first")):
        subprocess.run(["git", *words], cwd=root, check=True)
    text = (root / PRODUCT).read_text(encoding="utf-8")
    (root / PRODUCT).write_text(text.replace("0 6 * * *", "0 7 * * *"), encoding="utf-8")
    return root


def run(script: str, mesh: Path, variables: dict[str, str]) -> int:
    program = quick_program(mesh.parent / "bin")
    path = os.pathsep.join((str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=mesh,
        env={**os.environ, **variables, "PATH": path},
        check=False,
    ).returncode


def elsewhere(mesh: Path) -> str:
    """Move the output into a folder beside the mesh, and return the folder."""
    (mesh.parent / "deployments").mkdir()
    (mesh / "output").rename(mesh.parent / "deployments/output")
    return "../deployments"


@pytest.mark.git
@pytest.mark.parametrize("is_beside", [True, False])
def test_the_scripts_of_the_action_work(mesh: Path, tmp_path: Path, *, is_beside: bool) -> None:
    output_file, summary = tmp_path / "output", tmp_path / "summary"
    fixed = {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output_file), "GITHUB_STEP_SUMMARY": str(summary)}
    env = {"REVISION": "HEAD", "LINK": "https://ci.example/7", "NUMBER": "12"}
    env |= {"OUTPUT": "", "CODE": "1"} if is_beside else {"OUTPUT": elsewhere(mesh), "CODE": "0"}
    codes = {}
    with forge_server() as (server, variables):
        for step in STEPS:
            if "run" in step and "pip" not in step["run"]:
                codes[step["name"]] = run(step["run"], mesh, {**variables, **fixed, **env})
    code = 1 if is_beside else 0
    assert [*codes.values()] == [0] * (len(codes) - 1) + [code], "the last one fails if output/ should be current"
    assert output_file.read_text(encoding="utf-8") == f"code={code}\nwritten=true\n"
    (comment,) = server.comments
    assert "[The whole report](https://ci.example/7)" in comment["body"]
    assert "0 7 * * *" in comment["body"]
    text = summary.read_text(encoding="utf-8")
    assert "| dev | 4 | " in text
    assert "| **all** | " in text
    assert "0 7 * * *" in text
    assert "0 7 * * *" in (tmp_path / "floe-report.html").read_text(encoding="utf-8")
    assert '"results"' in (tmp_path / "floe-compile.sarif").read_text(encoding="utf-8")


@pytest.mark.git
@pytest.mark.parametrize("is_beside", [True, False])
def test_the_script_of_the_template_works(mesh: Path, *, is_beside: bool) -> None:
    job = TEMPLATE["floe-compile"]
    script = "\n".join(line for line in job["script"] if "pip" not in line)
    fixed = {
        "FLOE_FOLDER": ".",
        "CI_PROJECT_DIR": str(mesh.parent),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD",
        "CI_JOB_URL": "https://ci.example/7",
        "FLOE_OUTPUT": "" if is_beside else elsewhere(mesh),
    }
    with forge_server() as (server, variables):
        code = run(script, mesh, {**variables, **fixed})
    assert code == (1 if is_beside else 0), "output/ is not current, as the output is elsewhere"
    (comment,) = server.comments
    assert "https://ci.example/7/artifacts/file/floe-report.html" in comment["body"]
    assert (mesh.parent / "floe-report.html").is_file()
