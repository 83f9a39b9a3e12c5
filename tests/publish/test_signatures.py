"""Signatures and provenance, verified by the standard and by another library than the one that signs."""

from __future__ import annotations

import base64
import hashlib
import json
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cosign_keys import KEY, OTHER
from floe_compiler.publish.artifact import Artifact, artifact_of, digest_of
from floe_compiler.publish.identities import NoIdentity, bundle_by_identity
from floe_compiler.publish.provenance import BY_HAND, PREDICATE, Built, Source, provenance
from floe_compiler.publish.reference import parse_reference
from floe_compiler.publish.signatures import attestation, bundle_of, signed, tag_of_signatures

PLACE = parse_reference("oci://ghcr.io/acme/mesh:dev")
ARTIFACT = artifact_of({"output/dev/a.yaml": b"one\n"}, {})
SOURCE = Source("sha1:0a0b", "https://github.com/acme/mesh.git", "teams/mesh")
BUILT = Built({"environment": "dev"}, {"b": "bb", "a": "aa"}, ("1.0", "cc"), ("pkg:pypi/cdk8s@2.70",))
STATEMENT = provenance(PLACE, ARTIFACT, SOURCE, BUILT, BY_HAND)


def verify(key: ec.EllipticCurvePrivateKey, signature: str, content: bytes) -> None:
    key.public_key().verify(base64.b64decode(signature), content, ec.ECDSA(SHA256()))


def payloads(artifact: Artifact) -> list[tuple[str, bytes]]:
    """Return each signature in an artifact of signatures, with what it signs."""
    contents = {digest_of(content): content for content in artifact.blobs}
    manifest = json.loads(artifact.manifest)
    assert contents[manifest["config"]["digest"]]
    return [
        (layer["annotations"]["dev.cosignproject.cosign/signature"], contents[layer["digest"]])
        for layer in manifest["layers"]
    ]


def test_a_signature_names_its_artifact() -> None:
    ((signature, payload),) = payloads(signed(PLACE, ARTIFACT, KEY, None))
    verify(KEY, signature, payload)
    assert json.loads(payload) == {
        "critical": {
            "identity": {"docker-reference": "ghcr.io/acme/mesh"},
            "image": {"docker-manifest-digest": ARTIFACT.digest},
            "type": "cosign container image signature",
        },
        "optional": None,
    }
    assert tag_of_signatures(ARTIFACT) == f"sha256-{hashlib.sha256(ARTIFACT.manifest).hexdigest()}.sig"


def test_signatures_of_others_are_kept_and_ones_own_is_added_once() -> None:
    first = signed(PLACE, ARTIFACT, OTHER, None)
    two_signatures = signed(PLACE, ARTIFACT, KEY, first)
    assert signed(PLACE, ARTIFACT, KEY, two_signatures) == two_signatures
    for key, (signature, payload) in zip((OTHER, KEY), payloads(two_signatures), strict=True):
        verify(key, signature, payload)


def test_a_bundle_has_the_statement_and_its_signature() -> None:
    bundle = json.loads(bundle_of(STATEMENT, KEY))
    envelope = bundle["dsseEnvelope"]
    content = base64.b64decode(envelope["payload"])
    assert content == STATEMENT
    (signature,) = envelope["signatures"]
    before = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(content)
    verify(KEY, signature["sig"], before + content)
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"


def test_the_same_key_signs_the_same_way() -> None:
    assert bundle_of(STATEMENT, KEY) == bundle_of(STATEMENT, KEY) != bundle_of(STATEMENT, OTHER)
    assert signed(PLACE, ARTIFACT, KEY, None) == signed(PLACE, ARTIFACT, KEY, None)


def test_an_attestation_is_about_the_artifact() -> None:
    manifest = json.loads(attestation(ARTIFACT, b"{}", PREDICATE).manifest)
    assert manifest["subject"] == {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": ARTIFACT.digest,
        "size": len(ARTIFACT.manifest),
    }
    assert manifest["annotations"]["dev.sigstore.bundle.predicateType"] == "https://slsa.dev/provenance/v1"


def test_the_provenance_names_its_sources() -> None:
    statement = json.loads(STATEMENT)
    algorithm, _, digest = ARTIFACT.digest.partition(":")
    assert statement["subject"] == [{"name": "ghcr.io/acme/mesh", "digest": {algorithm: digest}}]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"] == {"environment": "dev", "path": "teams/mesh"}
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://github.com/acme/mesh.git", "digest": {"gitCommit": "0a0b"}},
        {"name": "a", "digest": {"sha256": "aa"}},
        {"name": "b", "digest": {"sha256": "bb"}},
        {"uri": "pkg:pypi/floe-compile@1.0", "digest": {"sha256": "cc"}},
        {"uri": "pkg:pypi/cdk8s@2.70"},
    ]
    assert statement["predicate"]["runDetails"] == {"builder": {"id": BY_HAND}}


def test_sigstore_accepts_the_statement() -> None:
    dsse = pytest.importorskip("sigstore.dsse", reason="not installed: sigstore (extra `sign`)")
    dsse.Statement(STATEMENT)


def test_without_an_identity_signing_fails() -> None:
    pytest.importorskip("sigstore", reason="not installed: sigstore (extra `sign`)")
    with pytest.raises(NoIdentity, match="there is no identity to sign as"):
        bundle_by_identity(STATEMENT)


def test_identities_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    with pytest.raises(NoIdentity, match=r"install the extra: pip install 'floe-compile\[sign\]'"):
        bundle_by_identity(STATEMENT)
