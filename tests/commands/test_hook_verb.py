"""The hook keeps commits complete, even where pre-commit alone would not; tested with the real pre-commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_manifest

from commands import fake_pipeline
from commands.conftest import Floe, Git
from floe_compiler.cli import main
from quick_program import quick_program
from small_mesh import small_mesh

pytestmark = pytest.mark.real

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
SALES = "output/dev/floe-sales/configmap_sales.yaml"


def definitions() -> list[dict[str, Any]]:
    hooks: list[dict[str, Any]] = yaml.load(HOOKS.read_text(), yaml.CSafeLoader)
    return hooks


# --- the verb -------------------------------------------------------------------------------------------------------


@pytest.fixture
def committed(repository: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]) -> Path:
    assert floe() == 0
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    capsys.readouterr()
    return repository


def test_a_commit_with_inputs_and_output_together_passes(committed: Path, floe: Floe, git: Git) -> None:
    assert floe("hook") == 0
    (committed / "domains/sales.yaml").write_text("two\n")
    assert floe() == 0
    git("add", "--all")
    assert floe("hook") == 0


def test_new_untracked_output_fails_and_is_listed(
    committed: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (committed / "domains/new.yaml").write_text("one\n")
    git("add", "domains")
    assert floe("hook") == 1
    captured = capsys.readouterr()
    assert "not staged  output/dev/floe-new/configmap_new.yaml\n" in captured.out
    assert "error[W013]: " in captured.err
    assert "hint: git add --all -- output\n" in captured.err
    monkeypatch.chdir(committed.parent)
    assert floe("hook", "--root", committed.name) == 1
    assert f"hint: git add --all -- {committed.name}/output\n" in capsys.readouterr().err
    monkeypatch.chdir(committed)
    assert floe("hook") == 1, "it still is not staged"
    git("add", "--all", "--", "output")
    assert floe("hook") == 0


def test_output_staged_only_in_part_fails(committed: Path, floe: Floe, git: Git) -> None:
    (committed / "domains/sales.yaml").write_text("two\n")
    floe()
    git("add", "domains", SALES)
    assert floe("hook") == 1


def test_an_untracked_or_changed_input_fails_and_is_named(
    committed: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    (committed / "domains/new.yaml").write_text("one\n")
    floe()
    git("add", "output")
    capsys.readouterr()
    assert floe("hook") == 1
    assert capsys.readouterr().out == "not staged  domains/new.yaml\n"


def test_a_deleted_output_file_must_be_staged_too(committed: Path, floe: Floe, git: Git) -> None:
    (committed / "domains/sales.yaml").unlink()
    floe("--allow-delete", "dev", "--allow-delete", "prod")
    git("add", "domains")
    assert floe("hook") == 1
    git("add", "--all", "output")
    assert floe("hook") == 0


def test_an_ignored_output_is_not_taken_for_staged(committed: Path, floe: Floe, git: Git) -> None:
    (committed / ".gitignore").write_text("configmap_new.yaml\n")
    (committed / "domains/new.yaml").write_text("one\n")
    floe()
    git("add", "--all")
    assert floe("hook") == 1


def test_errors_fail_and_write_nothing(committed: Path, floe: Floe) -> None:
    (committed / "domains/sales.yaml").write_text("fail\n")
    before = (committed / SALES).read_text()
    assert floe("hook") == 1
    assert (committed / SALES).read_text() == before


def test_deletions_need_a_permission_that_the_hook_cannot_give(
    committed: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    git("rm", "--quiet", "domains/sales.yaml")
    assert floe("hook") == 1
    assert "floe-compile --allow-delete dev/floe-sales" in capsys.readouterr().err


def test_outside_git_it_is_wrong_usage(
    repository: Path, floe: Floe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.parent))
    assert floe("hook") == 2
    assert "not a git repository" in capsys.readouterr().err


def test_relative_variables_of_git_work_below_the_top(
    repository: Path, floe: Floe, git: Git, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    below = repository / "sub"
    below.mkdir()
    for name in ("domains", "overlays", "platform-manifest.yaml"):
        (repository / name).rename(below / name)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    assert floe("hook", "--root", "sub") == 1
    assert f"not staged  {SALES}\n" in capsys.readouterr().out
    git("add", "--all")
    assert floe("hook", "--root", "sub") == 0


# --- the definition ------------------------------------------------------------------------------------------------


def test_the_definitions_always_run_for_all_files() -> None:
    hooks = definitions()
    assert [hook["id"] for hook in hooks] == ["floe-compile", "floe-compile-check", "floe-compile-inputs"]
    for hook in hooks:
        assert (hook["always_run"], hook["pass_filenames"], hook["require_serial"]) == (True, False, True)
        assert hook["language"] == "python"
        assert "commit-msg" not in hook["stages"]


@pytest.mark.parametrize("hook", definitions(), ids=lambda hook: str(hook["id"]))
def test_each_entry_is_a_command_line_that_exists(hook: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = hook["entry"].split()
    assert program == "floe-compile"
    assert main([*arguments, "--help"]) == 0


def test_pre_commit_accepts_the_definitions() -> None:
    assert load_manifest(HOOKS)


# --- pre-commit -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the hook of Git that pre-commit installs, which is the same in each repository."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / ".pre-commit-config.yaml").write_text("repos: []\n")
    variables = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home"))}
    for command in (["git", "init", "--quiet"], [sys.executable, "-m", "pre_commit", "install"]):
        subprocess.run(command, check=True, capture_output=True, cwd=folder, env=variables)
    return folder / ".git/hooks/pre-commit"


@pytest.fixture
def guarded(
    committed: Path,
    git: Git,
    installed: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return the repository with the hook installed as pre-commit installs it, with this environment's program."""
    program = str(quick_program(tmp_path_factory.mktemp("program"), fake_pipeline.__name__))
    hook = {**definitions()[0], "language": "system", "entry": definitions()[0]["entry"]}
    hook["entry"] = hook["entry"].replace("floe-compile", program, 1)
    (committed / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]}))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path_factory.mktemp("pre-commit")))
    git("add", "--all")
    git("commit", "--quiet", "--message", "configuration")
    (committed / ".git/hooks").mkdir(exist_ok=True)
    hook_of_git = committed / ".git/hooks/pre-commit"
    shutil.copy(installed, hook_of_git)
    # Without this Python, it looks for the program on the PATH.
    hook_of_git.write_text(hook_of_git.read_text().replace(sys.executable, "/nothing-here"))
    programs = quick_program(tmp_path_factory.mktemp("programs"), "pre_commit.main", "pre-commit").parent
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return committed


