"""`floe-compile init`: a mesh that compiles, whatever is chosen, and nothing that exists is overwritten."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from floe_compiler.cli import main
from floe_compiler.commands import init
from floe_compiler.start.answers import QUESTIONS
from floe_compiler.start.repository import Compiler

URL = "https://github.com/acme/floe-compile"

# Each choice of each question is in one of them.
MESHES = {
    "default": {},
    "airflow": {"orchestrator": "airflow", "storage": "seaweedfs", "secrets": "existing", "delivery": "flux"},
    "cronjobs": {"orchestrator": "kubernetes", "storage": "none", "environments": "local,staging,prod-eu"},
}

SMALL = ("--yes", "--orchestrator", "kubernetes", "--storage", "none", "--environments", "dev")


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme").mkdir()
    monkeypatch.chdir(tmp_path / "acme")


def options(answers: Mapping[str, str]) -> list[str]:
    return [word for field, answer in answers.items() for word in (f"--{field}", answer)]


def inputs_of(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text() for path in files}


def test_every_choice_is_tried() -> None:
    tried = {(field, answer) for answers in MESHES.values() for field, answer in answers.items()}
    tried |= {(question.field, question.default({"name": "acme"})) for question in QUESTIONS}
    assert {(question.field, choice) for question in QUESTIONS for choice in question.choices} - tried == set()


@pytest.mark.parametrize("name", MESHES)
def test_a_new_mesh_compiles(name: str, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    assert main(["init", "--yes", *options(MESHES[name])]) == 0
    files = inputs_of(Path())
    assert {path for path in files if path.startswith("output/.floe/")} == {
        f"output/.floe/{environment}.index" for environment in MESHES[name].get("environments", "dev,prod").split(",")
    }
    assert main(["schema", "--check"]) == 0
    assert main(["check", "--quiet"]) == 0
    capsys.readouterr()
    own = {path: text for path, text in files.items() if not path.startswith(("output/", "schemas/"))}
    assert own == snapshot


def test_values_that_only_the_owner_knows_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", "--yes"])
    listed = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    marked = [
        f"{path}:{number}"
        for path, text in inputs_of(Path()).items()
        for number, line in enumerate(text.splitlines(), start=1)
        if "# yours:" in line and not path.startswith("output/") and path != "README.md"
    ]
    assert len(marked) > 5
    assert sorted(line.rpartition(": ")[0] for line in listed) == sorted(marked)


@pytest.mark.git
@pytest.mark.parametrize("is_repository", [True, False])
def test_the_next_steps_begin_with_a_repository(is_repository: bool, capsys: pytest.CaptureFixture[str]) -> None:
    if is_repository:
        Path(".git").mkdir()
        Path(".git/HEAD").write_text("ref: refs/heads/main\n")
    assert main(["init", *SMALL]) == 0
    begun = "" if is_repository else "git init, "
    assert capsys.readouterr().out.endswith(f"\nThen: {begun}commit everything, and see README.md.\n")


def test_a_file_that_exists_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    Path("README.md").write_text("mine\n")
    assert main(["init", *SMALL]) == 0
    assert Path("README.md").read_text() == "mine\n"
    said = capsys.readouterr().out
    assert "kept  README.md\n" in said
    assert "see README.md" not in said


def test_an_existing_mesh_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("platform-manifest.yaml").write_text("mine\n")
    assert main(["init", "--yes"]) == 2
    assert capsys.readouterr().err == (
        "floe-compile: platform-manifest.yaml exists; to add to the mesh there: floe-compile new --help\n"
    )
    assert [*inputs_of(Path())] == ["platform-manifest.yaml"]


def test_nothing_is_written_through_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    Path("overlays").symlink_to(tmp_path / "elsewhere")
    assert main(["init", "--yes"]) == 2
    assert "overlays is a symbolic link" in capsys.readouterr().err
    assert inputs_of(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    ("option", "answer", "message"),
    [
        ("name", "Acme", 'name: "Acme" '),
        ("owner", "no body", 'owner: "no body" is not an owner; write a mail address or a handle, such as @acme/data'),
        ("registry", "acme", 'registry: "acme" has no registry; begin with its host, such as ghcr.io/acme'),
        ("repository", "acme/mesh", 'repository: "acme/mesh" is not a URL with https:// or ssh://'),
        (
            "repository",
            "git@acme.example:a/b.git",
            'repository: "git@acme.example:a/b.git" is not a URL with https:// or ssh://; write it as ssh://git@acme',
        ),
        ("storage", "seaweed", 'storage: "seaweed" is not one of the choices; did you mean "seaweedfs"?'),
        ("environments", "dev,dev", 'environments: "dev,dev" has a name twice'),
    ],
)
def test_a_wrong_answer_is_refused(option: str, answer: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", f"--{option}", answer]) == 2
    assert capsys.readouterr().err.startswith(f"floe-compile: --{message}")
    assert inputs_of(Path()) == {}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_people_are_asked_until_the_answer_is_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["", "@acme/data", "", "", "cron", "kubernetes", "none", "", "", "", "", ""]
    monkeypatch.setattr(sys, "stdin", Terminal("\n".join(typed) + "\n"))
    assert main(["init"]) == 0
    questions = capsys.readouterr().err
    assert "name of the platform [acme]: " in questions  # the name of the folder
    assert '  "cron" is not one of the choices; known: airflow, dagster, kubernetes\n' in questions
    manifest = yaml.safe_load(Path("platform-manifest.yaml").read_text())
    assert (manifest["metadata"]["name"], manifest["metadata"]["owner"]) == ("acme", "@acme/data")
    assert manifest["orchestrator"] == {"type": "kubernetes"}


def test_the_end_of_input_ends_the_questions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("acme\n"))
    assert main(["init"]) == 130
    assert capsys.readouterr().err.endswith("]: \nfloe-compile: interrupted\n")
    assert inputs_of(Path()) == {}


def test_so_is_an_interruption(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr(terminal, "readline", interrupted)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert main(["init"]) == 130
    assert capsys.readouterr().err.endswith("]: \nfloe-compile: interrupted\n")


def interrupted() -> str:
    raise KeyboardInterrupt


def test_names_of_any_length_compile() -> None:
    longest = "a" * 40
    words = ["--name", longest, "--environments", f"{longest[1:]}b,prod{longest[4:]}", "--orchestrator", "kubernetes"]
    assert main(["init", "--yes", *words]) == 0


@pytest.mark.git
def test_in_a_folder_of_a_repository_the_checks_are_at_its_top(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".git").mkdir()
    Path(".git/HEAD").write_text("ref: refs/heads/main\n")
    assert main(["init", "teams/our mesh", *SMALL, "--name", "acme"]) == 0
    workflow = yaml.safe_load(Path(".github/workflows/acme.yaml").read_text())
    assert workflow["defaults"] == {"run": {"working-directory": "teams/our mesh"}}
    (repository,) = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"]
    assert repository["hooks"][0]["args"] == ["--root", "teams/our mesh"]
    assert not {".github", ".pre-commit-config.yaml"} & {path.name for path in Path("teams/our mesh").iterdir()}
    said = capsys.readouterr().out
    assert "wrote ../../.github/workflows/acme.yaml\n" in said
    assert "wrote ../../CODEOWNERS\n" in said
    assert said.endswith("\nThen: cd 'teams/our mesh', commit everything, and see README.md.\n")


def test_hooks_that_are_there_are_kept_and_ours_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".pre-commit-config.yaml").write_text("repos: []\n")
    assert main(["init", *SMALL]) == 0
    assert Path(".pre-commit-config.yaml").read_text() == "repos: []\n"
    said = capsys.readouterr().out
    assert "\n.pre-commit-config.yaml was there. " in said
    assert "\n        - id: floe-compile\n" in said


def test_what_was_there_and_does_not_compile(capsys: pytest.CaptureFixture[str]) -> None:
    Path("domains/old").mkdir(parents=True)
    Path("domains/old/domain.yaml").write_text("kind: Domain\n")
    assert main(["init", *SMALL]) == 1
    said, found = capsys.readouterr()
    assert said.endswith("Correct this; then: floe-compile, and floe-compile codeowners --write\n")
    assert "domains/old/domain.yaml:1:1: error" in found


@pytest.mark.parametrize("compiler", [Compiler("1.2.3"), Compiler("1.2.3", URL, "a" * 40)], ids=["released", "git"])
def test_the_mesh_uses_the_version_that_created_it(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setattr(init, "_compiler", lambda: compiler)
    assert main(["init", *SMALL]) == 0
    assert [Path(name).read_text() for name in (".pre-commit-config.yaml", "requirements.txt")] == snapshot


@pytest.mark.parametrize("field", ["owner", "registry", "repository"])
def test_a_missing_value_is_listed(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers = {"owner": "@acme/data", "registry": "ghcr.io/acme", "repository": "https://git.acme.example/mesh.git"}
    arguments = [word for key, answer in answers.items() if key != field for word in (f"--{key}", answer)]
    assert main(["init", "--name", "acme", *SMALL, *arguments]) == 0
    lines = Path("platform-manifest.yaml").read_text().splitlines()
    marked = [line.split()[0] for line in lines if "# yours:" in line and line.split()[0] != "version:"]
    assert [line for line in marked if line != "store:"] == [f"{field}:"]
    assert "platform-manifest.yaml:" in capsys.readouterr().out


def test_a_folder_that_cannot_be_created_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("")
    assert main(["init", "--yes", "taken"]) == 2
    assert capsys.readouterr().err == "floe-compile: taken cannot be made: File exists; name another folder\n"
