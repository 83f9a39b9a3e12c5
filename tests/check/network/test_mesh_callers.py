"""Declared callers that the policies of the service mesh do not let in."""

from __future__ import annotations

from typing import Any

from check.samples import Platform, resource, sample
from floe_compiler.check.network.mesh_callers import check
from floe_compiler.model.rendered import MeshCaller, PodGroup
from floe_compiler.model.service_mesh import Kind, ServiceMesh
from tables import table

POLARIS = {"app.kubernetes.io/name": "polaris", "app.kubernetes.io/component": "polaris"}
SUBJECT = "Deployment.apps floe-platform/polaris"
ACCOUNT, OTHER = {"serviceAccounts": ["floe-sales/web"]}, {"serviceAccounts": ["floe-sales/other"]}


def meshed(kind: Kind, *policies: Any) -> Platform:
    platform = sample()
    platform.facts["mesh"] = ServiceMesh(kind, "control")
    caller = MeshCaller(PodGroup("floe-platform", "polaris"), 8181, "floe-sales/web")
    platform.facts["mesh_callers"] = frozenset({caller})
    for policy in policies:
        platform.add(policy)
    return platform


def allowed(*sources: Any, ports: tuple[str, ...] = ("8181",), **spec: Any) -> Any:
    rule = {"to": [{"operation": {"ports": list(ports)}}]}
    rules = [{**rule, **({"from": [{"source": source} for source in sources]} if sources else {})}]
    policy_spec = {"selector": {"matchLabels": POLARIS}, "rules": rules, **spec}
    return resource("security.istio.io/v1", "AuthorizationPolicy", "polaris", spec=policy_spec)


NOBODY = resource("security.istio.io/v1", "AuthorizationPolicy", "allow-nothing", spec={})
MESSAGE = "no policy of the service mesh lets floe-sales/web call floe-platform/polaris on TCP 8181"


@table(
    "policies, fine",
    [
        ((NOBODY,), False),
        ((NOBODY, allowed(ACCOUNT)), True),
        ((NOBODY, allowed(OTHER)), False),
        ((NOBODY, allowed(OTHER, ACCOUNT)), True),
        ((NOBODY, allowed(ACCOUNT, ports=("8182",))), False),
        ((NOBODY, allowed()), True),
        ((NOBODY, allowed({"namespaces": ["floe-sales"]})), True),
        ((NOBODY, allowed({"namespaces": ["floe-finance"]})), False),
        ((NOBODY, allowed({"principals": ["*/ns/floe-sales/sa/web"]})), True),
        ((NOBODY, allowed({"principals": ["acme/ns/floe-sales/sa/web"]})), True),
        ((NOBODY, allowed({"principals": ["acme/ns/floe-sales/sa/other"]})), False),
        ((NOBODY, allowed(ACCOUNT, selector={"matchLabels": {"app": "other"}})), False),
        ((NOBODY, allowed(ACCOUNT, action="DENY")), False),
        ((), True),
    ],
)
def test_istio_must_let_declared_callers_in(policies: tuple[Any, ...], fine: bool) -> None:
    kinds: tuple[Kind, ...] = ("ambient", "sidecar")
    for kind in kinds:
        findings = meshed(kind, *policies).findings(check)
        assert [(code, message) for code, _, message in findings] == ([] if fine else [("C233", MESSAGE)])


def linkerd(kind: str, name: str, version: str = "v1alpha1", **spec: Any) -> Any:
    return resource(f"policy.linkerd.io/{version}", kind, name, spec=spec)


SERVER = linkerd("Server", "polaris-8181", "v1beta3", podSelector={"matchLabels": POLARIS}, port=8181)
ANYBODY = linkerd("NetworkAuthentication", "known", networks=[{"cidr": "0.0.0.0/0"}])


def policy(kind: str = "MeshTLSAuthentication", server: str = "polaris-8181") -> Any:
    refs = [{"group": "policy.linkerd.io", "kind": kind, "name": "known"}]
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": server}
    return linkerd("AuthorizationPolicy", "polaris", targetRef=target, requiredAuthenticationRefs=refs)


def known(kind: str, **ref: str) -> Any:
    return linkerd("MeshTLSAuthentication", "known", identityRefs=[{"kind": kind, **ref}])


WEB = known("ServiceAccount", namespace="floe-sales", name="web")


@table(
    "policies, fine",
    [
        ((), False),
        ((SERVER, policy(), WEB), True),
        ((policy(), WEB), False),
        ((SERVER, policy(server="other"), WEB), False),
        ((SERVER, policy(), known("ServiceAccount", namespace="floe-sales", name="other")), False),
        ((SERVER, policy(), known("Namespace", name="floe-sales")), True),
        ((SERVER, policy(), known("Namespace", name="floe-finance")), False),
        ((SERVER, policy(), linkerd("MeshTLSAuthentication", "known", identities=["*"])), True),
        ((SERVER, policy()), False),
        ((SERVER, policy("NetworkAuthentication"), ANYBODY), True),
    ],
)
def test_linkerd_must_let_declared_callers_in(policies: tuple[Any, ...], fine: bool) -> None:
    findings = meshed("linkerd", *policies).findings(check)
    assert [(code, message) for code, _, message in findings] == ([] if fine else [("C233", MESSAGE)])


def test_the_finding_is_about_the_policy_of_the_server_or_about_the_server() -> None:
    changed = meshed("ambient", NOBODY, allowed(OTHER)).findings(check)
    assert [subject for _, subject, _ in changed] == ["AuthorizationPolicy.security.istio.io floe-platform/polaris"]
    assert [subject for _, subject, _ in meshed("ambient", NOBODY).findings(check)] == [SUBJECT]
    other = known("ServiceAccount", namespace="floe-sales", name="other")
    changed = meshed("linkerd", SERVER, policy(), other).findings(check)
    assert [subject for _, subject, _ in changed] == ["MeshTLSAuthentication.policy.linkerd.io floe-platform/known"]


def test_without_a_mesh_its_policies_are_not_checked() -> None:
    platform = meshed("ambient", NOBODY)
    platform.facts["mesh"] = None
    assert platform.findings(check) == []
