"""Monitors of Prometheus, and what they select in their own namespace or in others."""

from __future__ import annotations

from typing import Any

from check.samples import Platform, resource, sample
from floe_compiler.link.monitors import check
from tables import table


def monitor(kind: str, labels: dict[str, str], **spec: Any) -> Platform:
    platform = sample()
    spec = {"selector": {"matchLabels": labels}, **spec}
    platform.add(resource("monitoring.coreos.com/v1", kind, "one", spec=spec))
    return platform


DAGSTER = {"app.kubernetes.io/name": "dagster"}
NOBODY = {"app.kubernetes.io/name": "nobody"}


@table(
    "kind, labels, spec, message",
    [
        ("ServiceMonitor", DAGSTER, {}, ""),
        ("PodMonitor", DAGSTER, {}, ""),
        ("ServiceMonitor", NOBODY, {}, "spec.selector matches no Service in floe-platform"),
        ("PodMonitor", NOBODY, {}, "spec.selector matches no pod in floe-platform"),
        ("PodMonitor", NOBODY, {"namespaceSelector": {"any": True}}, ""),
        ("PodMonitor", NOBODY, {"namespaceSelector": {"matchNames": ["theirs"]}}, ""),
        (
            "PodMonitor",
            DAGSTER,
            {"namespaceSelector": {"matchNames": ["empty"]}},
            "spec.selector matches no pod in empty",
        ),
        ("PodMonitor", DAGSTER, {"namespaceSelector": {"matchNames": ["empty", "floe-platform"]}}, ""),
        ("PodMonitor", {"cnpg.io/cluster": "db"}, {}, ""),
        ("ServiceMonitor", {}, {}, ""),
    ],
)
def test_monitors_must_select_something(kind: str, labels: dict[str, str], spec: dict[str, Any], message: str) -> None:
    platform = monitor(kind, labels, **spec)
    platform.copy_of("Namespace/floe-platform", "empty")
    findings = platform.findings(check)
    assert findings == ([("C020", f"{kind}.monitoring.coreos.com floe-platform/one", message)] if message else [])


def test_a_monitor_may_select_pods_of_the_prometheus_operator() -> None:
    platform = monitor("PodMonitor", {"alertmanager": "main"})
    assert len(platform.findings(check)) == 1
    platform.add(resource("monitoring.coreos.com/v1", "Alertmanager", "main", spec={}))
    assert platform.findings(check) == []


def test_a_namespace_may_have_many_services() -> None:
    """They are a set of numbers, and MessagePack takes none above 64 bits."""
    platform = sample()
    for number in range(70):
        service = resource("v1", "Service", f"s{number}", spec={"clusterIP": "None"})
        service["metadata"]["labels"] = {"app": "many"}
        platform.add(service)
    platform.add(
        resource(
            "monitoring.coreos.com/v1", "ServiceMonitor", "one", spec={"selector": {"matchLabels": {"app": "many"}}}
        )
    )
    assert platform.findings(check) == []
