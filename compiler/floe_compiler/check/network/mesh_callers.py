"""The service mesh must let in whoever is declared to call a server: patches and hand-written policies count, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.pod_index import Pods
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import some
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.selectors import matches

REFUSED = Rule(
    "C233",
    "caller that the service mesh refuses",
    "A component is declared to call a server, but the policies of the service mesh do not let its account in, so that "
    "each connection is closed at once. A patch or a hand-written policy has changed what was compiled.",
)
RULES = (REFUSED,)

_ISTIO, _LINKERD = "security.istio.io", "policy.linkerd.io"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the servers of a unit that the mesh keeps from declared callers, each once for a port.

    The finding is about the one policy that is for the server, if there is one, as that has changed.
    """
    mesh, refused = index.rendered.mesh, defaultdict[tuple[Any, PodGroup, int], list[str]](list)
    if mesh is None:
        return
    for caller in sorted(index.rendered.mesh_callers):
        for position in index.pods.of_group(caller.server):
            pods = index.pods.all[position]
            policies = _linkerd if mesh.kind == "linkerd" else _istio
            lets_in = tuple(policies(index, pods, caller.port))
            if not any(_means(source, caller.account) for _, source in lets_in):
                own = dict.fromkeys(identity for identity, _ in lets_in if identity is not None)
                about = next(iter(own)) if len(own) == 1 else pods.about
                refused[about, caller.server, caller.port].append(caller.account)
    for (about, server, port), accounts in refused.items():
        message = f"no policy of the service mesh lets {some(accounts)} call {server} on TCP {port}"
        yield index.finding(REFUSED, about, message, "remove the patch that dropped it, or let the account in again")


Source = Mapping[str, Any] | None
"""Whom a policy lets in: an account or namespace, as Linkerd or Istio names it; None: everybody."""

LetsIn = tuple[ObjectId | None, Source]
"""The object that lets somebody in, and whom."""


def _means(source: Source, account: str) -> bool:
    """Return whether a source may be an account. A source that names neither accounts nor namespaces may be anybody."""
    if source is None:
        return True
    namespace, _, name = account.partition("/")
    if "kind" in source:
        same = source.get("namespace", namespace) == namespace and source.get("name") == name
        return same if source["kind"] == "ServiceAccount" else source.get("name") == namespace
    fields = {"serviceAccounts": account, "namespaces": namespace}
    if not source.keys() <= {*fields, "principals"}:
        return True
    named = any(value in items(source, (field,)) for field, value in fields.items())
    return named or any(_is_principal(str(principal), namespace, name) for principal in items(source, ("principals",)))


def _is_principal(principal: str, namespace: str, name: str) -> bool:
    """Return whether a principal is an account, in whatever trust domain. With `*`, it may be anybody."""
    return "*" in principal or principal.partition("/")[2] == f"ns/{namespace}/sa/{name}"


def _istio(index: Index, pods: Pods, port: int) -> Iterator[LetsIn]:
    allowing = [
        (identity, policy)
        for identity, policy in index.of(_ISTIO, "AuthorizationPolicy")
        if at(policy, ("spec", "action")) in (None, "ALLOW")
        and matches(mapping(policy, ("spec", "selector")), pods.labels)
    ]
    if not allowing:
        yield None, None
    for identity, policy in allowing:
        for rule in mappings(policy, ("spec", "rules")):
            targets = [mapping(target, ("operation",)) for target in mappings(rule, ("to",))]
            if not targets or any(_is_at(operation, port) for operation in targets):
                sources = [mapping(source, ("source",)) for source in mappings(rule, ("from",))]
                yield from ((identity, source) for source in sources)
                if not sources:
                    yield identity, None


def _is_at(operation: Object, port: int) -> bool:
    return "ports" not in operation or str(port) in items(operation, ("ports",))


def _linkerd(index: Index, pods: Pods, port: int) -> Iterator[LetsIn]:
    servers = {
        identity.name
        for identity, server in index.of(_LINKERD, "Server")
        if matches(mapping(server, ("spec", "podSelector")), pods.labels)
        and (not isinstance(at(server, ("spec", "port")), int) or at(server, ("spec", "port")) == port)
    }
    for _, policy in index.of(_LINKERD, "AuthorizationPolicy"):
        target = mapping(policy, ("spec", "targetRef"))
        if target.get("kind") != "Server" or target.get("name") in servers:
            for wanted in mappings(policy, ("spec", "requiredAuthenticationRefs")):
                kind, name = str(wanted.get("kind")), str(wanted.get("name"))
                yield from _authenticated(index, ObjectId(_LINKERD, kind, pods.group.namespace, name))


def _authenticated(index: Index, identity: ObjectId) -> Iterator[LetsIn]:
    spec = mapping(index.objects.get(identity, {}), ("spec",))
    if identity.kind != "MeshTLSAuthentication" or "identities" in spec:
        yield identity, None
    yield from ((identity, reference) for reference in mappings(spec, ("identityRefs",)))
