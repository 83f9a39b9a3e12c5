"""Each danger is reported with its word, and nothing else is reported."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import WORDS, Objects, Surroundings, WhyKept, dangers_of, places
from report.samples import deployment, resource
from tables import table


def words(before: Object | None, after: Object | None, *beside: Object) -> list[str]:
    dangers = dangers_of(identify(before or after or {}), before, after, Surroundings((), Objects(beside)))
    assert all(danger.sentence for danger in dangers)
    assert {danger.word for danger in dangers} <= WORDS.keys()
    return [danger.word for danger in dangers]


def sentences(before: Object | None, after: Object | None) -> list[str]:
    return [danger.sentence for danger in dangers_of(identify(before or after or {}), before, after, Surroundings())]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("PersistentVolumeClaim", "data-loss"),
        ("Namespace", "data-loss"),
        ("CustomResourceDefinition", "data-loss"),
        ("StatefulSet", "data-loss"),
        ("CronJob", "suspended"),
        ("Deployment", "scale-down"),
        ("DaemonSet", "scale-down"),
    ],
)
def test_dangerous_deletions_are_reported(kind: str, word: str) -> None:
    assert words(resource(kind), None) == [word]
    assert words(None, resource(kind)) == []


class Unread(Objects):
    """The objects of an environment, which must not be read: that takes longer than everything else in a diff."""

    def in_namespace(self, namespace: str) -> list[Object]:
        raise AssertionError(f"the objects of {namespace} are read")


@pytest.mark.parametrize(
    "kind", ["Application", "ConfigMap", "CronJob", "Deployment", "ExternalSecret", "Job", "Service"]
)
def test_a_new_label_is_judged_without_the_rest_of_the_namespace(kind: str) -> None:
    before, after = (resource(kind, spec={"a": version}, data={"a": version}) for version in ("1", "2"))
    assert [*dangers_of(identify(before), before, after, Surroundings((), Unread(())))] == []


def test_deleting_a_service_is_not_a_danger() -> None:
    assert words(resource("Service"), None) == []


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
def test_immutable_fields_are_reported(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert words(resource(kind, **before), resource(kind, **after)) == ["immutable"]
    assert words(resource(kind, **before), resource(kind, **before, other=1)) == []


def test_a_service_address_filled_in_by_the_cluster_is_not_a_change() -> None:
    assert words(resource("Service", spec={}), resource("Service", spec={"clusterIP": "10.0.0.1"})) == []


@pytest.mark.parametrize(("before", "after", "expected"), [(2, 1, True), (1, 0, True), (1, 2, False), (1, None, False)])
def test_fewer_replicas_are_reported(before: int, after: int | None, expected: bool) -> None:
    old, new = resource("Deployment", spec={"replicas": before}), resource("Deployment", spec={"replicas": after})
    assert words(old, new) == (["scale-down"] if expected else [])
    old = resource("HorizontalPodAutoscaler", spec={"minReplicas": before})
    new = resource("HorizontalPodAutoscaler", spec={"minReplicas": after})
    assert words(old, new) == (["scale-down"] if expected else [])


def test_how_much_less_runs_is_reported() -> None:
    two_replicas, one_replica, no_replicas = (resource("Deployment", spec={"replicas": number}) for number in (2, 1, 0))
    assert sentences(two_replicas, one_replica) == ["replicas go from 2 to 1: fewer pods run"]
    assert sentences(two_replicas, no_replicas) == ["replicas go from 2 to 0: it no longer runs"]
    assert sentences(two_replicas, None) == ["is deleted; it no longer runs"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a/b:1.2.0", "a/b:1.1.9", ["downgrade"]),
        ("a/b:1.9", "a/b:1.10", []),
        ("a/b:v1.2.0-alpine", "a/b:v2.0.0-alpine", ["major-upgrade"]),
        ("a/b:16", "a/b:17.1", ["major-upgrade"]),
        ("a/b:latest", "a/b:1.0", []),
        ("a/b:2.0", "a/c:1.0", ["image-source"]),
        ("a/b:2.0", "evil.example/a/b:2.0", ["image-source"]),
        ("ghcr.io/a/b:2.0", "mirror.example/a/b:1.0", ["downgrade", "image-source"]),
        ("not an image", "a/b:1.0", []),
    ],
)
def test_downgraded_and_relocated_images_are_reported(before: str, after: str, expected: list[str]) -> None:
    assert words(deployment(image=before), deployment(image=after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "new", "old"),
    [
        ("a/b:2.0", "evil.example/a/b:2.0", "evil.example", "docker.io"),
        ("ghcr.io/a/b:2.0", "mirror.example/hub/a/b:2.0", "mirror.example/hub", "ghcr.io"),
        ("b:2.0", "mirror.example/b:2.0", "mirror.example", "docker.io/library"),
        ("ghcr.io/a/b:2.0", "ghcr.io/a/c:2.0", "ghcr.io/a/c", "ghcr.io/a/b"),
    ],
)
def test_where_an_image_comes_from_is_reported_as_far_as_it_differs(
    before: str, after: str, new: str, old: str
) -> None:
    messages = sentences(deployment(image=before), deployment(image=after))
    assert messages == [f"its image comes from {new} instead of {old}"]


def test_images_of_cron_jobs_and_setup_containers_count() -> None:
    def cron_job(image: str) -> Object:
        pod = {"initContainers": [{"name": "x", "image": image}], "containers": []}
        return resource("CronJob", spec={"jobTemplate": {"spec": {"template": {"spec": pod}}}})

    assert words(cron_job("a/b:2"), cron_job("a/b:1")) == ["downgrade"]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [("10Gi", "5Gi", True), ("1Gi", "1024Mi", False), ("1Gi", "?", False)]
)
def test_smaller_volumes_are_reported(before: str, after: str, expected: bool) -> None:
    def claim(size: str) -> Object:
        return resource("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}})

    assert words(claim(before), claim(after)) == (["storage-shrink"] if expected else [])
    sets = [resource("StatefulSet", spec={"volumeClaimTemplates": [claim(size)]}) for size in (before, after)]
    assert ("storage-shrink" in words(*sets)) == expected


def test_rights_widened_to_everything_are_reported() -> None:
    def role(*verbs: str) -> Object:
        return resource("Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}])

    assert words(role("get"), role("*")) == ["rights-widened"]
    assert words(None, role("*")) == ["rights-widened"]
    assert words(role("*"), role("*", "get")) == []
    assert words(role("*"), role("get")) == []


def test_a_binding_to_the_administrator_role_is_reported() -> None:
    binding = resource("ClusterRoleBinding", roleRef={"name": "cluster-admin"})
    assert words(None, binding) == ["rights-widened"]
    assert words(binding, {**binding, "subjects": []}) == []


def test_removed_hosts_of_an_ingress_are_reported() -> None:
    def ingress(*hosts: str) -> Object:
        return resource("Ingress", spec={"rules": [{"host": host} for host in hosts]})

    assert words(ingress("a.example"), ingress("b.example")) == ["host-change"]
    assert words(ingress("a.example"), ingress("a.example", "b.example")) == []


def route(*backends: str, host: str = "a.example", kind: str = "HTTPRoute") -> Object:
    rules = [{"backendRefs": [{"name": name, "port": 80} for name in backends]}]
    return resource(kind, spec={"hostnames": [host], "rules": rules})


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_routes_that_open_a_service_or_change_their_target_are_reported(kind: str) -> None:
    old, new = (route("web", host=host, kind=kind) for host in ("a.example", "b.example"))
    assert words(None, old) == ["exposed"]
    assert words(old, new) == words(old, None) == ["host-change"]
    assert words(old, old | {"other": 1}) == []


def test_a_removed_login_in_front_of_a_route_is_reported() -> None:
    with_login, without = route("oauth2-proxy-web"), route("web")
    assert words(with_login, without) == ["login-removed"]
    assert words(without, with_login) == words(with_login, with_login | {"other": 1}) == []
    assert words(with_login, None) == ["host-change"], "nobody gets in any more"

    def ingress(service: str) -> Object:
        paths = [{"path": "/", "backend": {"service": {"name": service}}}]
        return resource("Ingress", spec={"rules": [{"host": "a.example", "http": {"paths": paths}}]})

    assert words(ingress("oauth2-proxy-web"), ingress("web")) == ["login-removed"]
    assert words(ingress("oauth2-proxy-web"), ingress("oauth2-proxy-site")) == []


def test_a_route_declared_without_a_login_is_reported() -> None:
    metadata = {"metadata": {"name": "it", "annotations": {"floe.dev/exception-login": "a private network"}}}
    without = {**route("web"), **metadata}
    assert words(None, without) == ["exposed", "login-missing"]
    assert words(route("web"), without) == ["login-missing"]
    assert words(without, {**route("web", "more"), **metadata}) == []
    assert words(route("oauth2-proxy-web"), without) == ["login-removed"], "one danger for one change"


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
def test_lowered_pod_security_is_reported(before: str | None, after: str | None, expected: bool) -> None:
    old, new = (
        {"kind": "Namespace", "metadata": {"name": "a", "labels": {POD_SECURITY: level} if level else {}}}
        for level in (before, after)
    )
    assert words(old, new) == (["security-lowered"] if expected else [])


def egress(*rules: Object) -> Object:
    return resource("NetworkPolicy", spec={"egress": list(rules)})


HTTPS: Object = {"protocol": "TCP", "port": 443}
ANYWHERE: Object = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [HTTPS]}
OFFICE: Object = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [HTTPS]}


def test_policies_with_unrestricted_egress_are_reported() -> None:
    assert words(egress(OFFICE), egress(OFFICE, ANYWHERE)) == ["network-opened"]
    assert words(egress(OFFICE), egress({"ports": [HTTPS]})) == ["network-opened"]
    assert words(egress(ANYWHERE), egress(OFFICE, ANYWHERE)) == []
    assert words(egress(ANYWHERE), egress({**ANYWHERE, "ports": [{"port": 22}]})) == ["network-opened"]
    assert words(egress(ANYWHERE), egress(OFFICE)) == []
    assert sentences(egress(OFFICE), egress(OFFICE, {**ANYWHERE, "ports": [HTTPS, {"port": 22}]})) == [
        "its pods may now connect to any address on TCP 22, TCP 443"
    ]
    assert words(None, egress(ANYWHERE)) == [], "a new policy opens nothing that was closed: there were no such pods"


def test_policies_with_unrestricted_ingress_are_reported() -> None:
    shut, wide = resource("NetworkPolicy", spec={"ingress": []}), resource("NetworkPolicy", spec={"ingress": [{}]})
    assert words(shut, wide) == ["network-opened"]
    assert words(wide, shut) == []


def to(*cidrs: str, without: tuple[str, ...] = ()) -> Object:
    blocks = [{"ipBlock": {"cidr": cidr, **({"except": [*without]} if without else {})}} for cidr in cidrs]
    return egress({"to": blocks, "ports": [HTTPS]})


@table(
    "before, after, opened",
    [
        (to("10.20.0.0/24"), to("10.20.0.0/16"), True),
        (to("10.20.0.0/16"), to("10.20.0.0/24"), False),
        (to("10.20.0.0/16"), to("10.30.0.0/16"), True),
        (to("10.0.0.0/9", "10.128.0.0/9"), to("10.0.0.0/8"), False),
        (to("0.0.0.0/0", without=("10.0.0.0/8",)), to("0.0.0.0/0"), True),
        (to("0.0.0.0/0"), to("0.0.0.0/0", without=("10.0.0.0/8",)), False),
        (to("0.0.0.0/0", without=("10.0.0.0/8",)), to("11.0.0.0/8"), False),
        (to("2001:db8::/48"), to("2001:db8::/32"), True),
        (to("2001:db8::/33", "2001:db8:8000::/33"), to("2001:db8::/32"), False),
        (to("0.0.0.0/0"), to("::/0"), True),
        (to("no range"), to("no network"), False),
        (egress({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}), to("10.0.0.0/16"), False),
    ],
)
def test_wider_ranges_are_reported(before: Object, after: Object, opened: bool) -> None:
    assert words(before, after) == (["network-opened"] if opened else [])


def test_egress_to_the_whole_cluster_is_reported() -> None:
    every = egress({"to": [{"namespaceSelector": {}}], "ports": [HTTPS]})
    selected = egress(
        {"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "a"}}}], "ports": [HTTPS]}
    )
    assert sentences(selected, every) == ["its pods may now connect to every pod of the cluster on TCP 443"]
    assert words(every, every | {"other": 1}) == words(egress(ANYWHERE), every) == words(every, selected) == []
    outside = egress({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}], "ports": [HTTPS]})
    assert words(outside, every) == ["network-opened"], "no pod is outside"


def test_a_range_given_twice_counts_with_the_fewer_exceptions() -> None:
    gap = to("0.0.0.0/0", without=("10.0.0.0/8",))
    twice = egress(*gap["spec"]["egress"], ANYWHERE)
    assert words(twice, egress(ANYWHERE)) == []
    assert words(gap, egress(ANYWHERE, *gap["spec"]["egress"])) == ["network-opened"]


def rules_for(name: str, *types: str, **labels: str) -> Object:
    return resource("NetworkPolicy", name, spec={"podSelector": {"matchLabels": labels}, "policyTypes": [*types]})


BOTH = ("Ingress", "Egress")
DENY = rules_for("default-deny", *BOTH)
OWN = rules_for("own", *BOTH, app="a")
POD: Object = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a"}]}}
PODS = resource("Deployment", spec={"template": POD})


def test_a_removed_policy_is_reported_only_if_its_pods_stay_unrestricted() -> None:
    assert words(OWN, None, DENY, PODS) == [], "another still denies all"
    assert words(OWN, None) == [], "its pods go, too"
    assert words(OWN, None, PODS) == ["network-opened"]
    assert words(OWN, None, PODS, rules_for("other", *BOTH, app="a")) == []
    assert words(OWN, None, PODS, rules_for("other", *BOTH, app="b")) == ["network-opened"]
    assert words(DENY, None) == [], "the whole namespace goes"
    assert words(DENY, None, PODS) == ["network-opened"]
    assert words(DENY, None, PODS, OWN) == ["network-opened"], "pods that come later are restricted by none"
    (danger,) = dangers_of(identify(OWN), OWN, None, Surroundings((), Objects((PODS, rules_for("other", "Egress")))))
    assert danger.sentence == "no policy restricts the ingress of its pods any longer"


@pytest.mark.parametrize(
    ("spec", "lost"),
    [
        ({}, "ingress"),
        ({"policyTypes": []}, "ingress"),
        ({"egress": [{}]}, "ingress and egress"),
        ({"ingress": [{}], "policyTypes": ["Egress"]}, "egress"),
    ],
)
def test_default_policy_types_are_understood(spec: Object, lost: str) -> None:
    policy = resource("NetworkPolicy", spec={"podSelector": {}, **spec})
    (danger,) = dangers_of(identify(policy), policy, None, Surroundings((), Objects((PODS,))))
    assert danger.sentence == f"no policy restricts the {lost} of its pods any longer"


def test_a_policy_that_selects_other_pods_or_fewer_directions_opens_too() -> None:
    shrunk = rules_for("own", "Egress", app="a")
    assert words(OWN, shrunk, shrunk, PODS) == ["network-opened"]
    assert words(OWN, shrunk, shrunk, PODS, DENY) == []
    assert words(OWN, OWN | {"other": 1}, OWN, PODS) == []


def test_removed_budgets_and_quotas_of_remaining_pods_are_reported() -> None:
    budget = resource("PodDisruptionBudget", spec={"selector": {"matchLabels": {"app": "a"}}})
    assert words(budget, None, PODS) == ["guard-removed"]
    assert words(budget, None) == words(budget, budget | {"other": 1}, PODS) == []
    assert words(resource("ResourceQuota"), None, PODS) == ["guard-removed"]
    assert words(resource("ResourceQuota"), None) == []


def test_services_opened_to_the_outside_are_reported() -> None:
    inside, outside = (resource("Service", spec={"type": kind}) for kind in ("ClusterIP", "NodePort"))
    assert words(inside, outside) == words(None, outside) == ["exposed"]
    assert words(outside, inside) == words(outside, outside | {"other": 1}) == []


def external(*properties: str, store: str = "vault") -> Object:
    data = [{"secretKey": key, "remoteRef": {"key": "prod/crm", "property": key}} for key in properties]
    return resource("ExternalSecret", spec={"data": data, "secretStoreRef": {"name": store}})


def test_another_secret_store_is_reported() -> None:
    old, new = (resource("SecretStore", spec={"provider": {"vault": {"server": url}}}) for url in ("a", "b"))
    assert words(old, new) == ["secret-needed"]
    assert words(old, old | {"other": 1}) == words(None, new) == words(old, None) == []
    assert sentences(external("token"), external("token", store="other")) == [
        "the store other must have what was read from vault, or pods wait for it"
    ]


def test_new_values_that_the_store_needs_are_reported() -> None:
    assert words(None, external("token")) == ["secret-needed"]
    assert words(external("token"), external("token", "user")) == ["secret-needed"]
    assert words(external("token", "user"), external("token")) == []
    assert sentences(None, external("token")) == ["the store must have prod/crm: token, or pods wait for it"]
    messages = sentences(None, external("token", "user"))
    assert messages == ["the store must have prod/crm: token, user, or pods wait for it"]


def test_values_already_in_the_store_or_in_the_cluster_are_not_reported() -> None:
    new = external("token")
    assert dangers_of(identify(new), None, new, Surroundings([external("token", "user")])) == ()
    store = resource("ClusterSecretStore", "vault", "", spec={"provider": {"kubernetes": {"remoteNamespace": "b"}}})
    assert words(None, new, store) == []
    assert words(None, new, resource("ClusterSecretStore", "vault", "", spec={"provider": {"vault": {}}}))


def test_a_suspended_schedule_is_reported() -> None:
    runs, waits = (resource("CronJob", spec={"suspend": value}) for value in (False, True))
    assert words(runs, waits) == ["suspended"]
    assert words(waits, runs) == words(waits, waits) == words(None, waits) == []


def test_a_disabled_schedule_of_dagster_is_reported() -> None:
    def product(schedule: Any) -> Object:
        return resource("ConfigMap", data={"product.json": json.dumps({"schedule": schedule})})

    runs = product({"cron": "0 * * * *", "enabled": True})
    assert words(runs, product(None)) == words(runs, product({"enabled": False})) == words(runs, None) == ["suspended"]
    assert words(product(None), runs) == words(runs, product({"cron": "1 * * * *", "enabled": True})) == []
    assert words(resource("ConfigMap", data={"product.json": "{"}), runs) == []


def test_a_removed_trigger_of_a_product_is_reported() -> None:
    def product(**starts: Any) -> Object:
        return resource("ConfigMap", data={"product.json": json.dumps(starts)})

    triggered, scheduled = product(schedule=None, trigger={"inputs": "all"}), product(schedule={"enabled": True})
    by_hand = product(schedule=None)
    assert words(triggered, by_hand) == words(triggered, None) == ["suspended"]
    assert words(triggered, scheduled) == words(scheduled, triggered) == words(by_hand, triggered) == []
    assert words(triggered, product(schedule=None, trigger={"inputs": "any"})) == []


def test_less_memory_is_reported() -> None:
    def pod(limit: str) -> Object:
        return deployment(resources={"limits": {"memory": limit}})

    assert words(pod("4Gi"), pod("2Gi")) == ["memory-lowered"]
    assert words(pod("2Gi"), pod("4Gi")) == words(pod("1Gi"), pod("1024Mi")) == words(pod("1Gi"), deployment()) == []


def test_more_replicas_of_a_single_workload_are_reported() -> None:
    def single(kind: str, replicas: int, strategy: str = "") -> Object:
        return resource(kind, spec={"replicas": replicas, "strategy": {"type": strategy}})

    assert words(single("StatefulSet", 1), single("StatefulSet", 2)) == ["scale-up"]
    assert words(single("Deployment", 1, "Recreate"), single("Deployment", 2, "Recreate")) == ["scale-up"]
    assert words(single("Deployment", 1), single("Deployment", 9)) == []
    assert words(single("StatefulSet", 2), single("StatefulSet", 3)) == []


def test_a_removed_failover_is_reported() -> None:
    def daemon(replicas: int, elector: bool, strategy: str = "RollingUpdate") -> Object:
        template = {"metadata": {"labels": {"floe.dev/elector": "leader"} if elector else {}}}
        return resource("Deployment", spec={"replicas": replicas, "strategy": {"type": strategy}, "template": template})

    elected, alone = daemon(2, elector=True), daemon(1, elector=False, strategy="Recreate")
    assert words(elected, alone) == ["failover-removed", "scale-down"]
    assert words(elected, daemon(1, elector=True)) == ["failover-removed", "scale-down"]
    assert words(elected, None) == ["scale-down"]
    assert words(alone, elected) == words(elected, daemon(3, elector=True)) == words(None, elected) == []


def test_volumes_deleted_with_their_pods_are_reported() -> None:
    keep, drop = (
        resource("StatefulSet", spec={"persistentVolumeClaimRetentionPolicy": {"whenDeleted": policy}})
        for policy in ("Retain", "Delete")
    )
    assert words(keep, drop) == words(resource("StatefulSet"), drop) == ["data-loss"]
    assert words(drop, keep) == words(drop, drop | {"other": 1}) == words(None, drop) == []


def config(text: str) -> Object:
    return resource("ConfigMap", data={"file": text})


def variable(name: str, value: str) -> Object:
    return deployment(env=[{"name": name, "value": value}])


def waiting(host: str) -> Object:
    return deployment(command=["sh", "-c", f"until pg_isready -q -U postgres -h {host} -p 5432; do sleep 1; done"])


@pytest.mark.parametrize(
    ("before", "after", "new", "old"),
    [
        (variable("WAREHOUSE_URL", "s3://a/"), variable("WAREHOUSE_URL", "s3://b/"), "s3://b/", "s3://a/"),
        (variable("POLARIS_WAREHOUSE", "a"), variable("POLARIS_WAREHOUSE", "b"), "warehouse b", "warehouse a"),
        (variable("HEADER__POLARIS_REALM", "a"), variable("HEADER__POLARIS_REALM", "b"), "realm b", "realm a"),
        (config("x: 1\npolaris.realms=a\n"), config("x: 1\npolaris.realms=b\n"), "realm b", "realm a"),
        (config("db:\n  hostname: a.example\n"), config("db:\n  hostname: b\n"), "host b", "host a.example"),
        (waiting("a.example"), waiting("b.example"), "host b.example", "host a.example"),
        (
            config("url: jdbc:postgresql://u:secret@a/x\n"),
            config("url: jdbc:postgresql://u:secret@b/x\n"),
            "jdbc:postgresql://u:***@b/x",
            "jdbc:postgresql://u:***@a/x",
        ),
        (
            variable("CONTEXT", json.dumps({"env": [{"name": "POLARIS_WAREHOUSE", "value": "a"}]})),
            variable("CONTEXT", json.dumps({"env": [{"name": "POLARIS_WAREHOUSE", "value": "b"}]})),
            "warehouse b",
            "warehouse a",
        ),
    ],
)
def test_data_left_in_another_place_is_reported(before: Object, after: Object, new: str, old: str) -> None:
    assert sentences(before, after) == [f"uses {new}, but the data stays in {old}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (config("bucket: a\n"), config("bucket: a\nregion: b\n")),
        (config("bucket: a\n"), config("")),
        (config(""), config("bucket: a\n")),
        (variable("POLARIS_URI", "http://a"), variable("POLARIS_URI", "http://b")),
        (variable("SNOWFLAKE_WAREHOUSE", "{{ a }}"), variable("SNOWFLAKE_WAREHOUSE", "{{ b }}")),
        (resource("Service", spec={"hostname": "a"}), resource("Service", spec={"hostname": "b"})),
    ],
)
def test_data_in_the_same_place_is_not_reported(before: Object, after: Object) -> None:
    assert words(before, after) == []


@pytest.mark.parametrize(
    ("kind", "before", "after", "sentence"),
    [
        (
            "Application",
            {"source": {"repoURL": "a", "targetRevision": "main"}},
            {"source": {"repoURL": "a", "targetRevision": "wip"}},
            "now applies wip instead of main; objects that are missing there are pruned or left unchanged",
        ),
        (
            "Application",
            {"destination": {"server": "a", "namespace": "x"}},
            {"destination": {"server": "b", "namespace": "x"}},
            "now applies to b instead of a; objects at the old destination stay",
        ),
        (
            "GitRepository",
            {"url": "a", "ref": {"branch": "main"}},
            {"url": "b", "ref": {"branch": "wip"}},
            (
                "now applies b instead of a, wip instead of main; "
                "objects that are missing there are pruned or left unchanged"
            ),
        ),
        (
            "Kustomization",
            {"path": "a"},
            {"path": "b"},
            "now applies b instead of a; objects that are missing there are pruned or left unchanged",
        ),
        (
            "OCIRepository",
            {"url": "a", "ref": {"tag": "a"}},
            {"url": "a", "ref": {"tag": "b"}},
            "now applies b instead of a; objects that are missing there are pruned or left unchanged",
        ),
        (
            "OCIRepository",
            {"verify": {"provider": "cosign", "secretRef": {"name": "a"}}},
            {},
            "no longer verifies who has signed what it applies",
        ),
        (
            "OCIRepository",
            {"verify": {"provider": "cosign", "secretRef": {"name": "a"}}},
            {"verify": {"provider": "cosign", "secretRef": {"name": "b"}}},
            "now trusts other signatures of what it applies",
        ),
    ],
)
def test_delivery_from_or_to_another_place_is_reported(kind: str, before: Object, after: Object, sentence: str) -> None:
    assert words(resource(kind, spec=before), resource(kind, spec=after)) == ["delivery-changed"]
    assert sentences(resource(kind, spec=before), resource(kind, spec=after)) == [sentence]
    assert (
        words(None, resource(kind, spec=after)) == words(resource(kind, spec=before), resource(kind, spec=before)) == []
    )


FINALIZERS = {"name": "x", "finalizers": ["resources-finalizer.argocd.argoproj.io/background"]}


@pytest.mark.parametrize(
    ("deleted", "word"),
    [
        (resource("Application"), "delivery-changed"),
        ({"kind": "Application", "metadata": FINALIZERS}, "prune"),
        (resource("ApplicationSet"), "prune"),
        (resource("ApplicationSet", spec={"syncPolicy": {"preserveResourcesOnDeletion": True}}), "delivery-changed"),
        (resource("Kustomization", spec={"prune": True}), "prune"),
        (resource("Kustomization", spec={"prune": False}), "delivery-changed"),
        (resource("Kustomization", spec={"prune": True, "deletionPolicy": "Orphan"}), "delivery-changed"),
        (resource("Kustomization", spec={"prune": False, "deletionPolicy": "Delete"}), "prune"),
    ],
)
def test_the_fate_of_delivered_objects_is_reported(deleted: Object, word: str) -> None:
    assert words(deleted, None) == [word]


def project(**spec: Any) -> Object:
    return resource("AppProject", spec=spec)


def test_projects_that_allow_everything_are_reported() -> None:
    kinds = [{"group": "", "kind": "Secret"}]
    assert words(project(sourceRepos=["a"]), project(sourceRepos=["a", "*"])) == ["rights-widened"]
    assert words(None, project(destinations=[{"server": "*", "namespace": "a"}])) == ["rights-widened"]
    assert words(project(sourceRepos=["*"]), project(sourceRepos=["*", "a"])) == []
    assert sentences(project(namespaceResourceBlacklist=kinds), project()) == ["no longer refuses Secret"]
    assert words(project(namespaceResourceBlacklist=kinds), None) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("Application", {"syncPolicy": {"automated": {}}}, {"syncPolicy": {"automated": {"prune": True}}}),
        ("Kustomization", {"prune": False}, {"prune": True}),
    ],
)
def test_delivery_that_begins_to_prune_is_reported(kind: str, before: Object, after: Object) -> None:
    assert words(resource(kind, spec=before), resource(kind, spec=after)) == ["prune"]
    assert words(resource(kind, spec=after), resource(kind, spec=before)) == []
    assert words(resource(kind, spec=after), resource(kind, spec=after, other=1)) == [], "it also deleted before"
    assert words(None, resource(kind, spec=after)) == []


def stored(size: str) -> Object:
    return {"resources": {"requests": {"storage": size}}}


@table(
    "before, after",
    [
        (project(), project(sourceRepos=["*"])),
        (config("bucket: a\n"), config("bucket: b\n")),
        (resource("ConfigMap", data={"product.json": '{"schedule": {"enabled": true}}'}), None),
        (resource("CronJob"), None),
        (resource("Deployment", spec={"replicas": 2}), resource("Deployment", spec={"replicas": 1})),
        (resource("Deployment", spec={"selector": "a"}), resource("Deployment", spec={"selector": "b"})),
        (None, external("token")),
        (resource("Ingress", spec={"rules": [{"host": "a.example"}]}), resource("Ingress")),
        (resource("Kustomization", spec={"path": "a"}), resource("Kustomization", spec={"path": "b"})),
        (resource("Kustomization"), resource("Kustomization", spec={"prune": True})),
        (resource("Kustomization"), None),
        (resource("Namespace", metadata={"labels": {POD_SECURITY: "baseline"}}), resource("Namespace")),
        (OWN, None),
        (OWN, OWN | {"spec": {"egress": [{}]}}),
        (resource("PersistentVolumeClaim", spec=stored("2Gi")), resource("PersistentVolumeClaim", spec=stored("1Gi"))),
        (resource("PodDisruptionBudget", spec={"selector": {}}), None),
        (resource("ResourceQuota"), None),
        (resource("Role"), resource("Role", rules=[{"verbs": ["*"]}])),
        (resource("SecretStore", spec={"provider": "a"}), resource("SecretStore", spec={"provider": "b"})),
        (resource("Service"), resource("Service", spec={"type": "NodePort"})),
        (resource("StatefulSet", spec={"replicas": 1}), resource("StatefulSet", spec={"replicas": 2})),
        (
            resource("StatefulSet", spec={"volumeClaimTemplates": [{"spec": stored("2Gi")}]}),
            resource("StatefulSet", spec={"volumeClaimTemplates": [{"spec": stored("1Gi")}]}),
        ),
        (
            resource("StatefulSet"),
            resource("StatefulSet", spec={"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}),
        ),
    ],
)
def test_fields_of_other_kinds_are_not_dangers(before: Object | None, after: Object | None) -> None:
    assert words(before, after, PODS)
    other_before, other_after = (manifest and {**manifest, "kind": "Gadget"} for manifest in (before, after))
    assert words(other_before, other_after, PODS) == []


APPLICATION: Object = {
    "source": {"repoURL": "a", "targetRevision": "main"},
    "destination": {"server": "a"},
    "syncPolicy": {"automated": {"prune": True}},
}
EXPRESSION: Object = {"key": "app", "operator": "In", "values": ["a"]}
STATEFUL: Object = {
    "replicas": 1,
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
    "volumeClaimTemplates": [
        {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}},
    ],
    "template": POD,
}
# Every field with a danger.
WHOLE = (
    resource("Application", spec=APPLICATION),
    resource(
        "AppProject", spec={"destinations": [{"server": "*"}], "namespaceResourceBlacklist": [{"kind": "Secret"}]}
    ),
    resource("ConfigMap", data={"product.json": '{"schedule": {"enabled": true}}', "file": "bucket: a\n"}),
    resource("ClusterRoleBinding", roleRef={"name": "cluster-admin"}),
    resource("ClusterSecretStore", spec={"provider": {"kubernetes": {"remoteNamespace": "b"}}}),
    resource("CronJob", spec={"suspend": True, "jobTemplate": {"spec": {"template": POD}}}),
    deployment(resources={"limits": {"memory": "1Gi"}}, env=[{"name": "BUCKET", "value": "a"}]),
    external("token"),
    resource("GitRepository", spec={"url": "a", "ref": {"branch": "main"}}),
    resource("OCIRepository", spec={"url": "a", "ref": {"tag": "a"}, "verify": {"secretRef": {"name": "a"}}}),
    resource("Ingress", spec={"rules": [{"host": "a.example"}]}),
    resource(
        "Kustomization", spec={"path": "a", "prune": True, "sourceRef": {"name": "a"}, "deletionPolicy": "Delete"}
    ),
    {"kind": "Namespace", "metadata": {"name": "a", "labels": {POD_SECURITY: "restricted"}}},
    resource(
        "NetworkPolicy",
        spec={
            "podSelector": {"matchLabels": {"app": "a"}, "matchExpressions": [EXPRESSION]},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}], "ports": [HTTPS]}],
            "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 1, "endPort": 2}]}],
        },
    ),
    resource("PodDisruptionBudget", spec={"selector": {"matchLabels": {"app": "a"}, "matchExpressions": [EXPRESSION]}}),
    resource("Role", rules=[{"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]}]),
    resource("SecretStore", spec={"provider": {"vault": {}}}),
    resource("Service", spec={"type": "NodePort"}),
    resource("StatefulSet", spec=STATEFUL),
)
ODD: tuple[Any, ...] = (None, [], {}, "text", "*", 1, True, ["text"], [None], [{"a": None}], {"a": None}, {"a": ["b"]})


def variants(value: Any) -> Iterator[Any]:
    """Yield a value with each part of it, and it itself, in every odd shape."""
    yield from ODD
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        for odd in variants(child):
            yield {**value, step: odd} if isinstance(value, dict) else [*value[:step], odd, *value[step + 1 :]]


STEP = 5
"""As there are 12 shapes, every fifth variant has each part in two or three of them, and each of them in many parts."""


@pytest.mark.parametrize("manifest", WHOLE, ids=lambda manifest: str(manifest["kind"]))
@settings(max_examples=STEP if settings().max_examples > 100 else 1)
@given(first=st.integers(0, STEP - 1))
def test_malformed_objects_do_not_crash(manifest: Object, first: int) -> None:
    beside = [PODS, external("user"), manifest]
    for odd in [variant for variant in variants(manifest) if isinstance(variant, dict)][first::STEP]:
        state = Surroundings([odd, *beside], Objects([odd, *beside]))
        for before, after in ((manifest, odd), (odd, manifest), (odd, None), (None, odd), (manifest, None)):
            dangers_of(identify(manifest), before, after, state)
        dangers_of(identify(beside[1]), None, beside[1], state)


@pytest.mark.parametrize(
    ("policy", "expected"), [("BeforeHookCreation", []), (None, []), ("HookSucceeded", ["immutable"])]
)
def test_a_hook_is_recreated_unless_its_policy_keeps_it(policy: str | None, expected: list[str]) -> None:
    def hook(image: str) -> Object:
        annotations = {"argocd.argoproj.io/hook": "PostSync"}
        if policy:
            annotations["argocd.argoproj.io/hook-delete-policy"] = policy
        job = resource("Job", spec={"template": {"image": image}})
        return {**job, "metadata": {**job["metadata"], "annotations": annotations}}

    assert words(hook("a"), hook("b")) == expected


def test_a_new_privileged_namespace_is_reported() -> None:
    def namespace(level: str) -> Object:
        namespace_ = resource("Namespace")
        return {
            **namespace_,
            "metadata": {**namespace_["metadata"], "labels": {"pod-security.kubernetes.io/enforce": level}},
        }

    assert words(None, namespace("privileged")) == ["security-lowered"]
    assert words(None, namespace("restricted")) == words(None, namespace("baseline")) == []
    assert words(namespace("privileged"), namespace("privileged")) == []


def test_a_removed_test_of_a_namespace_is_reported() -> None:
    def job(component: str) -> Object:
        job_ = resource("Job", spec={"template": {}})
        return {**job_, "metadata": {**job_["metadata"], "labels": {"app.kubernetes.io/component": component}}}

    assert words(job("smoke"), None) == ["tests-removed"]
    smoke = job("smoke")
    where_kept = dangers_of(identify(smoke), smoke, None, Surroundings(), WhyKept("nothing is pruned", applied=True))
    assert [danger.word for danger in where_kept] == ["tests-removed", "unmanaged"]
    assert words(job("run-orders-probe"), None) == words(None, job("smoke")) == words(job("smoke"), job("smoke")) == []


def backup(**variables: str) -> Object:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    container = {"name": "upload", "image": "docker.io/rclone/rclone:1.75.0", "env": env}
    spec = {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}
    cron_job = resource("CronJob", spec=spec)
    return {**cron_job, "metadata": {**cron_job["metadata"], "labels": {"floe.dev/backup": "shop"}}}


def test_a_removed_or_suspended_backup_is_reported() -> None:
    cron_job = backup(DESTINATION="b/dev/a/main/shop")
    waits = {**cron_job, "spec": {**cron_job["spec"], "suspend": True}}
    assert words(cron_job, None) == words(cron_job, waits) == ["backup-removed"]
    assert words(waits, cron_job) == words(waits, None) == words(None, cron_job) == []
    assert words(resource("ScheduledBackup"), None) == ["backup-removed"]


def test_a_shorter_retention_of_backups_is_reported() -> None:
    month, week, ever = backup(RETENTION="30d"), backup(RETENTION="7d"), backup()
    assert words(month, week) == words(ever, month) == ["data-loss"]
    assert words(week, month) == words(month, ever) == words(month, month) == []
    assert sentences(month, week) == ["backups are deleted after 7 days; until now after 30"]
    stores = [resource("ObjectStore", spec={"retentionPolicy": policy}) for policy in ("30d", "7d")]
    assert words(*stores) == ["data-loss"]


def test_a_changed_destination_of_backups_is_reported() -> None:
    before, after = backup(DESTINATION="b/dev"), backup(DESTINATION="c/dev")
    assert words(before, after) == ["data-moved"]
    assert sentences(before, after) == ["backups go to c/dev, but the earlier ones stay in b/dev"]
    assert words(before, before) == []
    other = backup(DESTINATION="b/dev", RCLONE_CONFIG_STORE_ENDPOINT="https://storage.example.com")
    assert words(before, other) == ["data-moved"]


def test_a_changed_store_of_a_catalog_is_reported() -> None:
    def catalog(address: str) -> Object:
        storage = {"storageType": "S3", "endpoint": address, "endpointInternal": address}
        return {**resource("ConfigMap"), "data": {"setup.json": json.dumps({"storageConfigInfo": storage})}}

    before, after = catalog("http://minio.a.svc:9000"), catalog("http://seaweedfs.a.svc:8333")
    assert sentences(before, after) == [
        "uses store http://seaweedfs.a.svc:8333, but the data stays in store http://minio.a.svc:9000"
    ]
    assert words(before, before) == []


def scheduled(schedule: str, label: str = "floe.dev/backup", **spec: Any) -> Object:
    cronjob = resource("CronJob", spec={"schedule": schedule, **spec})
    return {**cronjob, "metadata": {**cronjob["metadata"], "labels": {label: "dagster"}}}


@pytest.mark.parametrize(
    ("before", "after", "rarer"),
    [
        ("0 */6 * * *", "0 3 * * *", True),
        ("0 3 * * *", "0 3 * * 0", True),
        ("@hourly", "@daily", True),
        ("0 3 * * *", "30 4 * * *", False),
        ("0 3 * * 0", "0 3 * * *", False),
        ("not a schedule", "0 3 * * 0", False),
    ],
)
def test_a_rarer_backup_is_reported(before: str, after: str, rarer: bool) -> None:
    assert words(scheduled(before), scheduled(after)) == (["backup-rarer"] if rarer else [])
    own = [
        resource("ScheduledBackup", spec={"schedule": f"{'' if schedule[0] == '@' else '0 '}{schedule}"})
        for schedule in (before, after)
    ]
    assert words(*own) == (["backup-rarer"] if rarer else [])


def test_the_message_has_the_maximum_age_of_a_backup() -> None:
    assert sentences(scheduled("0 */6 * * *"), scheduled("0 3 * * *")) == [
        "the last backup is up to 24h old, instead of 6h"
    ]


def test_a_removed_restore_test_is_reported() -> None:
    backup_, test = scheduled("0 3 * * *"), scheduled("30 4 * * 0", "floe.dev/restore-test")
    assert words(test, None, backup_) == ["backup-untested"]
    assert words(test, scheduled("30 4 1 * *", "floe.dev/restore-test"), backup_) == ["backup-untested"]
    assert words(test, scheduled("30 4 * * *", "floe.dev/restore-test"), backup_) == []
    own = resource("ScheduledBackup", "dagster", spec={"schedule": "0 0 3 * * *"})
    assert words(test, None, own) == ["backup-untested"], "a cluster of CloudNativePG"
    assert words(test, None) == [], "the backup is gone as well, which has another word"


def test_a_cloudnative_pg_cluster_without_wal_archiving_is_reported() -> None:
    sends, not_so = (
        resource("Cluster", spec={"plugins": [{"name": "p", "isWALArchiver": is_archiver}]})
        for is_archiver in (True, False)
    )
    assert words(sends, not_so) == words(sends, resource("Cluster")) == ["backup-removed"]
    assert words(not_so, sends) == words(sends, sends | {"other": 1}) == []


def scaler(most: int = 10, cpu: int = 70, least: int = 2) -> Object:
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": cpu}}}
    target = {"kind": "Deployment", "name": "x"}
    spec = {"minReplicas": least, "maxReplicas": most, "metrics": [metric], "scaleTargetRef": target}
    return resource("HorizontalPodAutoscaler", spec=spec)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (scaler(10), scaler(5), "at most 5 pods run instead of 10, however much there is to do"),
        (scaler(cpu=70), scaler(cpu=90), "a pod is added when others use 90 % of their CPU, instead of 70 %"),
        (scaler(least=3), scaler(least=2), "replicas go from 3 to 2: fewer pods run"),
        (
            resource("ScaledObject", spec={"maxReplicaCount": 10}),
            resource("ScaledObject", spec={"maxReplicaCount": 5}),
            "at most 5 pods run instead of 10, however much there is to do",
        ),
        (
            resource("ScaledObject", spec={"minReplicaCount": 2}),
            resource("ScaledObject", spec={"minReplicaCount": 0}),
            "replicas go from 2 to 0: it no longer runs",
        ),
        (scaler(5), scaler(10), ""),
        (scaler(cpu=90), scaler(cpu=70), ""),
    ],
)
def test_a_lower_maximum_of_an_autoscaler_is_reported(before: Object, after: Object, sentence: str) -> None:
    assert sentences(before, after) == ([sentence] if sentence else [])
    assert words(before, after) == (["scale-down"] if sentence else [])


def test_a_removed_autoscaler_of_a_remaining_workload_is_reported() -> None:
    few, many = (resource("Deployment", spec={"replicas": number}) for number in (2, 10))
    assert words(scaler(10), None, few) == ["scale-down"]
    assert words(scaler(10), None, many) == words(scaler(10), None) == []


def probe(*probes: str) -> Object:
    container = {"name": "probe", "image": "busybox:1.37.0", "args": ["web", "180", *probes]}
    return resource("Job", spec={"template": {"spec": {"containers": [container]}}})


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        (("tcp a:1", "denied b:2"), ("tcp a:1",), True),
        (("tcp a.example:443",), ("outside a.example:443",), True),
        (("outside a.example:443",), ("tcp a.example:443",), False),
        (("tcp a:1", "denied b:2"), ("tcp a:1", "denied c:3"), False),
        (("tcp a:1", "tcp b:2"), ("tcp a:1",), False),
    ],
)
def test_a_test_of_fewer_calls_is_reported(before: tuple[str, ...], after: tuple[str, ...], weaker: bool) -> None:
    reported = [word for word in words(probe(*before), probe(*after)) if word != "immutable"]
    assert reported == (["tests-removed"] if weaker else [])


DATA = st.recursive(
    st.sampled_from(["a", "b", "table: c", '{"x": "d", "y": {"z": "e"}}', '{"x": "f"}', 1, True, None]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "value", "x", "metadata"]), below, max_size=3)
        | st.fixed_dictionaries({"name": st.sampled_from("ab"), "value": below})
    ),
    max_leaves=12,
)


@given(*[st.dictionaries(st.sampled_from(["spec", "data", "metadata"]), DATA)] * 2)
def test_every_text_of_only_one_object_is_in_the_difference(before: Object, after: Object) -> None:
    ours, theirs = ({*places._texts(manifest)} for manifest in (before, after))
    assert ours ^ theirs <= places._differing_texts(before, after) <= ours | theirs
