"""`floe-compile` writes the output that the inputs compile to, and reports what it did."""

import json
from pathlib import Path

import pytest

from commands.conftest import Floe, Git

SALES = "output/dev/floe-sales/configmap_sales.yaml"


def test_everything_is_compiled_and_listed(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    assert floe() == 0
    captured = capsys.readouterr()
    assert f"created  {SALES}\n" in captured.out
    assert captured.err == "floe-compile: dev, prod: 4 files: 4 created\n"
    assert "text: one" in (repository / SALES).read_text()


def test_the_verb_may_be_left_out(floe: Floe, repository: Path) -> None:
    assert floe("--env", "dev", "--quiet") == 0
    assert (repository / SALES).exists()
    assert not (repository / "output/prod").exists()


def test_a_second_run_has_nothing_to_do_and_does_not_compile(
    floe: Floe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert floe() == 0
    monkeypatch.setattr("floe_compiler.pipeline.compile_mesh", None)
    capsys.readouterr()
    assert floe() == 0
    assert floe("--env", "dev") == 0
    captured = capsys.readouterr()
    assert captured.err == "floe-compile: output is current\n" * 2
    assert captured.out == ""


def test_a_changed_input_is_compiled_again(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    floe()
    (repository / "domains/sales.yaml").write_text("two\n")
    capsys.readouterr()
    assert floe() == 0
    assert capsys.readouterr().err == "floe-compile: dev, prod: 4 files: 2 changed\n"


def test_a_damaged_output_is_not_taken_for_current(repository: Path, floe: Floe) -> None:
    floe()
    (repository / SALES).unlink()
    assert floe() == 0
    assert (repository / SALES).exists()


def test_warnings_are_shown_and_remembered(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "domains/sales.yaml").write_text("warn\n")
    assert floe() == 0
    first = capsys.readouterr().err
    assert "domains/sales.yaml:1:1: warning[R902]: the domain says warn\n    1 | warn\n" in first
    assert "floe-compile: 1 warning; dev, prod: 4 files: 4 created\n" in first
    assert floe() == 0
    assert "(1 warning when it was compiled: floe-compile check)" in capsys.readouterr().err


def test_quiet_leaves_only_errors(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "domains/sales.yaml").write_text("warn\n")
    assert floe("--quiet") == 0
    assert capsys.readouterr() == ("", "")
    (repository / "domains/sales.yaml").write_text("warn fail\n")
    assert floe("--quiet") == 1
    error = capsys.readouterr().err
    assert "R901" in error
    assert "R902" not in error


def test_errors_write_nothing(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "domains/finance.yaml").write_text("fail\n")
    assert floe() == 1
    assert not (repository / "output").exists()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "domains/finance.yaml:1:1: error[R901]: the domain says fail\n    1 | fail\n" in captured.err
    assert captured.err.endswith("floe-compile: 1 error\n")


def test_a_removed_domain_needs_permission_and_the_hint_says_how(
    repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    floe()
    (repository / "domains/sales.yaml").unlink()
    assert floe() == 1
    hints = [line.split("floe-compile ")[1] for line in capsys.readouterr().err.splitlines() if "hint:" in line]
    assert set(hints) == {"--allow-delete dev/floe-sales --allow-delete prod/floe-sales"}
    assert floe(*hints[0].split()) == 0
    assert not (repository / "output/dev/floe-sales").exists()


@pytest.mark.parametrize("fail", [False, True])
def test_json_is_one_document_whatever_happens(
    repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str], fail: bool
) -> None:
    if fail:
        (repository / "domains/sales.yaml").write_text("fail\n")
    assert floe("--format", "json") == int(fail)
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["errors"] == int(fail)
    assert (SALES in document["created"]) != fail


def test_sarif_is_one_document(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "domains/sales.yaml").write_text("fail\n")
    assert floe("--format", "sarif") == 1
    [run] = json.loads(capsys.readouterr().out)["runs"]
    assert run["results"][0]["ruleId"] == "R901"


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_programs_get_the_warnings_of_a_current_output_too(
    repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    (repository / "domains/sales.yaml").write_text("warn\n")
    floe()
    capsys.readouterr()
    assert floe("--format", form) == 0
    assert "R902" in capsys.readouterr().out


def test_github_gets_annotations(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "domains/sales.yaml").write_text("fail\n")
    assert floe("--format", "github") == 1
    assert capsys.readouterr().out.startswith("::error file=domains/sales.yaml,line=1,col=1,")


def test_long_lists_are_cut(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(100):
        (repository / f"domains/d{number}.yaml").write_text("x\n")
    assert floe() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 61
    assert lines[-1] == "… and 144 more"


def test_a_removed_environment_is_noticed_by_the_shortcut(
    repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    floe()
    (repository / "overlays/prod").rmdir()
    assert floe("--env", "dev") == 0
    assert floe() == 1
    assert "error[W006]: compiling would delete all 2 files of environment prod" in capsys.readouterr().err


def test_an_unknown_environment_beside_a_current_one_is_an_error(floe: Floe) -> None:
    floe()
    assert floe("--env", "dev", "--env", "nonsense") == 1


def test_the_cache_is_in_the_configured_folder_and_not_in_the_repository(
    repository: Path, floe: Floe, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    before = {path.name for path in repository.iterdir()}
    assert floe("--cache", str(cache)) == 0
    assert list(cache.rglob("outputs/*/*"))
    assert {path.name for path in repository.iterdir()} == {*before, "output"}
    capsys.readouterr()
    assert floe("--cache", str(cache)) == 0
    assert capsys.readouterr().err == "floe-compile: output is current\n"
    assert floe("--cache", str(cache / "other")) == 0
    assert capsys.readouterr().err == "floe-compile: dev, prod: 4 files: nothing to change\n"


def test_without_a_cache_nothing_is_stored(
    repository: Path, floe: Floe, git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("FLOE_COMPILE_CACHE", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
    git("commit", "--quiet", "--allow-empty", "--message", "empty")
    for verb in ("compile", "check", "diff", "hook"):
        assert floe(verb, "--no-cache") in (0, 1)
    assert (repository / SALES).exists()
    assert list(folder.iterdir()) == []
    assert floe() == 0
    assert list(folder.iterdir()) != []


@pytest.mark.parametrize("scope", ["../..", "..", "", "/", "dev/../..", "nowhere", "dev/nowhere", "dev/floe-sales/x"])
def test_allow_delete_must_name_something_that_exists(
    floe: Floe, capsys: pytest.CaptureFixture[str], scope: str
) -> None:
    floe()
    capsys.readouterr()
    assert floe("--allow-delete", scope) == 2
    assert f"--allow-delete {scope.rstrip('/')}: there is no folder output/" in capsys.readouterr().err


@pytest.mark.parametrize("scope", ["dev", "dev/", "dev/floe-sales"])
def test_allow_delete_may_name_something_that_is_not_deleted(floe: Floe, scope: str) -> None:
    floe()
    assert floe("--allow-delete", scope) == 0
