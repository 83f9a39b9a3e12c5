"""What a component declares of its pods, as a table for docs/components.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import (
    Container,
    OperatedPods,
    Parts,
    Pod,
    Probe,
    Workload,
    containers_of,
    named_secrets,
)
from floe_compiler.model.joined_names import joined
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.plan import DeclaredInstance, Instance
from floe_compiler.model.secrets import merged
from floe_compiler.report.markdown_table import code, markdown_table

PRODUCT_IMAGE = "that of the product"
KUBERNETES = "the Kubernetes API"
PROBES = ("startup", "liveness", "readiness")
LONGEST = 40
"""The most characters of a command that a table shows."""


class PodFacts(msgspec.Struct, frozen=True):
    """Pods of a component: what makes them, their name, and each fact of them as the table shows it."""

    kind: str
    name: str
    images: tuple[str, ...] = ()
    processor: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


def facts_table(declared: DeclaredInstance, where: str) -> str:
    """Return the table of what a component's instance declares: a row for each fact that any of its pods has.

    `where` says in the head of the table where the instance is. A secret has those keys that the compiler cannot write.
    """
    names = _Names(declared.instance)
    pods = _merged(_pods(declared.parts, names))
    kinds: dict[str, list[str]] = {}
    for facts in pods:
        kinds.setdefault(facts.kind, []).append(code(facts.name))
    secrets = {
        f"{code(names.general(secret.name))}: {', '.join(code(key.name) for key in secret.keys if not key.literal)}"
        for secret in merged({*named_secrets(declared.parts), *declared.secrets})
    }
    rows = {
        "renders": "; ".join(f"{kind} {', '.join(names_)}" for kind, names_ in kinds.items()),
        "image": _by_value(pods, lambda facts: facts.images),
        "processor": _by_value(pods, lambda facts: facts.processor),
        "user": _by_value(pods, lambda facts: facts.user),
        "ports": _by_value(pods, lambda facts: facts.ports),
        "health": _by_value(pods, lambda facts: facts.health),
        "interfaces": "; ".join(text for facts in pods for text in facts.interfaces),
        "metrics": _by_value(pods, lambda facts: facts.metrics),
        "calls": _by_value(pods, lambda facts: facts.calls),
        "secrets": "; ".join(sorted(secrets)),
    }
    return markdown_table([where, ""], [[name, text] for name, text in rows.items() if text])


class _Names:
    """Names as they are in any mesh: with `<product>` in the place of a product, and `<domain>` in that of a domain."""

    def __init__(self, instance: Instance[Any]) -> None:
        self.images = {product.spec.image for product in instance.products}
        domains = {*instance.domains, *(product.domain for product in instance.products)}
        products = {product.name for product in instance.products}
        own = {(product.domain, product.name) for product in instance.products}
        own |= {(product.domain, product.name) for product in instance.served}
        self.words = {
            **{joined(*names): "<domain>-<product>" for names in sorted(own)},
            **dict.fromkeys(sorted(domains), "<domain>"),
            **dict.fromkeys(sorted(products), "<product>"),
        }

    def general(self, name: str) -> str:
        """Return the general form of a name."""
        for word, general in self.words.items():
            if name == word or name.endswith(f"-{word}"):
                return name.removesuffix(word) + general
        return name

    def server(self, endpoint: Endpoint) -> str:
        """Return a server that pods call: the name of its Service, or its host."""
        return code(self.general(endpoint.group.name) if endpoint.group else endpoint.host)


def _pods(parts: Parts, names: _Names) -> Iterator[PodFacts]:
    for workload in parts.workloads:
        yield _described(
            workload.kind,
            workload.name,
            workload.pod,
            names,
            interfaces=tuple(_interface(interface, workload) for interface in workload.interfaces),
            metrics=tuple(_metrics(metrics_, workload.ports()) for metrics_ in workload.metrics),
        )
    for task in parts.tasks:
        yield _described("CronJob" if task.schedule else "Job", task.name, task.pod, names)
    for launched in parts.launched:
        yield _described("pods at run time:", launched.name, launched.pod, names)
    for pods in parts.operated:
        yield _operated(pods, names)


def _merged(pods: Iterable[PodFacts]) -> tuple[PodFacts, ...]:
    """Return the pods with those of the same kind and general name, such as those of each product, as one."""
    merged: dict[tuple[str, str], PodFacts] = {}
    for facts_ in pods:
        first = merged.setdefault((facts_.kind, facts_.name), facts_)
        facts = {name: (*getattr(first, name), *getattr(facts_, name)) for name in PodFacts.__struct_fields__[2:]}
        merged_facts = {name: tuple(dict.fromkeys(values)) for name, values in facts.items()}
        merged[facts_.kind, facts_.name] = PodFacts(facts_.kind, facts_.name, **merged_facts)
    return tuple(merged.values())


def _described(kind: str, name: str, pod: Pod, names: _Names, **facts: tuple[str, ...]) -> PodFacts:
    ports = {port for container in pod.containers for port in container.ports}
    images = (
        PRODUCT_IMAGE if container_.image in names.images else code(container_.image)
        for container_ in containers_of(pod)
    )
    api = (KUBERNETES,) if pod.calls_kubernetes else ()
    return PodFacts(
        kind,
        names.general(name),
        images=tuple(sorted({*images})),
        processor=(code(pod.architecture),) if pod.architecture else (),
        user=(str(pod.identity.user),),
        ports=_ports(ports),
        health=tuple(dict.fromkeys(text for container in pod.containers for text in _health(container))),
        calls=(*dict.fromkeys(names.server(server) for server in pod.servers()), *api),
        **facts,
    )


def _operated(pods: OperatedPods, names: _Names) -> PodFacts:
    return PodFacts(
        "pods of an operator:",
        names.general(pods.name),
        ports=_ports(pods.ports),
        metrics=tuple(_metrics(metrics_, pods.ports) for metrics_ in pods.metrics),
        calls=(
            *dict.fromkeys(names.server(call) for call in pods.calls),
            *((KUBERNETES,) if pods.kubernetes_api else ()),
        ),
    )


def _ports(ports: Iterable[Port]) -> tuple[str, ...]:
    return tuple(
        f"{port.number} ({port.name}{'' if port.service else ', not in the Service'})"
        for port in sorted(ports, key=lambda port: port.number)
    )


def _health(container: Container) -> Iterator[str]:
    """Yield what asks whether a container is well, each with the probes that do."""
    requests: dict[str, list[str]] = {}
    for name in PROBES:
        probe: Probe | None = getattr(container, name)
        if probe is not None:
            requests.setdefault(_probe(probe, container.ports), []).append(name)
    for text, probes in requests.items():
        yield text if len(requests) == 1 else f"{' and '.join(probes)} {text}"


def _probe(probe: Probe, ports: Iterable[Port]) -> str:
    if probe.command:
        command = " ".join(probe.command)
        return code(command if len(command) <= LONGEST else f"{probe.command[0]} ...")
    number = next(port.number for port in ports if port.name == probe.port)
    if probe.path:
        return f"{code(f'GET {probe.path}')} on {number}"
    return f"{'gRPC' if probe.grpc else 'TCP'} on {number}"


def _interface(interface: Interface, workload: Workload) -> str:
    number = next(port.number for port in workload.ports() if port.name == interface.port)
    login = "asks for a login" if interface.authenticates else "no login of its own"
    return f"{code(interface.name)} on {number} ({'for programs, ' if interface.for_programs else ''}{login})"


def _metrics(metrics: Metrics, ports: Iterable[Port]) -> str:
    number = next(port.number for port in ports if port.name == metrics.port)
    return f"{code(metrics.path)} on {number}"


def _by_value(pods: Iterable[PodFacts], of: Callable[[PodFacts], tuple[str, ...]]) -> str:
    """Return a fact of all pods: with their names before it, unless all have the same."""
    slots: dict[str, list[str]] = {}
    listed = tuple(pods)
    for component in listed:
        slots.setdefault(", ".join(of(component)), []).append(code(component.name))
    if len(slots) == 1:
        return next(iter(slots))
    return "; ".join(f"{', '.join(names)}: {value}" for value, names in slots.items() if value)
