"""Pods of custom resources meet the rules for pods."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest

from check.samples import Platform, container, labels, resource, sample, selector, template
from floe_compiler.check.index import build_index
from floe_compiler.check.network import isolation
from floe_compiler.check.objects import schema
from floe_compiler.check.pods import config_hash, images, jobs, ports, probes, resources, security
from floe_compiler.check.references import config_references, selectors
from floe_compiler.model.demand import demand

POD_CHECKS = (
    config_hash.check,
    config_references.check,
    images.check,
    jobs.check,
    ports.check,
    probes.check,
    resources.check,
    security.check,
)
ROLLOUT = "Rollout.argoproj.io floe-platform/web"


def pods(**changes: Any) -> dict[str, Any]:
    """Return a pod template that keeps every rule."""
    return template("dagster", {**container("web", 3000), **changes})


def rollout(data: dict[str, Any], **spec: Any) -> Platform:
    platform = sample()
    spec = {"replicas": 3, "selector": {"matchLabels": labels("dagster")}, "template": data, **spec}
    platform.add(resource("argoproj.io/v1alpha1", "Rollout", "web", spec=spec))
    return platform


def test_valid_pods_of_custom_resources_are_accepted() -> None:
    assert rollout(pods()).findings(*POD_CHECKS) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"image": "ghcr.io/acme/server:latest"}, "C150"),
        ({"resources": {}}, "C080"),
        ({"livenessProbe": {"tcpSocket": {"port": "main"}, "timeoutSeconds": 20}}, "C101"),
        ({"envFrom": [{"secretRef": {"name": "nothing"}}]}, "C040"),
    ],
)
def test_pods_of_a_rollout_are_checked(changes: dict[str, Any], code: str) -> None:
    findings = rollout(pods(**changes)).findings(*POD_CHECKS)
    assert [(finding[0], finding[1]) for finding in findings] == [(code, ROLLOUT)]
    assert findings[0][2].startswith("spec.template.spec.containers[web].")


def test_privileges_in_a_rollout_are_reported() -> None:
    data = pods()
    data["spec"]["containers"][0]["securityContext"]["privileged"] = True
    assert [(finding[0], finding[1]) for finding in rollout(data).findings(security.check)] == [("C070", ROLLOUT)]


def test_pods_of_a_rollout_are_selected_and_isolated() -> None:
    platform = rollout(pods(), selector={"matchLabels": {"app": "other"}})
    assert ("C021", ROLLOUT) in [(code, about) for code, about, _ in platform.findings(selectors.check)]
    assert [code for code, _, _ in rollout(pods()).findings(selectors.check)] == ["C023", "C022", "C022"]
    platform = rollout(pods())
    platform["NetworkPolicy/dns"]["spec"]["podSelector"] = {"matchLabels": selector("polaris")}
    assert ROLLOUT in [about for _, about, _ in platform.findings(isolation.check)]


def test_a_rollout_that_selects_pods_of_a_deployment_is_reported() -> None:
    platform = sample()
    spec = {"workloadRef": {"kind": "Deployment", "name": "dagster"}, "selector": {"matchLabels": {"a": "b"}}}
    platform.add(resource("argoproj.io/v1alpha1", "Rollout", "web", spec=spec))
    assert platform.findings(*POD_CHECKS, selectors.check) == []


def test_the_quota_counts_the_pods_of_a_rollout() -> None:
    def pods_in_quota(platform: Platform) -> Fraction:
        rendered = platform.rendered()
        index = build_index(rendered)
        return demand(index.workloads.values(), index.objects, rendered.launched, rendered.nodes).total("pods").amount

    assert pods_in_quota(rollout(pods())) - pods_in_quota(sample()) == 3


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"spec": {"containers": [{"name": "web", "imagee": "x"}]}},
            "spec.template.spec.containers[web].imagee is not",
        ),
        (
            {"spec": {"containers": [{"name": "web", "ports": [{"containerPort": "x"}]}]}},
            "spec.template.spec.containers",
        ),
        ({"spec": {"containers": "web"}}, "spec.template.spec.containers must be a list"),
        ({"spec": {"nodeSelector": {}}}, "spec.template.spec.containers is missing"),
    ],
)
def test_templates_have_the_schema_of_pods(data: dict[str, Any], message: str) -> None:
    findings = rollout(data).findings(schema.check)
    assert [finding[0] for finding in findings] == ["C001", "C002"]
    assert findings[0][2].startswith(message)


@pytest.mark.parametrize("data", ["text", [], {}, {"spec": None}, {"spec": []}, {"metadata": 1, "spec": {"a": None}}])
def test_templates_of_any_shape(data: Any) -> None:
    rollout(copy.deepcopy(data)).findings(*POD_CHECKS, selectors.check, schema.check)


def spark(**driver: Any) -> Platform:
    platform = sample()
    container_ = {"name": "spark-kubernetes-driver", **driver}
    spec = {"driver": {"template": {"spec": {"containers": [container_]}}}, "executor": {"template": {"spec": {}}}}
    platform.add(resource("sparkoperator.k8s.io/v1beta2", "SparkApplication", "web", spec=spec))
    return platform


def test_fields_that_an_operator_adds_are_not_missing() -> None:
    platform = spark()
    limits = {"type": "Container", "max": {"memory": "128Mi"}, "min": {"cpu": "50m"}}
    platform.add(resource("v1", "LimitRange", "small", spec={"limits": [limits]}))
    assert platform.findings(*POD_CHECKS) == []


@pytest.mark.parametrize(
    ("driver", "code"),
    [
        ({"securityContext": {"privileged": True}}, "C070"),
        ({"securityContext": {"runAsUser": 0}}, "C070"),
        ({"image": "ghcr.io/acme/spark:latest"}, "C150"),
        ({"envFrom": [{"configMapRef": {"name": "nothing"}}]}, "C040"),
        ({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}, "C081"),
    ],
)
def test_errors_in_a_template_that_an_operator_completes_are_reported(driver: dict[str, Any], code: str) -> None:
    assert [finding[0] for finding in spark(**driver).findings(*POD_CHECKS)] == [code]


def test_a_service_of_pods_that_an_operator_completes_is_accepted() -> None:
    platform = sample()
    labels_ = {"app": "pooler"}
    pooler = {"metadata": {"labels": labels_}, "spec": {"containers": [{"name": "pgbouncer"}]}}
    spec = {"cluster": {"name": "db"}, "template": pooler}
    platform.add(resource("postgresql.cnpg.io/v1", "Pooler", "web", spec=spec))
    service = platform.copy_of("Service/dagster", "pooler")
    service["spec"] = {"selector": labels_, "ports": [{"port": 5432}]}
    assert platform.findings(selectors.check, *POD_CHECKS) == []


def test_each_template_of_an_object_is_checked() -> None:
    platform = sample()
    bad = {"spec": {"containers": [{"name": "x", "securityContext": {"privileged": True}}]}}
    spec = {"driver": {"template": bad}, "executor": {"template": bad}}
    platform.add(resource("sparkoperator.k8s.io/v1beta2", "SparkApplication", "web", spec=spec))
    assert [message for _, _, message in platform.findings(security.check)] == [
        f"spec.{pod}.template.spec.containers[x].securityContext.privileged is true" for pod in ("driver", "executor")
    ]


def test_a_service_of_knative() -> None:
    data = pods()
    del data["spec"]["containers"][0]["name"]
    data["spec"]["containerConcurrency"] = 10
    platform = sample()
    platform.add(resource("serving.knative.dev/v1", "Service", "web", spec={"template": data}))
    assert platform.findings(*POD_CHECKS) == []
    assert [code for code, _, _ in platform.findings(schema.check)] == ["C002"]
    data["spec"]["hostNetwork"] = True
    assert [code for code, _, _ in platform.findings(security.check)] == ["C070"]


@pytest.mark.parametrize("ports", [[], [{"containerPort": 9000}]])
def test_a_probe_of_knative_asks_the_port_that_is_served(ports: list[dict[str, Any]]) -> None:
    data = pods()
    container = data["spec"]["containers"][0]
    container |= {"ports": ports, "livenessProbe": {"httpGet": {"path": "/live"}}}
    del container["readinessProbe"]
    data["metadata"]["labels"] = {"app": "web"}
    platform = sample()
    platform.add(resource("serving.knative.dev/v1", "Service", "web", spec={"template": data}))
    assert platform.findings(*POD_CHECKS) == []
    assert [code for code, _, _ in platform.findings(schema.check)] == ["C002"]
    container["livenessProbe"]["httpGet"]["port"] = 9001
    assert [code for code, _, _ in platform.findings(*POD_CHECKS)] == ["C031"]
