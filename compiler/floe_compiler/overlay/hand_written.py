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
    "A file under resources holds Kubernetes objects: mappings with apiVersion, kind and metadata.name. Patches belong"
    " under patches, folders with a kustomization.yaml are listed as folders, and a List is written as its items.",
)

ENCRYPTED = Rule(
    "K020",
    "encrypted object",
    "SOPS signs an encrypted file as it stands, order and all. The compiler would write the object anew, and nothing "
    "could decrypt it any more. Keep the value in a store and refer to it with an ExternalSecret, or apply the file "
    "from a folder of its own, outside of output/.",
)


def read_resources(source: Source, file: str, listed: Span) -> list[Resource]:
    """Return the objects in a file; documents that are not objects are recorded and left out."""
    return [
        Resource(document.data, document.span(()))
        for document in source.documents(file, listed)
        if _is_object(document, source.findings)
    ]


def _is_object(document: Document, findings: Findings) -> bool:
    problem, hint = _problem(document)
    if problem:
        findings.add(NOT_AN_OBJECT, problem, document.span(()), hint=hint)
    elif "sops" in document.data:
        message = "the object is encrypted by SOPS, and would not survive being compiled"
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
        return f"{identity.kind} is an input of floe-compile, which it finds by itself", "take it out of resources"
    if identity.kind.endswith("List") and "items" in manifest:
        return f"{identity.kind} holds several objects", "write each of them as a document of its own"
    given = {"apiVersion": manifest.get("apiVersion"), "kind": identity.kind, "metadata.name": identity.name}
    missing = " and no ".join(name for name, value in given.items() if not value or not isinstance(value, str))
    if missing:
        return f"the object has no {missing}", "a part of an object is a patch: list it under patches"
    return "", ""
