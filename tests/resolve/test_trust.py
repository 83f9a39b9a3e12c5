"""What an environment trusts, from its settings and the files of certificates."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import authority
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment
from floe_compiler.model.sources import Sources
from floe_compiler.model.trust import Authority, BundleSources, Trust
from floe_compiler.model.truststore import truststore
from floe_compiler.resolve.trust import trust_of

ENDS = datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC)
ROOT, NEXT = authority("Acme Root", ENDS), authority("Acme Next", ENDS)
FILES = {
    "trust/root.pem": f"Acme's first.\n\n{ROOT.pem}",
    "trust/both.crt": f"{ROOT.pem}{NEXT.pem}".replace("\n-----END", "\n-----END"),
}
EMPTY = Document("", {}, {}, {})


def trusted(
    bundle: Mapping[str, Any] | None, platform: str = "acme", name: str = "dev"
) -> tuple[Trust | None, Findings]:
    environment = Environment.model_validate(
        {
            "apiVersion": "floe.dev/v1",
            "kind": "Environment",
            "metadata": {"name": name, "owner": "@acme/platform"},
            "cluster": {"name": "kind"},
            "storage_class": "standard",
            **({"trust": {"bundle": bundle}} if bundle else {}),
        }
    )
    findings = Findings()
    sources = Sources(EMPTY, {}, {}, authorities=FILES)
    return trust_of(environment, platform, sources, EMPTY, findings), findings


def known(bundle: Mapping[str, Any]) -> Trust:
    trust, findings = trusted(bundle)
    assert not findings.diagnostics
    assert trust is not None
    return trust


def test_without_settings_programs_trust_the_authorities_of_their_images() -> None:
    assert trusted(None)[0] is None


def test_duplicate_certificates_in_files_count_once() -> None:
    trust = known({"type": "files", "files": ["root.pem", "both.crt"]})
    pem, store = trust.rendered
    assert pem == ROOT.pem + NEXT.pem
    der = [ca.certificate.public_bytes(Encoding.DER) for ca in (ROOT, NEXT)]
    assert base64.b64decode(store) == truststore(der)
    assert trust.authorities == tuple(Authority(name, int(ENDS.timestamp())) for name in ("Acme Next", "Acme Root"))


def test_an_external_config_map_is_used() -> None:
    assert known({"type": "config-map", "name": "ca"}) == Trust("ca", "ca-bundle.crt", "")
    stores = {"type": "config-map", "name": "ca", "key": "all.pem", "truststore": "all.p12"}
    assert known(stores) == Trust("ca", "all.pem", "all.p12")


def test_a_bundle_has_public_authorities_unless_they_are_off() -> None:
    source = {"name": "acme-root", "key": "tls.crt"}
    trust = known({"type": "trust-manager", "secrets": [source], "config_maps": [source], "files": ["root.pem"]})
    keys = (("acme-root", "tls.crt"),)
    assert trust.config_map == "acme-dev-trust"
    assert trust.bundle == BundleSources(True, ROOT.pem, keys, keys)
    assert trust.authorities == (Authority("Acme Root", int(ENDS.timestamp())),)
    own = known({"type": "trust-manager", "name": "own", "public": False, "files": ["root.pem"]})
    assert own.bundle
    assert (own.config_map, own.bundle.public) == ("own", False)


def test_bundles_of_one_cluster_have_different_names() -> None:
    pairs = (("acme", "prod-eu"), ("acme-prod", "eu"))
    bundles = [trusted({"type": "trust-manager", "files": ["root.pem"]}, *names)[0] for names in pairs]
    assert [bundle and bundle.config_map for bundle in bundles] == ["acme-prod--eu-trust", "acme--prod-eu-trust"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "has no certificate"),
        ("\n-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", 2, "has a private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 1, "has a certificate that cannot be read"),
        (f"{ROOT.pem}-----BEGIN CERTIFICATE-----\n", ROOT.pem.count("\n") + 1, "has a certificate that cannot be read"),
    ],
)
def test_files_without_valid_certificates_are_refused(
    text: str, line: int, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FILES, "trust/wrong.pem", text)
    _, findings = trusted({"type": "files", "files": ["wrong.pem"]})
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, diagnostic.message) == ("R065", f"trust/wrong.pem {problem}")
    assert diagnostic.span
    assert (diagnostic.span.file, diagnostic.span.line) == ("trust/wrong.pem", line)
