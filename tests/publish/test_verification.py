"""An artifact is signed only by a key that has signed this artifact, in a form that names the artifact."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from cosign_keys import KEY, OTHER
from floe_compiler.publish.artifact import Artifact, artifact_of
from floe_compiler.publish.provenance import PREDICATE
from floe_compiler.publish.reference import parse_reference
from floe_compiler.publish.signatures import attestation, bundle_of, signed
from floe_compiler.publish.verification import VOUCHING, CannotVerify, is_signed_as, is_signed_by_key

PLACE = parse_reference("oci://ghcr.io/acme/parent:1")
PARENT = artifact_of({"platform-manifest.yaml": b"one"}, {})
ANOTHER = artifact_of({"platform-manifest.yaml": b"two"}, {})
PUBLIC = KEY.public_key()


def bundle(about: Artifact, key: EllipticCurvePrivateKey, predicate: str = PREDICATE) -> Artifact:
    subject = {"name": "a", "digest": {"sha256": about.digest.removeprefix("sha256:")}}
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [subject], "predicateType": predicate}
    return attestation(PARENT, bundle_of(json.dumps(statement).encode(), key), predicate)


@pytest.mark.parametrize(
    ("signatures", "right"),
    [
        (signed(PLACE, PARENT, KEY, None), True),
        (signed(PLACE, PARENT, KEY, signed(PLACE, PARENT, OTHER, None)), True),
        (signed(PLACE, PARENT, OTHER, None), False),
        (signed(PLACE, ANOTHER, KEY, None), False),
        (None, False),
    ],
)
def test_a_signature_beside_the_tag_is_verified(signatures: Artifact | None, *, right: bool) -> None:
    assert is_signed_by_key(PARENT, signatures, (), PUBLIC) is right


@pytest.mark.parametrize(
    ("bundles", "right"),
    [
        *(([bundle(PARENT, KEY, predicate)], True) for predicate in VOUCHING),
        ([bundle(PARENT, OTHER), bundle(PARENT, KEY)], True),
        ([bundle(PARENT, OTHER)], False),
        ([bundle(ANOTHER, KEY)], False),
        ([bundle(PARENT, KEY, "https://cosign.sigstore.dev/attestation/vuln/v1")], False),
        ([], False),
    ],
)
def test_a_bundle_for_the_artifact_is_verified(bundles: list[Artifact], *, right: bool) -> None:
    assert is_signed_by_key(PARENT, None, bundles, PUBLIC) is right


@pytest.mark.parametrize(
    "bundle_",
    [
        [],
        {"dsseEnvelope": 1},
        {"dsseEnvelope": {"payloadType": "application/vnd.in-toto+json"}},
        {
            "dsseEnvelope": {
                "payloadType": "application/vnd.in-toto+json",
                "payload": "?",
                "signatures": [1, {"sig": 2}],
            }
        },
        {"messageSignature": {"signature": "MEUCIQ=="}},
    ],
)
def test_an_invalid_bundle_is_not_a_signature(bundle_: Any) -> None:
    assert not is_signed_by_key(PARENT, None, [attestation(PARENT, json.dumps(bundle_).encode(), PREDICATE)], PUBLIC)
    assert not is_signed_by_key(PARENT, None, [attestation(PARENT, b"{", PREDICATE)], PUBLIC)


def test_a_statement_of_another_type_does_not_count() -> None:
    bundle_ = json.loads(bundle(PARENT, KEY).blobs[-1])
    payload = base64.b64decode(bundle_["dsseEnvelope"]["payload"])
    content = f"DSSEv1 10 text/plain {len(payload)} ".encode() + payload
    signature = base64.b64encode(KEY.sign(content, ECDSA(SHA256()))).decode()
    bundle_["dsseEnvelope"] |= {"payloadType": "text/plain", "signatures": [{"sig": signature}]}
    assert not is_signed_by_key(PARENT, None, [attestation(PARENT, json.dumps(bundle_).encode(), PREDICATE)], PUBLIC)


def test_identities_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    monkeypatch.setitem(sys.modules, "sigstore.errors", None)
    with pytest.raises(CannotVerify, match=r"install the extra: pip install 'floe-compile\[sign\]'"):
        is_signed_as(PARENT, [], "https://accounts.acme.example", "jane@acme.example")


IDENTITY = ("https://accounts.acme.example", "jane@acme.example")


class Verifier:
    """A stand-in for Sigstore's verifier, which needs its servers: it has a signer and returns the statement."""

    def __init__(self, signer: tuple[str, str]) -> None:
        self.signer = signer

    def verify_dsse(self, bundle_: dict[str, Any], policy: Any) -> tuple[str, bytes]:
        from sigstore.errors import VerificationError

        if (policy._issuer._value, policy._identity) != self.signer:
            raise VerificationError("another one")
        envelope = bundle_["dsseEnvelope"]
        return envelope["payloadType"], base64.b64decode(envelope["payload"])


@pytest.mark.parametrize(
    ("signer", "about", "right"),
    [(IDENTITY, PARENT, True), (IDENTITY, ANOTHER, False), ((IDENTITY[0], "joe@acme.example"), PARENT, False)],
)
def test_a_bundle_of_an_identity_is_verified(
    monkeypatch: pytest.MonkeyPatch, signer: tuple[str, str], about: Artifact, *, right: bool
) -> None:
    pytest.importorskip("sigstore", reason="not installed: sigstore (extra `sign`)")
    monkeypatch.setattr("sigstore.verify.Verifier.production", lambda: Verifier(signer))
    monkeypatch.setattr("sigstore.models.Bundle.from_json", json.loads)
    assert is_signed_as(PARENT, [bundle(about, KEY)], *IDENTITY) is right


def test_without_the_trust_root_of_sigstore_verification_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = pytest.importorskip("sigstore.errors", reason="not installed: sigstore (extra `sign`)")

    def fail() -> None:
        raise errors.TUFError("Failed to refresh TUF metadata")

    monkeypatch.setattr("sigstore.verify.Verifier.production", fail)
    with pytest.raises(CannotVerify, match="what Sigstore trusts cannot be had: TUFError"):
        is_signed_as(PARENT, [], *IDENTITY)


def test_an_invalid_sigstore_bundle_is_not_a_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sigstore", reason="not installed: sigstore (extra `sign`)")
    monkeypatch.setattr("sigstore.verify.Verifier.production", lambda: Verifier(IDENTITY))
    assert not is_signed_as(PARENT, [bundle(PARENT, KEY)], *IDENTITY)
