"""Where custom resources refer to other objects."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.custom_resources import (
    MONITORS,
    REFERENCES,
    SELECTORS,
    TEMPLATES,
    created_for,
    references_of,
)
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.star_paths import found_at
from tables import table

DATA = {"a": [{"b": {"c": 1}}, {"b": {"c": 2, "x": {"c": 3}}}, "text"], "d": {"oneRef": 4, "twoRef": 5, "other": 6}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a[*].b.c", [(("a", 0, "b", "c"), 1), (("a", 1, "b", "c"), 2)]),
        ("a[*].**.c", [(("a", 0, "b", "c"), 1), (("a", 1, "b", "c"), 2), (("a", 1, "b", "x", "c"), 3)]),
        ("**.x.c", [(("a", 1, "b", "x", "c"), 3)]),
        ("d.*Ref", [(("d", "oneRef"), 4), (("d", "twoRef"), 5)]),
        ("d.*", [(("d", "oneRef"), 4), (("d", "twoRef"), 5), (("d", "other"), 6)]),
        ("d[*]", []),
        ("a.b", []),
        ("a[*].b.c.d", []),
        ("z.**", []),
    ],
)
def test_values_are_found_by_path(path: str, expected: list[Any]) -> None:
    assert list(found_at(DATA, path)) == expected


def test_every_path_exists_in_a_published_schema() -> None:
    paths = [reference.path for fields in REFERENCES.values() for reference in fields]
    paths += [template.path for templates in TEMPLATES.values() for template in templates]
    assert all(path.startswith(("spec.", "**.")) and ".." not in path for path in [*paths, *SELECTORS.values()])
    assert {group for group, _ in (*REFERENCES, *TEMPLATES, *SELECTORS, *MONITORS)} >= {"keda.sh", "argoproj.io"}


def named(group: str, kind: str, spec: Any) -> list[tuple[str, int | None]]:
    identity = ObjectId(group, kind, "here", "one")
    references = references_of(identity, {"spec": spec}, "cluster.local")
    return [(f"{'.'.join(map(str, reference.path))}: {reference.target}", reference.port) for reference in references]


ROUTE = ("gateway.networking.k8s.io", "HTTPRoute")


@table(
    "kind, spec, expected",
    [
        (
            ROUTE,
            {"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
            [("spec.rules.0.backendRefs.0: Service here/web", 80)],
        ),
        (
            ROUTE,
            {"rules": [{"backendRefs": [{"name": "web", "namespace": "there"}]}]},
            [("spec.rules.0.backendRefs.0: Service there/web", None)],
        ),
        (
            ROUTE,
            {"rules": [{"backendRefs": [{"group": "a.example", "kind": "Pool", "name": "web"}]}]},
            [("spec.rules.0.backendRefs.0: Pool.a.example here/web", None)],
        ),
        (
            ROUTE,
            {"rules": [{"filters": [{"requestMirror": {"backendRef": {"name": "web", "port": 1}}}]}]},
            [("spec.rules.0.filters.0.requestMirror.backendRef: Service here/web", 1)],
        ),
        (
            ROUTE,
            {"parentRefs": [{"name": "own"}, {"name": "public", "namespace": "gateways"}]},
            [("spec.parentRefs.0: Gateway.gateway.networking.k8s.io here/own", None)],
        ),
        (ROUTE, {"rules": "none"}, []),
        (ROUTE, "none", []),
        (
            ROUTE,
            {"rules": [None, {"backendRefs": [None, "web", {"port": 80}, {"name": 3}]}]},
            [
                ("spec.rules.1.backendRefs.3: Service here/3", None),
            ],
        ),
        (
            ("networking.istio.io", "VirtualService"),
            {
                "http": [{"route": [{"destination": {"host": "web", "port": {"number": 80}}}]}],
                "tcp": [{"route": [{"destination": {"host": "db.there.svc.cluster.local"}}]}],
                "tls": [{"route": [{"destination": {"host": "api.acme.example"}}, {"destination": {"host": "*.x"}}]}],
            },
            [
                ("spec.http.0.route.0.destination.host: Service here/web", 80),
                ("spec.tcp.0.route.0.destination.host: Service there/db", None),
            ],
        ),
        (
            ("cert-manager.io", "Certificate"),
            {"issuerRef": {"name": "own"}, "keystores": {"jks": {"passwordSecretRef": {"name": "pw", "key": "p"}}}},
            [
                ("spec.issuerRef: Issuer.cert-manager.io here/own", None),
                ("spec.keystores.jks.passwordSecretRef: Secret here/pw", None),
            ],
        ),
        (("cert-manager.io", "Certificate"), {"issuerRef": {"name": "all", "kind": "ClusterIssuer"}}, []),
        # A value in the place of a reference may be a secret, and is not a name.
        (("monitoring.coreos.com", "ServiceMonitor"), {"endpoints": [{"basicAuth": {"password": "hunter2"}}]}, []),
        (
            ("postgresql.cnpg.io", "Cluster"),
            {"externalClusters": [{"connectionParameters": {"password": "hunter2"}, "password": "hunter2"}]},
            [],
        ),
        (
            ("keda.sh", "ScaledObject"),
            {
                "scaleTargetRef": {"name": "web"},
                "triggers": [
                    {"authenticationRef": {"name": "own"}},
                    {"authenticationRef": {"name": "all", "kind": "ClusterTriggerAuthentication"}},
                ],
            },
            [
                ("spec.scaleTargetRef: Deployment.apps here/web", None),
                ("spec.triggers.0.authenticationRef: TriggerAuthentication.keda.sh here/own", None),
            ],
        ),
        (
            ("keda.sh", "ScaledObject"),
            {"scaleTargetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}},
            [("spec.scaleTargetRef: Rollout.argoproj.io here/web", None)],
        ),
        (
            ("monitoring.coreos.com", "ServiceMonitor"),
            {
                "endpoints": [
                    {
                        "basicAuth": {"username": {"name": "login", "key": "u"}},
                        "tlsConfig": {"ca": {"configMap": {"name": "ca", "key": "c"}}},
                        "bearerTokenSecret": {"name": "token", "key": "t", "optional": True},
                    }
                ]
            },
            [
                ("spec.endpoints.0.basicAuth.username: Secret here/login", None),
                ("spec.endpoints.0.tlsConfig.ca.configMap: ConfigMap here/ca", None),
            ],
        ),
        (
            ("argoproj.io", "Rollout"),
            {"strategy": {"blueGreen": {"activeService": "web"}}},
            [("spec.strategy.blueGreen.activeService: Service here/web", None)],
        ),
        (
            ("postgresql.cnpg.io", "Cluster"),
            {"backup": {"barmanObjectStore": {"s3Credentials": {"inheritFromIAMRole": True}}}},
            [],
        ),
        (
            ("sparkoperator.k8s.io", "SparkApplication"),
            {"driver": {"serviceAccount": "spark", "configMaps": [{"name": "conf", "path": "/c"}]}},
            [
                ("spec.driver.serviceAccount: ServiceAccount here/spark", None),
                ("spec.driver.configMaps.0: ConfigMap here/conf", None),
            ],
        ),
        (("acme.example", "Widget"), {"secretRef": {"name": "x"}}, []),
    ],
)
def test_references_are_found_for_each_kind(kind: tuple[str, str], spec: Any, expected: list[Any]) -> None:
    assert named(*kind, spec) == expected


def test_objects_that_operators_create_are_known() -> None:
    created = {str(identity) for identity in created_for(ObjectId("postgresql.cnpg.io", "Cluster", "here", "db"))}
    assert {"Service here/db-rw", "Secret here/db-app"} <= created
    assert list(created_for(ObjectId("", "Service", "here", "db"))) == []
    (operated,) = created_for(ObjectId("monitoring.coreos.com", "Alertmanager", "here", "main"))
    assert operated == ObjectId("", "Service", "here", "alertmanager-operated")
