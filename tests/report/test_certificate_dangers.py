"""Whoever issues a certificate may change in many ways, and a reviewer sees each of them once."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of
from report.samples import thing

SPACE = "floe-platform"


def found(before: Object | None, after: Object | None, then: list[Object], now: list[Object]) -> list[tuple[str, str]]:
    surroundings = Surroundings(then, Objects(now))
    return [
        (one.word, one.sentence) for one in dangers_of(identify(before or after or {}), before, after, surroundings)
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


def test_another_issuer() -> None:
    old, new = certificate(), certificate(issuer="internal")
    message = "ClusterIssuer internal issues it instead of ClusterIssuer letsencrypt: whoever uses it must trust"
    assert found(old, new, [], []) == [("issuer-changed", f"{message} ClusterIssuer internal")]
    assert found(old, {**old, "other": 1}, [], []) == found(None, new, [], []) == found(old, None, [], []) == []


def test_from_an_issuer_to_a_secret_and_back() -> None:
    for own, other in ((OWN, gateway(web_acme_example="bought")), (ingress("web-tls"), ingress("bought"))):
        route = [ROUTE] if own is OWN else []
        message = "the certificate of web.acme.example is that of"
        assert found(own, other, [certificate()], [other, *route]) == [
            ("issuer-changed", f"{message} Secret bought instead of ClusterIssuer letsencrypt")
        ]
        assert found(other, own, [], [own, *route, certificate()]) == [
            ("issuer-changed", f"{message} ClusterIssuer letsencrypt instead of Secret bought")
        ]


def test_a_secret_of_the_same_name() -> None:
    gone = found(certificate(), None, [certificate()], [OWN, ROUTE, external("web-tls")])
    assert [word for word, _ in gone] == ["issuer-changed"]
    come = found(None, certificate(), [external("web-tls")], [OWN, ROUTE, certificate()])
    assert [word for word, _ in come] == ["issuer-changed"]


def test_from_an_issuer_to_nothing() -> None:
    bare = gateway()
    assert found(OWN, bare, [certificate()], [bare, ROUTE]) == [LEFT]
    assert found(OWN, None, [certificate()], [ROUTE]) == [LEFT], "another Gateway, of others"
    assert found(ingress("web-tls"), ingress(), [certificate()], [ingress()]) == [LEFT]
    assert found(OWN, bare, [certificate()], [bare]) == [], "the host is gone as well"


def test_one_certificate_for_all_hosts_of_the_same_issuer_is_no_danger() -> None:
    wild = certificate("wildcard-tls")
    assert found(OWN, WILD, [certificate()], [WILD, ROUTE, wild]) == []
    assert found(WILD, OWN, [wild], [OWN, ROUTE, certificate()]) == []
    assert found(OWN, None, [certificate()], [ingress("web-tls"), certificate()]) == [], "an Ingress instead"
    other = certificate("wildcard-tls", "internal")
    assert [word for word, _ in found(OWN, WILD, [certificate()], [WILD, ROUTE, other])] == ["issuer-changed"]


def test_an_issuer_that_is_another_one_under_its_name() -> None:
    acme = thing("ClusterIssuer", spec={"acme": {"server": "https://acme.example"}})
    own = thing("ClusterIssuer", spec={"selfSigned": {}})
    (word, sentence), *others = found(acme, own, [], [])
    assert (word, others) == ("issuer-changed", [])
    assert sentence.startswith("issues by selfSigned instead of acme https://acme.example")
    assert found(acme, {**acme, "status": {}}, [], []) == []


def test_a_gateway_that_takes_the_routes_of_everybody() -> None:
    def admitting(whom: str) -> Object:
        return placed("Gateway", "g", listeners=[{"name": "a", "allowedRoutes": {"namespaces": {"from": whom}}}])

    assert [word for word, _ in found(admitting("Same"), admitting("All"), [], [])] == ["rights-widened"]
    assert found(admitting("All"), admitting("All"), [], []) == []


def test_a_server_that_goes_on_without_its_certificate() -> None:
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
        assert [one for one in found(before, after, [], []) if one[0] == "tls-removed"] == dangers
        # The server is gone, too, or has it still, or never had one.
        for one, other in ((before, None), (before, {**before, "other": 1}), (after, after), (after, before)):
            assert "tls-removed" not in [word for word, _ in found(one, other, [], [])]
