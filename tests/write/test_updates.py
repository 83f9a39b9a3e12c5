"""Changes of immutable fields need permission, like deletions."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.write.updates import guard_updates, may_be_refused

PATH = "output/prod/a/statefulset.apps_db.yaml"


def database(size: str, image: str = "postgres:16") -> str:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": size}}}}
    template = {"spec": {"containers": [{"name": "db", "image": image}]}}
    spec = {"serviceName": "db", "template": template, "volumeClaimTemplates": [claim]}
    return to_yaml({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec})


def refused(before: str, after: str, *allow: str) -> list[tuple[str, str, str]]:
    findings = Findings()
    guard_updates({PATH: before.encode()}, {PATH: after}, frozenset(allow), findings)
    return [(diagnostic.rule.code, diagnostic.subject, diagnostic.message) for diagnostic in findings.diagnostics]


def test_a_volume_that_grows_needs_permission() -> None:
    message = "spec.volumeClaimTemplates cannot be changed in a cluster"
    assert refused(database("10Gi"), database("20Gi")) == [("W018", PATH, message)]


def test_a_new_image_needs_no_permission() -> None:
    assert refused(database("10Gi"), database("10Gi", "postgres:17")) == []


@pytest.mark.parametrize("scope", ["prod", "prod/a"])
def test_permission_may_be_for_an_environment_or_a_namespace(scope: str) -> None:
    assert refused(database("10Gi"), database("20Gi"), scope) == []


def test_permission_for_another_namespace_does_not_count() -> None:
    assert refused(database("10Gi"), database("20Gi"), "prod/b") != []


def test_an_old_file_that_is_not_a_manifest_is_ignored() -> None:
    assert refused("a: [", database("20Gi")) == []


def test_only_kinds_with_immutable_fields_are_read() -> None:
    files = [
        PATH,
        "output/prod/a/service_db.yaml",
        "output/prod/a/ingress.networking.k8s.io_db.yaml",
        "output/prod/a/x.io_job.yaml",
    ]
    assert may_be_refused(files) == [PATH, "output/prod/a/service_db.yaml"]


@pytest.mark.parametrize(
    ("before", "after", "topic"),
    [
        (database("10Gi"), database("20Gi"), "Changing a volume"),
        (
            to_yaml({"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "slow"}}),
            to_yaml({"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "fast"}}),
            "Changing a volume",
        ),
        (
            to_yaml({"kind": "ConfigMap", "immutable": True, "data": {"a": "1"}}),
            to_yaml({"kind": "ConfigMap", "immutable": True, "data": {"a": "2"}}),
            "Changing what a cluster does not",
        ),
        (
            to_yaml({"kind": "EndpointSlice", "addressType": "IPv4"}),
            to_yaml({"kind": "EndpointSlice", "addressType": "FQDN"}),
            "Changing what a cluster does not",
        ),
        (
            to_yaml({"kind": "PriorityClass", "value": 1}),
            to_yaml({"kind": "PriorityClass", "value": 2}),
            "Changing what a cluster does not",
        ),
        (
            to_yaml({"kind": "Service", "spec": {"clusterIP": "10.0.0.1"}}),
            to_yaml({"kind": "Service", "spec": {"clusterIP": "None"}}),
            "Changing what a cluster does not",
        ),
    ],
)
def test_the_hint_names_the_next_steps(before: str, after: str, topic: str) -> None:
    findings = Findings()
    guard_updates({PATH: before.encode()}, {PATH: after}, frozenset(), findings)
    (diagnostic,) = findings.diagnostics
    assert diagnostic.hint == f"see docs/delivery.md ({topic}), then: floe-compile --allow-delete prod/a"
    assert f"\n### {topic}\n" in (Path(__file__).parents[2] / "docs/delivery.md").read_text(encoding="utf-8")
