"""A reviewer sees what the service mesh no longer protects, and which callers it no longer lets in."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of
from report.samples import resource

ISTIO, LINKERD = "security.istio.io/v1", "policy.linkerd.io/v1alpha1"
STRICT = resource("PeerAuthentication", "default", api=ISTIO, spec={"mtls": {"mode": "STRICT"}})
LEFT = ("mesh-weakened", "its pods leave the service mesh: it no longer encrypts what they send")


def dangers(before: Object | None, after: Object | None, *beside: Object) -> list[tuple[str, str]]:
    manifest = before or after
    assert manifest is not None
    reported = dangers_of(identify(manifest), before, after, Surroundings((), Objects(beside)))
    return [(danger.word, danger.sentence) for danger in reported if danger.word.startswith("mesh-")]


def namespace(labels: Any = None, annotations: Any = None) -> Object:
    metadata = {"name": "a", "labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


@pytest.mark.parametrize(
    ("labels", "annotations"),
    [
        ({"istio-injection": "enabled"}, {}),
        ({"istio.io/rev": "stable"}, {}),
        ({"istio.io/dataplane-mode": "ambient"}, {}),
        ({}, {"linkerd.io/inject": "enabled"}),
    ],
)
def test_a_namespace_that_leaves_the_mesh_is_reported(labels: Any, annotations: Any) -> None:
    inside = namespace(labels, annotations)
    assert dangers(inside, namespace()) == [LEFT]
    assert dangers(namespace(), inside) == dangers(inside, inside) == dangers(inside, None) == []


def test_a_namespace_that_changes_or_opts_out_of_the_mesh_is_reported() -> None:
    ambient, linkerd = (
        namespace({"istio.io/dataplane-mode": "ambient"}),
        namespace({}, {"linkerd.io/inject": "enabled"}),
    )
    assert dangers(ambient, linkerd) == []
    assert dangers(ambient, namespace({"istio.io/dataplane-mode": "none"})) == [LEFT]


def test_ports_without_a_server_opened_by_linkerd_are_reported() -> None:
    inject = {"linkerd.io/inject": "enabled"}
    shut = namespace({}, {**inject, "config.linkerd.io/default-inbound-policy": "deny"})
    message = "the service mesh lets everybody reach ports that no Server names"
    assert dangers(shut, namespace({}, inject)) == [("mesh-weakened", message)]
    assert dangers(namespace({}, inject), shut) == []


def strictness(mode: str = "STRICT", **ports: str) -> Object:
    levels = {port.removeprefix("p"): {"mode": port_mode} for port, port_mode in ports.items()}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "mtls": {"mode": mode}, "portLevelMtls": levels}
    return resource("PeerAuthentication", api=ISTIO, spec=spec)


def test_accepted_plain_text_is_reported() -> None:
    everywhere = [("mesh-weakened", "pods now take plain text, from callers without an identity")]
    assert dangers(STRICT, {**STRICT, "spec": {"mtls": {"mode": "PERMISSIVE"}}}, STRICT) == everywhere
    assert dangers(STRICT, None, strictness()) == everywhere
    assert dangers(STRICT, None) == [], "the Namespace reports that the mesh is gone"
    weakened = [("mesh-weakened", "port 80 now takes plain text")]
    assert dangers(strictness(), strictness(p80="PERMISSIVE"), STRICT) == weakened
    assert dangers(None, strictness(p80="PERMISSIVE"), STRICT) == weakened
    assert dangers(strictness(p80="PERMISSIVE"), strictness(), STRICT) == []
    assert dangers(strictness(p80="PERMISSIVE"), None, STRICT) == [], "the policy of the namespace is stricter"


def allowed(*accounts: str, anybody: bool = False) -> Object:
    rules: list[Object] = [{"from": [{"source": {"serviceAccounts": list(accounts)}}], "to": []}] if accounts else []
    return resource("AuthorizationPolicy", api=ISTIO, spec={"rules": [*rules, *([{"to": []}] if anybody else [])]})


def test_added_callers_in_istio_are_reported() -> None:
    opened = [("mesh-weakened", "the service mesh now lets in callers without an identity")]
    assert dangers(allowed("a/b"), allowed("a/b", anybody=True), STRICT) == opened
    assert dangers(None, allowed(anybody=True), STRICT) == opened
    gone = [("mesh-narrowed", "the service mesh no longer lets in a/c")]
    assert dangers(allowed("a/b", "a/c"), allowed("a/b"), STRICT) == dangers(allowed("a/c"), None, STRICT) == gone
    assert dangers(allowed("a/c"), None) == [], "the namespace is no longer in a mesh"
    assert dangers(allowed("a/b"), allowed("a/b", "a/c"), STRICT) == []
    nobody = resource("AuthorizationPolicy", api=ISTIO, spec={})
    message = "the service mesh lets everybody reach pods that no other policy selects"
    assert dangers(nobody, None, STRICT) == [("mesh-weakened", message)]


def test_trust_domains_of_callers_in_istio_are_compared() -> None:
    def by(domain: str) -> Object:
        source = {"source": {"principals": [f"{domain}/ns/a/sa/b"]}}
        return resource("AuthorizationPolicy", api=ISTIO, spec={"rules": [{"from": [source], "to": []}]})

    any_domain = [("mesh-weakened", "the service mesh now lets in accounts of any trust domain")]
    assert dangers(by("acme"), allowed("a/b"), STRICT) == any_domain
    only = [("mesh-narrowed", "the service mesh now lets in only accounts of acme")]
    assert dangers(allowed("a/b"), by("acme"), STRICT) == dangers(by("other"), by("acme"), STRICT) == only
    assert dangers(by("acme"), by("acme"), STRICT) == []


def test_added_and_removed_callers_in_linkerd_are_reported() -> None:
    notes = {"config.linkerd.io/proxy-cpu-request": "50m"}
    pods = resource("Deployment", spec={"template": {"metadata": {"annotations": notes}, "spec": {"containers": []}}})
    networks = resource("NetworkAuthentication", api=LINKERD, spec={"networks": [{"cidr": "0.0.0.0/0"}]})
    opened = [("mesh-weakened", "the service mesh now lets in callers without an identity")]
    assert dangers(None, networks, pods) == opened
    assert dangers(networks, None, pods) == []
    refs = [{"kind": "ServiceAccount", "namespace": "a", "name": name} for name in ("b", "c")]
    wider, narrower = (
        resource("MeshTLSAuthentication", api=LINKERD, spec={"identityRefs": identities})
        for identities in (refs, refs[:1])
    )
    assert dangers(wider, narrower, pods) == [("mesh-narrowed", "the service mesh no longer lets in a/c")]
    assert dangers(wider, narrower) == [], "the namespace is no longer in a mesh"
