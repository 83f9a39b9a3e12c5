"""Hosts that programs are configured with must be Services of the environment or declared servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.annotations import EXTERNAL_HOSTS
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.hints import near
from floe_compiler.model.summary import Host, Mention

SERVICE = Rule(
    "C051",
    "Service of a host not found",
    "A program is configured with the name of a Service that the environment does not render. Correct the name or "
    "namespace.",
)
PORT = Rule(
    "C052",
    "port not found on Service",
    "A program is configured with a port that the Service does not have. Use one of the Service's ports.",
)
UNDECLARED = Rule(
    "C053",
    "undeclared host",
    "A program is configured with a server that is neither a Service of the environment nor declared, so network "
    "policies would block it. Declare it where it is used, or annotate the object: "
    '"floe.dev/external-hosts: <host>".',
)
RULES = (SERVICE, PORT, UNDECLARED)

_DECLARE = f'declare it where it is used, a step with `connects:`, or annotate the object: "{EXTERNAL_HOSTS}: {{}}"'
# Hosts in URLs that are only identifiers, to which no program connects.
_IDENTIFIERS = frozenset({"json-schema.org", "www.apache.org", "www.w3.org", "opensource.org", "xmlns.com"})
_FILES = frozenset(
    {"conf", "go", "java", "js", "json", "log", "md", "py", "sh", "sql", "toml", "ts", "txt", "yaml", "yml"}
)
_LEAST_PORT = 80
"""With a number below this, `name:number` without a scheme is taken for an image with a tag."""


class _Names(msgspec.Struct, frozen=True):
    """All known hosts with their ports: Services by namespace and name, and declared servers.

    A host without ports accepts any port. `listening` are the ports of all Services, `external_services` the hosts of
    Services that others keep in the cluster.
    """

    services: Mapping[tuple[str, str], tuple[int, ...]]
    listening: frozenset[int]
    servers: Mapping[str, tuple[int, ...]]
    external_services: frozenset[str]
    domain: str


class _Problem(msgspec.Struct, frozen=True):
    """An error of a host, for all its mentions. In the message, `text` follows the location of the mention."""

    rule: Rule
    text: str
    hint: str = ""


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the hosts and ports in programs' configuration that do not exist or are not declared."""
    names = _names(environment)
    fine: set[tuple[str, int, bool]] = set()
    for unit, summary in environment.units.items():
        for host in summary.hosts.used:
            key = (host.name, host.port, host.certain)
            if key in fine:
                continue
            problem = _problem(environment, names, unit, host)
            if problem is None:
                if not _is_short(names, unit, host):
                    fine.add(key)
                continue
            for mention in host.mentions:
                message = f"{_place(problem.rule, mention)} names {problem.text}"
                yield Finding(problem.rule, unit, mention.subject.about, message, problem.hint)


def _place(rule: Rule, mention: Mention) -> str:
    return f"{mention.place} with {mention.beside}" if rule is PORT and mention.beside else mention.place


def _names(environment: Environment) -> _Names:
    services: dict[tuple[str, str], tuple[int, ...]] = {}
    servers: dict[str, tuple[int, ...]] = {}
    for unit, summary in environment.units.items():
        for service, ports in summary.hosts.services.items():
            services[unit, service] = ports
        for host, ports in summary.hosts.servers.items():
            earlier = servers.get(host, ports)
            servers[host] = tuple(sorted({*earlier, *ports})) if earlier and ports else ()
    listening = frozenset(port for ports in services.values() for port in ports)
    external_services = frozenset(
        host for summary in environment.units.values() for host in summary.hosts.external_services
    )
    return _Names(services, listening, servers, external_services, environment.facts.cluster_domain)


def _problem(environment: Environment, names: _Names, unit: str, host: Host) -> _Problem | None:
    labels = host.name.split(".")
    if _is_cluster_name(names, labels):
        return _cluster_name(environment, names, host, labels)
    if service := _short_name(names, unit, labels):
        return _port(names, host, service) if host.certain or host.port >= _LEAST_PORT else None
    return _server(environment, names, unit, host) if _is_server(names, host) else None


