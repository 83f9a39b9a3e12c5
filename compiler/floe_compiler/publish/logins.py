"""The login at a registry that `docker login` keeps: in Docker's configuration, or in the keychain of the system.

The forms of both: docs.docker.com/reference/cli/docker/login, and github.com/docker/docker-credential-helpers.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from floe_compiler.publish.reference import DOCKER_HUB

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
TIMEOUT = 60
_HELPER = re.compile(r"[a-zA-Z0-9._-]+")
_TOKEN_USER = "<token>"  # noqa: S105 -- what helpers write in place of a user's name


class NoLogin(Exception):
    """A login is configured, but cannot be read; the message has no part of it."""


def login_at(registry: str) -> str | None:
    """Return the login at a registry, as the value of `Authorization: Basic`; None if Docker knows none.

    Raises:
        NoLogin: if Docker's configuration cannot be read, or its helper fails.
    """
    config = _config()
    key = DOCKER_HUB_KEY if registry in DOCKER_HUB else registry
    helper = _part(config, "credHelpers").get(key) or config.get("credsStore")
    if isinstance(helper, str) and helper:
        return _from_helper(helper, key)
    for name in (key, f"https://{key}", f"http://{key}"):
        entry = _part(config, "auths").get(name)
        if isinstance(entry, dict) and isinstance(entry.get("auth"), str) and entry["auth"]:
            return _checked(entry["auth"])
    return None


def _config() -> Mapping[str, Any]:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise NoLogin(f"Docker's configuration {file} cannot be read: {type(error).__name__}") from None
    return config if isinstance(config, dict) else {}


def _part(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = config.get(key)
    return part if isinstance(part, dict) else {}


def _checked(login: str) -> str:
    try:
        is_login = b":" in base64.b64decode(login, validate=True)
    except binascii.Error:
        is_login = False
    if not is_login:
        raise NoLogin("the login in Docker's configuration is damaged; run docker login again")
    return login


def _from_helper(helper: str, key: str) -> str | None:
    """Return what a helper of Docker knows. It exits with 1 where it knows nothing."""
    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise NoLogin("Docker's configuration names a helper that cannot be a program")
    try:
        done = subprocess.run([program, "get"], input=key.encode(), capture_output=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoLogin(f"{program}, which Docker's configuration names, failed: {type(error).__name__}") from None
    if done.returncode:
        if b"not found" in done.stdout + done.stderr:
            return None
        raise NoLogin(f"{program}, which Docker's configuration names, failed with exit code {done.returncode}")
    try:
        login = json.loads(done.stdout)
        user, secret = login["Username"], login["Secret"]
    except (ValueError, KeyError, TypeError):
        raise NoLogin(f"{program}, which Docker's configuration names, answers without a login") from None
    if user == _TOKEN_USER:
        raise NoLogin(f"{program} has an identity token, which is not supported; log in with a user and a password")
    return base64.b64encode(f"{user}:{secret}".encode()).decode()
