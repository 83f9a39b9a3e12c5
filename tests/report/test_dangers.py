"""Each danger is flagged by its word where it is one, and not where it is none."""

from typing import Any

import pytest

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import dangers_of
from report.samples import deployment, thing


def words(before: Object | None, after: Object | None) -> list[str]:
    found = dangers_of(identify(before or after or {}), before, after)
    assert all(danger.sentence for danger in found)
    return [danger.word for danger in found]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("PersistentVolumeClaim", "data-loss"),
        ("Namespace", "data-loss"),
        ("CustomResourceDefinition", "data-loss"),
        ("StatefulSet", "data-loss"),
        ("Application", "prune"),
        ("Kustomization", "prune"),
        ("NetworkPolicy", "network-opened"),
        ("PodDisruptionBudget", "guard-removed"),
        ("ResourceQuota", "guard-removed"),
    ],
)
def test_dangerous_deletions(kind: str, word: str) -> None:
    assert words(thing(kind), None) == [word]
    assert words(None, thing(kind)) == []


def test_the_deletion_of_a_service_is_none() -> None:
    assert words(thing("Service"), None) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("Deployment", {"spec": {"selector": {"a": "1"}}}, {"spec": {"selector": {"a": "2"}}}),
        ("StatefulSet", {"spec": {"serviceName": "a"}}, {"spec": {"serviceName": "b"}}),
        ("StatefulSet", {"spec": {"volumeClaimTemplates": []}}, {"spec": {}}),
        ("Service", {"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "10.0.0.1"}}),
        ("Job", {"spec": {"template": {"a": 1}}}, {"spec": {"template": {"a": 2}}}),
        ("RoleBinding", {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}),
    ],
)
def test_fields_that_cannot_be_changed(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert words(thing(kind, **before), thing(kind, **after)) == ["immutable"]
    assert words(thing(kind, **before), thing(kind, **before, other=1)) == []


def test_a_service_address_filled_in_by_the_cluster_is_no_change() -> None:
    assert words(thing("Service", spec={}), thing("Service", spec={"clusterIP": "10.0.0.1"})) == []


@pytest.mark.parametrize(("before", "after", "expected"), [(2, 1, True), (1, 0, True), (1, 2, False), (1, None, False)])
def test_fewer_replicas(before: int, after: int | None, expected: bool) -> None:
    old, new = thing("Deployment", spec={"replicas": before}), thing("Deployment", spec={"replicas": after})
    assert words(old, new) == (["scale-down"] if expected else [])
    old = thing("HorizontalPodAutoscaler", spec={"minReplicas": before})
    new = thing("HorizontalPodAutoscaler", spec={"minReplicas": after})
    assert words(old, new) == (["scale-down"] if expected else [])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a/b:1.2.0", "a/b:1.1.9", ["downgrade"]),
        ("a/b:1.9", "a/b:1.10", []),
        ("a/b:v1.2.0-alpine", "a/b:v2.0.0-alpine", ["major-upgrade"]),
        ("a/b:16", "a/b:17.1", ["major-upgrade"]),
        ("a/b:latest", "a/b:1.0", []),
        ("a/b:2.0", "a/c:1.0", []),
        ("ghcr.io/a/b:2.0", "mirror.example/a/b:1.0", ["downgrade"]),
        ("not an image", "a/b:1.0", []),
    ],
)
def test_image_versions(before: str, after: str, expected: list[str]) -> None:
    assert words(deployment(image=before), deployment(image=after)) == expected


