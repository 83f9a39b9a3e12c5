"""Hand-written objects: files listed under `resources`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import Document
from floe_compiler.model.misspelt_keys import meant_keys
from floe_compiler.model.objects import identify
from floe_compiler.model.span import Span
from floe_compiler.overlay.encrypted import is_encrypted, read_encrypted, without_values
from floe_compiler.overlay.kustomization import Resource
from floe_compiler.overlay.secret_values import check_secret_values
from floe_compiler.overlay.source import Source

NOT_AN_OBJECT = Rule(
    "K012",
    "not a Kubernetes object",
    "A file under resources must contain Kubernetes objects: mappings with apiVersion, kind and metadata.name, whose"
    " labels and annotations are mappings. List patches under patches, list folders with a kustomization.yaml as"
    " folders, and write the items of a List separately.",
)


_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec", "data", "stringData", "binaryData", "type", "immutable"})
"""Fields of objects, which no other field is meant to be."""


def read_resources(source: Source, file: str, listed: Span) -> list[Resource]:
    """Return the objects in a file; documents that are not objects are findings and left out."""
    text = source.text(file, listed)
    documents = [] if text is None else source.parsed(file, text)
    if text is not None and any(map(is_encrypted, documents)):
        encrypted = read_encrypted(documents, text, source.findings)
        return [encrypted] if encrypted and _is_object(documents[0], source.findings, encrypted=True) else []
    return [
        Resource(document.data, document.span(()), document.places)
        for document in documents
        if _is_object(document, source.findings)
    ]


def _is_object(document: Document, findings: Findings, *, encrypted: bool = False) -> bool:
    problem, hint = _problem(document)
    if problem:
        findings.add(NOT_AN_OBJECT, problem, document.span(()), hint=hint)
        return False
    if wrong := [*_wrong_metadata(document.data["metadata"])]:
        for key, message, hint in wrong:
            findings.add(NOT_AN_OBJECT, f"metadata.{key} {message}", document.span(("metadata", key)), hint=hint)
        return False
    # All values of an encrypted object are encrypted, which is checked already.
    check_secret_values(replace(document, data=without_values(document.data)) if encrypted else document, findings)
    return True


def _problem(document: Document) -> tuple[str, str]:
    """Return the error in a document, and the hint."""
    manifest = document.data
    if not isinstance(manifest, dict) or not isinstance(manifest.get("metadata", {}), dict):
        return "this is not a Kubernetes object", ""
    identity = identify(manifest)
    if identity.group == "kustomize.config.k8s.io":
        return "a kustomization is not an object", "list its folder instead of the file"
    if identity.group == "floe.dev":
        return f"{identity.kind} is an input of floe-compile, not an object", "take it out of resources"
    if identity.kind.endswith("List") and "items" in manifest:
        return f"{identity.kind} has several objects", "write each object as a separate document"
    required = {"apiVersion": manifest.get("apiVersion"), "kind": identity.kind, "metadata.name": identity.name}
    missing = [name for name, value in required.items() if not value or not isinstance(value, str)]
    if missing:
        meant = meant_keys(
            [key for key in manifest if key not in _FIELDS], [name.partition(".")[0] for name in missing]
        )
        hints = [f'did you mean "{field}" instead of "{word}"?' for word, field in meant.items()]
        hint = "; ".join(hints) or "a part of an object is a patch: list it under patches"
        return f"the object has no {' and no '.join(missing)}", hint
    return "", ""


def _wrong_metadata(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the fields by which kustomize tells objects apart or selects them and that have another type, with hints.

    It fails at them, or takes the object for another one.
    """
    if not isinstance(metadata.get("namespace", ""), str):
        yield "namespace", "is not text", "write the name of a namespace, in quotes if need be, or delete the line"
    for key in ("annotations", "labels"):
        if not isinstance(metadata.get(key) or {}, dict):
            yield key, "is not a mapping", 'write a mapping: its lines have a key, a ":" and a value'
