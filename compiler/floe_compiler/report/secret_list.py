"""Lists of secrets: for people, and as JSON for programs. Values appear in neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.listed_secrets import ListedKey, ListedSecret, Source
from floe_compiler.report.json_format import FORMAT
from floe_compiler.report.json_text import json_text
from floe_compiler.report.terminal import Paint, visible

SOURCES: Mapping[Source, str] = {
    "store": "create it in the store: {path}",
    "csi": "create it in the store of the CSI driver: {path}",
    "generated": "generated in the cluster",
    "shared": "read from the namespace {owner}",
    "existing": "create the Secret in the namespace {namespace}",
    "sops": "encrypt a {kind} for the namespace {namespace} with SOPS, in {folder}",
    "sealed-secrets": "seal it for the namespace {namespace}, as a {kind} in {folder}",
}


def render_text(secrets: Mapping[str, Iterable[ListedSecret]], paint: Paint) -> str:
    """Return the secrets of each environment, a paragraph for each secret."""
    blocks = [_block(environment, secret, paint) for environment, listed in secrets.items() for secret in listed]
    return "\n".join(blocks)


def _block(environment: str, secret: ListedSecret, paint: Paint) -> str:
    lines = [
        f"  {source_of(secret)}",
        f"  keys: {', '.join(map(_key, secret.keys))}",
        f"  read by: {', '.join(secret.read_by)}",
    ]
    title = paint(visible(f"{environment}/{secret.namespace} {secret.name}"), "bold")
    return "".join(f"{line}\n" for line in (title, *map(visible, lines)))


def source_of(secret: ListedSecret) -> str:
    """Return where a secret comes from, or what somebody must do for it."""
    return SOURCES[secret.source].format(
        path=secret.path,
        owner=secret.owner,
        namespace=secret.namespace,
        kind=secret.kind,
        folder=secret.folder,
    )


def _key(key: ListedKey) -> str:
    stored = f" (in the store: {key.property})" if key.property not in ("", key.name) else ""
    origin = (
        " (written by the compiler)" if key.value == "written" else f" (must be {key.must_be})" if key.must_be else ""
    )
    return f"{key.name}{stored}{origin}"


def render_json(secrets: Mapping[str, Iterable[ListedSecret]]) -> str:
    """Return the document, with one line break at its end."""
    environments = [
        {"environment": environment, "secrets": [_secret(secret) for secret in listed]}
        for environment, listed in secrets.items()
    ]
    return json_text({"format": FORMAT, "environments": environments})


def _secret(secret: ListedSecret) -> dict[str, Any]:
    return {
        "namespace": secret.namespace,
        "name": secret.name,
        "type": secret.type,
        "source": secret.source,
        "owner": secret.owner,
        "kind": secret.kind,
        "folder": secret.folder,
        "path": secret.path,
        "keys": [_key_data(key) for key in secret.keys],
        "read_by": list(secret.read_by),
    }


def _key_data(key: ListedKey) -> dict[str, Any]:
    return {"key": key.name, "value": key.value, "property": key.property, "must_be": key.must_be}