def test_images_of_cron_jobs_and_setup_containers_count() -> None:
    def cron_job(image: str) -> Object:
        pod = {"initContainers": [{"name": "x", "image": image}], "containers": []}
        return thing("CronJob", spec={"jobTemplate": {"spec": {"template": {"spec": pod}}}})

    assert words(cron_job("a/b:2"), cron_job("a/b:1")) == ["downgrade"]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [("10Gi", "5Gi", True), ("1Gi", "1024Mi", False), ("1Gi", "?", False)]
)
def test_smaller_volumes(before: str, after: str, expected: bool) -> None:
    def claim(size: str) -> Object:
        return thing("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}})

    assert words(claim(before), claim(after)) == (["storage-shrink"] if expected else [])
    sets = [thing("StatefulSet", spec={"volumeClaimTemplates": [claim(size)]}) for size in (before, after)]
    assert ("storage-shrink" in words(*sets)) == expected


def test_rights_widened_to_everything() -> None:
    def role(*verbs: str) -> Object:
        return thing("Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}])

    assert words(role("get"), role("*")) == ["rights-widened"]
    assert words(None, role("*")) == ["rights-widened"]
    assert words(role("*"), role("*", "get")) == []
    assert words(role("*"), role("get")) == []


def test_a_binding_to_the_administrator_role() -> None:
    binding = thing("ClusterRoleBinding", roleRef={"name": "cluster-admin"})
    assert words(None, binding) == ["rights-widened"]
    assert words(binding, {**binding, "subjects": []}) == []


def test_hosts_of_an_ingress_that_go() -> None:
    def ingress(*hosts: str) -> Object:
        return thing("Ingress", spec={"rules": [{"host": host} for host in hosts]})

    assert words(ingress("a.example"), ingress("b.example")) == ["host-change"]
    assert words(ingress("a.example"), ingress("a.example", "b.example")) == []


POD_SECURITY = "pod-security.kubernetes.io/enforce"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("restricted", "baseline", True),
        ("baseline", "privileged", True),
        ("restricted", None, True),
        ("baseline", "restricted", False),
        ("restricted", "restricted", False),
        (None, "privileged", False),
    ],
)
def test_pod_security_that_is_lowered(before: str | None, after: str | None, expected: bool) -> None:
    old, new = (
        {"kind": "Namespace", "metadata": {"name": "a", "labels": {POD_SECURITY: level} if level else {}}}
        for level in (before, after)
    )
    assert words(old, new) == (["security-lowered"] if expected else [])


def egress(*rules: Object) -> Object:
    return thing("NetworkPolicy", spec={"egress": list(rules)})


HTTPS: Object = {"protocol": "TCP", "port": 443}
ANYWHERE: Object = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [HTTPS]}
OFFICE: Object = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [HTTPS]}


def test_policies_that_let_pods_go_anywhere() -> None:
    assert words(egress(OFFICE), egress(OFFICE, ANYWHERE)) == ["network-opened"]
    assert words(egress(OFFICE), egress({"ports": [HTTPS]})) == ["network-opened"]
    assert words(egress(ANYWHERE), egress(OFFICE, ANYWHERE)) == []
    assert words(egress(ANYWHERE), egress({**ANYWHERE, "ports": [{"port": 22}]})) == ["network-opened"]
    assert words(egress(ANYWHERE), egress(OFFICE)) == []
    assert words(None, egress(ANYWHERE)) == [], "a new policy opens nothing that was shut: there were no such pods"


def test_policies_that_let_anybody_in() -> None:
    shut, wide = thing("NetworkPolicy", spec={"ingress": []}), thing("NetworkPolicy", spec={"ingress": [{}]})
    assert words(shut, wide) == ["network-opened"]
    assert words(wide, shut) == []


def external(*properties: str) -> Object:
    data = [{"secretKey": one, "remoteRef": {"key": "prod/crm", "property": one}} for one in properties]
    return thing("ExternalSecret", spec={"data": data})


def test_values_that_the_store_must_hold() -> None:
    assert words(None, external("token")) == ["secret-needed"]
    assert words(external("token"), external("token", "user")) == ["secret-needed"]
    assert words(external("token", "user"), external("token")) == []
    (found,) = dangers_of(identify(external()), None, external("token"))
    assert found.sentence == "the store must hold prod/crm: token, or pods wait for it"


def test_a_schedule_that_is_suspended() -> None:
    runs, waits = (thing("CronJob", spec={"suspend": value}) for value in (False, True))
    assert words(runs, waits) == ["suspended"]
    assert words(waits, runs) == words(waits, waits) == words(None, waits) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("Application", {"syncPolicy": {"automated": {}}}, {"syncPolicy": {"automated": {"prune": True}}}),
        ("Kustomization", {"prune": False}, {"prune": True}),
    ],
)
def test_delivery_that_begins_to_delete(kind: str, before: Object, after: Object) -> None:
    assert words(thing(kind, spec=before), thing(kind, spec=after)) == ["prune"]
    assert words(thing(kind, spec=after), thing(kind, spec=before)) == []
    assert words(None, thing(kind, spec=after)) == []


ODD = (
    *("Application", "CronJob", "Deployment", "ExternalSecret", "Ingress", "Namespace", "NetworkPolicy"),
    *("PersistentVolumeClaim", "Role", "Service", "StatefulSet"),
)


def test_odd_shapes_do_no_harm() -> None:
    shapes: tuple[Any, ...] = (None, [], "text", 1)
    for odd in shapes:
        for kind in ODD:
            words(thing(kind, spec=odd, rules=None), thing(kind, spec={}, rules=None))