def _is_short(names: _Names, unit: str, host: Host) -> bool:
    """Return whether a host is a short name, whose meaning depends on the namespace."""
    return host.name.count(".") <= 1 and _short_name(names, unit, host.name.split(".")) is not None


def _is_cluster_name(names: _Names, labels: list[str]) -> bool:
    """Return whether a name is that of a Service, maybe with a wrong domain; other names may contain `svc`, too."""
    if "svc" not in labels[2:]:
        return False
    at = labels.index("svc", 2)
    return ".".join(labels[at + 1 :]) in ("", names.domain) or (labels[at - 1], labels[at - 2]) in names.services


def _cluster_name(environment: Environment, names: _Names, host: Host, labels: list[str]) -> _Problem | None:
    """Check `service.namespace.svc` or `pod.service.namespace.svc`, with or without the cluster's domain."""
    at = labels.index("svc", 2)
    domain = ".".join(labels[at + 1 :])
    namespace, service = labels[at - 1], labels[at - 2]
    if (namespace, service) == ("default", "kubernetes"):
        return None
    if (namespace, service) not in names.services:
        is_mirror = environment.facts.has_mirrors and host.name in names.servers
        if host.name in names.external_services or is_mirror:
            return _server(environment, names, namespace, host)
        services = environment.names("", "Service", namespace)
        hint = near(service, services) if services else near(namespace, environment.namespaces)
        return _Problem(SERVICE, f"{host.name}, but there is no such Service", hint)
    if domain not in ("", names.domain):
        if host.name in names.servers:  # a Service that another cluster exports
            return _server(environment, names, namespace, host)
        return _Problem(SERVICE, f"{host.name}, but the cluster's domain is {names.domain}")
    return _port(names, host, (namespace, service))


def _short_name(names: _Names, namespace: str, labels: list[str]) -> tuple[str, str] | None:
    """Return the Service that a name without `svc` means in a namespace: `[pod.]service[.namespace]`."""
    choices = [(namespace, labels[-1])] if len(labels) <= 2 else []
    if len(labels) in (2, 3):
        choices.append((labels[-1], labels[-2]))
    return next((choice for choice in choices if choice in names.services), None)


def _port(names: _Names, host: Host, service: tuple[str, str]) -> _Problem | None:
    ports = names.services[service]
    if not host.port or not ports or host.port in ports:
        return None  # a Service without ports leads to an external server, or directly to pods, on any port
    return _Problem(
        PORT, f"port {host.port} of Service {service[0]}/{service[1]}", f"it has {', '.join(map(str, ports))}"
    )


def _is_server(names: _Names, host: Host) -> bool:
    """Return whether the host is a server, and not a key, an image or a line number of a file."""
    if host.certain:
        return host.name not in _IDENTIFIERS
    last = host.name.rpartition(".")[2]
    if "." in host.name:
        return host.port >= _LEAST_PORT and last.isalpha() and last not in _FILES
    return host.port in names.listening and host.name != "port"


def _server(environment: Environment, names: _Names, unit: str, host: Host) -> _Problem | None:
    labels = host.name.split(".")
    hosts = [".".join(labels[start:]) for start in range(len(labels))]
    declared = [names.servers[host_name] for host_name in hosts if host_name in names.servers]
    if any(not ports or not host.port or host.port in ports for ports in declared):
        return None
    shown = f"{host.name}:{host.port}" if host.port else host.name
    if declared:
        ports = sorted({port for known in declared for port in known})
        hint = f"it is declared with port {', '.join(map(str, ports))}"
    else:
        known = () if "." in host.name else environment.names("", "Service", unit)
        hint = near(host.name, known) or _DECLARE.format(host.name)
    return _Problem(UNDECLARED, f"{shown}, which is not declared", hint)