def commit(repository: Path) -> tuple[bool, str]:
    command = ["git", "commit", "--message", "change"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=repository)
    return done.returncode == 0, done.stdout + done.stderr


def test_a_new_domain_is_committed_only_with_its_new_files(guarded: Path, git: Git) -> None:
    """A hook that exits with 0 after creating untracked files passes; ours must not."""
    (guarded / "domains/new.yaml").write_text("one\n")
    git("add", "domains")
    passed, text = commit(guarded)
    assert not passed
    assert "not staged  output/dev/floe-new/configmap_new.yaml" in text
    git("add", "--all", "--", "output")
    assert commit(guarded)[0]
    assert "output/dev/floe-new/configmap_new.yaml" in git("show", "--name-only", "--format=")


def test_a_commit_that_only_deletes_an_input_does_not_skip_the_hook(guarded: Path, git: Git) -> None:
    git("rm", "--quiet", "domains/sales.yaml")
    passed, text = commit(guarded)
    assert not passed
    assert "W006" in text


def test_a_staged_input_with_unstaged_changes_fails(guarded: Path, git: Git) -> None:
    """pre-commit puts unstaged changes of tracked files away while the hook runs: what is staged is compiled."""
    (guarded / "domains/sales.yaml").write_text("two\n")
    git("add", "domains")
    (guarded / "domains/finance.yaml").write_text("fail\n")
    assert not commit(guarded)[0]
    git("add", "output")
    assert commit(guarded)[0]
    assert (guarded / "domains/finance.yaml").read_text() == "fail\n"
    assert "text: two" in git("show", f"HEAD:{SALES}")


def test_unrelated_commits_pass(guarded: Path, git: Git) -> None:
    (guarded / "README.md").write_text("words\n")
    git("add", "README.md")
    passed, text = commit(guarded)
    assert passed, text


def test_the_real_compiler_guards_a_mesh(
    tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line on nothing is of the tests' own here but the folder."""
    for name in ("sales.yaml", "finance.yaml"):
        (tmp_path / "domains" / name).unlink()
    (tmp_path / "overlays/prod").rmdir()
    small_mesh(tmp_path, {})
    assert main(["hook"]) == 1, "nothing is staged yet"
    git("add", "--all")
    assert main(["hook"]) == 0
    git("commit", "--quiet", "--message", "first")
    gone = next(tmp_path.glob("output/*/*/*.yaml")).relative_to(tmp_path).as_posix()
    git("rm", "--quiet", gone)
    capsys.readouterr()
    assert main(["hook"]) == 1, "the hook has put the file back, but it is not staged"
    assert capsys.readouterr().out == f"not staged  {gone}\n"
    git("add", "--all")
    assert main(["check"]) == 0
