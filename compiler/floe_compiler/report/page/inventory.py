"""What the objects of an environment hold, as tables: images, routes, grants, alerts, quotas and policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.quantities import ZERO, Quantity, parse_quantity
from floe_compiler.model.scaling import AUTOSCALERS, Scalers, autoscalers, most_pods
from floe_compiler.model.workloads import Workload, containers_of, pod_template, workload
from floe_compiler.report.dangers.alerts import alerting_rules, severity_of
from floe_compiler.report.dangers.data_access import rights
from floe_compiler.report.dangers.routes import backends_of, hosts_of
from floe_compiler.report.launched_pods import launched_pods
from floe_compiler.report.secrecy import hide_in_text

Row = tuple[str, ...]
Rows = Callable[[Iterable[Object]], Iterable[Row]]


class Table(msgspec.Struct, frozen=True):
    """A table: the names of its columns, and its rows, each with the environments that have it."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[int, ...], Row], ...]


def tables(environments: Iterable[Iterable[Object]]) -> tuple[Table, ...]:
    """Return the tables; a row that several environments have is there once.

    Args:
        environments: The objects of each environment, in the order that the rows' numbers mean.
    """
    rows_of: dict[str, list[Iterable[Row]]] = {key: [] for key, *_ in _TABLES}
    for manifests in environments:
        objects = list(manifests)
        for key, _, _, rows in _TABLES:
            rows_of[key].append(rows(objects))
    return tuple(table(key, title, columns, rows_of[key]) for key, title, columns, _ in _TABLES)


def table(key: str, title: str, columns: tuple[str, ...], environments: Iterable[Iterable[Row]]) -> Table:
    """Return one table of the rows of each environment."""
    having: dict[Row, set[int]] = defaultdict(set)
    for number, rows in enumerate(environments):
        for row in rows:
            having[row].add(number)
    return Table(key, title, columns, tuple((tuple(sorted(having[row])), row) for row in sorted(having)))


def _namespace(manifest: Object) -> str:
    return identify(manifest).namespace


def _images(manifests: Iterable[Object]) -> Iterator[Row]:
    users: dict[str, set[str]] = defaultdict(set)
    objects = {identify(manifest): manifest for manifest in manifests}
    written = [
        (identity, containers_of(mapping(pod_template(manifest), ("spec",)))) for identity, manifest in objects.items()
    ]
    launched = ((pod.id, pod.containers) for pod in launched_pods(objects))
    for identity, containers in (*written, *launched):
        for container in containers:
            users[str(container.data.get("image", ""))].add(f"{identity.namespace}/{identity.name}")
    yield from ((image, str(len(names)), ", ".join(sorted(names))) for image, names in users.items() if image)


def _routes(manifests: Iterable[Object]) -> Iterator[Row]:
    for manifest in manifests:
        kind = str(manifest.get("kind"))
        if kind in ("HTTPRoute", "GRPCRoute", "Ingress"):
            for host in hosts_of(kind, manifest):
                yield host, _namespace(manifest), ", ".join(sorted(backends_of(kind, manifest))), kind


def _grants(manifests: Iterable[Object]) -> Iterator[Row]:
    for manifest in manifests:
        if manifest.get("kind") == "ConfigMap":
            rights_of = defaultdict(set)
            for client, right in rights(manifest):
                rights_of[client].add(right)
            yield from (
                (client, right, _namespace(manifest), "data") for client in rights_of for right in rights_of[client]
            )
        elif manifest.get("kind") in ("RoleBinding", "ClusterRoleBinding"):
            role = f"{at(manifest, ('roleRef', 'kind'))} {at(manifest, ('roleRef', 'name'))}"
            location = _namespace(manifest) or "the whole cluster"
            for subject in mappings(manifest, ("subjects",)):
                yield f"{subject.get('namespace', location)}/{subject.get('name')}", role, location, "Kubernetes"


def _alerts(manifests: Iterable[Object]) -> Iterator[Row]:
    for manifest in manifests:
        for (name, whose, _), rule in alerting_rules(manifest):
            annotations = mapping(rule, ("annotations",))
            description = str(annotations.get("summary") or annotations.get("description") or "")
            yield name, severity_of(rule), whose, str(rule.get("for", "")), hide_in_text(description)


_QUOTA_RESOURCES = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "pods")


