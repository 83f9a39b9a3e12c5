"""Pods that an orchestrator starts must meet the rules for all pods, also after a patch of their template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from check.samples import RUNS, Platform, sample, selector
from environment_check import run_checks
from floe_compiler.check.pods.launched_pods import check
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import JobVariable, LaunchedPods, PodFile
from floe_compiler.model.yaml_text import to_yaml

SOURCE = ObjectId("apps", "Deployment", "floe-platform", "dagster")
DESCRIPTION = JobVariable(SOURCE, "dagster", "RUNS", ("job",), ("metadata",), ("spec",), ("container",))
ABOUT = "launched pods floe-platform/dagster-run"


def described(platform: Platform, **changes: Any) -> Platform:
    """Return a platform whose orchestrator has a template for the pods of its runs."""
    pod = platform.pod("Job/migrate-1a2b3c4d")
    inner = {**pod["containers"][0], "name": "run", **changes.pop("container", {})}
    spec = {key: value for key, value in pod.items() if key not in ("containers", "initContainers", "restartPolicy")}
    data = {
        "job": {"backoffLimit": 0, "activeDeadlineSeconds": 60},
        "metadata": {"labels": selector("dagster-run")},
        "spec": {**spec, **changes.pop("spec", {})},
        "container": inner,
        **changes,
    }
    variable = {"name": "RUNS", "value": json.dumps(data)}
    main = platform.container("Deployment/dagster")
    main["env"] = [*main.get("env", []), variable]
    main["image"] = pod["containers"][0]["image"]
    (launched,) = (facts for facts in platform.facts["launched"] if isinstance(facts, LaunchedPods))
    platform.facts["launched"] = frozenset({replace(launched, group=RUNS, description=DESCRIPTION)})
    return platform


def all_codes(platform: Platform) -> set[str]:
    try:
        return {finding.rule.code for finding in run_checks(platform.rendered()) if ABOUT in finding.subject}
    except StageFailed as failure:
        return {diagnostic.rule.code for diagnostic in failure.diagnostics if ABOUT in diagnostic.subject}


def test_pods_as_they_are_rendered_pass_every_check() -> None:
    assert all_codes(described(sample())) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"container": {"securityContext": {"privileged": True}}}, "C070"),
        ({"container": {"resources": {}}}, "C080"),
        ({"spec": {"serviceAccountName": "nobody"}}, "C044"),
        ({"container": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "no", "key": "a"}}}]}}, "C040"),
        ({"job": {}}, "C111"),
    ],
)
def test_launched_pods_have_no_more_privileges_than_others(changes: dict[str, Any], code: str) -> None:
    assert code in all_codes(described(sample(), **changes))


def test_the_image_of_runs_is_that_of_their_code() -> None:
    platform = described(sample(), container={"image": "ghcr.io/acme/other:1.0.0"})
    ((code, about, message),) = platform.findings(check)
    assert (code, about) == ("C038", ABOUT)
    assert message.startswith("their image is ghcr.io/acme/other:1.0.0, but that of Deployment.apps")


@pytest.mark.parametrize("value", ["", "no json", "[]", '{"job": {}}', '{"job": {}, "metadata": 1}'])
def test_an_empty_description_is_reported(value: str) -> None:
    platform = described(sample())
    platform.container("Deployment/dagster")["env"][-1]["value"] = value
    assert platform.findings(check) == [
        ("C036", ABOUT, "RUNS of Deployment.apps floe-platform/dagster does not describe them")
    ]


def test_a_removed_description_is_reported() -> None:
    platform = described(sample())
    platform.container("Deployment/dagster")["env"].pop()
    assert [code for code, _, _ in platform.findings(check)] == ["C036"]


def test_launched_pods_are_checked_by_the_schema_of_pods() -> None:
    ((code, _, message),) = described(sample(), spec={"hostNetwrok": True}).findings(check)
    assert code == "C037"
    assert "hostNetwrok" in message


def test_pods_that_nothing_describes_are_known_by_their_labels_only() -> None:
    assert sample().findings(check) == []


FILE = PodFile(ObjectId("", "ConfigMap", "floe-platform", "templates"), "step.yaml")


def in_a_file(platform: Platform, **changes: Any) -> Platform:
    """Return a platform whose orchestrator reads that template from a ConfigMap."""
    described(platform)
    data = json.loads(platform.container("Deployment/dagster")["env"].pop()["value"])
    spec = {**data["spec"], "restartPolicy": "Never", "activeDeadlineSeconds": 60, "containers": [data["container"]]}
    changed = {name: value for name, value in {**spec, **changes}.items() if value is not None}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": data["metadata"], "spec": changed}
    platform.add(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**platform["Deployment/dagster"]["metadata"], "name": "templates"},
            "data": {"step.yaml": to_yaml(pod)},
        }
    )
    mount = {"name": "templates", "configMap": {"name": "templates"}}
    platform.pod("Deployment/dagster").setdefault("volumes", []).append(mount)
    (launched,) = (facts for facts in platform.facts["launched"] if isinstance(facts, LaunchedPods))
    platform.facts["launched"] = frozenset({replace(launched, description=FILE)})
    return platform


def test_pods_from_a_file_pass_every_check_as_they_are_rendered() -> None:
    assert all_codes(in_a_file(sample())) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"serviceAccountName": "nobody"}, "C044"),
        ({"hostNetwork": True}, "C070"),
        ({"hostNetwrok": True}, "C037"),
        ({"activeDeadlineSeconds": None}, "C111"),
    ],
)
def test_pods_from_a_file_have_no_more_privileges_than_others(changes: dict[str, Any], code: str) -> None:
    assert code in all_codes(in_a_file(sample(), **changes))


@pytest.mark.parametrize("text", ["", "no: [pod", "[]", "metadata: 1", "metadata: {}"])
def test_a_file_that_describes_no_pod_is_reported(text: str) -> None:
    platform = in_a_file(sample())
    platform["ConfigMap/templates"]["data"]["step.yaml"] = text
    assert platform.findings(check) == [
        ("C036", ABOUT, "data[step.yaml] of ConfigMap floe-platform/templates does not describe them")
    ]
