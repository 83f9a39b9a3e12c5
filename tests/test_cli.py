"""The command line turns every outcome into an exit code and a message, never a traceback."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands import fake_pipeline
from floe_compiler.cli import main
from floe_compiler.commands import exit_codes
from floe_compiler.commands.options import find_root
from floe_compiler.commands.verbs import GROUPS, VERBS
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.pipeline.compilation import Compilation
from small_mesh import SMALL


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("overlays/dev", "domains"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "platform-manifest.yaml").touch()
    fake_pipeline.install(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pipeline_of_the_tests_returns_what_the_real_one_does() -> None:
    assert fake_pipeline.Compiled._fields == Compilation.__struct_fields__


def test_help_teaches_every_verb_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    parts = re.split(r"^(\w[\w ]*):\n", text.partition("examples:")[0], flags=re.MULTILINE)
    documented = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert {title: re.findall(r"^  ([a-z]\S*)", documented[title], re.MULTILINE) for title in GROUPS} == {
        title: list(group) for title, group in GROUPS.items()
    }


def test_help_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["--help"]) == 0
    verbs = capsys.readouterr().out.partition("Start:")[2].partition("options:")[0]
    assert max(map(len, verbs.splitlines())) < 60
    assert "  verify         prove that inputs and output/ are those\n" in verbs


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        assert main([verb, "--help"]) == 0, verb
        text = capsys.readouterr().out
        assert f"floe-compile {verb}" in text.partition("examples:")[0]
        assert f"\n  floe-compile {verb}" in text.partition("examples:")[2]


def test_help_lists_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    codes = [value for value in vars(exit_codes).values() if isinstance(value, int)]
    documented = re.findall(r"\b\d+\b", capsys.readouterr().out.partition("exit codes:")[2])
    assert [int(code) for code in documented] == sorted(codes)


@pytest.mark.parametrize("verb", ["compile", "check", "diff"])
def test_an_unknown_environment_is_wrong_usage(verb: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "overlays/dev/environment.yaml").touch()
    assert main([verb, "--env", "dew"]) == 2
    assert capsys.readouterr().err == 'floe-compile: there is no environment "dew"; did you mean "dev"?\n'


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"floe-compile \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["--nonsense"], ["check", "--format", "xml"], ["check", "--allow-delete", "x"]])
def test_wrong_usage_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage: floe-compile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "verb"),
    [(["secrets", "--domain", "sales"], "secrets"), (["components", "catalog", "polaris"], "components")],
)
def test_a_wrong_option_is_reported_with_the_usage_of_its_verb(
    arguments: list[str], verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    output = capsys.readouterr().err
    assert output.startswith(f"usage: floe-compile {verb} ")
    assert f"floe-compile {verb}: error: unrecognized arguments: " in output


def test_a_folder_without_a_mesh_is_reported_for_any_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--root", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 1
    output = capsys.readouterr().err
    assert "there is no platform-manifest.yaml here" in output
    assert "cache" not in output


def test_a_missing_root_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--root", "/nonexistent"]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_the_root_is_found_from_a_subfolder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "domains/deep").mkdir()
    monkeypatch.chdir(repository / "domains/deep")
    assert find_root(None) == repository
    assert find_root(Path("..")) == repository / "domains"


def test_without_a_manifest_the_root_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_root(None) == tmp_path


def test_a_bug_gives_a_report_without_traceback_secrets_or_environment(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VERY_OWN_VARIABLE", "very own value")
    (repository / "domains/x.yaml").write_text("crash\n")
    assert main(["compile", "--env", "dev"]) == 3
    text = capsys.readouterr().err
    assert "internal error" in text
    assert "floe-compile compile --env dev\n" in text
    assert "KeyError: 'a mistake of ours, password: ***\n" in text
    assert re.search(r"commands/fake_pipeline\.py:\d+ in _judge", text)
    assert "Traceback" not in text
    assert "hunter2" not in text
    assert "very own value" not in text


def test_an_interruption_is_quiet(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("floe_compiler.pipeline.compile_mesh", interrupted)
    assert main(["check"]) == 130
    assert capsys.readouterr().err == "floe-compile: interrupted\n"


def test_a_folder_without_permission_is_not_a_bug(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "domains/sales")

    monkeypatch.setattr("floe_compiler.pipeline.compile_mesh", refused)
    assert main(["check"]) == 1
    error = capsys.readouterr().err
    assert error == "floe-compile: not allowed to read or write domains/sales; let the user who runs this do so\n"


def test_a_permission_error_without_a_file_is_a_bug(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("floe_compiler.pipeline.compile_mesh", refused)
    assert main(["check"]) == 3
    assert "internal error" in capsys.readouterr().err


def run(repository: Path, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    program = [sys.executable, fake_pipeline.__file__, *arguments]
    # PYTHONUNBUFFERED makes Python drop what a closed pipe did not take, without a word.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": ""}
    return subprocess.Popen(program, cwd=repository, env=environment, **options)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_goes_away_is_not_an_error(repository: Path) -> None:
    for number in range(300):  # more than a pipe holds
        (repository / f"domains/{number:0140}.yaml").write_text("x\n")
    with run(repository, "check", "--format", "json", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["check", "--format", "json"], ["completion", "bash"]])
def test_a_full_device_is_not_a_bug(repository: Path, arguments: list[str]) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        run(repository, *arguments, stdout=full, stderr=subprocess.PIPE) as process,
    ):
        assert process.stderr
        assert process.stderr.read() == b"floe-compile: cannot write the answer: No space left on device\n"
        assert process.wait() == 1


@pytest.mark.skipif(os.name == "nt", reason="a shell closes the streams")
@pytest.mark.parametrize(
    ("closed", "text", "code"),
    [
        (">&-", "x", 0),
        ("2>&-", "fail", 1),
        ("<&- >&- 2>&-", "fail", 1),
        *(pytest.param(closed, "x", 0, marks=pytest.mark.thorough) for closed in ("<&-", "<&- >&- 2>&-")),
    ],
)
def test_closed_streams_change_nothing(repository: Path, closed: str, text: str, code: int) -> None:
    (repository / "domains/x.yaml").write_text(f"{text}\n")
    program = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, fake_pipeline.__file__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(program, cwd=repository, env=environment, capture_output=True, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert [path.name for path in repository.rglob("*.yaml") if b"floe-compile:" in path.read_bytes()] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")
@pytest.mark.parametrize(
    ("number", "code", "times"),
    [
        (signal.SIGINT, 130, (0, 20, 200)),
        (signal.SIGTERM, 143, (5, 50, 600)),
        pytest.param(signal.SIGINT, 130, (5, 50, 600), marks=pytest.mark.thorough),
        pytest.param(signal.SIGTERM, 143, (0, 20, 200), marks=pytest.mark.thorough),
    ],
)
def test_a_signal_ends_the_run_at_any_time_without_a_traceback(
    number: int, code: int, times: tuple[int, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    ready = "from floe_compiler.commands.signals import end_at_once; end_at_once(); print(flush=True)"
    script = f"import sys; {ready}; from floe_compiler.program import main; sys.exit(main())"
    environment = {**os.environ, "TMPDIR": str(folder)}
    for milliseconds in times:
        program = [sys.executable, "-c", script, "check", "--no-cache", "--root", str(SMALL)]
        with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(milliseconds / 1000)
            process.send_signal(number)
            _, error = process.communicate()
            assert b"Traceback" not in error, milliseconds
            assert process.returncode in (code, 1), milliseconds
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_error_caused_by_a_signal_is_not_a_bug(number: int, code: int, tmp_path: Path) -> None:
    """Some modules in C raise an ImportError if they are interrupted while they are imported."""
    lines = [
        "import os, signal, sys",
        "from floe_compiler.commands import rules, signals",
        "from floe_compiler.cli import main",
        "def run(_):",
        "    try:",
        f"        os.kill(os.getpid(), {int(number)})",
        "        signal.pause()",
        "    except KeyboardInterrupt:",
        "        raise ImportError('initialization failed') from None",
        "rules.run = run",
        "signals.end_in_order()",
        "sys.exit(main(['rules']))",
    ]
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == code
    assert run.stderr in ("floe-compile: interrupted\n", "floe-compile: terminated\n")


def test_text_that_the_terminal_cannot_show_does_no_harm(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    for number in range(100):
        (repository / f"domains/{number}.yaml").write_text("x\n")
    with run(repository, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert rb"\u2026 and 40 more" in process.stdout.read()
        assert process.wait() == 0


def test_the_program_exits_without_freeing_its_objects() -> None:
    """Python's last search for cycles takes longer than any other, and nothing follows from what it would free."""
    script = "import gc; from floe_compiler.program import main; main(); print(gc.get_freeze_count() > 0)"
    done = subprocess.run([sys.executable, "-c", script, "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "True"


def test_a_stage_that_fails_is_reported_whatever_options_the_verb_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_: object) -> int:
        raise StageFailed([Diagnostic(fake_pipeline.BAD, "failed")])

    words = {
        "blame": ["x"],
        "comment": ["x", "--on", "gitlab"],
        "completion": ["zsh"],
        "explain": ["x"],
        "explain-error": ["x"],
        "graph": ["lineage"],
        "merge-driver": ["a", "b", "c", "d"],
        "new": ["domain", "x"],
        "package": ["--helm", "--env", "x"],
        "parity": ["x", "y"],
        "product": ["register"],
        "promote": ["x", "y"],
        "publish": ["oci://x/y:z", "--env", "x"],
        "report": ["--html", "x"],
        "vendor": ["x"],
    }
    for verb in VERBS:
        monkeypatch.setattr(f"floe_compiler.commands.{verb.replace('-', '_')}.run", failing)
        assert main([verb, *words.get(verb, [])]) == 1, verb
        assert capsys.readouterr().err == "floe-compile: error[R901]: failed\n\nfloe-compile: 1 error\n", verb


def test_a_bug_in_the_reporting_of_an_error_is_reported_too(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "domains/x.yaml").write_text("fail\n")
    monkeypatch.setattr("floe_compiler.report.text.render_problems", None)
    assert main(["check"]) == 3
    assert "internal error" in capsys.readouterr().err


def test_a_misspelt_verb_is_wrong_usage_with_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explan", "output/x.yaml"]) == 2
    assert capsys.readouterr().err == 'floe-compile: there is no verb "explan"; did you mean "explain"?\n'
