"""Hosts that programs are told, against the Services of the environment and the servers that its inputs declare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from floe_compiler.check.addresses import Address
from floe_compiler.check.annotations import EXTERNAL_HOSTS, listed
from floe_compiler.check.hints import near
from floe_compiler.check.index import Index
from floe_compiler.check.texts import Text
from floe_compiler.check.told import told
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object
from floe_compiler.model.rendered import External

SERVICE = Rule(
    "C051",
    "host of a Service that nobody makes",
    "A program is told the name of a Service that the environment does not render. Correct the name or namespace.",
)
PORT = Rule(
    "C052",
    "port that a Service lacks",
    "A program is told a port that the Service does not have. Use one of the Service's ports.",
)
UNDECLARED = Rule(
    "C053",
    "host that no input declares",
    "A program is told a server that is neither a Service of the environment nor declared, so network policies would "
    'cut it off. Declare it where it is used, or annotate the object: "floe.dev/external-hosts: <host>".',
)
NUMERIC = Rule(
    "C054",
    "IP address in place of a name",
    "Addresses change with each cluster. Use the name of a Service or of a declared server.",
)

_DECLARE = f'declare it where it is used, or annotate the object: "{EXTERNAL_HOSTS}: {{}}"'
_LOCAL = frozenset(
    {"localhost", "127.0.0.1", "0.0.0.0", "::", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}  # noqa: S104
)
# Names in URLs that identify something and that nobody connects to.
_IDENTIFIERS = frozenset({"json-schema.org", "www.apache.org", "www.w3.org", "opensource.org", "xmlns.com"})
_FILES = frozenset(
    {"conf", "go", "java", "js", "json", "log", "md", "py", "sh", "sql", "toml", "ts", "txt", "yaml", "yml"}
)
_LEAST_PORT = 80
"""Below it, `name:number` without a scheme is rather an image with its tag."""


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the hosts and ports in programs' texts that lead nowhere."""
    names = _names(index)
    yield from dict.fromkeys(
        finding
        for text, address in told(index)
        if address.host not in _LOCAL and address.host not in listed(index.manifest(text.owner), EXTERNAL_HOSTS)
        for finding in _address(index, names, text, address)
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """All that a host may be: Services with their ports, namespaces, the cluster's domain, and declared servers."""

    services: Mapping[tuple[str, str], frozenset[int]]
    ports: frozenset[int]
    namespaces: frozenset[str]
    domain: str
    servers: Mapping[str, frozenset[int]]
    """Ports by host; none: any."""


def _names(index: Index) -> _Names:
    services = {
        (identity.namespace, identity.name): _ports(service.get("spec", {}))
        for identity, service in index.of("", "Service")
    }
    servers: dict[str, frozenset[int]] = defaultdict(frozenset)
    for connection in index.rendered.connections:
        if isinstance(connection.target, External):
            servers[connection.target.host.lower()] |= {connection.target.port}
    for _, ingress in index.of("networking.k8s.io", "Ingress"):
        for rule in ingress.get("spec", {}).get("rules", ()):
            servers[rule.get("host", "")] = frozenset()
    namespaces = frozenset(identity.name for identity, _ in index.of("", "Namespace"))
    ports = frozenset(port for known in services.values() for port in known)
    return _Names(services, ports, namespaces, index.rendered.cluster_domain, dict(servers))


def _ports(service: Object) -> frozenset[int]:
    """Return the ports at which a Service answers; a headless one leads straight to the containers' ports."""
    ports = [port.get("port", 0) for port in service.get("ports", ())]
    if service.get("clusterIP") == "None":
        ports += [port["targetPort"] for port in service.get("ports", ()) if isinstance(port.get("targetPort"), int)]
    return frozenset(ports)


def _address(index: Index, names: _Names, text: Text, address: Address) -> Iterator[Diagnostic]:
    host, labels = address.host, address.host.split(".")
    if ":" in host or all(label.isdigit() for label in labels):
        if ":" in host or len(labels) == 4:
            hint = "use the name of a Service or of a declared server"
            yield index.finding(NUMERIC, text.owner, f"{text.place} names {host}", hint)
        return
    if _is_cluster_name(names, labels):
        yield from _cluster_name(index, names, text, address)
    elif service := _short_name(names, text.owner.namespace, labels):
        if address.certain or address.port >= _LEAST_PORT:
            yield from _port(index, names, text, address, service)
    elif _is_server(names, address):
        yield from _server(index, names, text, address)


def _is_cluster_name(names: _Names, labels: list[str]) -> bool:
    """Tell whether a name is one of this cluster's, or would be but for the domain; others may have a `svc` too."""
    if "svc" not in labels[2:]:
        return False
    at = labels.index("svc", 2)
    return ".".join(labels[at + 1 :]) in ("", names.domain) or (labels[at - 1], labels[at - 2]) in names.services


def _cluster_name(index: Index, names: _Names, text: Text, address: Address) -> Iterator[Diagnostic]:
    """Check `service.namespace.svc` or `pod.service.namespace.svc`, with or without the cluster's domain."""
    labels = address.host.split(".")
    at = labels.index("svc", 2)
    domain = ".".join(labels[at + 1 :])
    service = (labels[at - 1], labels[at - 2])
    if service == ("default", "kubernetes"):
        return
    if service not in names.services:
        known = index.names("", "Service", service[0])
        hint = near(service[1], known) if known else near(service[0], names.namespaces)
        yield index.finding(
            SERVICE, text.owner, f"{text.place} names {address.host}, but there is no such Service", hint
        )
    elif domain not in ("", names.domain):
        message = f"{text.place} names {address.host}, but the cluster's domain is {names.domain}"
        yield index.finding(SERVICE, text.owner, message)
    else:
        yield from _port(index, names, text, address, service)


def _short_name(names: _Names, namespace: str, labels: list[str]) -> tuple[str, str] | None:
    """Return the Service that a name without `svc` means in a namespace: `[pod.]service[.namespace]`."""
    choices = [(namespace, labels[-1])] if len(labels) <= 2 else []
    if len(labels) in (2, 3):
        choices.append((labels[-1], labels[-2]))
    return next((choice for choice in choices if choice in names.services), None)


def _port(index: Index, names: _Names, text: Text, address: Address, service: tuple[str, str]) -> Iterator[Diagnostic]:
    ports = names.services[service]
    if not address.port or not ports or address.port in ports:
        return  # a Service without ports leads to a server, or straight to pods, at any port
    place = f"{text.place} with {address.beside}" if address.beside else text.place
    message = f"{place} names port {address.port} of Service {service[0]}/{service[1]}"
    yield index.finding(PORT, text.owner, message, f"it has {', '.join(map(str, sorted(ports)))}")


def _is_server(names: _Names, address: Address) -> bool:
    """Tell whether what need not be a server is one all the same, and no key, image or line of a file."""
    if address.certain:
        return address.host not in _IDENTIFIERS
    last = address.host.rpartition(".")[2]
    if "." in address.host:
        return address.port >= _LEAST_PORT and last.isalpha() and last not in _FILES
    return address.port in names.ports and address.host != "port"


def _server(index: Index, names: _Names, text: Text, address: Address) -> Iterator[Diagnostic]:
    labels = address.host.split(".")
    hosts = [".".join(labels[start:]) for start in range(len(labels))]
    declared = [names.servers[host] for host in hosts if host in names.servers]
    if any(not ports or not address.port or address.port in ports for ports in declared):
        return
    shown = f"{address.host}:{address.port}" if address.port else address.host
    message = f"{text.place} names {shown}, which nothing declares"
    yield index.finding(UNDECLARED, text.owner, message, _hint(index, text, address, declared))


def _hint(index: Index, text: Text, address: Address, declared: Collection[frozenset[int]]) -> str:
    if declared:
        ports = sorted({port for known in declared for port in known})
        return f"declared is port {', '.join(map(str, ports))}"
    known = () if "." in address.host else index.names("", "Service", text.owner.namespace)
    return near(address.host, known) or _DECLARE.format(address.host)
