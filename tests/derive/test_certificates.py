"""The certificates of all namespaces."""

from __future__ import annotations

from derive.test_routes import ISSUED, PLATFORM, SALES, UNITS, ingress
from floe_compiler.derive.certificates import certificates
from floe_compiler.model.mesh_facts import OwnedCertificate


def test_certificates_are_in_the_namespace_of_the_gateway_or_of_the_ingress() -> None:
    names = ("dagster-sales-tls", "minio-tls")
    certificates_ = certificates(UNITS, ingress(tls=ISSUED))
    assert certificates_ == tuple(OwnedCertificate(PLATFORM, name) for name in names)
    certificates_ = certificates(UNITS[::-1], ingress(type="ingress", tls=ISSUED))
    assert certificates_ == (OwnedCertificate(PLATFORM, "minio-tls"), OwnedCertificate(SALES, "dagster-tls"))


def test_one_certificate_for_all_hosts_is_listed_once() -> None:
    assert certificates(UNITS, ingress(tls={**ISSUED, "wildcard": True})) == (
        OwnedCertificate(PLATFORM, "wildcard-tls"),
    )


def test_certificates_issued_elsewhere_are_not_listed() -> None:
    assert certificates(UNITS, None) == ()
    assert certificates(UNITS, ingress(tls={"secret": "wildcard"})) == ()
