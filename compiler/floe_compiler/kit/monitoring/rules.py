"""From alerts to the rule groups of Prometheus."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from floe_compiler.kit.meta import present
from floe_compiler.kit.monitoring.derived import derived_alerts
from floe_compiler.model.alerts import Alert, MetricsSource
from floe_compiler.model.mesh_facts import MeshFacts, OwnedAlert

OBJECTS: frozenset[MetricsSource] = frozenset({"objects"})
CERTIFICATES: frozenset[MetricsSource] = frozenset({"certificates"})


def rule_groups(
    mesh: MeshFacts, sources: Collection[MetricsSource], runbooks: str
) -> Mapping[str, tuple[dict[str, Any], ...]]:
    """Return, for each namespace with alerts, its rule groups: one for each name of an alert.

    Args:
        mesh: The declared alerts, and what others are derived from.
        sources: The metrics that exist besides those of scrape targets; alerts that need others are left out.
        runbooks: The URL of the page with what to do.
    """
    owners = {namespace.name: namespace.owner for namespace in mesh.namespaces}
    alerts = sorted(
        alert
        for alert in (*mesh.alerts, *derived_alerts(mesh))
        if alert.alert.needs is None or alert.alert.needs in sources
    )
    return {
        namespace: tuple(
            {
                "name": f"{namespace}.{name}",
                "rules": [_rule(alert, owners.get(namespace, ""), runbooks) for alert in of_name],
            }
            for name, of_name in groupby(own, lambda alert: alert.alert.name)
        )
        for namespace, own in groupby(alerts, lambda alert: alert.namespace)
    }


def _rule(declared: OwnedAlert, owner: str, runbooks: str) -> dict[str, Any]:
    alert = declared.alert
    labels = {"severity": alert.severity, "namespace": declared.namespace, "owner": alert.owner or owner}
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.lasting,
        "labels": present(**labels) | dict(alert.labels),
        "annotations": {"summary": alert.summary, "runbook_url": alert.runbook or runbook(alert, runbooks)},
    }


def linked_hosts(groups: Mapping[str, Iterable[Mapping[str, Any]]]) -> tuple[str, ...]:
    """Return the hosts of runbooks, sorted."""
    links = (rule["annotations"]["runbook_url"] for own in groups.values() for group in own for rule in group["rules"])
    return tuple(sorted({host for link in links if (host := urlsplit(link).hostname)}))


def runbook(alert: Alert, runbooks: str) -> str:
    """Return the address of an alert's section: its title in small letters is the anchor."""
    return f"{runbooks}#{alert.name.lower()}"
