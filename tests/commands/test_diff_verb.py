"""`floe-compile diff` compares with a Git revision or the files on disk, object by object."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from commands.conftest import Floe, Git
from floe_compiler.cli import main
from floe_compiler.commands.diff import at_revision
from floe_compiler.model.file_digests import FileDigest, FileDigests
from floe_compiler.model.files import FileSet, git_blob, sha256

pytestmark = pytest.mark.real


@pytest.fixture
def committed(repository: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]) -> Path:
    assert floe() == 0
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    capsys.readouterr()
    return repository


def edit(root: Path) -> None:
    (root / "domains/sales.yaml").write_text("two\n")
    (root / "domains/finance.yaml").unlink()
    (root / "domains/new.yaml").write_text("one\n")


STAYS = (
    "stays in the cluster, unmanaged, until it is deleted there: no Application or Kustomization applies its folder; "
    "to remove it, see docs/delivery.md (Retiring what runs)"
)
TEXT = (
    f"dev/floe-finance\n  - ConfigMap finance\n      ! unmanaged: {STAYS}\n\n"
    "dev/floe-new\n  + ConfigMap new\n\n"
    'dev/floe-sales\n  ~ ConfigMap sales\n      ~ data.text: "one" -> "two"\n\n'
)


def test_the_inputs_are_compared_with_the_last_commit(
    committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(committed)
    assert floe("diff", "--env", "dev") == 0
    assert capsys.readouterr() == (TEXT, "floe-compile: dev: 1 deleted, 1 changed, 1 added; 1 danger\n")


def test_a_submodule_cannot_be_compared(
    committed: Path, floe: Floe, git: Git, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "output"
    shutil.move(committed / "output", elsewhere)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=elsewhere, check=True)
    git("rm", "-qr", "--cached", "output")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(elsewhere), "output")
    git("commit", "-qm", "submodule")
    assert floe("diff") == 2
    message = "output is a submodule at HEAD; compare with the files: floe-compile diff --from-output"
    assert capsys.readouterr().err == f"floe-compile: {message}\n"
    assert floe("diff", "--from-output") == 0


def test_without_a_difference_the_message_says_so(
    committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert floe("diff") == 0
    assert capsys.readouterr() == ("", "floe-compile: no object changes\n")


def test_files_on_disk_can_be_compared(committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    edit(committed)
    floe("--allow-delete", "dev", "--allow-delete", "prod")
    capsys.readouterr()
    assert floe("diff", "--from-output") == 0
    assert capsys.readouterr().out == ""
    assert floe("diff", "HEAD", "--env", "dev") == 0
    assert capsys.readouterr().out == TEXT


def test_a_revision_and_files_on_disk_exclude_each_other(
    committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert floe("diff", "HEAD", "--from-output") == 2
    assert capsys.readouterr().err == "floe-compile: give either the revision HEAD or --from-output, not both\n"


def test_a_repository_without_a_commit_is_an_error(
    repository: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    assert floe("diff") == 2
    assert capsys.readouterr().err == (
        "floe-compile: Git knows no revision 'HEAD'; there is no commit yet; "
        "compare with the files on disk: floe-compile diff --from-output\n"
    )


def test_older_revisions_and_a_root_below_the_top_are_compared(
    repository: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "empty")
    below = repository / "sub folder"
    below.mkdir()
    for name in ("domains", "overlays", "platform-manifest.yaml"):
        (repository / name).rename(below / name)
    (below / "overlays/dev/x").touch()
    floe("--root", "sub folder")
    git("add", "--all")
    git("commit", "--quiet", "--message", "below")
    edit(below)
    capsys.readouterr()
    assert floe("diff", "--root", "sub folder", "--env", "dev") == 0
    assert capsys.readouterr().out == TEXT
    assert floe("diff", "HEAD~1", "--root", "sub folder", "--env", "dev") == 0
    assert capsys.readouterr().err == "floe-compile: dev: 2 added\n"


def test_a_removed_environment_is_shown_unless_others_are_selected(
    committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    (committed / "overlays/prod").rmdir()
    assert floe("diff") == 0
    assert capsys.readouterr().err == "floe-compile: prod: 2 deleted; 2 dangers\n"
    assert floe("diff", "--env", "dev") == 0
    assert capsys.readouterr().err == "floe-compile: no object changes\n"


def test_layout_alone_is_not_a_difference(
    committed: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    path = committed / "output/dev/floe-sales/configmap_sales.yaml"
    path.write_text(f"# a comment\n{path.read_text()}")
    git("commit", "--quiet", "--all", "--message", "comment")
    assert floe("diff") == 0
    assert capsys.readouterr().err == "floe-compile: no object changes\n"


def test_a_damaged_file_is_named(committed: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]) -> None:
    path = "output/dev/floe-sales/configmap_sales.yaml"
    (committed / path).write_text("<<<<<<< HEAD\n")
    git("commit", "--quiet", "--all", "--message", "spoilt")
    assert floe("diff") == 1
    assert f"{path}: error[W008]" in capsys.readouterr().err


@pytest.mark.parametrize("revision", ["nonsense", "HEAD~99", "main:output"])
def test_an_unknown_revision_is_wrong_usage(
    committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str], revision: str
) -> None:
    assert floe("diff", revision) == 2
    assert f"Git knows no revision '{revision}'" in capsys.readouterr().err


def test_a_revision_cannot_be_an_option_for_git(committed: Path, floe: Floe) -> None:
    assert floe("diff", "--", "--output=stolen") == 2
    assert not (committed / "stolen").exists()


def test_outside_git_the_message_says_so(
    repository: Path, floe: Floe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.parent))
    assert floe("diff") == 2
    assert "not a Git repository; compare with the files on disk: floe-compile diff" in capsys.readouterr().err


def test_without_git_the_message_says_so(
    repository: Path, floe: Floe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert floe("diff") == 2
    assert "git is not installed" in capsys.readouterr().err


def test_differences_are_printed_as_json(committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    edit(committed)
    assert floe("diff", "--format", "json", "--quiet") == 0
    document = json.loads(capsys.readouterr().out)
    assert [environment["environment"] for environment in document["environments"]] == ["dev", "prod"]


def test_differences_are_printed_as_markdown(committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    edit(committed)
    assert floe("diff", "--format", "markdown") == 0
    assert "| dev | 1 | 1 | 1 | 1 |" in capsys.readouterr().out
    (committed / "domains/new.yaml").write_text("fail\n")
    assert floe("diff", "--format", "markdown") == 1
    assert "error[R901]" in capsys.readouterr().err


def test_github_output_cannot_contain_workflow_commands(
    committed: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    (committed / "domains/sales.yaml").write_text("::error::forged\n")
    assert floe("diff", "--format", "github", "--env", "dev") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("::stop-commands::")
    assert lines[-1] == f"::{lines[0].removeprefix('::stop-commands::')}::"


def test_repositories_with_sha256_are_compared(
    repository: Path, floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    shutil.rmtree(repository / ".git")
    git("init", "--quiet", "--object-format=sha256")
    floe()
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    edit(repository)
    capsys.readouterr()
    assert floe("diff", "--env", "dev") == 0
    assert capsys.readouterr().out == TEXT


def test_files_that_git_knows_by_name_are_not_read(committed: Path) -> None:
    """With what is known of the files of earlier runs, only those that differ are read."""
    path = "output/dev/floe-sales/configmap_sales.yaml"
    text = (committed / path).read_bytes()
    digests = FileDigests.of([FileDigest(path, sha256(text), git_blob(text))])
    known = FileSet.of_digests([digests], dict[int, list[str]]().__getitem__)
    before = at_revision(committed, "HEAD")
    assert before.hashes_of(known) == {path: before.hashes[path]}
    assert before.hashes_of(FileSet.of_texts({path: text.decode()})) == {path: before.hashes[path]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--largest", "5000"], "--largest and --link are for --format markdown"),
        (["--link", "https://ci.example"], "--largest and --link are for --format markdown"),
        (["--format", "markdown", "--largest", "10"], "--largest 10: give 2000 or more"),
        (
            ["--format", "markdown", "--link", "javascript:alert(1)"],
            "--link: give an address that begins with https://",
        ),
        (["--format", "markdown", "--link", "https://a.example/) [x](y"], "--link: give an address"),
    ],
)
def test_wrong_options_of_markdown_are_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *words]) == 2
    assert message in capsys.readouterr().err
