"""`floe-compile merge-driver` lets Git merge and rebase inputs, and compiles output/; tested with the real Git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import fake_pipeline
from commands.conftest import IDENTITY, Floe, Git
from commands.conftest import floe as floe
from commands.conftest import git as git
from commands.conftest import repository as repository
from floe_compiler.cli import main
from floe_compiler.commands.merge_driver import MEMORY, NEXT
from quick_program import quick_program
from small_mesh import PRODUCT, small_mesh

pytestmark = [pytest.mark.real, pytest.mark.git]

ATTRIBUTES = "output/** text eol=lf merge=floe-compile\n"
INDEX = "output/.floe/dev.index"
SALES = "output/dev/floe-sales/configmap_sales.yaml"

Branches = Callable[[dict[str, str], dict[str, str]], None]
Tried = Callable[..., tuple[bool, str]]


def configure(git: Callable[..., object], program: Path) -> None:
    command = f"'{program}' merge-driver %O %A %B %P"
    git("config", "merge.floe-compile.driver", command)


@pytest.fixture(scope="module")
def branched(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, str], dict[str, str]], Path]:
    """Return what makes a repository of two such branches, once for the same texts."""
    repositories: dict[str, Path] = {}
    program = quick_program(tmp_path_factory.mktemp("program"), fake_pipeline.__name__)

    def make(ours: dict[str, str], theirs: dict[str, str]) -> Path:
        key = json.dumps([ours, theirs])
        if key in repositories:
            return repositories[key]
        root = repositories[key] = tmp_path_factory.mktemp("branched")
        for name, text in {
            "platform-manifest.yaml": "",
            "overlays/dev/environment.yaml": "",
            ".gitattributes": ATTRIBUTES,
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)

        def git(*words: str) -> None:
            subprocess.run(["git", *words], cwd=root, env={**os.environ, **IDENTITY}, check=True, capture_output=True)

        def commit(changes: dict[str, str], message: str) -> None:
            for name, text in changes.items():
                (root / f"domains/{name}.yaml").write_text(text)
            assert main(["compile", "--quiet", "--root", str(root)]) == 0
            git("add", "--all")
            git("commit", "--quiet", "--message", message)

        (root / "domains").mkdir()
        git("init", "--quiet", "--initial-branch", "main")
        configure(git, program)
        with pytest.MonkeyPatch.context() as patch:
            fake_pipeline.install(patch)
            commit({"sales": sales(1, 1), "finance": "one"}, "base")
            git("checkout", "--quiet", "-b", "other")
            commit(theirs, "theirs")
            git("checkout", "--quiet", "main")
            commit(ours, "ours")
        git("gc", "--quiet")  # two files in place of hundreds to copy
        return root

    return make


@pytest.fixture
def two_branches(
    repository: Path, branched: Callable[[dict[str, str], dict[str, str]], Path], capsys: pytest.CaptureFixture[str]
) -> Branches:
    """Return what makes two branches, `main` and `other`, with these texts of domains, compiled and committed."""

    def make(ours: dict[str, str], theirs: dict[str, str]) -> None:
        root = branched(ours, theirs)
        for path in repository.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(root, repository, dirs_exist_ok=True)
        capsys.readouterr()

    return make


@pytest.fixture
def tried(repository: Path, git: Git) -> Tried:
    """Return a function that runs Git, and returns whether it succeeded and its output."""

    def run(*arguments: str) -> tuple[bool, str]:
        done = subprocess.run(["git", *arguments], check=False, capture_output=True, text=True, cwd=repository)
        return done.returncode == 0, done.stdout + done.stderr

    return run


def sales(first: int, last: int) -> str:
    return "\n".join((str(first), *map(str, range(9)), str(last)))


def is_current(floe: Floe, git: Git) -> bool:
    """Return whether everything is committed and what the inputs compile to."""
    return floe("check") == 0 and not git("status", "--porcelain")


def test_both_sides_of_an_input_are_merged_and_compiled(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3), "new": "x"})
    passed, output = tried("merge", "--no-edit", "other")
    assert passed, output
    assert (repository / SALES).read_text().endswith(f"text: {sales(2, 3)}\n")
    assert is_current(floe, git)
    assert not list(repository.glob(".merge_file*"))


def test_for_many_files_the_inputs_are_compiled_once(
    two_branches: Branches, tried: Tried, floe: Floe, git: Git, tmp_path: Path
) -> None:
    names = [f"d{number}" for number in range(3)]
    two_branches({name: sales(2, 1) for name in names}, {name: sales(2, 2) for name in names})
    # Both have added these files: there is no ancestor, so the inputs conflict. Ours are taken.
    passed, output = tried("merge", "other")
    assert not passed
    assert output.count("floe-compile: output/ is left as it is here") == 1
    assert f"inputs conflict (domains/d0.yaml and 2 more); resolve them, {NEXT}" in output
    git("checkout", "--theirs", "--", "domains")
    assert floe() == 0
    git("add", "--all")
    git("commit", "--quiet", "--no-edit")
    assert is_current(floe, git)


def test_a_rebase_compiles_each_commit(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    git("checkout", "--quiet", "other")
    (repository / "domains/sales.yaml").write_text(sales(1, 4))
    assert floe() == 0
    git("commit", "--quiet", "--all", "--message", "theirs again")
    passed, output = tried("rebase", "main")
    assert passed, output
    for commit, last in (("HEAD", 4), ("HEAD~1", 3), ("HEAD~2", 1)):
        assert git("show", f"{commit}:{SALES}").endswith(f"text: {sales(2, last)}\n")
        git("checkout", "--quiet", commit)
        assert is_current(floe, git)
        git("checkout", "--quiet", "other")


def test_inputs_that_do_not_compile_together_stop_the_merge(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    git("checkout", "--quiet", "other")
    (repository / "domains/finance.yaml").write_text("fail")
    git("commit", "--quiet", "--all", "--message", "wrong, and committed anyway")
    git("checkout", "--quiet", "main")
    passed, output = tried("merge", "other")
    assert not passed
    assert output.count("error[R901]: the domain says fail") == 1
    assert f"1 error; so output/ is left as it is here; correct the merged inputs, {NEXT}" in output
    assert "<<<<" not in (repository / SALES).read_text()
    (repository / "domains/finance.yaml").write_text("two")
    assert floe() == 0
    git("add", "--all")
    git("commit", "--quiet", "--no-edit")
    assert is_current(floe, git)


def test_a_file_changed_on_one_side_only_that_must_differ_stops_the_merge(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    git("checkout", "--quiet", "other")
    (repository / "domains/finance.yaml").write_text("two")  # and not compiled
    git("commit", "--quiet", "--all", "--message", "stale")
    git("checkout", "--quiet", "main")
    passed, output = tried("merge", "other")
    assert not passed
    file = "output/dev/floe-finance/configmap_finance.yaml"
    assert output.count(f"1 file of output/ must change or go, too ({file}); {NEXT}") == 1
    assert floe() == 0
    git("add", "--all", "--", "output")
    git("commit", "--quiet", "--no-edit")
    assert is_current(floe, git)


def test_a_deleted_file_stops_the_merge(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"finance": "two"}, {"sales": sales(1, 3)})
    (repository / SALES).write_text("edited by hand\n")
    git("commit", "--quiet", "--all", "--message", "edited")
    git("checkout", "--quiet", "other")
    git("rm", "--quiet", "domains/sales.yaml")  # and not compiled
    git("commit", "--quiet", "--message", "removed")
    git("checkout", "--quiet", "main")
    passed, output = tried("merge", "other")
    assert not passed
    assert f"1 file of output/ must change or go, too ({SALES}); {NEXT}" in output
    assert "CONFLICT (content): Merge conflict in " + SALES in output


def test_a_squashing_rebase_works_in_a_linked_worktree(
    two_branches: Branches,
    tried: Tried,
    repository: Path,
    floe: Floe,
    git: Git,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    linked = tmp_path_factory.mktemp("linked") / "tree"
    git("worktree", "add", "--quiet", str(linked), "other")
    monkeypatch.chdir(linked)
    (linked / "domains/sales.yaml").write_text(sales(1, 4))
    assert floe() == 0
    assert tried("-C", str(linked), "commit", "--quiet", "--all", "--message", "fixup! theirs")[0]
    monkeypatch.setenv("GIT_SEQUENCE_EDITOR", "true")
    passed, output = tried("-C", str(linked), "rebase", "--interactive", "--autosquash", "main")
    assert passed, output
    assert (linked / SALES).read_text().endswith(f"text: {sales(2, 4)}\n")
    assert floe("check") == 0


def test_a_foreign_file_in_the_output_is_kept(two_branches: Branches, tried: Tried, repository: Path, git: Git) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    (repository / "output/README.md").write_text("words")
    git("add", "--all")
    git("commit", "--quiet", "--message", "words")
    passed, output = tried("merge", "--no-edit", "other")
    assert passed, output
    assert (repository / "output/README.md").read_text() == "words"


def test_a_merge_without_information_from_git_stops_and_can_be_compiled(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    passed, output = tried("cherry-pick", "other")
    assert not passed
    assert output.count(f"floe-compile: {INDEX}: Git does not say what it merges here; {NEXT}") == 1
    assert "<<<<" not in (repository / INDEX).read_text()
    assert floe() == 0
    git("add", "--all", "--", "output")
    git("-c", "core.editor=true", "cherry-pick", "--continue")
    assert is_current(floe, git)


def test_damaged_cache_entries_do_no_harm(
    two_branches: Branches, tried: Tried, repository: Path, floe: Floe, git: Git
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    (repository / ".git" / MEMORY).write_text('{"compiler": 1')
    passed, output = tried("merge", "--no-edit", "other")
    assert passed, output
    assert is_current(floe, git)


def test_nothing_is_left_in_the_repository(two_branches: Branches, tried: Tried, git: Git, repository: Path) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    index = git("ls-files", "--stage")
    passed, output = tried("merge", "--no-commit", "other")
    assert passed, output
    assert sorted(path.name for path in repository.iterdir() if path.name.startswith(".")) == [".git", ".gitattributes"]
    assert len(git("ls-files", "--stage").splitlines()) == len(index.splitlines())


def test_an_old_git_stops_with_the_reason(
    two_branches: Branches,
    repository: Path,
    git: Git,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    two_branches({"sales": sales(2, 1)}, {"sales": sales(1, 3)})
    for name, commit in (("o", "main~1"), ("a", "main"), ("b", "other")):
        (repository / name).write_text(git("show", f"{commit}:{SALES}"))
    old = repository / "bin/git"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\ncase "$*" in *merge-tree*) echo usage >&2; exit 129;; esac\nexec "{shutil.which("git")}" "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(f"GITHEAD_{git('rev-parse', 'other').strip()}", "other")
    assert main(["merge-driver", "o", "a", "b", SALES]) == 1
    output = capsys.readouterr().err
    assert output == (
        "floe-compile: Git cannot say what the merged inputs are, as Git 2.38 and newer can "
        f"(git merge-tree: usage); {NEXT}\n"
    )
    assert (repository / "a").read_text() == git("show", f"main:{SALES}")


def test_a_file_outside_the_output_is_wrong_usage(
    two_branches: Branches, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_branches({"sales": "2"}, {"sales": "3"})
    for name in "oab":
        (repository / name).write_text(name)
    assert main(["merge-driver", "o", "a", "b", "domains/sales.yaml"]) == 2
    assert capsys.readouterr().err.removeprefix("floe-compile: ") == (
        "domains/sales.yaml is not in the output/ of a mesh; give merge=floe-compile only to files there\n"
    )
    assert (repository / "a").read_text() == "a"


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        ("a", f"Git merges no {SALES} here, and nothing was written; Git calls this by itself, see: "),
        ("missing", "missing: cannot be read: No such file or directory; Git calls this by itself, see: "),
    ],
)
@pytest.mark.parametrize("path", [SALES, INDEX])
def test_a_call_without_a_merge_is_wrong_usage(
    two_branches: Branches, repository: Path, capsys: pytest.CaptureFixture[str], path: str, ours: str, message: str
) -> None:
    two_branches({"sales": "2"}, {"sales": "3"})
    (repository / "a").write_text("a")
    assert main(["merge-driver", "a", ours, "a", path]) == (1 if ours == "a" else 2)
    output = capsys.readouterr().err
    assert output == f"floe-compile: {message.replace(SALES, path)}floe-compile merge-driver --help\n"
    assert (repository / "a").read_text() == "a"


def test_the_real_compiler_merges_a_mesh_below_the_top(
    repository: Path, git: Git, tried: Tried, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A schedule on one side and an image on the other, in one CronJob."""
    mesh = small_mesh(repository / "data/mesh", {})
    (repository / ".gitattributes").write_text("data/mesh/" + ATTRIBUTES)
    configure(git, quick_program(tmp_path_factory.mktemp("program")))

    def commit(old: str, new: str) -> None:
        text = (mesh / PRODUCT).read_text()
        assert old in text
        (mesh / PRODUCT).write_text(text.replace(old, new))
        assert main(["compile", "--root", str(mesh), "--quiet"]) == 0
        git("add", "--all")
        git("commit", "--quiet", "--message", new)

    commit("0 6 * * *", "0 6 * * *")
    git("checkout", "--quiet", "-b", "other")
    commit("0 6 * * *", "0 7 * * *")
    git("checkout", "--quiet", "main")
    commit("orders:1.0.0", "orders:1.5.0")
    passed, output = tried("merge", "--no-edit", "other")
    assert passed, output
    job = (mesh / "output/dev/floe-sales-domain/cronjob.batch_orders.yaml").read_text()
    assert "0 7 * * *" in job
    assert "orders:1.5.0" in job
    assert main(["check", "--root", str(mesh)]) == 0
    assert not git("status", "--porcelain")
