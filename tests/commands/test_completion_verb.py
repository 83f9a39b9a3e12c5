"""`floe-compile completion` prints scripts by which real shells complete verbs, options and names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from floe_compiler.cli import main
from floe_compiler.commands import schema
from floe_compiler.commands.completion import SHELLS
from quick_program import quick_program
from small_mesh import small_mesh

BASH = shutil.which("bash")


@pytest.fixture
def mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(small_mesh(tmp_path, {}))
    return tmp_path


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the script for bash."""
    path = tmp_path_factory.mktemp("script") / "completion.bash"
    with path.open("w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", file)
        assert main(["completion", "bash"]) == 0
    return path


@pytest.mark.skipif(BASH is None, reason="bash is not on the PATH")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["compl"], "completion"),
        (["explain-e"], "explain-error"),
        (["diff", "--from"], "--from-output"),
        (["diff", "--env", ""], "dev"),
        (["compile", "--domain", "s"], "sales"),
        (["promote", ""], "dev"),
        (["promote", "staging", "prod", "sales/"], "sales/orders"),
        (["rules", "R01"], "R010 R011 R012 R013 R014 R015 R016 R017 R018 R019"),
        (["product", "init", "x", "--domain", ""], "sales"),
        (["completion", ""], "bash zsh fish"),
        (["explain", "domains/sales/dom"], "domains/sales/domain.yaml"),
        (["verify", "platform-m"], "platform-manifest.yaml"),
        (["comment", "platform-m"], "platform-manifest.yaml"),
        (["vendor", "dom"], "domains"),
        (["publish", "platform-m"], ""),
        (["components", "lin"], "lineage"),
        (["schema", "DataP"], "DataProduct"),
        (["graph", "line"], "lineage"),
        (["init", "--storage", "s"], "s3 seaweedfs"),
        (["new", "dom"], "domain"),
    ],
)
def test_bash_completes(words: list[str], expected: str, script: Path, mesh: Path) -> None:
    # The program is this one, whichever is installed.
    program = quick_program(mesh / "bin")
    setup = 'COMP_WORDS=(floe-compile "$@"); COMP_CWORD=$#'
    ask = f'source "{script}"; {setup}; _shtab_floe_compile; echo "${{COMPREPLY[*]}}"'
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BASH), "-c", ask, "bash", *words], capture_output=True, text=True, env=environment, timeout=60, check=True
    )
    assert done.stdout.strip() == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_valid_for_its_shell(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert re.search(r"(floe-compile completion --|_floe_compile_)names environments", text)
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not on the PATH")
    script = tmp_path / "script"
    script.write_text(text)
    subprocess.run([program, "-n", str(script)], check=True, timeout=60)


def test_zsh_asks_for_names_when_they_are_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zsh"]) == 0
    asks = re.findall(r".*\$\(floe-compile .*", capsys.readouterr().out)
    # Elsewhere, it would run while the shell loads the script: for each option, and never again.
    assert asks == ['  compadd -- ${(f)"$(floe-compile completion --names $1 2>/dev/null)"}']


def test_names_are_those_of_the_mesh_around(
    mesh: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mesh / "domains/sales")
    for kind, expected in (("environments", "dev"), ("domains", "sales"), ("products", "sales/orders")):
        assert main(["completion", "--names", kind]) == 0
        assert capsys.readouterr().out.split() == [expected]


def test_names_of_kinds_need_no_schema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(schema, "schema_files", dict)  # making these takes over a second
    assert main(["completion", "--names", "kinds"]) == 0
    assert {"DataProduct", "SemanticModel"} < {*capsys.readouterr().out.split()}


def test_outside_of_a_mesh_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["completion", "--names", "domains"]) == 0
    assert capsys.readouterr() == ("", "")


def test_an_unknown_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd"]) == 2
    assert "invalid choice: 'cmd'" in capsys.readouterr().err
