"""Polaris' own description of its management API, and a check of requests against it.

`management.yaml` is of Apache Polaris 1.7.0 (`spec/polaris-management-service.yml`). Its first lines name the licence.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import yaml

BASE = "/api/management/v1"


@cache
def description() -> Any:
    """Return the description."""
    return yaml.load(Path(__file__).with_name("management.yaml").read_text("utf-8"), yaml.CSafeLoader)


def check_request(method: str, path: str, body: Any) -> None:
    """Raise AssertionError for an unknown operation, and jsonschema's ValidationError for a wrong body."""
    for template, operations in description()["paths"].items():
        if re.fullmatch(BASE + re.sub(r"\{[^}]+\}", "[^/]+", template), unquote(path)) and method.lower() in operations:
            return _check_body(operations[method.lower()], body)
    raise AssertionError(f"no such operation: {method} {path}")


def _check_body(operation: Any, body: Any) -> None:
    if "requestBody" not in operation:
        assert body is None, "the operation takes no body"
        return
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    every = {"components": description()["components"], **schema}
    jsonschema.Draft202012Validator(every).validate(body)
    grant = (body or {}).get("grant")
    if grant is not None:  # its schema depends on its type, by a discriminator
        mapping = description()["components"]["schemas"]["GrantResource"]["discriminator"]["mapping"]
        of_type = {"components": description()["components"], "$ref": mapping[grant["type"]]}
        jsonschema.Draft202012Validator(of_type).validate(grant)
