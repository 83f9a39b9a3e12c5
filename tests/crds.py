"""Schemas of custom resources, as their projects publish them, for tests; they are not part of this repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.objects import Object

FOLDER = Path(__file__).parents[2] / "shared" / "crds"
"""Files of github.com/datreeio/CRDs-catalog, in a folder beside the repository: `<group>/<kind>_<version>.json`."""


def assert_valid(manifest: Object) -> None:
    """Fail unless the object fits its published schema and has no field that the schema does not know.

    Skips the test where the schemas are not there.
    """
    if not FOLDER.is_dir():
        pytest.skip(f"no schemas of custom resources in {FOLDER}")
    from jsonschema_rs import validator_for

    group, _, version = manifest["apiVersion"].partition("/")
    schema = json.loads((FOLDER / group / f"{manifest['kind'].lower()}_{version}.json").read_text("utf-8"))
    errors = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator_for(_strict(schema)).iter_errors(manifest)
    ]
    assert not errors, errors


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema made to refuse unknown fields, as the API server does for `kubectl apply`."""
    strict = dict(schema)
    if "properties" in schema:
        strict["properties"] = {name: _strict(below) for name, below in schema["properties"].items()}
        strict.setdefault("additionalProperties", bool(schema.get("x-kubernetes-preserve-unknown-fields")))
    if isinstance(schema.get("items"), dict):
        strict["items"] = _strict(schema["items"])
    return strict
