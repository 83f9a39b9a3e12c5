"""Istio: mTLS only (PeerAuthentication), and who may call a server (AuthorizationPolicy).

All rules look at accounts and ports only, so both data planes enforce them, for any protocol. An account is written as
`<namespace>/<name>`, without the trust domain (since 1.26), at most 16 to a source; or, if the mesh says its trust
domain, as a principal with it. Source: istio.io/api 1.32, `security/v1beta1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.kit.meta import manifest
from floe_compiler.kit.service_mesh.server import MeshServer
from floe_compiler.model.objects import Object
from floe_compiler.model.service_mesh import ServiceMesh

API = "security.istio.io/v1"
MOST_ACCOUNTS = 16


def namespace_objects(common: Mapping[str, str]) -> list[Object]:
    """Return what holds for all pods of a namespace: they take nothing but mTLS, and from nobody."""
    return [
        manifest(API, "PeerAuthentication", "default", common, spec={"mtls": {"mode": "STRICT"}}),
        # A policy without rules matches no request, and where there is a policy, what none allows is refused.
        manifest(API, "AuthorizationPolicy", "allow-nothing", common, spec={}),
    ]


def server_objects(mesh: ServiceMesh, server: MeshServer, metadata: Mapping[str, str]) -> list[Object]:
    """Return who may call a server, and the ports at which callers outside the mesh do."""
    selector = {"matchLabels": dict(server.selector)}
    objects: list[Object] = []
    if rules := _rules(server, mesh.trust_domain):
        spec = {"selector": selector, "action": "ALLOW", "rules": rules}
        objects.append(manifest(API, "AuthorizationPolicy", server.name, metadata, spec=spec))
    if server.plain:
        ports = {str(number): {"mode": "PERMISSIVE"} for number in sorted(server.plain)}
        spec = {"selector": selector, "mtls": {"mode": "STRICT"}, "portLevelMtls": ports}
        objects.append(manifest(API, "PeerAuthentication", server.name, metadata, spec=spec))
    return objects


def _rules(server: MeshServer, trust_domain: str) -> list[Object]:
    """Return a rule for each set of callers, with their ports. Callers outside the mesh have no identity."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...], bool], list[str]] = {}
    for port in server.ports:
        plain = port.number in server.plain
        accounts = () if plain else server.accounts.get(port.number, ())
        namespaces = () if plain else server.namespaces.get(port.number, ())
        if accounts or namespaces or plain:
            alike.setdefault((accounts, namespaces, plain), []).append(str(port.number))
    return [
        {
            **({} if plain else {"from": _sources(accounts, namespaces, trust_domain)}),
            "to": [{"operation": {"ports": ports}}],
        }
        for (accounts, namespaces, plain), ports in alike.items()
    ]


def _sources(accounts: tuple[str, ...], namespaces: Iterable[str], trust_domain: str) -> list[Object]:
    chunks = [accounts[at : at + MOST_ACCOUNTS] for at in range(0, len(accounts), MOST_ACCOUNTS)]
    named: list[Object] = [{"source": {"serviceAccounts": list(chunk)}} for chunk in chunks]
    if trust_domain and accounts:
        parts = (account.split("/") for account in accounts)
        named = [{"source": {"principals": [f"{trust_domain}/ns/{own}/sa/{name}" for own, name in parts]}}]
    whole_namespaces = list(namespaces)
    return [*named, *([{"source": {"namespaces": whole_namespaces}}] if whole_namespaces else [])]