def _quotas(manifests: Iterable[Object]) -> Iterator[Row]:
    requested: dict[str, Mapping[str, Quantity]] = defaultdict(dict)
    allowed: dict[str, dict[str, Any]] = defaultdict(dict)
    objects = {identify(manifest): manifest for manifest in manifests}
    scalers = autoscalers(
        (identity, manifest) for identity, manifest in objects.items() if (identity.group, identity.kind) in AUTOSCALERS
    )
    for identity, manifest in objects.items():
        if identity.kind == "ResourceQuota":
            allowed[identity.namespace] |= mapping(manifest, ("spec", "hard"))
        elif identity.kind in ("Deployment", "StatefulSet") and (server := workload(identity, manifest)):
            requested[identity.namespace] = _sum(requested[identity.namespace], _amounts(server, scalers))
    for namespace in {*requested, *allowed}:
        for name in {*requested[namespace], *allowed[namespace]}:
            servers = str(requested[namespace].get(name, "")) or "-"
            yield namespace, name, servers, str(allowed[namespace].get(name, "no quota"))


def _amounts(server: Workload, scalers: Scalers) -> Mapping[str, Quantity]:
    """Return what the pods of a server ask for at most, by the names of a quota."""
    try:
        times = most_pods(server, scalers, nodes=1)
    except (TypeError, ValueError):
        times = 1
    amounts: dict[str, Quantity] = {"pods": parse_quantity(str(times))}
    for container in server.containers:
        for name in _QUOTA_RESOURCES[:-1] if container.runs else ():
            kind, resource = name.split(".")
            try:
                amount = parse_quantity(str(at(container.data, ("resources", kind, resource)))) * times
            except ValueError:
                continue
            amounts[name] = amounts.get(name, ZERO) + amount
    return amounts


def _sum(first: Mapping[str, Quantity], second: Mapping[str, Quantity]) -> Mapping[str, Quantity]:
    return {name: first.get(name, ZERO) + second.get(name, ZERO) for name in {*first, *second}}


def _policies(manifests: Iterable[Object]) -> Iterator[Row]:
    for manifest in manifests:
        if manifest.get("kind") == "NetworkPolicy":
            spec = mapping(manifest, ("spec",))
            identity = identify(manifest)
            kinds = items(spec, ("policyTypes",))
            into = _peers(spec, "ingress", "from") if "Ingress" in kinds else "-"
            out = _peers(spec, "egress", "to") if "Egress" in kinds else "-"
            yield identity.namespace, identity.name, _pods(mapping(spec, ("podSelector",))), into, out


def _peers(spec: Object, direction: str, end: str) -> str:
    rules = []
    for rule in mappings(spec, (direction,)):
        ports = ", ".join(str(port.get("port", "any")) for port in mappings(rule, ("ports",)))
        peers = sorted({_peer(peer) for peer in mappings(rule, (end,))}) or ["anywhere"]
        rules.append(f"{'; '.join(peers)}{f' (ports {ports})' if ports else ''}")
    return " | ".join(rules) or "nothing"


def _peer(peer: Object) -> str:
    if "ipBlock" in peer:
        return str(at(peer, ("ipBlock", "cidr")))
    pods = _pods(mapping(peer, ("podSelector",))) if "podSelector" in peer else "all pods"
    if "namespaceSelector" not in peer:
        return pods
    return f"{pods} in {_pods(mapping(peer, ('namespaceSelector',))).replace('all pods', 'all namespaces')}"


def _pods(selector: Object) -> str:
    """Return a selector as people read it: the values of labels, as their keys are long and mostly the same."""
    labels = [f"{key.rpartition('/')[2]}={value}" for key, value in mapping(selector, ("matchLabels",)).items()]
    for expression in mappings(selector, ("matchExpressions",)):
        values = "|".join(map(str, items(expression, ("values",))))
        labels.append(f"{str(expression.get('key')).rpartition('/')[2]} {expression.get('operator')} {values}")
    return ", ".join(labels) or "all pods"


_TABLES: tuple[tuple[str, str, tuple[str, ...], Rows], ...] = (
    ("images", "Images", ("image", "uses", "used by"), _images),
    ("routes", "Routes", ("host", "namespace", "leads to", "kind"), _routes),
    ("grants", "Grants", ("who", "may", "where", "of"), _grants),
    ("alerts", "Alerts", ("alert", "severity", "whose", "lasts", "says"), _alerts),
    ("quotas", "Quotas", ("namespace", "of", "servers ask for, at most", "quota"), _quotas),
    ("policies", "Policies", ("namespace", "policy", "pods", "from", "to"), _policies),
)
