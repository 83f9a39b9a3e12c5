"""Logins come from where `docker login` keeps them; no message has a part of one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.publish.logins import NoLogin, login_at

LOGIN = base64.b64encode(b"me:hunter2").decode()
HELPER = """#!/bin/sh
read -r asked
case "$asked" in
  known.example) echo '{"ServerURL": "x", "Username": "me", "Secret": "hunter2"}' ;;
  token.example) echo '{"Username": "<token>", "Secret": "hunter2"}' ;;
  odd.example) echo 'hunter2' ;;
  broken.example) echo 'hunter2 is wrong' >&2; exit 2 ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program = tmp_path / "docker-credential-test"
    program.write_text(HELPER, encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def write(folder: Path, config: Any) -> None:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def test_without_a_configuration_there_is_no_login() -> None:
    assert login_at("ghcr.io") is None


@pytest.mark.parametrize("key", ["ghcr.io", "https://ghcr.io"])
def test_a_login_in_the_file_is_used(folder: Path, key: str) -> None:
    write(folder, {"auths": {key: {"auth": LOGIN}, "quay.io": {}}})
    assert login_at("ghcr.io") == LOGIN
    assert login_at("quay.io") is None
    assert login_at("other.example") is None


def test_docker_hub_has_its_own_key(folder: Path) -> None:
    write(folder, {"auths": {"https://index.docker.io/v1/": {"auth": LOGIN}}})
    assert login_at("docker.io") == LOGIN


@pytest.mark.parametrize("config", [{"credsStore": "test"}, {"credHelpers": {"known.example": "test"}}])
def test_a_login_in_the_keychain_is_used(folder: Path, config: Any) -> None:
    write(folder, config)
    assert login_at("known.example") == LOGIN
    assert login_at("unknown.example") is None


@pytest.mark.parametrize(
    ("config", "registry", "message"),
    [
        ({"auths": {"ghcr.io": {"auth": "hunter2!"}}}, "ghcr.io", "the login in Docker's configuration is damaged"),
        ({"credsStore": "test"}, "token.example", "docker-credential-test has an identity token"),
        ({"credsStore": "test"}, "odd.example", "answers without a login"),
        ({"credsStore": "test"}, "broken.example", "failed with exit code 2"),
        ({"credsStore": "missing"}, "ghcr.io", "docker-credential-missing, which Docker's configuration names, failed"),
        ({"credsStore": "../../evil"}, "ghcr.io", "names a helper that cannot be a program"),
    ],
)
def test_errors_do_not_show_the_login(folder: Path, config: Any, registry: str, message: str) -> None:
    write(folder, config)
    with pytest.raises(NoLogin) as caught:
        login_at(registry)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_damaged_configuration_is_reported(folder: Path) -> None:
    (folder / "config.json").write_text("hunter2", encoding="utf-8")
    with pytest.raises(NoLogin, match=r"Docker's configuration .*config.json cannot be read: JSONDecodeError"):
        login_at("ghcr.io")
