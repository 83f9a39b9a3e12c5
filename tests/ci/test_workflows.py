"""GitHub Actions: least privilege, exact versions of actions, and no foreign text in a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yaml"))
REQUIRED = {"test.yaml": "tests", "pull-request.yaml": "compiled"}
"""The job of each workflow that a merge may require."""

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


@cache
def workflow(path: Path) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    # YAML 1.1 reads the key `on` as true.
    return {"on" if key is True else key: value for key, value in loaded.items()}


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    jobs_: dict[str, dict[str, Any]] = workflow(path)["jobs"]
    return jobs_


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job["steps"]


def test_all_workflows_are_tested() -> None:
    assert [path.name for path in WORKFLOWS] == [
        "kind.yaml",
        "pull-request.yaml",
        "release.yaml",
        "test.yaml",
        "thorough.yaml",
    ]
    assert sorted(FOLDER.iterdir()) == WORKFLOWS


@each_workflow
def test_actions_are_pinned_to_commits_with_their_version(path: Path) -> None:
    lines = [line for line in path.read_text("utf-8").splitlines() if re.match(r"\s*(- )?uses:", line)]
    assert len(lines) == sum("uses" in step for step in steps(path))
    for line in lines:
        assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_each_action_has_one_version() -> None:
    used = {step["uses"] for path in WORKFLOWS for step in steps(path) if "uses" in step}
    assert len(used) == len({action.split("@")[0] for action in used})


@each_workflow
def test_permissions_are_granted_job_by_job(path: Path) -> None:
    assert workflow(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert "permissions" in job, name
        assert isinstance(job["permissions"], dict), name


def test_only_the_report_and_a_release_may_write() -> None:
    writers = {
        (path.name, name)
        for path in WORKFLOWS
        for name, job in jobs(path).items()
        if "write" in job["permissions"].values()
    }
    assert writers == {("pull-request.yaml", "report"), ("release.yaml", "publish")}


def test_the_report_runs_nothing_of_the_pull_request() -> None:
    job = jobs(FOLDER / "pull-request.yaml")["report"]
    assert not [step for step in job["steps"] if "run" in step or "checkout" in step.get("uses", "")]
    assert "head.repo.full_name == github.repository" in job["if"]


def test_a_release_is_checked_before_anything_is_published() -> None:
    """Jobs with the right to write run no code of the repository, and publish only artifacts of the checks."""
    path = FOLDER / "release.yaml"
    assert workflow(path)["on"] == {"push": {"tags": ["v*"]}}
    build, publish = jobs(path)["build"], jobs(path)["publish"]
    assert publish["needs"] == "build"
    checked, built = (
        next(index for index, step in enumerate(build["steps"]) if words in step.get("run", ""))
        for words in ("tests/release_check.py", "make dist")
    )
    assert checked < built
    programs = {line.split()[0] for step in publish["steps"] for line in step.get("run", "").splitlines()}
    assert programs <= {"echo", "docker", "jq", "gh", "--metadata-file"}


@each_workflow
def test_untrusted_text_reaches_scripts_only_as_variables(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", ""), step
        assert "${{" not in step.get("with", {}).get("script", ""), step


@each_workflow
def test_no_trigger_runs_code_of_a_fork_with_our_permissions(path: Path) -> None:
    assert not set(workflow(path)["on"]) & {"pull_request_target", "workflow_run", "issue_comment"}


@each_workflow
def test_checkouts_leave_no_credentials(path: Path) -> None:
    for step in steps(path):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@each_workflow
def test_every_job_has_a_timeout_and_old_runs_are_cancelled(path: Path) -> None:
    assert workflow(path)["concurrency"]["group"]
    for name, job in jobs(path).items():
        assert job["timeout-minutes"] <= 60, name
        assert job["runs-on"] == "ubuntu-24.04", name


@pytest.mark.parametrize(("file", "name"), REQUIRED.items())
def test_required_checks_always_run_and_need_every_other_job(file: str, name: str) -> None:
    path = FOLDER / file
    triggers = workflow(path)["on"]
    assert "merge_group" in triggers
    assert not triggers["pull_request"], "a workflow that a filter skips leaves its required check pending"
    job = jobs(path)[name]
    assert job["if"] == "always()"
    assert set(job["needs"]) == set(jobs(path)) - {name, "report"}


@pytest.mark.parametrize(
    ("results", "code"),
    [("success success", 0), ("success failure", 1), ("cancelled success", 1), ("success skipped", 1)],
)
def test_the_required_check_of_the_tests_fails_with_any_of_them(results: str, code: int) -> None:
    assert verdict("test.yaml", "tests", RESULTS=results) == code


@pytest.mark.parametrize(
    ("changes", "check", "code"),
    [
        ("success", "success", 0),
        ("success", "skipped", 0),
        ("success", "failure", 1),
        ("success", "cancelled", 1),
        ("failure", "skipped", 1),
    ],
)
def test_the_required_check_of_a_pull_request_fails_with_any_job(changes: str, check: str, code: int) -> None:
    assert verdict("pull-request.yaml", "compiled", CHANGES=changes, CHECK=check) == code


def verdict(file: str, job: str, folder: Path = ROOT, **variables: str) -> int:
    """Run the last step of a job as GitHub does, and return its exit code."""
    script = jobs(FOLDER / file)[job]["steps"][-1]["run"]
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, timeout=10, check=False
    ).returncode


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one commit."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *person, *arguments], cwd=folder, check=True, timeout=10)


def test_only_changes_of_the_mesh_or_the_compiler_are_checked(repository: Path) -> None:
    for changed, expected in (
        ("domains/sales/domain.yaml", "mesh=true\n"),
        ("output/dev/_cluster/namespace_a.yaml", "mesh=true\n"),
        ("compiler/floe_compiler/cli.py", "mesh=true\n"),
        ("platform-manifest.yaml", "mesh=true\n"),
        ("docs/output/notes.md", ""),
        ("README.md", ""),
    ):
        (repository / changed).parent.mkdir(parents=True, exist_ok=True)
        (repository / changed).write_text("x")
        git(repository, "add", ".")
        git(repository, "commit", "--quiet", "--message", changed)
        output = repository / ".git" / "output"
        output.write_text("")
        assert verdict("pull-request.yaml", "changes", repository, BASE="HEAD^1", GITHUB_OUTPUT=str(output)) == 0
        assert output.read_text() == expected, changed


def test_a_base_that_does_not_exist_is_not_a_reason_to_check_nothing(repository: Path) -> None:
    assert verdict("pull-request.yaml", "changes", repository, BASE="HEAD^1", GITHUB_OUTPUT="/dev/null") != 0


def test_every_make_target_of_workflows_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    targets_run = {
        name for path in WORKFLOWS for step in steps(path) for name in re.findall(r"make (\S+)", step.get("run", ""))
    }
    assert {"lint", "types", "test", "thorough", "setup", "kind", "dist"} == targets_run
    assert targets_run <= targets


@pytest.mark.real
def test_actionlint_finds_nothing() -> None:
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not installed")
    done = subprocess.run(
        [actionlint, "-no-color", *WORKFLOWS], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
