"""Additions of the cluster and other notations of a value are not differences."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import ObjectId, identify
from floe_compiler.report.running import alike, as_written, foreign_objects
from floe_compiler.report.secrecy import HIDDEN
from tables import table


def of(kind: str = "ConfigMap", api_version: str = "v1", namespace: str = "a", **rest: Any) -> dict[str, Any]:
    metadata = {"name": "one", **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def compared(running: dict[str, Any], other: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the compared parts of two objects, without identity."""
    before, after = alike(*(as_written(identify(object_), object_) for object_ in (running, other)))
    return _content(before), _content(after)


def _content(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in manifest.items() if key not in ("kind", "metadata")}


def test_additions_of_the_cluster_are_removed() -> None:
    added: dict[str, Any] = {
        "uid": "1",
        "resourceVersion": "2",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{}],
        "finalizers": ["kubernetes.io/pvc-protection"],
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "deployment.kubernetes.io/revision": "3",
            "meta.helm.sh/release-name": "a",
            "argocd.argoproj.io/tracking-id": "a",
        },
    }
    assert as_written(ObjectId("", "ConfigMap", "a", "one"), of(metadata=added, status={"a": "b"})) == of()
    own = {"annotations": {**added["annotations"], "own": "kept"}, "labels": {"own": "kept"}}
    own_metadata = {"annotations": {"own": "kept"}, "labels": {"own": "kept"}}
    assert (
        as_written(ObjectId("", "ConfigMap", "a", "one"), of(metadata=own))["metadata"]
        == of(metadata=own_metadata)["metadata"]
    )


@table(
    "kind, running, compiled",
    [
        ("Service", {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"]}, {}),
        ("Service", {"clusterIP": "None", "clusterIPs": ["None"]}, {"clusterIP": "None"}),
        ("Service", {"sessionAffinity": "None", "internalTrafficPolicy": "Cluster", "type": "ClusterIP"}, {}),
        (
            "Service",
            {"ports": [{"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}]},
            {"ports": [{"name": "http", "port": 80}]},
        ),
        (
            "Deployment",
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}},
            {},
        ),
        ("Deployment", {"replicas": 1, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}, {}),
        (
            "Deployment",
            {
                "template": {
                    "metadata": {"creationTimestamp": None},
                    "spec": {"restartPolicy": "Always", "securityContext": {}},
                }
            },
            {"template": {"spec": {}}},
        ),
        (
            "Deployment",
            {"template": {"spec": {"serviceAccount": "a", "serviceAccountName": "a"}}},
            {"template": {"spec": {"serviceAccountName": "a"}}},
        ),
        (
            "Deployment",
            {
                "template": {
                    "spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]}
                }
            },
            {
                "template": {
                    "spec": {
                        "containers": [{"name": "a", "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}]
                    }
                }
            },
        ),
        (
            "StatefulSet",
            {
                "volumeClaimTemplates": [
                    {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}
                ]
            },
            {"volumeClaimTemplates": [{}]},
        ),
        ("Job", {"selector": {"matchLabels": {"controller-uid": "1"}}, "completions": 1, "manualSelector": False}, {}),
        ("Namespace", {"finalizers": ["kubernetes"]}, {}),
        ("PersistentVolumeClaim", {"volumeName": "pvc-1", "volumeMode": "Filesystem"}, {}),
    ],
)
def test_defaults_of_the_api_server_are_not_a_difference(
    kind: str, running: dict[str, Any], compiled: dict[str, Any]
) -> None:
    running_, compiled_ = compared(of(kind, spec=running), of(kind, spec=compiled))
    assert (running_.get("spec") or {}) == (compiled_.get("spec") or {})
    back, forth = compared(of(kind, spec=compiled), of(kind, spec=running))
    assert (back.get("spec") or {}) == (forth.get("spec") or {}), "and the other way round"


@pytest.mark.parametrize(
    ("running", "compiled"),
    [
        ({"replicas": 2}, {}),
        ({"suspend": True}, {}),
        ({"replicas": 1}, {"replicas": 2}),
        ({"minReadySeconds": False}, {}),
        ({"template": {"metadata": {"labels": {"type": "ClusterIP"}}}}, {"template": {"metadata": {"labels": {}}}}),
        ({"cpu": "1"}, {"cpu": "2"}),
    ],
)
def test_other_values_are_a_difference(running: dict[str, Any], compiled: dict[str, Any]) -> None:
    running_, compiled_ = compared(of("Deployment", spec=running), of("Deployment", spec=compiled))
    assert running_ != compiled_


def test_fields_of_data_have_no_defaults() -> None:
    running_, compiled_ = compared(of(data={"type": "ClusterIP", "a": "b"}), of(data={"a": "b"}))
    assert running_ != compiled_


def test_values_of_secrets_are_not_even_compared() -> None:
    running_, compiled_ = compared(
        of("Secret", data={"a": "c2VjcmV0", "b": "x"}, type="Opaque"), of("Secret", stringData={"a": "other"})
    )
    assert running_["data"] == {"a": HIDDEN, "b": HIDDEN}
    assert compiled_["data"] == {"a": HIDDEN}


def test_the_api_version_does_not_matter() -> None:
    running_, compiled_ = compared(
        of("HorizontalPodAutoscaler", "autoscaling/v1"), of("HorizontalPodAutoscaler", "autoscaling/v2")
    )
    assert running_ == compiled_


def test_lists_are_expanded_and_objects_of_controllers_are_ignored() -> None:
    owner = {"ownerReferences": [{"kind": "ReplicaSet", "controller": True}]}
    controlled = [
        of("Pod", metadata=owner),
        of("Endpoints"),
        of("EndpointSlice", "discovery.k8s.io/v1"),
        of("Lease", "coordination.k8s.io/v1"),
        of(metadata={"name": "kube-root-ca.crt"}),
        of("ServiceAccount", metadata={"name": "default"}),
        of("Secret", type="helm.sh/release.v1"),
        of("Secret", type="kubernetes.io/service-account-token"),
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": [of(), *controlled]}
    assert list(foreign_objects([listed, None, "text"], "dev", {}).by_id) == [ObjectId("", "ConfigMap", "a", "one")]


def test_an_object_without_a_namespace_matches_the_compiled_one_with_its_name() -> None:
    compiled = {ObjectId("", "ConfigMap", "a", "one"): of()}
    foreign = foreign_objects([of(namespace="")], "dev", compiled)
    assert dict(foreign.files) == {ObjectId("", "ConfigMap", "a", "one"): "output/dev/a/configmap_one.yaml"}
    more = of(namespace="", metadata={"name": "two"})
    assert {identity.namespace for identity in foreign_objects([of(namespace=""), more], "dev", compiled).by_id} == {
        "a"
    }
    twice = {**compiled, ObjectId("", "ConfigMap", "b", "one"): of(namespace="b")}
    assert list(foreign_objects([of(namespace="")], "dev", twice).by_id) == [ObjectId("", "ConfigMap", "", "one")]
