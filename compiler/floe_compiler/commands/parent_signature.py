"""Whether a parent in a registry has the signature that `extends` of the manifest requires."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Findings, Rule, StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.span import Span

if TYPE_CHECKING:
    from floe_compiler.model.inputs.inheritance import ParentSignature
    from floe_compiler.publish.artifact import Artifact
    from floe_compiler.publish.reference import Reference
    from floe_compiler.publish.session import Login

VERIFY: DataPath = ("extends", "verify")
NOT_VERIFIED = Rule(
    "P005",
    "parent without the signature that is asked for",
    "The manifest says who must have signed its parent, in `extends: {verify: ...}`, and the parent is not signed, was "
    "signed by somebody else, or cannot be verified. Nothing was vendored.",
)


class RequiredSignature(msgspec.Struct, frozen=True):
    """Who must have signed the parent of the manifest in a repository, and where that is written."""

    root: Path
    signature: ParentSignature
    span: Span

    def failed(self, message: str, hint: str) -> StageFailed:
        """Return the error that a parent does not have this signature."""
        return StageFailed([Diagnostic(NOT_VERIFIED, message, self.span, hint=hint)])

    def check(self, reference: Reference, artifact: Artifact, login: Login) -> None:
        """Accept a parent that has the required signature.

        Raises:
            StageFailed: if it does not have it (P005).
            Refused: if the registry does not give its signatures.
        """
        from floe_compiler.publish.keys import BadKey, read_public_key
        from floe_compiler.publish.registry import attached, pull
        from floe_compiler.publish.signatures import BUNDLE_TYPE, tag_of_signatures
        from floe_compiler.publish.verification import CannotVerify, is_signed_as, is_signed_by_key

        signatures = pull(reference._replace(tag=tag_of_signatures(artifact)), login)
        bundles = attached(reference, artifact, BUNDLE_TYPE, login)
        wanted = self.signature
        try:
            if wanted.key:
                is_signed = is_signed_by_key(artifact, signatures, bundles, read_public_key(self.root / wanted.key))
                who, option = f"the key {wanted.key}", "--sign-key FILE"
            else:
                is_signed = is_signed_as(artifact, bundles, wanted.issuer or "", wanted.subject or "")
                who, option = f"{wanted.subject} of {wanted.issuer}", "--sign-identity"
        except BadKey as error:
            raise self.failed(f"{wanted.key} cannot verify a signature: {error}", "correct the file, or key") from None
        except CannotVerify as error:
            raise self.failed("signatures by identities cannot be verified here", str(error)) from None
        if not (is_signed or signatures or bundles):
            hint = f"ask who publishes it to sign it: floe-compile publish {reference} --parent {option}"
            raise self.failed(f"{reference} must be signed by {who}, but it has no signature", hint)
        if not is_signed:
            hint = "take nothing from there until it is clear who has signed it; if they have a new key, write that"
            raise self.failed(f"{reference} is signed, but not by {who}", hint)


def required_signature(root: Path) -> RequiredSignature | None:
    """Return who must have signed the parent, as the manifest in a repository says; None if it does not.

    Raises:
        StageFailed: if what the manifest says about it is wrong.
    """
    from floe_compiler.load.yaml_reader import read_documents
    from floe_compiler.model.inputs.inheritance import ParentSignature
    from floe_compiler.model.nested_fields import at
    from floe_compiler.model.plain_files import read_plain
    from floe_compiler.resolve.layers import Layer, merge
    from floe_compiler.resolve.validation import validate

    try:
        text = read_plain(root / MANIFEST).decode(errors="replace")
    except OSError:  # reported when it is edited
        return None
    documents, _ = read_documents(text, MANIFEST)
    document = documents[0] if documents else None
    if document is None or not isinstance(document.data, dict) or at(document.data, VERIFY) is None:
        return None
    findings = Findings()
    signature = validate(ParentSignature, merge([Layer(document.file, document.data, document)]), VERIFY, findings)
    findings.finish()
    assert signature is not None  # noqa: S101 -- or else there is a finding
    place = (*VERIFY, "key" if signature.key else "subject")
    return RequiredSignature(root, signature, document.span(place) or document.key_span(VERIFY))
