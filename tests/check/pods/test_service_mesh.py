"""Pods that cannot join the service mesh or opt out of it, and tasks that would not end in it."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import Platform, sample
from floe_compiler.check.pods.service_mesh import check
from floe_compiler.model.service_mesh import Kind, ServiceMesh

SIDECAR = {"sidecar": "sidecar.istio.io/nativeSidecar", "linkerd": "config.beta.linkerd.io/proxy-enable-native-sidecar"}
DAGSTER = "Deployment.apps floe-platform/dagster"


def meshed(kind: Kind) -> Platform:
    """Return a platform in a mesh, whose tasks have what they need."""
    platform = sample()
    platform.facts["mesh"] = ServiceMesh(kind, "control")
    for name in ("CronJob/backup", "Job/migrate-1a2b3c4d"):
        if kind in SIDECAR:
            template(platform, name)["metadata"].setdefault("annotations", {})[SIDECAR[kind]] = "true"
    return platform


def template(platform: Platform, name: str) -> dict[str, Any]:
    spec = platform[name]["spec"]
    template_: dict[str, Any] = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    return template_


@pytest.mark.parametrize("kind", ["ambient", "sidecar", "linkerd"])
def test_pods_with_host_network_have_no_proxy(kind: Kind) -> None:
    platform = meshed(kind)
    assert platform.findings(check) == []
    platform.pod("Deployment/dagster")["hostNetwork"] = True
    message = "spec.template.spec.hostNetwork is true, so that no proxy carries its calls"
    assert platform.findings(check) == [("C230", DAGSTER, message)]


@pytest.mark.parametrize(("kind", "user"), [("ambient", None), ("sidecar", 1337), ("linkerd", 2102)])
def test_containers_with_the_user_of_the_proxy_bypass_it(kind: Kind, user: int | None) -> None:
    for other_user in (1337, 2102):
        platform = meshed(kind)
        platform.container("Deployment/dagster")["securityContext"] = {"runAsUser": other_user}
        name = platform.container("Deployment/dagster")["name"]
        message = f"spec.template.spec.containers[{name}] runs as user {other_user}, which is that of the proxy"
        assert platform.findings(check) == ([("C230", DAGSTER, message)] if other_user == user else [])


@pytest.mark.parametrize(
    ("kind", "where", "key", "value"),
    [
        ("sidecar", "labels", "sidecar.istio.io/inject", "false"),
        ("sidecar", "annotations", "sidecar.istio.io/inject", "false"),
        ("ambient", "labels", "istio.io/dataplane-mode", "none"),
        ("linkerd", "annotations", "linkerd.io/inject", "disabled"),
    ],
)
def test_pods_that_leave_the_mesh_are_reported(kind: Kind, where: str, key: str, value: str) -> None:
    platform = meshed(kind)
    template(platform, "Deployment/dagster")["metadata"].setdefault(where, {})[key] = value
    message = f"its pods have the {where[:-1]} {key}: {value}"
    assert platform.findings(check) == [("C231", DAGSTER, message)]
    without = sample()
    template(without, "Deployment/dagster")["metadata"].setdefault(where, {})[key] = value
    assert without.findings(check) == [], "there is no mesh"


@pytest.mark.parametrize("kind", ["sidecar", "linkerd"])
def test_a_task_whose_proxy_may_not_end_is_reported(kind: Kind) -> None:
    platform = meshed(kind)
    del template(platform, "CronJob/backup")["metadata"]["annotations"][SIDECAR[kind]]
    message = f"its pods do not have the annotation {SIDECAR[kind]}"
    assert platform.findings(check) == [("C232", "CronJob.batch floe-platform/backup", message)]
