"""Pod templates: what a component declares, at the restricted pod security standard."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.kit.placement import placed
from floe_compiler.kit.pods import container as rendered_container
from floe_compiler.kit.pods import (
    container_port,
    pod_annotations,
    pod_spec,
    pod_template,
    probe,
    startup_seconds,
    variable,
)
from floe_compiler.model.accounts import PolicyRule, WorkloadIdentity
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import ConfigFile, Container, Probe, Variable
from floe_compiler.model.inputs import Placement, Toleration
from kit.samples import DATABASE, HTTP, METRICS, OUTSIDE, SECRET, container, instance, pod
from support import DEVELOPMENT, PRODUCTION, changed

ANYWHERE = Placement()


def rendered(container_: Container) -> dict[str, Any]:
    return rendered_container(DEVELOPMENT, container_)


def spec_of(*args: Any, **changes: Any) -> dict[str, Any]:
    return pod_spec(instance(), "web", pod(*args, **changes), ANYWHERE)


def test_pods_run_as_the_declared_user_and_may_read_what_is_mounted() -> None:
    assert spec_of()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1001,
        "fsGroup": 1002,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_every_container_meets_the_restricted_standard() -> None:
    spec = spec_of(container(), waits_for=(DATABASE,), setup=(container("first"),))
    containers = [*spec["initContainers"], *spec["containers"]]
    assert len(containers) == 3
    for container_ in containers:
        assert container_["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_only_a_container_that_asks_for_it_has_a_writable_root() -> None:
    spec = spec_of(container("a", writable_root="writes its own program"), container("b"))
    assert [container_["securityContext"]["readOnlyRootFilesystem"] for container_ in spec["containers"]] == [
        False,
        True,
    ]


def test_only_pods_that_use_the_kubernetes_api_get_a_token() -> None:
    rule = PolicyRule(("batch",), ("jobs",), ("get",))
    assert spec_of()["automountServiceAccountToken"] is False
    assert spec_of(kubernetes_api=(rule,))["automountServiceAccountToken"] is True


def test_a_workload_has_its_own_account_unless_it_is_shared() -> None:
    assert spec_of()["serviceAccountName"] == "web"
    assert spec_of(account="shared")["serviceAccountName"] == "shared"


def test_service_links_are_off() -> None:
    assert spec_of()["enableServiceLinks"] is False


def test_pods_have_time_to_stop() -> None:
    assert spec_of(grace=120)["terminationGracePeriodSeconds"] == 120


def test_pods_wait_before_they_are_set_up() -> None:
    spec = spec_of(waits_for=(DATABASE, DATABASE), setup=(container("first"),))
    assert [init_container["name"] for init_container in spec["initContainers"]] == ["wait-for-postgresql", "first"]
    assert [container_["name"] for container_ in spec["containers"]] == ["main"]
    assert "initContainers" not in spec_of()


def test_the_time_to_start_is_the_wait_and_the_slowest_container() -> None:
    quick, slow = container(startup=Probe(failures=3)), container(startup=Probe(delay=20, period=20, failures=30))
    assert startup_seconds(pod()) == 0
    assert startup_seconds(pod(quick, slow, container())) == 620
    assert startup_seconds(pod(quick, waits_for=(DATABASE,))) == 240 + 30
    assert startup_seconds(pod(quick, waits_for=(DATABASE, OUTSIDE))) == 2 * 240 + 30, "one after the other"


def test_the_template_is_found_by_its_labels_and_rolled_by_its_configuration() -> None:
    pod_ = pod(
        container(
            config=(ConfigFile("/etc/app/app.yaml", "a", "app"),),
            variables=(Variable("P", secret=SECRET.key("password"), reason="no file"),),
        ),
        calls=(DATABASE, OUTSIDE),
        labels=(("team", "data"),),
    )
    template = pod_template(instance(), "web", pod_, ANYWHERE)
    assert template["spec"] == pod_spec(instance(), "web", pod_, ANYWHERE)
    metadata = template["metadata"]
    assert metadata["labels"] == {
        "access.floe.dev/db": "true",
        "app.kubernetes.io/component": "web",
        "app.kubernetes.io/instance": "platform-server",
        "app.kubernetes.io/managed-by": "floe-compile",
        "app.kubernetes.io/name": "server",
        "app.kubernetes.io/part-of": "acme",
        "team": "data",
    }
    assert len(metadata["annotations"]["floe.dev/config-hash"]) == 64
    assert metadata["annotations"]["floe.dev/secret-variables"] == "P: no file"


def test_every_mounted_volume_exists() -> None:
    spec = spec_of(container(config=(ConfigFile("/etc/app/app.yaml", "a", "app"),)))
    mounted = {mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
    assert mounted == {volume["name"] for volume in spec["volumes"]} == {"config-app", "tmp"}


def test_a_pod_that_reads_nothing_has_no_annotation() -> None:
    assert pod_annotations(DEVELOPMENT, pod()) == {}
    assert "annotations" not in pod_template(instance(), "web", pod(), ANYWHERE)["metadata"]


def test_pods_have_their_placement() -> None:
    placement = Placement(
        node_selector={"pool": "data"},
        tolerations=(Toleration(key="data", value="yes"), Toleration(key="spot", effect="NoExecute")),
    )
    assert placed(placement, "amd64") == {
        "nodeSelector": {"kubernetes.io/arch": "amd64", "pool": "data"},
        "tolerations": [
            {"key": "data", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
            {"key": "spot", "operator": "Exists", "effect": "NoExecute"},
        ],
    }
    assert placed(ANYWHERE) == {}
    spec = pod_spec(instance(), "web", pod(architecture="arm64"), placement)
    assert spec["nodeSelector"] == {"kubernetes.io/arch": "arm64", "pool": "data"}


def test_a_container_has_its_declared_fields() -> None:
    rendered_ = rendered(
        container(
            command=("run",),
            arguments=("--fast",),
            working_directory="/app",
            ports=(HTTP,),
            variables=(Variable("A", "1"),),
            before_stop=("sleep", "5"),
        )
    )
    assert (rendered_["command"], rendered_["args"], rendered_["workingDir"]) == (["run"], ["--fast"], "/app")
    assert rendered_["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    assert rendered_["env"] == [{"name": "A", "value": "1"}]
    assert rendered_["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "5"]}}}
    assert rendered_["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "1", "memory": "256Mi"},
    }
    assert rendered_["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]


def test_a_container_has_no_undeclared_fields() -> None:
    assert set(rendered(container())) == {
        "name",
        "image",
        "imagePullPolicy",
        "resources",
        "securityContext",
        "volumeMounts",
    }


def test_images_come_from_the_environments_registry() -> None:
    settings = changed(PRODUCTION, platform={"mirrors": {"docker.io": "mirror.acme.example"}})
    container_ = rendered_container(settings, container())
    assert container_["image"] == "mirror.acme.example/acme/server:1.2.3"
    assert container_["imagePullPolicy"] == "Always"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Variable("A"), {"name": "A"}),
        (Variable("A", field="status.podIP"), {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}),
        (
            Variable("A", secret=SECRET.key("password")),
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
        ),
    ],
)
def test_variables_are_rendered(declared: Variable, expected: dict[str, Any]) -> None:
    assert variable(declared) == expected


def test_ports_keep_their_protocol() -> None:
    assert container_port(Port("dns", 53, "UDP")) == {"name": "dns", "containerPort": 53, "protocol": "UDP"}


TIMING = {"periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 3}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Probe("http", "/health"), {"httpGet": {"path": "/health", "port": "http"}}),
        (Probe("http"), {"tcpSocket": {"port": "http"}}),
        (Probe(command=("check",)), {"exec": {"command": ["check"]}}),
        (Probe("metrics", grpc=True), {"grpc": {"port": 9090}}),
        (Probe(grpc=True), {"grpc": {"port": 8080}}),
        (Probe("http", delay=5), {"initialDelaySeconds": 5, "tcpSocket": {"port": "http"}}),
    ],
)
def test_probes_are_rendered(declared: Probe, expected: dict[str, Any]) -> None:
    assert probe(container(ports=(HTTP, METRICS)), declared) == TIMING | expected


def test_startup_liveness_and_readiness_probes_are_set() -> None:
    container_ = container(
        ports=(HTTP,), startup=Probe("http", "/up"), liveness=Probe("http", "/live"), readiness=Probe("http", "/ready")
    )
    rendered_ = rendered(container_)
    paths = [rendered_[key]["httpGet"]["path"] for key in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert paths == ["/up", "/live", "/ready"]


def test_an_identity_marks_the_pod_for_the_clouds_webhook() -> None:
    identity = WorkloadIdentity(
        (("azure.workload.identity/client-id", "x"),), (("azure.workload.identity/use", "true"),)
    )
    marked = pod_template(instance(), "web", pod(workload_identity=identity), ANYWHERE)["metadata"]["labels"]
    plain = pod_template(instance(), "web", pod(), ANYWHERE)["metadata"]["labels"]
    assert marked.items() - plain.items() == {("azure.workload.identity/use", "true")}
