"""JSON patches (RFC 6902): what each operation needs, and may not change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.model.diagnostics import Findings, Rule, did_you_mean, nearest
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.objects import Object

BAD_PATCH = Rule(
    "K014",
    "malformed patch",
    "A patch is a strategic merge patch (a part of an object, with its apiVersion, kind, name and namespace) or a JSON"
    " patch (a list of op, path, value, with a target), given by exactly one of path and patch.",
)
IDENTITY_CHANGED = Rule(
    "K016",
    "patch changes what an object is",
    "A cluster identifies an object by kind, name and namespace, and other objects refer to them. Change them in the"
    " inputs, or delete the object with a patch and write another one.",
)

_NEEDS: Mapping[str, str] = {
    "add": "value",
    "copy": "from",
    "move": "from",
    "remove": "",
    "replace": "value",
    "test": "value",
}
"""The operations, each with what it needs beside a path."""

_IDENTITY = frozenset({"", "/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"})
_ANNOTATIONS = "/metadata/annotations"


def check_operations(patch: Document, findings: Findings) -> bool:
    """Return whether it is a well-formed JSON patch that does not change the identity of objects."""
    before = len(findings.diagnostics)
    for index, operation in enumerate(patch.data):
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            message = 'an operation is a mapping with "op" and "path"'
            hint = "write, for example, {op: replace, path: /spec/replicas, value: 3}"
            findings.add(BAD_PATCH, message, patch.span((index,)), hint=hint)
        elif operation["path"] and not operation["path"].startswith("/"):
            hint = f'write "/{operation["path"].replace(".", "/")}"'
            span = patch.span((index, "path"))
            findings.add(BAD_PATCH, f'the path "{operation["path"]}" does not begin with "/"', span, hint=hint)
        elif problem := next(_problems(operation), None):
            key, message, hint = problem
            path: DataPath = (index, key) if key else (index,)
            span = patch.key_span(path) if key not in _NAMED else patch.span(path)
            findings.add(BAD_PATCH, message, span, hint=hint)
        elif changed := _changed(operation) & _IDENTITY:
            message = f"the patch changes {min(changed) or 'the whole object'}"
            span = patch.span((index, "path" if operation["path"] in changed else "from"))
            findings.add(IDENTITY_CHANGED, message, span, hint="change it in the inputs")
    return len(findings.diagnostics) == before


_NAMED = ("op", "path", "from", "value")


def _problems(operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the key of each mistake in an operation (empty: all of it), the message, and the hint."""
    name, need = operation.get("op"), _NEEDS.get(str(operation.get("op")))
    if need is None:
        yield "op", f'unknown op "{name}"', did_you_mean(str(name), _NEEDS)
        return
    for key in operation:
        if key not in _NAMED:
            yield str(key), f'an operation has no "{key}"', nearest(str(key), _NAMED) or "leave it out"
    if need and need not in operation:
        yield "", f'the operation "{name}" needs "{need}"', f"add `{need}:`"
    elif need == "value" and not _is_possible(operation["path"], operation["value"]):
        # kustomize makes other text of them, or drops all annotations.
        yield "value", "the value of an annotation must be text", "write it in quotes"


def _is_possible(path: str, value: Any) -> bool:
    """Return whether a value may stand at a path, as far as it is one of annotations."""
    if path == _ANNOTATIONS:
        return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
    return not path.startswith(f"{_ANNOTATIONS}/") or isinstance(value, str)


def _changed(operation: Mapping[str, Any]) -> set[str]:
    """Return the pointers that an operation changes."""
    changed = {operation["path"]} if operation["op"] != "test" else set()
    return changed | ({str(operation.get("from"))} if operation["op"] == "move" else set())


def copies_of_nothing(operations: Iterable[Mapping[str, Any]], manifest: Object) -> Iterator[int]:
    """Yield the positions of operations that copy what an object does not have.

    kustomize copies null, which in an annotation is the text "null". What an earlier operation may have changed counts
    as there.
    """
    changed: list[str] = []
    for position, operation in enumerate(operations):
        source = str(operation.get("from"))
        is_there = _has(manifest, source) or any(_touches(path, source) for path in changed)
        if operation["op"] == "copy" and not is_there:
            yield position
        changed += _changed(operation)


def _has(manifest: Object, pointer: str) -> bool:
    """Return whether an object has a value at a JSON pointer."""
    value: Any = manifest
    for step in (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]):
        if isinstance(value, list) and re.fullmatch(r"-?[0-9]+", step) and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False
    return True


def _touches(changed: str, pointer: str) -> bool:
    return f"{changed}/".startswith(f"{pointer}/") or f"{pointer}/".startswith(f"{changed.removesuffix('/-')}/")
