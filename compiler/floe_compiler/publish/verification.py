"""Verifies signatures of an artifact, in the forms that `signatures.py` and cosign write.

- By a key: the signature behind the tag sha256-<digest>.sig, or a bundle of Sigstore about the artifact, as cosign 3
  writes it.
- By an identity: a bundle, with a certificate of Sigstore and a place in its public log.

A bundle has an in-toto statement. Only statements count that say who made the artifact, or that it was signed: a
scanner may sign its results with the same key.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from floe_compiler.publish.artifact import Artifact, digest_of
from floe_compiler.publish.provenance import PREDICATE
from floe_compiler.publish.signatures import SIGNATURE, STATEMENT_TYPE, signed_content

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

VOUCHING = (PREDICATE, "https://sigstore.dev/cosign/sign/v1")
"""The types of statements by which somebody vouches for an artifact: its provenance, and what `cosign sign` writes."""


class CannotVerify(Exception):
    """Signatures cannot be verified on this machine; the message says why."""


def is_signed_by_key(
    artifact: Artifact, signatures: Artifact | None, bundles: Iterable[Artifact], key: EllipticCurvePublicKey
) -> bool:
    """Return whether a key has signed an artifact.

    Args:
        artifact: What must be signed.
        signatures: What is behind the tag of its signatures; None if there is nothing.
        bundles: What the registry has about it.
        key: The public key.
    """
    payloads = (_json(payload) for payload in _payloads(signatures, key)) if signatures else ()
    if any(_named(payload) == artifact.digest for payload in payloads):
        return True
    return any(_vouches(statement, artifact) for bundle in bundles for statement in _statements(bundle, key))


def is_signed_as(artifact: Artifact, bundles: Iterable[Artifact], issuer: str, subject: str) -> bool:
    """Return whether somebody has signed an artifact as an identity, by Sigstore.

    Raises:
        CannotVerify: if the extra is not installed, or Sigstore's root of trust cannot be fetched.
    """
    try:
        from sigstore.errors import Error, VerificationError
        from sigstore.models import Bundle, InvalidBundle
        from sigstore.verify import Verifier, policy
    except ImportError:
        raise CannotVerify("install the extra: pip install 'floe-compile[sign]'") from None
    wanted = policy.Identity(identity=subject, issuer=issuer)
    try:
        verifier = Verifier.production()
    except (Error, OSError) as error:
        raise CannotVerify(f"what Sigstore trusts cannot be had: {type(error).__name__}") from None
    for bundle in bundles:
        try:
            kind, payload = verifier.verify_dsse(Bundle.from_json(bundle.blobs[-1]), wanted)
        except (VerificationError, InvalidBundle, ValueError):
            continue
        if kind == STATEMENT_TYPE and _vouches(payload, artifact):
            return True
    return False


def _payloads(signatures: Artifact, key: EllipticCurvePublicKey) -> Iterator[bytes]:
    """Yield what a key has signed, of the layers of an artifact of signatures."""
    contents = {digest_of(content): content for content in signatures.blobs}
    for layer in json.loads(signatures.manifest)["layers"]:
        content = contents.get(layer["digest"], b"")
        if _is_signed(key, (layer.get("annotations") or {}).get(SIGNATURE), content):
            yield content


def _statements(bundle: Artifact, key: EllipticCurvePublicKey) -> Iterator[bytes]:
    """Yield the statement in a bundle if a key has signed it."""
    envelope = _json(bundle.blobs[-1], "dsseEnvelope")
    if not isinstance(envelope, dict) or envelope.get("payloadType") != STATEMENT_TYPE:
        return
    statement = _decoded(envelope.get("payload"))
    signatures = envelope.get("signatures")
    for signature in signatures if isinstance(signatures, list) else ():
        if isinstance(signature, dict) and _is_signed(key, signature.get("sig"), signed_content(statement)):
            yield statement


def _vouches(statement: bytes, artifact: Artifact) -> bool:
    """Return whether a statement that is signed vouches for an artifact."""
    subjects = _json(statement, "subject")
    listed = subjects if isinstance(subjects, list) else []
    digests = [subject.get("digest") for subject in listed if isinstance(subject, dict)]
    algorithm, _, digest = artifact.digest.partition(":")
    named = any(isinstance(by_algorithm, dict) and by_algorithm.get(algorithm) == digest for by_algorithm in digests)
    return named and _json(statement, "predicateType") in VOUCHING


def _named(payload: Any) -> object:
    """Return the digest of the artifact that a payload of cosign is about."""
    for key in ("critical", "image", "docker-manifest-digest"):
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def _is_signed(key: EllipticCurvePublicKey, signature: object, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(_decoded(signature), content, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _json(content: bytes, key: str = "") -> Any:
    """Return what JSON says, or says of one key; None if it is something else."""
    try:
        parsed = json.loads(content)
    except ValueError:
        return None
    return parsed if not key else parsed.get(key) if isinstance(parsed, dict) else None
