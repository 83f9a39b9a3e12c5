"""Values of secrets in hand-written objects and patches, each at its place."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from floe_compiler.model.annotations import ACCEPTANCE, CREDENTIAL, EXCEPTION, has_exception
from floe_compiler.model.credentials import (
    is_random_secret,
    names_secret,
    secret_in,
    stands_for_itself,
    without_placeholders,
)
from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import identify

SECRET_VALUE = Rule(
    "K021",
    "secret in a hand-written file",
    "A hand-written object or patch gives a key that names a secret a literal value, or holds what looks like a"
    " credential. It would be committed for everyone to read. Refer to a Secret whose value an ExternalSecret fetches,"
    " and renew the value if it was ever real. If it is not a secret, say why with the annotation"
    ' "floe.dev/exception-credential: <reason>".',
)

_HINT = (
    "refer to a Secret instead, whose value an ExternalSecret fetches from the store; "
    f'if it is not a secret, annotate the object: "{EXCEPTION}{CREDENTIAL}: <reason>"'
)
# Secrets have a rule of their own (C130); a definition describes fields, with examples.
_NOT_LOOKED_AT = frozenset({("", "Secret"), ("apiextensions.k8s.io", "CustomResourceDefinition")})
_ENCRYPTED = "encryptedData"

# Below such keys stand names of Secrets and of their keys.
_REFERENCES = re.compile(r"(?i)(ref|refs|keys|secret|secrets|selector)$")
# Alone, these words rather say which one is meant. The access key of an object store is the user of a secret key.
_WHICH = re.compile(r"(?i)(credentials?|secret|((aws|s3|minio)[_.-]?)?access[_.-]?key)")
# Such a key names a Secret, as the annotation `auth-secret` of an Ingress does, perhaps with its namespace.
_NAMES_SECRET = re.compile(r"(?i)(?<!client)(?<!client[_.-])secret$")
_NAME = re.compile(r"[a-z0-9][a-z0-9:/.-]*")
# Beside a reference, `secretKey` is the name of a Secret's key.
_SECRET_KEY = re.compile(r"(?i)secret[_-]?key")
_BESIDE_SECRET_KEY = re.compile(r"(?i)(ref|name)$")
# Fields of custom resources that only sound like it: the name of an operation, and an identifier.
_IDENTIFIERS = frozenset({("kafka", "apiKey"), ("oracle", "encryptionKey")})
# Annotations with places in Vault, and with reasons, after the name of a field or the code of a rule.
_NO_VALUES = ("vault.hashicorp.com/", EXCEPTION, ACCEPTANCE)


def check_secret_values(document: Document, findings: Findings) -> None:
    """Record each value of a secret in the document of an object or a patch, never showing it."""
    for place, path, data in _parts(document.data):
        for below, problem in _problems(data, path):
            span = document.span((*place, *below[len(path) :]))
            findings.add(SECRET_VALUE, f"{show_path(below)} {problem}", span, hint=_HINT, secret=True)
    if isinstance(document.data, dict) and identify(document.data).kind == "SealedSecret":
        for key, value in mapping(document.data, ("spec", _ENCRYPTED)).items():
            if not _is_sealed(value):
                path = ("spec", _ENCRYPTED, key)
                message = f"{show_path(path)} is not sealed"
                hint = "seal it with kubeseal, and renew the value: whoever has the repository may know it"
                findings.add(SECRET_VALUE, message, document.span(path), hint=hint, secret=True)


def _parts(data: Any) -> Iterator[tuple[DataPath, DataPath, Any]]:
    """Yield what is written of an object: where it stands in the document, where in the object, and the data."""
    if isinstance(data, list):
        for index, operation in enumerate(data):
            if isinstance(operation, dict) and isinstance(operation.get("path"), str):
                pointer = (step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:])
                yield (index, "value"), tuple(pointer), operation.get("value")
    elif isinstance(data, dict) and identify(data)[:2] not in _NOT_LOOKED_AT and not has_exception(data, CREDENTIAL):
        yield (), (), data


def _problems(data: Any, path: DataPath) -> Iterator[tuple[DataPath, str]]:
    """Yield the place of each value of a secret at or below `path`, and what is wrong with it."""
    if isinstance(data, dict):
        name = str(data.get("name", ""))
        if "value" in data and _gives_secret(name, data["value"]) and not _names_secret(name, data["value"]):
            yield (*path, "value"), f'gives "{name}" a value'
        refers = any(map(_BESIDE_SECRET_KEY.search, data))
        for key, value in data.items():
            if key != _ENCRYPTED and not (refers and _SECRET_KEY.fullmatch(key)):
                yield from _problems(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _problems(value, (*path, index))
    elif _is_value_of_secret(path, data):
        yield path, "has a value, but its name is that of a secret"
    elif isinstance(data, str) and (kind := secret_in(without_placeholders(data))):
        yield path, f"holds what looks like {kind}"


def _is_sealed(value: Any) -> bool:
    """Return whether a value may be one that `kubeseal` has encrypted.

    It has the length of an encrypted key, that key, and the value with 16 bytes of its own (pkg/crypto/crypto.go).
    """
    try:
        data = b64decode(value, validate=True)
    except (TypeError, ValueError):
        return False
    return 128 <= int.from_bytes(data[:2]) <= len(data) - 2 - 16


def _is_value_of_secret(path: DataPath, value: Any) -> bool:
    """Return whether a value at this place of an object is a secret's, by the keys that lead to it."""
    *above, key = ["", *(step for step in path if isinstance(step, str))]
    return (
        _gives_secret(key, value)
        and not key.startswith(_NO_VALUES)
        and not (above[-1] != "data" and _names_secret(key, value))
        and not any(map(_REFERENCES.search, above))
        and not any((step, key) in _IDENTIFIERS for step in above)
    )


def _gives_secret(key: str, value: Any) -> bool:
    """Return whether a key names a secret, and the value is not a switch, variable, template, path or empty word."""
    name = key.rpartition("/")[2]  # without the prefix of an annotation
    if isinstance(value, bool | dict | list) or value is None:
        return False
    text = str(value).strip()
    if not names_secret(name) or _WHICH.fullmatch(name):
        return is_random_secret(name, text)
    is_variable = text.isupper() and names_secret(text)
    return stands_for_itself(without_placeholders(text)) and not is_variable


def _names_secret(key: str, value: Any) -> bool:
    return bool(_NAMES_SECRET.search(key) and _NAME.fullmatch(str(value)))
