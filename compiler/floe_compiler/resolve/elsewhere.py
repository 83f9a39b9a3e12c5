"""What the shared services provide, as components in another cluster see it: the one place where endpoints change.

A capability has endpoints, and texts that were made from them. Both are those of the cluster that it is in. Seen from
another cluster, a server has the host, port and scheme at which it is reached from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.endpoint import Elsewhere, Endpoint
from floe_compiler.model.inputs import ClientCertificates, Environment, GatewayLinks, IstioLinks, McsLinks, ReachedAt
from floe_compiler.model.links import exported_host, linked_host, name_elsewhere, passes_gateway

HTTPS = 443
EAST_WEST, MIRRORED = 15443, 4143
"""The ports of the gateways of Istio (`tls` of its east-west gateway) and of Linkerd (`mc-gateway`)."""


def seen_from_elsewhere(capabilities: Iterable[Capability], there: Environment) -> tuple[Capability, ...]:
    """Return capabilities as components of the environment's other clusters see them.

    Args:
        capabilities: What the shared services provide.
        there: The environment in their cluster. If it does not say how that is reached, endpoints keep their host.
    """
    cluster = there.cluster.name
    reached_at = there.cluster.reached_at if there.links else None

    def change(endpoint: Endpoint) -> Endpoint:
        if endpoint.group is None or endpoint.elsewhere:
            return endpoint  # it is outside of all clusters
        group, host = endpoint.group, endpoint.host
        servers = tuple(Elsewhere(cluster, group, host, port) for port in endpoint.ports)
        unasked = tuple(replace(port, mutual=False) for port in endpoint.ports)
        away = replace(endpoint, group=None, labels=(), elsewhere=servers, ports=unasked)
        if reached_at is None:
            return away  # which is reported
        if isinstance(there.links, McsLinks):
            return replace(away, host=exported_host(group, there.links.domain), cidr=reached_at.cidr)
        if isinstance(there.links, GatewayLinks):
            return _through_gateway(away, group.name, reached_at, there.links.client_certificates)
        service, _, rest = host.partition(".")
        passage = EAST_WEST if isinstance(there.links, IstioLinks) else MIRRORED
        return replace(away, host=f"{name_elsewhere(service, cluster)}.{rest}", cidr=reached_at.cidr, passage=passage)

    return tuple(_seen(capability, change) for capability in capabilities)


def with_elsewhere(here: tuple[Capability, ...], elsewhere: Iterable[Capability]) -> tuple[Capability, ...]:
    """Return what the shared services provide in a cluster, and what only those of another one do."""
    kinds = {type(capability) for capability in here}
    return (*here, *(capability for capability in elsewhere if type(capability) not in kinds))


def _through_gateway(
    away: Endpoint, server: str, reached_at: ReachedAt, clients: ClientCertificates | None
) -> Endpoint:
    """Return a server as it is reached through a Gateway, unless that has no way for it, which is reported."""
    port, *others = (server.port for server in away.elsewhere)
    if reached_at.domain is None or others or not passes_gateway(port):
        return away
    asks = clients is not None and port.mutual
    number = clients.port if clients and asks else HTTPS
    open_ = replace(port, number=number, scheme="https", tls=True, health="", mutual=asks)
    return replace(away, host=linked_host(server, port, reached_at.domain), ports=(open_,), cidr=reached_at.cidr)


def _seen(capability: Capability, change: Callable[[Endpoint], Endpoint]) -> Capability:
    """Return a capability with other endpoints, also in the texts that were made from them."""
    texts = {
        text: after
        for endpoint in _endpoints(capability)
        for text, after in _texts(endpoint, change(endpoint))
        if text != after
    }
    seen: Capability = _mapped(capability, change, texts)
    return seen


def _texts(before: Endpoint, after: Endpoint) -> Iterator[tuple[str, str]]:
    """Yield a server's host, its addresses, and what its URLs begin with; each with what that is elsewhere."""
    yield before.host, after.host
    if len(before.ports) == len(after.ports):
        for old, new in zip(before.ports, after.ports, strict=True):
            yield before.address(old.name), after.address(new.name)
            yield before.url(old.name), after.url(new.name)


def _endpoints(value: Any) -> Iterator[Endpoint]:
    if isinstance(value, Endpoint):
        yield value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _endpoints(getattr(value, field))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _endpoints(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _endpoints(item)


def _mapped(value: Any, change: Callable[[Endpoint], Endpoint], texts: Mapping[str, str]) -> Any:
    """Return a part of a capability with other endpoints and texts."""
    if isinstance(value, str):
        before = next((text for text in texts if value == text or value.startswith(f"{text}/")), "")
        return texts[before] + value[len(before) :] if before else value
    if isinstance(value, Endpoint):
        return change(value)
    if isinstance(value, msgspec.Struct):
        fields = {field: getattr(value, field) for field in value.__struct_fields__}
        return replace(value, **{field: _mapped(item, change, texts) for field, item in fields.items()})
    if isinstance(value, Mapping):
        return {key: _mapped(item, change, texts) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [_mapped(item, change, texts) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value
