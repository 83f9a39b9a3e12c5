"""Plans of units: what each declares, and what follows from the others."""

from __future__ import annotations

from floe_compiler.derive import derive, plan_units
from floe_compiler.model.facts import Parts, SecretFile
from floe_compiler.model.inputs import Quota
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit, SharedSecrets
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.model.units import UnitKey
from kit.samples import DATABASE, OUTSIDE, container, instance, pod, workload
from support import DEVELOPMENT

SECRET = Secret("login", "floe-platform", (SecretKey("password", generated=32),))
THEIRS = Secret("theirs", "floe-platform", (SecretKey("password"),), existing=True)


def unit(namespace: str, *secrets: Secret) -> DeclaredUnit:
    files = tuple(SecretFile(f"/run/secrets/{secret.name}", secret.key("password")) for secret in secrets)
    parts = Parts(workloads=(workload(pod(container(secret_files=files), calls=(DATABASE, OUTSIDE))),))
    declared = DeclaredInstance(instance(namespace=namespace), parts)
    return DeclaredUnit(DEVELOPMENT, namespace, namespace, "@acme/x", Quota(), (declared,))


def test_other_namespaces_see_calls_and_shared_secrets() -> None:
    facts = unit_facts(unit("sales", SECRET, THEIRS))
    assert [(call.namespace, call.server, call.port) for call in facts.calls] == [("floe-platform", "db", 5432)]
    assert [use.secret for use in facts.secrets] == ["login"], "the other one is created elsewhere"
    assert unit_facts(unit("floe-platform", SECRET)).secrets == ()


def test_each_unit_is_planned_with_what_follows_for_it() -> None:
    plans = {plan.unit.namespace: plan for plan in plan_units([unit("sales", SECRET), unit("floe-platform")])}
    assert list(plans) == ["sales", "floe-platform"]
    assert plans["floe-platform"].callers == {"db": dict.fromkeys(("floe-platform", "sales"), (("TCP", 5432),))}
    assert plans["floe-platform"].shared_secrets == SharedSecrets(("login",), ("sales",))
    assert (plans["sales"].callers, plans["sales"].shared_secrets) == ({}, None)


def test_an_unknown_namespace_gets_nothing() -> None:
    key = UnitKey("dev", "acme-dev", "a")
    assert derive([UnitFacts(key)])[key].callers == {}
