"""Names of the volumes of a pod. Different folders and secrets never give the same name."""

from __future__ import annotations

import re

from floe_compiler.kit.labels import HASH_LENGTH
from floe_compiler.model.yaml_text import sha256_of

LONGEST = 50
"""Leaves room for a prefix: a volume's name has at most 63 characters."""

_OWN = "/run/secrets/"
"""Where only components have folders, each with a name of its own."""


def slug(path: str) -> str:
    """Return a folder of a component as a volume's name: `/var/run/postgresql` -> `var-run-postgresql`."""
    words = _words(path)
    return words if len(words) <= LONGEST else _with_hash(words, path)


def secrets_volume(folder: str) -> str:
    """Return the name of the volume of a folder with secret files, which may be anywhere: `/data/a_b`, `/data/a/b`."""
    words = _words(folder)
    is_known = folder.startswith(_OWN) or folder == f"/{words.replace('-', '/')}"
    return f"secret-{words if is_known and len(words) <= LONGEST else _with_hash(words, folder)}"


def csi_volume(secret: str) -> str:
    """Return the name of the volume of a secret from the CSI driver. A volume's name is shorter, and has no dot."""
    words = _words(secret)
    return f"csi-{words if words == secret and len(words) <= LONGEST else _with_hash(words, secret)}"


def _words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _with_hash(words: str, full_name: str) -> str:
    return f"{words[: LONGEST - HASH_LENGTH - 1]}-{sha256_of(full_name)[:HASH_LENGTH]}".strip("-")
