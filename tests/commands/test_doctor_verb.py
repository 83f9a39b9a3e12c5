"""`floe-compile doctor` says of each thing that a run needs whether it works, and what to do if it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from floe_compiler.cli import main
from small_mesh import small_mesh


@pytest.fixture(autouse=True)
def _mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_mesh(tmp_path, {})
    monkeypatch.chdir(tmp_path)


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """Return each check by name: ok or wrong, and the rest of its lines."""
    checks: dict[str, tuple[str, str]] = {}
    for line in capsys.readouterr().out.splitlines():
        word, name, text = line[:7].strip(), line[7:21].strip(), line[21:]
        if word:
            checks[last := name] = (word, text)
        else:
            checks[last] = (checks[last][0], f"{checks[last][1]}; {text}")
    return checks


def test_a_sound_installation_passes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor"]) == 0
    checks = lines(capsys)
    assert {word for word, _ in checks.values()} == {"ok"}
    assert checks["mesh"][1] == f"{tmp_path}: environments dev; domains sales"
    assert checks["schemas"][1] == (
        "schemas/ is not there; hint: editors complete and explain inputs with it: floe-compile schema --write"
    )


def test_schemas_of_another_version_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    main(["schema", "--write"])
    capsys.readouterr()
    assert main(["doctor"]) == 0
    assert lines(capsys)["schemas"] == ("ok", "schemas/ is of this version")
    Path("schemas/domain.schema.json").write_text("{}\n")
    assert main(["doctor"]) == 0
    assert lines(capsys)["schemas"][1] == "schemas/ is not of this version; hint: floe-compile schema --write"


@pytest.mark.parametrize(
    ("variable", "name", "problem"),
    [
        (
            "FLOE_COMPILE_NODE",
            "Node.js",
            "FLOE_COMPILE_NODE names nothing-here, which is not a program; hint: name another",
        ),
        (
            "FLOE_COMPILE_KUSTOMIZE",
            "kustomize",
            "FLOE_COMPILE_KUSTOMIZE names nothing-here, which is not a program; hint: ",
        ),
        ("PATH", "Git", "git is not installed, or not on the PATH; hint: install it"),
    ],
)
def test_a_missing_program_is_reported(
    variable: str, name: str, problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "nothing-here")
    assert main(["doctor"]) == 1
    checks = lines(capsys)
    assert [item for item, (word, _) in checks.items() if word == "wrong"] == [name]
    assert checks[name][1].startswith(problem)


def test_a_kustomize_with_an_invalid_answer_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "kustomize"
    program.write_text('#!/bin/sh\n[ "$1" = version ] && echo v5.8.1 || echo nonsense\n')
    program.chmod(0o755)
    monkeypatch.setenv("FLOE_COMPILE_KUSTOMIZE", str(program))
    assert main(["doctor"]) == 1
    assert lines(capsys)["kustomize"][1].startswith(f"{program} does not answer as kustomize does")


def test_without_a_mesh_only_programs_are_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "platform-manifest.yaml").unlink()
    assert main(["doctor"]) == 1
    checks = lines(capsys)
    assert checks["mesh"][1].endswith("hint: begin a mesh: floe-compile init")
    assert not {"output", "schemas"} & {*checks}


def test_a_cache_in_the_repository_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--cache", ".cache"]) == 1
    assert "the cache cannot be in the repository" in lines(capsys)["cache"][1]
    assert not Path(".cache").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert main(["doctor"]) == 1
    assert lines(capsys)["output"][1].startswith(f"{tmp_path} cannot be written to")


def test_helm_is_examined_if_there_are_charts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["doctor"])
    assert "helm" not in lines(capsys)
    (tmp_path / "vendor/charts").mkdir(parents=True)
    (tmp_path / "vendor/charts/charts.lock").write_text("", encoding="utf-8")
    monkeypatch.setenv("FLOE_COMPILE_HELM", "nothing-here")
    assert main(["doctor"]) == 1
    assert lines(capsys)["helm"] == (
        "wrong",
        (
            "FLOE_COMPILE_HELM names nothing-here, which is not a program; "
            "hint: install helm 4 (helm.sh/docs/intro/install), or name it in FLOE_COMPILE_HELM"
        ),
    )
