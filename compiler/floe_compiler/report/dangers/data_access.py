"""Access to data: what a client of the catalog, or a user of the object store, may read and write.

Both are JSON documents in ConfigMaps that a setup task reads: the clients of a catalog with their tables, and the
access policies of a store in the form of AWS. A whole ConfigMap that comes or goes grants or removes nothing by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger

_READING = ("s3:GetObject",)
_WRITING = ("s3:PutObject", "s3:DeleteObject")


def access_changed(change: Change) -> Iterator[Danger]:
    """Yield a danger for each right that a client or user gets or loses."""
    if change.kind != "ConfigMap" or not change.before or not change.after:
        return
    before, after = (frozenset(rights(manifest)) for manifest in (change.before, change.after))
    for client, right in sorted(after - before):
        yield Danger("access-granted", f"{client} may {right}")
    for client, right in sorted(before - after):
        yield Danger("access-removed", f"{client} may no longer {right}")


def rights(manifest: Object) -> Iterator[tuple[str, str]]:
    """Yield each right that a ConfigMap names: whose it is, and what it allows."""
    for file, text in mapping(manifest, ("data",)).items():
        if isinstance(text, str) and text.startswith("{"):
            with suppress(ValueError):
                document = json.loads(text)
                yield from _clients(document)
                yield from ((file.removesuffix(".json"), right) for right in _policy(document))


def _clients(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for client in _mappings(document.get("clients")):
        name = str(client.get("name"))
        yield from ((name, f"read {table}") for table in _texts(client.get("reads")))
        yield from ((name, f"write below {namespace}") for namespace in _texts(client.get("writes")))
        if client.get("namespaces") == "creates":
            yield name, "create namespaces"


def _policy(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in _mappings(document.get("Statement")):
        actions = set(_texts(statement.get("Action")))
        for verb, names in (("read", _READING), ("write", _WRITING)):
            if statement.get("Effect") == "Allow" and not actions.isdisjoint(names):
                yield from (f"{verb} {resource}" for resource in _texts(statement.get("Resource")))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _texts(value: Any) -> Iterator[str]:
    yield from map(str, value) if isinstance(value, list) else [value] if isinstance(value, str) else ()
