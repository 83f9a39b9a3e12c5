"""The service mesh: namespaces that leave it, ports that take plain text, callers that it lets in or no longer does."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.workloads import pod_template
from floe_compiler.report.dangers.danger import Change, Danger

_ISTIO, _LINKERD = "security.istio.io", "policy.linkerd.io"
_LABELS = ("istio-injection", "istio.io/rev", "istio.io/dataplane-mode")
_INJECT, _DEFAULT = "linkerd.io/inject", "config.linkerd.io/default-inbound-policy"
_NOT_IN = (None, "disabled", "none")
_EVERYBODY = "everybody"


def mesh_left(change: Change) -> Iterator[Danger]:
    """Yield a danger if a namespace leaves the mesh, or if Linkerd lets in by default what it refused."""
    if change.kind != "Namespace" or not change.after:
        return
    if _is_in_mesh(change.before) and not _is_in_mesh(change.after):
        yield Danger("mesh-weakened", "its pods leave the service mesh: it no longer encrypts what they send")
    defaults = [at(namespace, ("metadata", "annotations", _DEFAULT)) for namespace in (change.before, change.after)]
    if defaults[0] == "deny" != defaults[1] and _is_in_mesh(change.after):
        yield Danger("mesh-weakened", "the service mesh lets everybody reach ports that no Server names")


def _is_in_mesh(namespace: Object) -> bool:
    labels, notes = (mapping(namespace, ("metadata", field)) for field in ("labels", "annotations"))
    return any(labels.get(key) not in _NOT_IN for key in _LABELS) or notes.get(_INJECT) not in _NOT_IN


def plain_text_taken(change: Change) -> Iterator[Danger]:
    """Yield the ports of a namespace's pods that now take plain text; Istio only."""
    if change.kind != "PeerAuthentication" or not _still_meshed(change):
        return
    before, after = _modes(change.before), _modes(change.after)
    everything = change.before and not change.after and not at(change.before, ("spec", "selector"))
    loose = [
        port
        for port, mode in after.items()
        if mode != "STRICT" and before.get(port, before.get("", "STRICT")) == "STRICT"
    ]
    if everything or "" in loose:
        yield Danger("mesh-weakened", "pods now take plain text, from callers without an identity")
    elif loose:
        yield Danger("mesh-weakened", f"port {', '.join(sorted(loose))} now takes plain text")


def _modes(policy: Object) -> dict[str, str]:
    """Return the mode of each port, and under "" that of all others."""
    ports = mapping(policy, ("spec", "portLevelMtls"))
    own = {str(port): str(at(setting, ("mode",))) for port, setting in ports.items() if isinstance(setting, dict)}
    return {"": str(at(policy, ("spec", "mtls", "mode")) or "STRICT"), **own} if policy else {}


def callers_changed(change: Change) -> Iterator[Danger]:
    """Yield who is let in newly without an identity, and who no longer is; Istio and Linkerd."""
    if change.identity.group not in (_ISTIO, _LINKERD) or not _still_meshed(change):
        return
    before, after = _callers(change.before), _callers(change.after)
    if _EVERYBODY in after - before:
        yield Danger("mesh-weakened", "the service mesh now lets in callers without an identity")
    if _refuses_all(change.before) and not change.after:
        yield Danger("mesh-weakened", "the service mesh lets everybody reach pods that no other policy selects")
    domains = [_trust_domains(policy) for policy in (change.before, change.after)]
    if before and after and domains[0] and not domains[1]:
        yield Danger("mesh-weakened", "the service mesh now lets in accounts of any trust domain")
    elif before and after and domains[0] != domains[1]:
        yield Danger("mesh-narrowed", f"the service mesh now lets in only accounts of {', '.join(sorted(domains[1]))}")
    if _EVERYBODY not in after and (gone := sorted(before - after - {_EVERYBODY})):
        yield Danger("mesh-narrowed", f"the service mesh no longer lets in {', '.join(gone)}")


def _callers(policy: Object) -> set[str]:
    """Return the callers that an object lets in: accounts, namespaces, or everybody."""
    match policy.get("kind"):
        case "AuthorizationPolicy":
            rules = mappings(policy, ("spec", "rules"))
            sources = [mapping(peer, ("source",)) for rule in rules for peer in mappings(rule, ("from",))]
            named = {
                _account(str(name))
                for source in sources
                for names in source.values()
                if isinstance(names, list)
                for name in names
            }
            return named | ({_EVERYBODY} if any("from" not in rule for rule in rules) else set())
        case "MeshTLSAuthentication":
            refs = mappings(policy, ("spec", "identityRefs"))
            return {"/".join(str(ref[key]) for key in ("namespace", "name") if key in ref) for ref in refs}
        case "NetworkAuthentication":
            return {_EVERYBODY} if items(policy, ("spec", "networks")) else set()
    return set()


def _account(name: str) -> str:
    """Return the account that a principal is, `<namespace>/<name>`; or another name as it is."""
    match name.split("/"):
        case [_, "ns", namespace, "sa", account]:
            return f"{namespace}/{account}"
    return name


def _trust_domains(policy: Object) -> set[str]:
    """Return the trust domains of the accounts that Istio's policy lets in, if it says any."""
    rules = mappings(policy, ("spec", "rules")) if policy.get("kind") == "AuthorizationPolicy" else []
    sources = [mapping(peer, ("source",)) for rule in rules for peer in mappings(rule, ("from",))]
    return {str(name).partition("/")[0] for source in sources for name in items(source, ("principals",))}


def _refuses_all(policy: Object) -> bool:
    """Return whether an object is Istio's policy that lets nobody in."""
    is_istio = str(policy.get("apiVersion", "")).startswith(_ISTIO)
    return is_istio and policy.get("kind") == "AuthorizationPolicy" and not policy.get("spec")


def _still_meshed(change: Change) -> bool:
    """Return whether the namespace is in a mesh after the change: it has policies of Istio, or pods with a proxy."""
    beside = [manifest for manifest in change.beside if manifest.get("kind") != "Namespace"]
    annotated = (mapping(pod_template(manifest), ("metadata", "annotations")) for manifest in beside)
    return any(manifest.get("kind") == "PeerAuthentication" for manifest in beside) or any(
        str(key).partition("/")[0].endswith("linkerd.io") for notes in annotated for key in notes
    )
