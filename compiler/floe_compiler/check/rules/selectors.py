"""Selectors that choose the pods they are meant for."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.hints import some
from floe_compiler.check.index import Index
from floe_compiler.check.own_selectors import WORKLOADS, own_selectors
from floe_compiler.check.peers import named_namespaces
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.selectors import Selector, matches

NOTHING = Rule(
    "C020",
    "selector that selects nothing",
    "No pod of the environment has the selector's labels, so the object does nothing. Correct the labels.",
)
NOT_OWN = Rule(
    "C021",
    "workload that does not select its own pods",
    "The selector of a workload must match the labels of its own pod template; the API server refuses others.",
)
SHARED = Rule(
    "C022",
    "pods claimed by two workloads",
    "A workload's selector also matches the pods of another, so the two would fight over them. "
    "Select by a label that tells them apart.",
)
MIXED = Rule(
    "C023",
    "Service in front of several workloads",
    "A Service's selector catches pods of more than one workload, or of Jobs, which serve nothing. "
    "Select by component as well.",
)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the selectors that catch no pods, or the wrong ones."""
    for identity, place, selector in own_selectors(index):
        if identity.kind in WORKLOADS:
            yield from _workload(index, identity, selector)
        elif identity.kind == "Service":
            yield from _service(index, identity, selector)
        elif selector and not index.pods.select(identity.namespace, selector):
            yield index.finding(NOTHING, identity, f"{place} matches no pod", _labels(selector))
    for identity, manifest in index.of("networking.k8s.io", "NetworkPolicy"):
        yield from _peers(index, identity, manifest.get("spec", {}))


def _workload(index: Index, identity: ObjectId, selector: Selector) -> Iterator[Diagnostic]:
    caught = index.pods.select(identity.namespace, selector)
    others = [pods for pods in caught if pods.workload is None or pods.workload.id != identity]
    if others:
        yield index.finding(SHARED, identity, f"spec.selector also matches the pods of {some(others)}")
    if not selector or not matches(selector, index.workloads[identity].labels):
        message = "spec.selector does not match the labels of spec.template"
        yield index.finding(NOT_OWN, identity, message, _labels(selector))


def _service(index: Index, identity: ObjectId, selector: Selector) -> Iterator[Diagnostic]:
    caught = index.pods.select(identity.namespace, selector)
    if not caught:
        yield index.finding(NOTHING, identity, "spec.selector matches no pod", _labels(selector))
    elif len(caught) > 1 or (caught[0].workload is not None and caught[0].workload.is_task):
        message = f"spec.selector matches the pods of {some(caught)}"
        yield index.finding(MIXED, identity, message, _labels(selector))


def _peers(index: Index, identity: ObjectId, policy: Selector) -> Iterator[Diagnostic]:
    """Yield the peers of a policy that name pods which do not exist in the namespaces they are looked for."""
    for direction, field in (("ingress", "from"), ("egress", "to")):
        for rule in policy.get(direction, ()):
            for peer in rule.get(field, ()):
                selector = peer.get("podSelector", {})
                places = _rendered_namespaces(index, identity, peer) if selector else ()
                if places and not any(index.pods.select(place, selector) for place in places):
                    message = f"a podSelector in spec.{direction} matches no pod in {some(places)}"
                    yield index.finding(NOTHING, identity, message, _labels(selector))


def _rendered_namespaces(index: Index, identity: ObjectId, peer: Selector) -> tuple[str, ...]:
    """Return the namespaces that a peer names, if the environment renders all of them; else nothing."""
    if "namespaceSelector" not in peer:
        return (identity.namespace,)
    names = named_namespaces(peer["namespaceSelector"])
    return names if all(index.get("", "Namespace", "", name) for name in names) else ()


def _labels(selector: Selector) -> str:
    pairs = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    return f"it asks for {', '.join(pairs)}" if pairs else ""
