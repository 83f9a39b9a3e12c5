"""Servers outside the cluster must be where the environment lets pods reach: neither in it, nor at closed addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeGuard

from pydantic import BaseModel

from floe_compiler.model.addresses import ANYWHERE, Network, Reach, is_out_of_reach, is_own, network
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Findings
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.hosts import is_in_cluster
from floe_compiler.model.inputs import KUBELET_PORTS, Environment, ExternalServer, Reached
from floe_compiler.model.settings import Settings
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.namespaces import is_namespace
from floe_compiler.resolve.products import WrittenProduct
from floe_compiler.resolve.rules import OUT_OF_REACH

_LIST_IT = "if it is outside the cluster, list it under cluster.reachable_networks of the environment"


class _Mistake(NamedTuple):
    """What is wrong with a server: the setting, the message, the fix, and whether the platform may write it."""

    setting: str
    message: str
    hint: str
    of_domains: bool = False


def check_components(
    placed: Iterable[Placed], merged: Merged, environment: Environment, findings: Findings, domain: str = ""
) -> None:
    """Report servers that components must not reach.

    Args:
        placed: The components of a scope.
        merged: The documents of the scope.
        environment: The environment.
        findings: What is found is added here.
        domain: The file of the domain, which must keep to what the environment lists; the platform's own need not.
    """
    for _, instance in placed if findings.wanted else ():
        name = f"{instance.slot} {instance.type}"
        for path, server in _servers(instance.config):
            for mistake in _mistakes(server, instance.settings, environment):
                span = merged.span((*instance.settings_path, *path, mistake.setting))
                if not mistake.of_domains or (span and span.file == domain):
                    subject = f"{environment.metadata.name}{ENVIRONMENT_END}{name}"
                    findings.add(OUT_OF_REACH, mistake.message, span, subject=subject, hint=mistake.hint)


def check_environment(environment: Environment, settings: Settings, document: Document, findings: Findings) -> None:
    """Report servers that the environment itself names and that nothing must reach, such as that of its logins."""
    for path, server in _servers(environment.ingress) if findings.wanted else ():
        for mistake in _mistakes(server, settings, environment):
            if not mistake.of_domains:
                span = document.span(("ingress", *path, mistake.setting))
                findings.add(OUT_OF_REACH, mistake.message, span, hint=mistake.hint)


def check_products(
    products: Iterable[WrittenProduct],
    settings: Settings,
    environment: Environment,
    findings: Findings,
) -> None:
    """Report servers that the steps of products must not reach; what an environment says of them is the platform's."""
    for written in products if findings.wanted else ():
        product = written.product
        subject = f"{environment.metadata.name}{ENVIRONMENT_END}{product.domain}/{product.name}"
        for path, server in _servers(product.spec):
            for mistake in _mistakes(server, settings, environment):
                place = (*path, mistake.setting)
                if not mistake.of_domains or written.own_span(place):
                    span = written.merged.span(place)
                    findings.add(OUT_OF_REACH, mistake.message, span, subject=subject, hint=mistake.hint)


def _servers(value: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, Reached]]:
    """Yield the servers outside the cluster in a model, with their paths."""
    if isinstance(value, BaseModel):
        if isinstance(value, Reached):
            yield path, value
        for name in type(value).model_fields:
            yield from _servers(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _servers(item, (*path, key))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _servers(item, (*path, index))


def _may_be_kubelets(server: Reached, range_: Network, reach: Reach) -> TypeGuard[ExternalServer]:
    """Return whether a step may reach the nodes: at private addresses, if it is not known where the nodes are."""
    is_port = isinstance(server, ExternalServer) and server.port in KUBELET_PORTS
    return is_port and not reach.own and is_out_of_reach(range_, Reach())


def _mistakes(server: Reached, settings: Settings, environment: Environment) -> Iterator[_Mistake]:
    """Yield what is wrong with a server, one mistake at most."""
    reach, range_, host = settings.cluster.reach, network(server.cidr), server.host_name
    in_cluster = is_in_cluster(host, settings.cluster.domain) or is_namespace(environment, host.partition(".")[2])
    cidr = server.named_by if server.cidr == f"{host}/32" else "cidr"
    if in_cluster and isinstance(server, ExternalServer):
        message = f'"{host}" is a Service of the cluster, not an external server'
        yield _Mistake(server.named_by, message, "leave it out: steps can already reach what they need of the platform")
    elif _may_be_kubelets(server, range_, reach):
        message = f"port {server.port} is that of the kubelets, and {range_} may be the nodes"
        hint = "write the cluster's address ranges under cluster.networks of the environment, so that nodes stay closed"
        yield _Mistake("port", message, hint)
    elif is_own(range_, reach):
        message = f"{range_} is in the cluster's own networks, not outside"
        yield _Mistake(cidr, message, "write the address of a server outside the cluster")
    elif is_out_of_reach(range_, reach):
        message = f"{range_} has only private addresses, which may not be reached"
        yield _Mistake(cidr, message, _LIST_IT, of_domains=True)
    elif in_cluster and server.cidr == ANYWHERE and not reach.private:
        message = f'"{host}" is a Service of the cluster, whose pods have private addresses, which may not be reached'
        hint = "list the address range of the pods under cluster.reachable_networks of the environment"
        yield _Mistake(server.named_by, message, hint)
