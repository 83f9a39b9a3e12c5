"""KEDA: its objects, what it may reach, and the secrets that it reads."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.kit import keda
from floe_compiler.kit.operated import operated_objects
from floe_compiler.kit.services import autoscaler, disruption_budget
from floe_compiler.kit.workloads import workload as controller
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import service_endpoint
from floe_compiler.model.facts import OperatedPods, Resources, Workload
from floe_compiler.model.inputs import Placement
from floe_compiler.model.operations import EventScaling, Trigger
from floe_compiler.model.secrets import Secret, SecretKey
from kit.samples import DATABASE, HTTP, OUTSIDE, instance, workload
from support import DEVELOPMENT, changed

LOGIN = Secret("db-login", "floe-platform", (SecretKey("username"), SecretKey("password")))
OWN = Database("db/one", DATABASE, "one", "", LOGIN.key("password"), LOGIN.key("username"))
SCALED = workload(replicas=EventScaling(0, 4, keda.rows(OWN, "SELECT 2"), 60))
CRON = Trigger("cron", (("timezone", "Europe/Berlin"), ("start", "0 8 * * *"), ("end", "0 18 * * *")))


def objects(workload_: Workload) -> dict[str, Any]:
    return {manifest["kind"]: manifest for manifest in keda.scaled_object(instance(), workload_)}


def test_only_keda_sets_the_number_of_replicas() -> None:
    spec = objects(SCALED)["ScaledObject"]["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["cooldownPeriod"]) == (0, 4, 60)
    assert spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"] == {
        "stabilizationWindowSeconds": 60
    }
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": SCALED.name}
    assert "replicas" not in controller(instance(), SCALED, Placement())["spec"]
    assert autoscaler(instance(), SCALED) == []
    assert objects(workload(replicas=3)) == {}


@pytest.mark.parametrize(("minimum", "budget"), [(0, None), (1, None), (2, 1), (4, 3)])
def test_the_budget_stays_below_the_minimum(minimum: int, budget: int | None) -> None:
    workload_ = replace(SCALED, replicas=EventScaling(minimum, 9, CRON))
    assert [manifest["spec"]["minAvailable"] for manifest in disruption_budget(instance(), workload_)] == [
        budget
    ] * bool(budget)


def test_a_login_is_in_a_secret_and_never_in_the_trigger() -> None:
    login = objects(SCALED)["TriggerAuthentication"]
    assert login["spec"]["secretTargetRef"] == [
        {"parameter": "password", "name": "db-login", "key": "password"},
        {"parameter": "userName", "name": "db-login", "key": "username"},
    ]
    (trigger,) = objects(SCALED)["ScaledObject"]["spec"]["triggers"]
    assert trigger["authenticationRef"] == {"name": login["metadata"]["name"]}
    assert "userName" not in trigger["metadata"]
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert keda.read_secrets((SCALED, workload(replicas=2))) == {"db-login"}


def test_triggers_without_a_login_have_no_authentication() -> None:
    manifests = objects(replace(SCALED, replicas=EventScaling(1, 2, CRON)))
    assert list(manifests) == ["ScaledObject"]
    assert manifests["ScaledObject"]["spec"]["triggers"] == [{"type": "cron", "metadata": dict(CRON.metadata)}]


def test_it_reaches_the_ports_of_its_triggers_in_the_namespace() -> None:
    namespace = str(DATABASE.group and DATABASE.group.namespace)
    assert keda.called_ports(namespace, (SCALED, SCALED)) == {"db": DATABASE.ports}
    outside = replace(SCALED, replicas=EventScaling(1, 2, replace(CRON, server=OUTSIDE)))
    assert keda.called_ports(namespace, (outside, workload(replicas=2))) == {}
    foreign = service_endpoint("db", "floe-other", "cluster.local", (HTTP,))
    with pytest.raises(ValueError, match="another namespace"):
        keda.called_ports(namespace, (replace(SCALED, replicas=EventScaling(1, 2, replace(CRON, server=foreign))),))


def test_servers_of_an_operator_let_keda_in_too() -> None:
    pods = OperatedPods("lake", (("operator.example.com/name", "lake"),), Resources("1", "2Gi", "2", "4Gi"))
    instance_ = instance()
    with_keda = replace(instance_, settings=changed(DEVELOPMENT, cluster={"keda_namespace": "keda"}))
    for where, scaled_ports, names in ((with_keda, (HTTP,), ["keda"]), (with_keda, (), []), (instance_, (HTTP,), [])):
        (policy,) = operated_objects(where, pods, {}, None, scaled_ports)
        rules = policy["spec"].get("ingress", [])
        namespaces = [rule["from"][0]["namespaceSelector"]["matchLabels"].popitem()[1] for rule in rules]
        assert namespaces == names


def test_without_keda_the_hint_says_how_to_configure_it() -> None:
    (refusal,) = keda.refusal(DEVELOPMENT, "workers", ("workers", "replicas"))
    assert refusal.path == ("workers", "replicas")
    assert "cluster: {keda_namespace: keda}" in refusal.hint
    assert keda.refusal(changed(DEVELOPMENT, cluster={"keda_namespace": "keda"}), "workers", ()) == ()
