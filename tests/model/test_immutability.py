"""Fields that an update may not change."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.immutability import IMMUTABLE, immutable_changes
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from tables import table


def manifest(kind: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "x"}, "spec": spec}


def test_all_immutable_changes_are_reported() -> None:
    before = manifest("StatefulSet", serviceName="a", podManagementPolicy="Parallel", replicas=1)
    after = manifest("StatefulSet", serviceName="b", podManagementPolicy="OrderedReady", replicas=2)
    assert immutable_changes(before, after) == ["spec.serviceName", "spec.podManagementPolicy"]


def test_an_address_that_the_cluster_fills_in_is_not_a_change() -> None:
    assert immutable_changes(manifest("Service"), manifest("Service", clusterIP="10.0.0.1")) == []
    assert immutable_changes(manifest("Service", clusterIP="None"), manifest("Service", clusterIP="10.0.0.1"))


def test_a_service_with_an_address_cannot_become_headless() -> None:
    assert immutable_changes(manifest("Service"), manifest("Service", clusterIP="None")) == ["spec.clusterIP"]
    assert immutable_changes(manifest("Service"), manifest("Service", clusterIPs=["None"])) == ["spec.clusterIPs"]
    # The API server keeps a field that is no longer written.
    assert immutable_changes(manifest("Service", clusterIP="None"), manifest("Service")) == []
    # A Service for an external name has no address.
    assert immutable_changes(manifest("Service", type="ExternalName"), manifest("Service", clusterIP="None")) == []


def test_a_claim_can_grow_but_not_shrink() -> None:
    def claim(size: str, **resources: Any) -> dict[str, Any]:
        return manifest("PersistentVolumeClaim", resources={"requests": {"storage": size}, **resources})

    assert immutable_changes(claim("10Gi"), claim("20Gi")) == []
    assert immutable_changes(claim("1Gi"), claim("1024Mi")) == []
    assert immutable_changes(claim("10Gi"), claim("9Gi")) == ["spec.resources.requests.storage"]
    limits = ({"limits": {"storage": size}} for size in ("20Gi", "30Gi"))
    assert immutable_changes(*(claim("10Gi", **change) for change in limits)) == ["spec.resources.limits"]


def test_node_affinity_of_a_volume_may_be_set_once() -> None:
    def near(zone: str) -> dict[str, Any]:
        return manifest("PersistentVolume", nodeAffinity={"required": {"nodeSelectorTerms": [{"a": zone}]}})

    assert immutable_changes(manifest("PersistentVolume"), near("a")) == []
    assert immutable_changes(near("a"), near("b")) == ["spec.nodeAffinity"]
    assert immutable_changes(near("a"), manifest("PersistentVolume")) == ["spec.nodeAffinity"]


PATHS = [(kind, path) for kind, paths in IMMUTABLE.items() for path in paths]


@table("kind, path", PATHS, ids=lambda value: value if isinstance(value, str) else ".".join(value))
def test_every_immutable_field_exists_in_kubernetes(kind: str, path: tuple[str, ...]) -> None:
    schemas = kubernetes_schemas(known_versions()[-1])
    assert schemas
    place = next(name for (_, known), name in schemas.kinds.items() if known == kind)
    for field in path:
        place = schemas.definition(place)["properties"][field].get("$ref", "").rpartition("/")[2]


@table("kind, path", PATHS, ids=lambda value: value if isinstance(value, str) else ".".join(value))
def test_a_change_of_each_immutable_field_is_reported(kind: str, path: tuple[str, ...]) -> None:
    def holding(value: Any) -> dict[str, Any]:
        for field in reversed(path):
            value = {field: value}
        return {"kind": kind, **value}

    assert immutable_changes(holding("a"), holding("b")) == [".".join(path)]
    assert immutable_changes(holding("a"), holding("a")) == []


def test_a_second_family_of_addresses_may_be_added_but_the_first_stays() -> None:
    before, after = manifest("Service", ipFamilies=["IPv4"]), manifest("Service", ipFamilies=["IPv4", "IPv6"])
    assert immutable_changes(before, after) == immutable_changes(after, before) == []
    assert immutable_changes(before, manifest("Service", ipFamilies=["IPv6", "IPv4"])) == ["spec.ipFamilies"]


def test_an_indexed_job_may_have_more_completions() -> None:
    before, after = ({"completionMode": "Indexed", "completions": count, "parallelism": count} for count in (2, 3))
    assert immutable_changes(manifest("Job", **before), manifest("Job", **after)) == []
    assert immutable_changes(manifest("Job", completions=2), manifest("Job", completions=3)) == ["spec.completions"]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_an_immutable_object_keeps_its_data(kind: str) -> None:
    def holding(value: str, *, immutable: bool) -> dict[str, Any]:
        return {"kind": kind, "data": {"a": value}, **({"immutable": True} if immutable else {})}

    frozen = holding("1", immutable=True)
    assert immutable_changes(frozen, holding("2", immutable=True)) == ["data"]
    assert immutable_changes(frozen, holding("2", immutable=False)) == ["immutable", "data"]
    assert immutable_changes(frozen, frozen | {"metadata": {"labels": {"a": "b"}}}) == []
    assert immutable_changes(holding("1", immutable=False), holding("2", immutable=True)) == []


def test_a_pod_may_only_change_its_image_and_little_else() -> None:
    def pod(image: str, **spec: Any) -> dict[str, Any]:
        return manifest("Pod", containers=[{"name": "app", "image": image}], **spec)

    assert immutable_changes(pod("a:1"), pod("a:2", activeDeadlineSeconds=60)) == []
    assert immutable_changes(pod("a:1"), pod("a:1", serviceAccountName="x")) == ["spec"]
    assert immutable_changes(pod("a:1"), manifest("Pod", containers=[{"name": "b", "image": "a:1"}])) == ["spec"]


def test_writing_a_default_explicitly_is_not_a_change() -> None:
    assert immutable_changes(manifest("StatefulSet"), manifest("StatefulSet", podManagementPolicy="OrderedReady")) == []
    assert immutable_changes(manifest("StatefulSet"), manifest("StatefulSet", podManagementPolicy="Parallel"))
    assert immutable_changes({"kind": "Secret"}, {"kind": "Secret", "type": "Opaque"}) == []


def test_kinds_of_other_api_groups_have_their_own_rules() -> None:
    for api, expected in (("v1", 1), ("storage.k8s.io/v1", 1), ("apps/v1", 1), ("serving.example.dev/v1", 0)):
        before, after = (manifest("Service", clusterIP=value) | {"apiVersion": api} for value in ("10.0.0.1", "None"))
        assert len(immutable_changes(before, after)) == expected


@pytest.mark.parametrize("odd", [None, [], "text", 1, {"kind": []}, {"kind": "StatefulSet", "spec": []}])
def test_malformed_objects_do_not_crash(odd: Any) -> None:
    assert immutable_changes(odd, odd) == []
