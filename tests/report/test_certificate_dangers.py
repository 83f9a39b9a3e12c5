"""The issuer of a certificate may change in many ways, and a reviewer sees each of them once."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of
from report.samples import resource

SPACE = "floe-platform"


def certificate_dangers(
    before: Object | None, after: Object | None, then: list[Object], now: list[Object]
) -> list[tuple[str, str]]:
    surroundings = Surroundings(then, Objects(now))
    return [
        (danger.word, danger.sentence)
        for danger in dangers_of(identify(before or after or {}), before, after, surroundings)
    ]


def placed(kind: str, name: str, **spec: Any) -> Object:
    return {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": name, "namespace": SPACE}, "spec": spec}


def certificate(secret: str = "web-tls", issuer: str = "letsencrypt") -> Object:
    return placed("Certificate", secret, secretName=secret, issuerRef={"kind": "ClusterIssuer", "name": issuer})


def gateway(**secrets: str) -> Object:
    """Return a Gateway with the Secret of each host, dots as `_`."""
    listeners = [
        {"name": host, "hostname": host.replace("_", "."), "tls": {"certificateRefs": [{"name": secret}]}}
        for host, secret in secrets.items()
    ]
    return placed("Gateway", "gateway", listeners=[{"name": "http", "port": 80}, *listeners])


def ingress(secret: str = "") -> Object:
    tls = {"tls": [{"hosts": ["web.acme.example"], "secretName": secret}]} if secret else {}
    return placed("Ingress", "web", rules=[{"host": "web.acme.example"}], **tls)


def external(name: str) -> Object:
    return placed("ExternalSecret", name, target={"name": name})


ROUTE = placed("HTTPRoute", "web", hostnames=["web.acme.example"])
OWN, WILD = gateway(web_acme_example="web-tls"), gateway(**{"*_acme_example": "wildcard-tls"})
_GONE = "web.acme.example no longer has a certificate here, which ClusterIssuer letsencrypt provided"
LEFT = ("tls-removed", f"{_GONE}: logins may be sent as text")


def test_another_issuer_is_reported() -> None:
    old, new = certificate(), certificate(issuer="internal")
    message = "ClusterIssuer internal issues it instead of ClusterIssuer letsencrypt: whoever uses it must trust"
    assert certificate_dangers(old, new, [], []) == [("issuer-changed", f"{message} ClusterIssuer internal")]
    assert (
        certificate_dangers(old, {**old, "other": 1}, [], [])
        == certificate_dangers(None, new, [], [])
        == certificate_dangers(old, None, [], [])
        == []
    )


def test_a_change_between_an_issuer_and_a_secret_is_reported() -> None:
    for own, other in ((OWN, gateway(web_acme_example="bought")), (ingress("web-tls"), ingress("bought"))):
        route = [ROUTE] if own is OWN else []
        message = "the certificate of web.acme.example is that of"
        assert certificate_dangers(own, other, [certificate()], [other, *route]) == [
            ("issuer-changed", f"{message} Secret bought instead of ClusterIssuer letsencrypt")
        ]
        assert certificate_dangers(other, own, [], [own, *route, certificate()]) == [
            ("issuer-changed", f"{message} ClusterIssuer letsencrypt instead of Secret bought")
        ]


def test_a_secret_with_the_name_of_an_issued_one_is_reported() -> None:
    gone = certificate_dangers(certificate(), None, [certificate()], [OWN, ROUTE, external("web-tls")])
    assert [word for word, _ in gone] == ["issuer-changed"]
    come = certificate_dangers(None, certificate(), [external("web-tls")], [OWN, ROUTE, certificate()])
    assert [word for word, _ in come] == ["issuer-changed"]


def test_a_removed_certificate_is_reported() -> None:
    bare = gateway()
    assert certificate_dangers(OWN, bare, [certificate()], [bare, ROUTE]) == [LEFT]
    assert certificate_dangers(OWN, None, [certificate()], [ROUTE]) == [LEFT], "another Gateway, of others"
    assert certificate_dangers(ingress("web-tls"), ingress(), [certificate()], [ingress()]) == [LEFT]
    assert certificate_dangers(OWN, bare, [certificate()], [bare]) == [], "the host is gone as well"


def test_one_certificate_for_all_hosts_of_the_same_issuer_is_not_a_danger() -> None:
    wild = certificate("wildcard-tls")
    assert certificate_dangers(OWN, WILD, [certificate()], [WILD, ROUTE, wild]) == []
    assert certificate_dangers(WILD, OWN, [wild], [OWN, ROUTE, certificate()]) == []
    assert certificate_dangers(OWN, None, [certificate()], [ingress("web-tls"), certificate()]) == [], (
        "an Ingress instead"
    )
    other = certificate("wildcard-tls", "internal")
    assert [word for word, _ in certificate_dangers(OWN, WILD, [certificate()], [WILD, ROUTE, other])] == [
        "issuer-changed"
    ]


def test_a_changed_issuer_with_the_same_name_is_reported() -> None:
    acme = resource("ClusterIssuer", spec={"acme": {"server": "https://acme.example"}})
    own = resource("ClusterIssuer", spec={"selfSigned": {}})
    (word, sentence), *others = certificate_dangers(acme, own, [], [])
    assert (word, others) == ("issuer-changed", [])
    assert sentence.startswith("issues by selfSigned instead of acme https://acme.example")
    assert certificate_dangers(acme, {**acme, "status": {}}, [], []) == []


def test_a_gateway_that_accepts_routes_of_every_namespace_is_reported() -> None:
    def admitting(whom: str) -> Object:
        return placed("Gateway", "g", listeners=[{"name": "a", "allowedRoutes": {"namespaces": {"from": whom}}}])

    assert [word for word, _ in certificate_dangers(admitting("Same"), admitting("All"), [], [])] == ["rights-widened"]
    assert certificate_dangers(admitting("All"), admitting("All"), [], []) == []


def test_a_server_without_its_former_certificate_is_reported() -> None:
    def server(*secrets: str) -> Object:
        volumes = [{"name": name, "secret": {"secretName": name}} for name in secrets]
        return placed("StatefulSet", "db", template={"spec": {"containers": [], "volumes": volumes}})

    def cluster(**certificates: str) -> Object:
        return {**placed("Cluster", "db", certificates=certificates), "apiVersion": "postgresql.cnpg.io/v1"}

    dangers = [("tls-removed", "db has no certificate any longer: passwords and data are sent as text")]
    for before, after in (
        (server("db-server-tls", "password"), server("password")),
        (cluster(serverTLSSecret="db-server-tls"), cluster()),
    ):
        assert [
            danger for danger in certificate_dangers(before, after, [], []) if danger[0] == "tls-removed"
        ] == dangers
        # The server is gone, too, or has it still, or never had one.
        for earlier, other in ((before, None), (before, {**before, "other": 1}), (after, after), (after, before)):
            assert "tls-removed" not in [word for word, _ in certificate_dangers(earlier, other, [], [])]
