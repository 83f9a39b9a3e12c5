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
    found, findings = trusted(bundle)
    assert not findings.diagnostics
    assert found is not None
    return found


def test_an_environment_that_says_nothing_trusts_what_its_images_do() -> None:
    assert trusted(None)[0] is None


def test_files_hold_certificates_of_which_each_counts_once() -> None:
    found = known({"type": "files", "files": ["root.pem", "both.crt"]})
    pem, store = found.rendered
    assert pem == ROOT.pem + NEXT.pem
    der = [one.certificate.public_bytes(Encoding.DER) for one in (ROOT, NEXT)]
    assert base64.b64decode(store) == truststore(der)
    assert found.authorities == tuple(Authority(name, int(ENDS.timestamp())) for name in ("Acme Next", "Acme Root"))


def test_a_config_map_of_somebody_else() -> None:
    assert known({"type": "config-map", "name": "ca"}) == Trust("ca", "ca-bundle.crt", "")
    stores = {"type": "config-map", "name": "ca", "key": "all.pem", "truststore": "all.p12"}
    assert known(stores) == Trust("ca", "all.pem", "all.p12")


def test_a_bundle_has_public_authorities_unless_it_must_not() -> None:
    source = {"name": "acme-root", "key": "tls.crt"}
    found = known({"type": "trust-manager", "secrets": [source], "config_maps": [source], "files": ["root.pem"]})
    keys = (("acme-root", "tls.crt"),)
    assert found.config_map == "acme-dev-trust"
    assert found.bundle == BundleSources(True, ROOT.pem, keys, keys)
    assert found.authorities == (Authority("Acme Root", int(ENDS.timestamp())),)
    own = known({"type": "trust-manager", "name": "own", "public": False, "files": ["root.pem"]})
    assert own.bundle
    assert (own.config_map, own.bundle.public) == ("own", False)


def test_bundles_of_one_cluster_have_names_of_their_own() -> None:
    pairs = (("acme", "prod-eu"), ("acme-prod", "eu"))
    found = [trusted({"type": "trust-manager", "files": ["root.pem"]}, *names)[0] for names in pairs]
    assert [one and one.config_map for one in found] == ["acme-prod--eu-trust", "acme--prod-eu-trust"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "has no certificate"),
        ("\n-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", 2, "has a private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 1, "has a certificate that cannot be read"),
        (f"{ROOT.pem}-----BEGIN CERTIFICATE-----\n", ROOT.pem.count("\n") + 1, "has a certificate that cannot be read"),
    ],
)
def test_files_of_anything_else(text: str, line: int, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "trust/wrong.pem", text)
    _, findings = trusted({"type": "files", "files": ["wrong.pem"]})
    (found,) = findings.diagnostics
    assert (found.rule.code, found.message) == ("R065", f"trust/wrong.pem {problem}")
    assert found.span
    assert (found.span.file, found.span.line) == ("trust/wrong.pem", line)
