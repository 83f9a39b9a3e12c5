"""What cosign and Flux verify: the signature of an artifact, and signed statements about it.

- The signature is an artifact behind the tag sha256-<digest>.sig (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md).
  All versions of Flux take it.
- A signed statement is a bundle of Sigstore (github.com/sigstore/protobuf-specs, sigstore_bundle.proto) in an artifact
  about the other one. If there is any, Flux 2.8 and later verifies that in place of the tag.

A signature by a key is deterministic (RFC 6979), so that the same commit gives the same artifacts.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from floe_compiler.publish.artifact import MANIFEST_TYPE, Artifact, artifact_with, descriptor, digest_of
from floe_compiler.publish.reference import Reference

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
IMAGE_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
STATEMENT_TYPE = "application/vnd.in-toto+json"


def tag_of_signatures(artifact: Artifact) -> str:
    """Return the tag of the signatures of an artifact."""
    return f"{artifact.digest.replace(':', '-')}.sig"


def signed(reference: Reference, artifact: Artifact, key: EllipticCurvePrivateKey, former: Artifact | None) -> Artifact:
    """Return the artifact with the signature of another one, and with those that are there already.

    Args:
        reference: where the other artifact is.
        artifact: what is signed.
        key: the key.
        former: what the tag of its signatures refers to; None if there is none.
    """
    payload = _compact(
        {
            "critical": {
                "identity": {"docker-reference": f"{reference.registry}/{reference.name}"},
                "image": {"docker-manifest-digest": artifact.digest},
                "type": "cosign container image signature",
            },
            "optional": None,
        }
    )
    own = {**descriptor(PAYLOAD_TYPE, payload), "annotations": {SIGNATURE: _text(_signature(key, payload))}}
    former_layers: list[dict[str, Any]] = json.loads(former.manifest)["layers"] if former else []
    layers = former_layers if own in former_layers else [*former_layers, own]
    contents = {digest_of(content): content for content in (*(former.blobs if former else ()), payload)}
    config = _compact(
        {
            "architecture": "",
            "os": "",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        }
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(IMAGE_CONFIG_TYPE, config),
        "layers": layers,
    }
    return Artifact(_compact(manifest), (config, *(contents[str(layer["digest"])] for layer in layers)))


def bundle_of(statement: bytes, key: EllipticCurvePrivateKey) -> bytes:
    """Return a statement signed by a key, as a bundle (github.com/secure-systems-lab/dsse, protocol.md)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = _signature(key, signed_content(statement))
    return _compact(
        {
            "mediaType": BUNDLE_TYPE,
            "verificationMaterial": {"publicKey": {"hint": _text(hashlib.sha256(public).digest())}},
            "dsseEnvelope": {
                "payload": _text(statement),
                "payloadType": STATEMENT_TYPE,
                "signatures": [{"sig": _text(signature)}],
            },
        }
    )


def signed_content(statement: bytes) -> bytes:
    """Return what is signed of a statement: with its type and length (protocol.md, "PAE")."""
    return f"DSSEv1 {len(STATEMENT_TYPE)} {STATEMENT_TYPE} {len(statement)} ".encode() + statement


def attestation(artifact: Artifact, bundle: bytes, predicate: str) -> Artifact:
    """Return the artifact of a bundle about another artifact, with the annotations by which cosign finds it."""
    annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate}
    return artifact_with(bundle, BUNDLE_TYPE, BUNDLE_TYPE, annotations, about=artifact)


def _signature(key: EllipticCurvePrivateKey, content: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    return key.sign(content, ECDSA(SHA256(), deterministic_signing=True))


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
