"""Objects that run pods, whatever their shape."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import ObjectId
from floe_compiler.model.workloads import containers_of, pod_template, workload

POD = {"spec": {"containers": [{"name": "main"}]}}


@pytest.mark.parametrize(
    ("manifest", "template"),
    [
        ({"kind": "Pod", **POD}, {"kind": "Pod", **POD}),
        ({"spec": {"template": POD}}, POD),
        ({"spec": {"jobTemplate": {"spec": {"template": POD}}}}, POD),
        ({"kind": "Service", "spec": {"ports": []}}, {}),
        ({"spec": None}, {}),
        ({"spec": {"template": "text", "jobTemplate": []}}, {}),
    ],
)
def test_the_pod_template_of_each_kind_is_found(manifest: dict[str, Any], template: dict[str, Any]) -> None:
    assert pod_template(manifest) == template


def test_containers_have_their_paths_and_roles() -> None:
    sidecar = {"name": "proxy", "restartPolicy": "Always"}
    pod = {"containers": [{"name": "main"}, None], "initContainers": [sidecar, {"name": "wait"}]}
    assert [
        (container.name, container.place, container.role) for container in containers_of(pod, "spec.template.spec")
    ] == [
        ("main", "spec.template.spec.containers[main]", "main"),
        ("proxy", "spec.template.spec.initContainers[proxy]", "sidecar"),
        ("wait", "spec.template.spec.initContainers[wait]", "init"),
    ]


@pytest.mark.parametrize("spec", [None, [], "text", {"template": None}, {"template": {"spec": 1, "metadata": []}}])
def test_malformed_workloads_do_not_crash(spec: Any) -> None:
    workload_ = workload(ObjectId("apps", "Deployment", "a", "b"), {"spec": spec})
    assert workload_ is not None
    assert (workload_.pod, workload_.labels, workload_.annotations, workload_.containers) == ({}, {}, {}, ())


def test_a_job_belongs_to_the_pods_of_its_name_without_the_hash() -> None:
    workload_ = workload(ObjectId("batch", "Job", "a", "migrate-1a2b3c4d"), {})
    assert workload_ is not None
    assert str(workload_.group) == "a/migrate"
