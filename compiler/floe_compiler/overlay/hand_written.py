"""Hand-written objects: files listed under `resources`."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import Document
from floe_compiler.model.objects import identify
from floe_compiler.model.span import Span
from floe_compiler.overlay.kustomization import Resource
from floe_compiler.overlay.secret_values import check_secret_values
from floe_compiler.overlay.source import Source

NOT_AN_OBJECT = Rule(
    "K012",
    "not a Kubernetes object",
    "A file under resources must contain Kubernetes objects: mappings with apiVersion, kind and metadata.name. List"
    " patches under patches, list folders with a kustomization.yaml as folders, and write the items of a List"
    " separately.",
)

ENCRYPTED = Rule(
    "K020",
    "encrypted object",
    "SOPS signs an encrypted file including the order of its keys. The compiler would rewrite the object, so it could "
    "no longer be decrypted. Keep the value in a store and refer to it with an ExternalSecret, or apply the file from "
    "a separate folder outside output/.",
)


def read_resources(source: Source, file: str, listed: Span) -> list[Resource]:
    """Return the objects in a file; documents that are not objects are findings and left out."""
    return [
        Resource(document.data, document.span(()), document.values)
        for document in source.documents(file, listed)
        if _is_object(document, source.findings)
    ]


def _is_object(document: Document, findings: Findings) -> bool:
    problem, hint = _problem(document)
    if problem:
        findings.add(NOT_AN_OBJECT, problem, document.span(()), hint=hint)
    elif "sops" in document.data:
        message = "the object is encrypted by SOPS, and could not be decrypted after it is compiled"
        findings.add(ENCRYPTED, message, document.key_span(("sops",)), hint="use an ExternalSecret")
    else:
        check_secret_values(document, findings)
        return True
    return False


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
    missing = " and no ".join(name for name, value in required.items() if not value or not isinstance(value, str))
    if missing:
        return f"the object has no {missing}", "a part of an object is a patch: list it under patches"
    return "", ""
