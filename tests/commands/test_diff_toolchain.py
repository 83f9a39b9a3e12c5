"""`floe-compile diff --toolchain` installs another version and lets it show its difference, or says why it cannot."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from commands.conftest import Floe

Run = Callable[..., tuple[int, str, str]]

PROGRAM = """\
import sys
def main():
    print("the other one:", *sys.argv[1:])
    sys.exit(7)
"""


def wheel(folder: Path) -> Path:
    """Return a wheel of another version without dependencies, which only prints its arguments."""
    files = {
        "floe_compiler/program.py": PROGRAM,
        "floe_compile-9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: floe-compile\nVersion: 9.9\n",
        "floe_compile-9.9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "floe_compile-9.9.dist-info/entry_points.txt": (
            "[console_scripts]\nfloe-compile = floe_compiler.program:main\n"
        ),
    }
    lines = []
    path = folder / "floe_compile-9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(text)}\n")
        archive.writestr("floe_compile-9.9.dist-info/RECORD", "".join(lines))
    return path


@pytest.fixture
def run(repository: Path, floe: Floe, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return `diff` with further words, in a mesh whose output is current."""
    assert floe() == 0

    def diff(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = floe("diff", *words)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return diff


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that are run from now on, in place of running them."""
    commands: list[list[str]] = []

    def note(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("floe_compiler.commands.diff_toolchain.subprocess.run", note)
    return commands


@pytest.fixture(params=["pip of this Python", pytest.param("pip of its own", marks=pytest.mark.thorough)])
def _pip(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no pip be here, so that Python installs another one, which takes seconds."""
    if request.param == "pip of its own":
        no_pip(monkeypatch)


def no_pip(monkeypatch: pytest.MonkeyPatch, installed_pip: str = "") -> None:
    """Let no pip be here, or one of another version."""

    def version(name: str) -> str:
        if not installed_pip:
            raise PackageNotFoundError(name)
        return installed_pip

    monkeypatch.setattr("floe_compiler.commands.diff_toolchain.version", version)


@pytest.mark.usefixtures("_pip")
def test_another_version_shows_its_difference(run: Run, tmp_path: Path, repository: Path) -> None:
    code, out, err = run("--toolchain", str(wheel(tmp_path)), "--env", "dev", "--format", "json")
    words = f"diff --from-output --root {repository} --no-cache --format json --env dev"
    assert (code, out, err) == (7, f"the other one: {words}\n", "")


@pytest.mark.parametrize(
    ("printed", "required"),
    [
        ("0.2.0", "floe-compile==0.2.0"),
        ("v1.0.0rc1", "floe-compile==1.0.0rc1"),
        ("git+https://git.acme.example/floe.git@v0.2.0", "floe-compile @ git+https://git.acme.example/floe.git@v0.2.0"),
    ],
)
def test_the_requested_version_is_installed_and_run(
    run: Run, installed: list[list[str]], repository: Path, printed: str, required: str
) -> None:
    assert run("--toolchain", printed, "--quiet")[0] == 0
    environments, pip, index_requests = installed
    assert environments[:4] == [sys.executable, "-I", "-m", "venv"]
    assert pip[-1] == required
    place = ["diff", "--from-output", "--root", str(repository), "--no-cache", "--format", "text", "--quiet"]
    assert index_requests[1:] == place


@pytest.mark.parametrize(("pip", "is_own"), [("22.3", False), ("26.1.dev0", False), ("22.2.2", True), ("", True)])
def test_pip_is_installed_only_if_there_is_none(
    run: Run, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch, pip: str, is_own: bool
) -> None:
    no_pip(monkeypatch, pip)
    run("--toolchain", "0.2.0")
    assert ("--without-pip" in installed[0], "--python" in installed[1]) == (not is_own, not is_own)
    assert (installed[1][0] == sys.executable) is not is_own


def test_packages_with_components_are_installed_too(
    run: Run, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {"acme-components": "1.2", "cdk8s": "2.70", "floe-compile": "0.1.0"}
    monkeypatch.setattr("floe_compiler.load.digests.versions", lambda: versions)
    run("--toolchain", "0.2.0")
    assert installed[1][-2:] == ["floe-compile==0.2.0", "acme-components==1.2"]


def test_a_stale_output_is_refused(run: Run, installed: list[list[str]], repository: Path) -> None:
    (repository / "domains/sales.yaml").write_text("two\n", encoding="utf-8")
    code, out, err = run("--toolchain", "0.2.0")
    assert (code, out, installed) == (1, "", [])
    assert "output: error[W012]: " in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--toolchain", "newest"),
            "--toolchain newest: there is no such file; write a version such as 0.2.0, a wheel",
        ),
        (("--toolchain", "0.2.0", "main"), "--toolchain compares with output/; leave the revision"),
        (("--toolchain", "0.2.0", "--from-output"), "--toolchain compares with output/; leave the revision"),
        (("--toolchain", "0.2.0", "--env", "none"), 'there is no environment "none"'),
    ],
)
def test_wrong_usage_is_refused(
    run: Run, installed: list[list[str]], repository: Path, words: tuple[str, ...], message: str
) -> None:
    (repository / "overlays/dev/environment.yaml").touch()
    code, out, err = run(*words)
    assert (code, out, installed) == (2, "", [])
    assert message in err


def test_a_failed_installation_is_reported_without_a_login(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        wrong = "ERROR: no such thing at https://me:hunter2@pypi.example/simple\n"
        return subprocess.CompletedProcess(command, "pip" in command, "", f"{wrong}[notice] x\n")

    monkeypatch.setattr("floe_compiler.commands.diff_toolchain.subprocess.run", fail)
    code, out, err = run("--toolchain", "git+https://me:hunter2@git.example/floe.git")
    assert (code, out) == (2, "")
    assert err == (
        "floe-compile: git+https://git.example/floe.git cannot be installed: no such thing at "
        "https://pypi.example/simple\n"
    )


def test_an_installation_that_takes_too_long_is_stopped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 900)

    monkeypatch.setattr("floe_compiler.commands.diff_toolchain.subprocess.run", wait)
    assert run("--toolchain", "0.2.0")[2] == "floe-compile: 0.2.0 could not be installed within 900 seconds\n"
