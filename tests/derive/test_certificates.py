"""The certificates of all namespaces."""

from __future__ import annotations

from derive.test_routes import ISSUED, PLATFORM, SALES, UNITS, ingress
from floe_compiler.derive.certificates import certificates
from floe_compiler.model.mesh_facts import OwnedCertificate


def test_those_of_a_gateway_are_beside_it_and_those_of_ingresses_beside_their_servers() -> None:
    names = ("dagster-sales-tls", "minio-tls")
    certificates_ = certificates(UNITS, ingress(tls=ISSUED))
    assert certificates_ == tuple(OwnedCertificate(PLATFORM, name) for name in names)
    certificates_ = certificates(UNITS[::-1], ingress(type="ingress", tls=ISSUED))
    assert certificates_ == (OwnedCertificate(PLATFORM, "minio-tls"), OwnedCertificate(SALES, "dagster-tls"))


def test_one_for_all_hosts_is_one() -> None:
    assert certificates(UNITS, ingress(tls={**ISSUED, "wildcard": True})) == (
        OwnedCertificate(PLATFORM, "wildcard-tls"),
    )


def test_there_are_none_that_others_issue() -> None:
    assert certificates(UNITS, None) == ()
    assert certificates(UNITS, ingress(tls={"secret": "wildcard"})) == ()
