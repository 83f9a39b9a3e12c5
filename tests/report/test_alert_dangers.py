"""A reviewer sees which alerts are gone, and that metrics are kept for a shorter time."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of

SALES, FINANCE = "floe-sales-domain", "floe-finance-domain"


def dangers(before: Object | None, after: Object | None, *beside: Object) -> list[tuple[str, str]]:
    reported = dangers_of(identify(before or after or {}), before, after, Surroundings((), Objects(beside)))
    return [(danger.word, danger.sentence) for danger in reported]


def rule(name: str, namespace: str = SALES, **labels: str) -> dict[str, Any]:
    return {"alert": name, "expr": "up == 0", "labels": {"namespace": namespace, "severity": "warning", **labels}}


def groups(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"groups": [{"name": "g", "rules": list(rules)}]}


def operators(*rules: dict[str, Any]) -> Object:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": SALES, "namespace": "floe-platform"},
        "spec": groups(*rules),
    }


def file(*rules: dict[str, Any], name: str = "prometheus-rules-0") -> Object:
    data = {"sales.yaml": yaml.safe_dump(groups(*rules)), "notes.yaml": "alert: [not YAML"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "floe-platform"},
        "data": data,
    }


DOWN, LATE = rule("TargetDown", job="polaris"), rule("ProductLate", product="orders")


@pytest.mark.parametrize("rules_object", [operators, file])
def test_a_removed_alert_is_reported(rules_object: Any) -> None:
    assert dangers(rules_object(DOWN, LATE), rules_object(DOWN)) == [
        ("alert-removed", "nobody is told any longer of ProductLate of orders")
    ]
    assert dangers(rules_object(DOWN), None) == [
        ("alert-removed", f"nobody is told any longer of TargetDown of {SALES}")
    ]
    assert dangers(rules_object(DOWN), rules_object(DOWN, LATE)) == []
    assert dangers(None, rules_object(DOWN)) == []


def test_an_alert_with_other_labels_counts_as_removed() -> None:
    polaris, marquez = DOWN, rule("TargetDown", job="marquez")
    assert [word for word, _ in dangers(file(polaris, marquez), file(polaris))] == ["alert-removed"]
    finance_alert = rule("TargetDown", FINANCE, job="polaris")
    assert [word for word, _ in dangers(file(polaris, finance_alert), file(polaris))] == ["alert-removed"]


def test_a_changed_alert_is_still_there() -> None:
    changed = {**DOWN, "expr": "up < 1", "labels": {**DOWN["labels"], "severity": "critical", "owner": "@acme/x"}}
    assert dangers(file(DOWN), file(changed)) == []


def test_rules_may_move_to_another_object() -> None:
    assert dangers(file(DOWN, LATE), file(DOWN), file(DOWN), file(LATE, name="prometheus-rules-1")) == []
    assert dangers(file(DOWN), None, operators(DOWN)) == []


def prometheus(retention: str) -> Object:
    container = {"name": "prometheus", "image": "prometheus:1", "args": [f"--storage.tsdb.retention.time={retention}"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "prometheus"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


@pytest.mark.parametrize(
    ("before", "after", "shorter"),
    [("360h", "168h", True), ("168h", "360h", False), ("60m", "1h", False), ("15d", "7d", True), ("15d", "15d", False)],
)
def test_a_shorter_retention_of_metrics_is_reported(before: str, after: str, shorter: bool) -> None:
    sentence = f"metrics are kept for {after} instead of {before}; older ones are deleted"
    assert dangers(prometheus(before), prometheus(after)) == ([("history-shortened", sentence)] if shorter else [])


def alertmanager(*receivers: str) -> Object:
    text = yaml.safe_dump({"route": {"receiver": "team"}, "receivers": [{"name": name} for name in receivers]})
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "alertmanager", "namespace": "floe-platform"},
        "data": {"alertmanager.yml": text},
    }


def test_removed_receivers_are_reported() -> None:
    two_receivers = alertmanager("team", "pager")
    assert dangers(two_receivers, alertmanager("team")) == [("alert-removed", "alerts no longer reach pager")]
    assert dangers(two_receivers, None) == [("alert-removed", "alerts no longer reach anybody")]
    assert dangers(alertmanager("team"), two_receivers) == dangers(two_receivers, two_receivers) == []


@pytest.mark.parametrize("rules_object", [operators, file])
@pytest.mark.parametrize(
    ("old", "new", "how"),
    [
        ({"severity": "critical"}, {"severity": "warning"}, "of severity warning instead of critical"),
        ({"severity": "warning"}, {"severity": "info"}, "of severity info instead of warning"),
        ({"severity": "warning"}, {"severity": "critical"}, ""),
        ({"severity": "critical"}, {"severity": "critical"}, ""),
    ],
)
def test_a_weakened_alert_is_reported(rules_object: Any, old: dict[str, str], new: dict[str, str], how: str) -> None:
    before, after = (rules_object(rule("TargetDown", job="polaris", **labels)) for labels in (old, new))
    expected = [("alert-weakened", f"TargetDown of {SALES}: {how}")] if how else []
    assert dangers(before, after) == expected


@pytest.mark.parametrize(
    ("old", "new", "how"),
    [
        ("5m", "1h", "told after 1h instead of 5m"),
        ("0s", "15m", "told after 15m instead of 0s"),
        ("15m", "5m", ""),
        ("60s", "1m", ""),
        ("5m", "1d", ""),
    ],
)
def test_an_alert_that_fires_later_is_reported(old: str, new: str, how: str) -> None:
    before, after = (file({**DOWN, "for": lasting}) for lasting in (old, new))
    assert dangers(before, after) == ([("alert-weakened", f"TargetDown of {SALES}: {how}")] if how else [])


def test_a_moved_alert_is_compared_at_its_new_place() -> None:
    milder = {**DOWN, "labels": {**DOWN["labels"], "severity": "info"}}
    assert [word for word, _ in dangers(file(DOWN), None, operators(milder))] == ["alert-weakened"]
    assert dangers(file(DOWN), None, operators(DOWN)) == []


def routing(*routes: dict[str, Any], first: str = "team", repeat: str = "4h") -> Object:
    names = ["team", "pager", "sales"]
    route = {"receiver": first, "repeat_interval": repeat, "routes": list(routes)}
    data = {"alertmanager.yml": yaml.safe_dump({"route": route, "receivers": [{"name": name} for name in names]})}
    metadata = {"name": "alertmanager", "namespace": "floe-platform"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


CRITICAL = {"receiver": "pager", "matchers": ['severity="critical"']}


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (routing(CRITICAL), routing(), 'pager is no longer told of alerts with severity="critical"'),
        (routing(), routing(first="sales"), "team is no longer told of alerts that no route is for"),
        (routing(), routing(repeat="24h"), "alerts that last are repeated every 24h instead of 4h"),
        (routing(), routing(CRITICAL), ""),
        (routing(repeat="24h"), routing(), ""),
    ],
)
def test_a_receiver_of_fewer_alerts_is_reported(before: Object, after: Object, sentence: str) -> None:
    assert dangers(before, after) == ([("alert-weakened", sentence)] if sentence else [])
    assert dangers(before, None, {**before, "metadata": {**before["metadata"], "name": "other"}}) == []


def test_a_smaller_volume_keeps_less() -> None:
    def sized(size: str) -> Object:
        container = {"name": "prometheus", "image": "prometheus:1", "args": [f"--storage.tsdb.retention.size={size}"]}
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "prometheus", "namespace": "floe-platform"},
            "spec": {"template": {"spec": {"containers": [container]}}},
        }

    assert dangers(sized("800MB"), sized("400MB")) == [
        ("history-shortened", "400MB of metrics are kept instead of 800MB; older ones are deleted")
    ]
    assert dangers(sized("400MB"), sized("800MB")) == dangers(sized("5GB"), sized("4GB")) == []
