"""Tables of what objects hold."""

from __future__ import annotations

from typing import Any

from floe_compiler.report.page.inventory import tables


def named(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    api = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "HorizontalPodAutoscaler": "autoscaling/v2"}.get(
        kind, "v1"
    )
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "sales"}, **rest}


def pods(image: str) -> dict[str, Any]:
    resources = {"requests": {"cpu": "250m", "memory": "1Gi"}}
    return {"template": {"spec": {"containers": [{"name": "a", "image": image, "resources": resources}]}}}


def rows(key: str, *environments: list[dict[str, Any]]) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    return [*next(table.rows for table in tables(environments) if table.key == key)]


def test_images_are_listed_once_with_their_users() -> None:
    dev = [named("Deployment", "web", spec=pods("web:1"))]
    prod = [*dev, named("StatefulSet", "db", spec=pods("db:2"))]
    assert rows("images", dev, prod) == [((1,), ("db:2", "1", "sales/db")), ((0, 1), ("web:1", "1", "sales/web"))]


def test_quotas_are_listed_with_the_requests_of_servers() -> None:
    server = named("Deployment", "web", spec={"replicas": 3, **pods("web:1")})
    quota = named("ResourceQuota", "quota", spec={"hard": {"requests.cpu": "2", "pods": 10}})
    assert [row for _, row in rows("quotas", [server, quota])] == [
        ("sales", "pods", "3", "10"),
        ("sales", "requests.cpu", "750m", "2"),
        ("sales", "requests.memory", "3Gi", "no quota"),
    ]


def test_requests_of_autoscaled_pods_count_with_their_range() -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler = named("HorizontalPodAutoscaler", "web", spec={"scaleTargetRef": target, "maxReplicas": 8})
    server = named("Deployment", "web", spec=pods("web:1"))
    assert ("sales", "pods", "8", "no quota") in [row for _, row in rows("quotas", [server, scaler])]


def test_pods_that_are_started_later_use_images_too() -> None:
    pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: step:1\n"
    steps = named("ConfigMap", "step-pods", data={"model.yaml": pod})
    assert rows("images", [steps]) == [((0,), ("step:1", "1", "sales/step-pods"))]


def test_policies_are_listed_as_allowed_connections() -> None:
    selector = {"matchLabels": {"app.kubernetes.io/component": "web"}}
    spec = {
        "podSelector": selector,
        "policyTypes": ["Egress", "Ingress"],
        "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}],
    }
    ((_, row),) = rows("policies", [named("NetworkPolicy", "web", spec=spec)])
    assert row == ("sales", "web", "component=web", "nothing", "10.0.0.0/8 (ports 443)")


def test_roles_of_kubernetes_are_listed() -> None:
    binding = named("RoleBinding", "a", roleRef={"kind": "Role", "name": "reader"}, subjects=[{"name": "web"}])
    assert rows("grants", [binding]) == [((0,), ("sales/web", "Role reader", "sales", "Kubernetes"))]


def test_routes_are_listed_with_hosts_and_services() -> None:
    spec = {"hostnames": ["a.example"], "rules": [{"backendRefs": [{"name": "web"}]}]}
    assert rows("routes", [named("HTTPRoute", "a", spec=spec)]) == [((0,), ("a.example", "sales", "web", "HTTPRoute"))]


def test_alerts_show_no_secret() -> None:
    rule = {
        "alert": "Down",
        "for": "5m",
        "labels": {"severity": "critical"},
        "annotations": {"summary": "token: abcdef1"},
    }
    ((_, row),) = rows("alerts", [named("PrometheusRule", "a", spec={"groups": [{"rules": [rule]}]})])
    assert row[:2] == ("Down", "critical")
    assert "abcdef1" not in "".join(row)
