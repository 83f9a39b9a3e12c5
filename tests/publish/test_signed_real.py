"""A signed artifact in a real registry: OpenSSL verifies it, and so does cosign's code as Flux calls it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosign_keys import KEY, PASSWORD
from floe_compiler.commands.publish_signed import Signer, push_signed
from floe_compiler.publish.artifact import artifact_of
from floe_compiler.publish.keys import read_key
from floe_compiler.publish.provenance import BY_HAND, Built, Source, provenance
from floe_compiler.publish.reference import Reference
from floe_compiler.publish.registry import pull
from floe_compiler.publish.signatures import bundle_of, tag_of_signatures
from oci_registry import fetched, needs_registry, registry

VERIFY = shutil.which("fluxverify")
OPENSSL = shutil.which("openssl")
needs_verify = pytest.mark.skipif(not VERIFY, reason="fluxverify is not built (CONTRIBUTING.md)")
pytestmark = [pytest.mark.real, needs_registry]

ARTIFACT = artifact_of({"output/dev/a.yaml": b"one\n"}, {})


def no_login() -> None:
    """Return no login."""


def publish(address: str, key: object = KEY) -> Reference:
    """Push the artifact, signed by a key, and return where it is."""
    place = Reference(address, "acme/mesh", "dev")
    source = Source("sha1:0a0b", "https://github.com/acme/mesh.git", "")
    statement = provenance(place, ARTIFACT, source, Built({}, {"a": "aa"}, ("1.0", "cc"), ()), BY_HAND)
    signer = Signer(key, BY_HAND)  # type: ignore[arg-type]
    push_signed(place, ARTIFACT, signer, bundle_of(statement, signer.key), no_login)  # type: ignore[arg-type]
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """Return the place of an artifact that was published twice."""
    with registry(tmp_path_factory.mktemp("registry")) as address:
        assert publish(address) == publish(address)
        yield Reference(address, "acme/mesh", "dev")


@pytest.fixture
def public(tmp_path: Path) -> Path:
    file = tmp_path / "cosign.pub"
    file.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file


def run(*command: str | Path | None, **variables: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **variables}
    )


def test_the_tag_refers_to_the_artifact_and_its_blobs(place: Reference) -> None:
    assert pull(place, no_login) == ARTIFACT
    assert pull(place._replace(tag="none"), no_login) is None


@pytest.mark.skipif(not OPENSSL, reason="not installed: openssl")
def test_openssl_verifies_the_signature(place: Reference, public: Path, tmp_path: Path) -> None:
    artifact = pull(place._replace(tag=tag_of_signatures(ARTIFACT)), no_login)
    assert artifact
    (layer,) = json.loads(artifact.manifest)["layers"]
    payload, signature = tmp_path / "payload", tmp_path / "signature"
    payload.write_bytes(artifact.blobs[-1])
    signature.write_bytes(base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"]))
    command = (OPENSSL, "dgst", "-sha256", "-verify", public, "-signature", signature, payload)
    assert run(*command).stdout == "Verified OK\n"
    payload.write_bytes(artifact.blobs[-1].replace(b"sha256:", b"sha256:0", 1))
    assert run(*command).returncode != 0


def test_the_list_of_referrers_has_the_provenance_once(place: Reference) -> None:
    """The registry has no API of referrers (its version 2)."""
    body, _ = fetched(place.registry, f"acme/mesh/manifests/{ARTIFACT.digest.replace(':', '-')}")
    (referrer,) = json.loads(body)["manifests"]
    assert referrer["artifactType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    manifest, _ = fetched(place.registry, f"acme/mesh/manifests/{referrer['digest']}")
    assert json.loads(manifest)["subject"]["digest"] == ARTIFACT.digest


@needs_verify
def test_flux_verifies_it_with_the_key_alone(place: Reference, public: Path, tmp_path: Path) -> None:
    address = f"{place.registry}/acme/mesh:dev"
    assert run(VERIFY, address, public).stdout == "bundle 1\n"
    assert run(VERIFY, "-tag", address, public).stdout == "signature 1\n"
    run(VERIFY, "-generate", tmp_path, COSIGN_PASSWORD=PASSWORD)
    other_key = tmp_path / "cosign.pub"
    assert other_key.read_bytes() != KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for options in ((), ("-tag",)):
        refused = run(VERIFY, *options, address, other_key)
        assert (refused.returncode, refused.stdout) == (1, "")


@needs_verify
def test_a_key_made_by_cosign_signs(tmp_path: Path) -> None:
    assert run(VERIFY, "-generate", tmp_path, COSIGN_PASSWORD=PASSWORD).returncode == 0
    key = read_key(tmp_path / "cosign.key", partial(str, PASSWORD))
    with registry(tmp_path) as address:
        publish(address, key)
        publish(address)
        for options in ((), ("-tag",)):
            verified = run(VERIFY, *options, f"{address}/acme/mesh:dev", tmp_path / "cosign.pub")
            assert verified.returncode == 0, verified.stderr
