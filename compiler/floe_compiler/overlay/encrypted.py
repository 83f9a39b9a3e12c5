"""Objects that SOPS has encrypted: what can be checked of them without the key. They are delivered as they are.

SOPS signs a file with all of its values in their order (getsops/sops#833), so nothing in it may change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from floe_compiler.model.credentials import secret_in
from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object, identify
from floe_compiler.overlay.kustomization import Resource
from floe_compiler.overlay.secret_values import SECRET_VALUE

ENCRYPTED = Rule(
    "K020",
    "encrypted object",
    "SOPS signs an encrypted file including the order of its keys, so the compiler delivers it as it is, and no patch "
    "may change it. It must be one Secret, or one SopsSecret of the SOPS Secrets Operator, in a file of its own, in "
    "which exactly the values of `data` and `stringData` are encrypted.",
)

SIGNATURE = "sops"
"""The key under which SOPS keeps the signature and the encrypted keys."""

HOW = "sops encrypt --encrypted-regex '^(data|stringData)$' --in-place"

_VALUE = re.compile(r"ENC\[AES256_GCM,data:[\w+/=]*,iv:[\w+/=]+,tag:[\w+/=]+,type:(?P<type>\w+)\]", re.ASCII)
_KEYS = ("age", "azure_kv", "gcp_kms", "hc_vault", "hckms", "key_groups", "kms", "pgp")
_FIELDS = ("data", "stringData")
_TEMPLATES: DataPath = ("spec", "secretTemplates")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_COMMENT = re.compile(r"(?:^|\s)#(?P<text>.*)$")


def is_encrypted(document: Document) -> bool:
    """Return whether SOPS has encrypted a document."""
    return isinstance(document.data, dict) and SIGNATURE in document.data


def read_encrypted(documents: Sequence[Document], text: str, findings: Findings) -> Resource | None:
    """Return the object of an encrypted file: its keys without values, and its text. None, with findings, if wrong."""
    before = len(findings.diagnostics)
    first, *others = documents
    if others:
        message = "a file that SOPS has encrypted has several objects, but its signature is for the whole file"
        hint = "write each object into a file of its own, and encrypt that"
        findings.add(ENCRYPTED, message, others[0].span(()), hint=hint)
        return None
    if not _is_readable(first, findings):
        return None
    for path, value in _values(first.data):
        _check_value(first, path, value, findings)
    if at(first.data, ("metadata", "annotations", _LAST_APPLIED)) is not None:
        path = ("metadata", "annotations", _LAST_APPLIED)
        message = f"{show_path(path)} holds the object as it was before, with its values"
        findings.add(SECRET_VALUE, message, first.key_span(path), hint="remove it, and encrypt again", secret=True)
    for line, comment in _comments(text):
        if kind := secret_in(comment):
            message = f"the comment in line {line} holds what looks like {kind}"
            findings.add(SECRET_VALUE, message, first.span(()), hint="remove it, and encrypt again", secret=True)
    if len(findings.diagnostics) > before:
        return None
    places = {path: span for path, span in first.values.items() if path[:1] != (SIGNATURE,)}
    return Resource(without_values(first.data), first.span(()), places, text)


def without_values(manifest: Object) -> Object:
    """Return an encrypted object without its values and its signature."""
    unsigned = {key: value for key, value in manifest.items() if key != SIGNATURE}
    if identify(manifest).kind == "Secret":
        return _blank(unsigned)
    templates = [_blank(template) for template in mappings(unsigned, _TEMPLATES)]
    return {**unsigned, "spec": {**mapping(unsigned, ("spec",)), "secretTemplates": templates}}


def _blank(holder: Object) -> Object:
    return {key: dict.fromkeys(value, "") if key in _FIELDS and value else value for key, value in holder.items()}


def _is_readable(document: Document, findings: Findings) -> bool:
    """Return whether it can be told what the object is, and who can decrypt it; add a finding if not."""
    manifest = document.data
    identity = identify(manifest)
    hidden = next((path for path in _encrypted(manifest) if not _is_value(path)), None)
    if hidden is not None:
        message = f"{show_path(hidden)} is encrypted, so that nothing can be said of the object"
        hint = f"decrypt it, and encrypt only data and stringData: {HOW} {document.file}"
        findings.add(ENCRYPTED, message, document.span(hidden), hint=hint)
    elif (identity.group, identity.kind) not in (("", "Secret"), ("isindir.github.com", "SopsSecret")):
        message = f"SOPS has encrypted a {identity.kind}, which nothing decrypts"
        hint = "put what is secret into a Secret, encrypt that, and refer to it"
        findings.add(ENCRYPTED, message, document.span(("kind",)), hint=hint)
    elif (shape := _wrong_shape(manifest)) is not None:
        message = f"{show_path(shape)} has another shape than the kind has, so its values cannot be checked"
        findings.add(
            ENCRYPTED, message, document.key_span(shape), hint="write a mapping of keys and values", secret=True
        )
    elif not at(manifest, (SIGNATURE, "mac")) or not any(at(manifest, (SIGNATURE, name)) for name in _KEYS):
        message = "its signature is incomplete: there is no `mac`, or no key that it was encrypted with"
        findings.add(
            ENCRYPTED,
            message,
            document.key_span((SIGNATURE,)),
            hint="take the file from Git as it was, or encrypt it again",
        )
    else:
        return True
    return False


def _check_value(document: Document, path: DataPath, value: Any, findings: Findings) -> None:
    encrypted = _VALUE.fullmatch(value) if isinstance(value, str) else None
    if encrypted is None and value not in ("", None):  # which SOPS leaves as they are
        message = f"{show_path(path)} is not encrypted"
        hint = f"encrypt the file, {HOW} {document.file}, and renew the value: whoever has the repository may know it"
        findings.add(SECRET_VALUE, message, document.span(path), hint=hint, secret=True)
    elif encrypted is not None and encrypted["type"] != "str":
        message = f"{show_path(path)} is not text (type:{encrypted['type']}), but Kubernetes only takes text"
        hint = 'put the value in quotes ("5432", "true") before it is encrypted'
        findings.add(ENCRYPTED, message, document.span(path), hint=hint, secret=True)


def _values(manifest: Object) -> Iterator[tuple[DataPath, Any]]:
    """Yield the values that must be encrypted, with their paths."""
    for above, holder in _holders(manifest):
        for field in _FIELDS:
            for key, value in mapping(holder, (field,)).items():
                yield (*above, field, key), value


def _holders(manifest: Object) -> Iterator[tuple[DataPath, Any]]:
    """Yield what has values, with its path: the Secret itself, or each template of a SopsSecret."""
    if identify(manifest).kind == "Secret":
        yield (), manifest
    for index, template in enumerate(items(manifest, _TEMPLATES)):
        yield (*_TEMPLATES, index), template


def _wrong_shape(manifest: Object) -> DataPath | None:
    """Return the path of something that should have values, and may have some elsewhere; None if there is nothing."""
    if identify(manifest).kind == "SopsSecret" and not isinstance(at(manifest, _TEMPLATES), list):
        return _TEMPLATES
    for above, holder in _holders(manifest):
        if not isinstance(holder, dict):
            return above
        for field in _FIELDS:
            if not isinstance(holder.get(field), dict | None):
                return (*above, field)
    return None


def _encrypted(data: Any, path: DataPath = ()) -> Iterator[DataPath]:
    """Yield the path of each encrypted value, but for those of the signature."""
    if path == (SIGNATURE,):
        return
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in below:
        yield from _encrypted(value, (*path, step))
    if isinstance(data, str) and _VALUE.fullmatch(data):
        yield path


def _is_value(path: DataPath) -> bool:
    in_template = path[:2] == _TEMPLATES and path[3:4] and path[3] in _FIELDS
    return bool(path[0] in _FIELDS or in_template)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments that are not encrypted, with their lines.

    Other text may be taken for a comment, which does no harm.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if (match := _COMMENT.search(line)) and not match["text"].startswith("ENC["):
            yield number, match["text"]
