"""Pods that call a server with TLS without knowing its authority."""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Container, Identity, Parts, Pod, Resources, Workload
from floe_compiler.model.operated_pods import OperatedPods
from floe_compiler.model.tls_clients import UntoldClient, untold_clients
from floe_compiler.model.trust import Trust
from support import DEVELOPMENT

LITTLE = Resources("1", "1Gi", "1", "1Gi")
STORE = service_endpoint("minio", "p", "cluster.local", (Port("api", 9000, scheme="https", tls=True),))
PLAIN = service_endpoint("marquez", "p", "cluster.local", (Port("http", 5000),))
DATABASE = service_endpoint("db", "p", "cluster.local", (Port("postgresql", 5432, scheme="postgresql", tls=True),))
OPERATED = OperatedPods("lake", (("operated", "lake"),), LITTLE, calls=(PLAIN, STORE))
PEM = replace(DEVELOPMENT, trust=Trust("company-ca", "ca.crt", ""), tls_issuer="acme-internal")
BOTH = replace(PEM, trust=Trust("company-ca", "ca.crt", "ca.p12"))


def java(*calls: object) -> Parts:
    container = Container("java", "java:1", LITTLE, truststore=True)
    pod = Pod((Container("other", "other:1", LITTLE), container), Identity(1, 1, 1), calls=calls)  # type: ignore[arg-type]
    return Parts((Workload("catalog", pod),))


def test_pods_of_an_operator_do_not_know_the_authorities_by_default() -> None:
    for settings in (PEM, BOTH):
        assert untold_clients([Parts(operated=(OPERATED,))], settings) == (
            UntoldClient("lake", STORE.host, truststore=False),
        )
    trusting = replace(OPERATED, told_authorities=True)
    plain = replace(OPERATED, calls=(PLAIN,))
    assert untold_clients([Parts(operated=(trusting, plain))], PEM) == ()


def test_java_needs_a_truststore() -> None:
    assert untold_clients([java(STORE, PLAIN)], PEM) == (UntoldClient("catalog", STORE.host, truststore=True),)
    assert untold_clients([java(STORE)], BOTH) == ()
    assert untold_clients([java(PLAIN, DATABASE)], PEM) == (), "JDBC's driver of PostgreSQL reads PEM"


def test_programs_that_read_pem_need_nothing_else() -> None:
    pod = Pod((Container("go", "go:1", LITTLE),), Identity(1, 1, 1), calls=(STORE,))
    assert untold_clients([Parts((Workload("client", pod),))], PEM) == ()
