"""Connections between the clusters of an environment: each needs a way, and what it needs at both ends.

This is checked when the facts of all namespaces are known, as only they say who calls whom.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from floe_compiler.model.addresses import ANYWHERE, network, within
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.endpoint import Elsewhere
from floe_compiler.model.inputs import (
    GatewayLinks,
    GeneratedSecrets,
    IstioLinks,
    IstioMesh,
    LinkerdLinks,
    Links,
    McsLinks,
)
from floe_compiler.model.links import linked_route, name_elsewhere, passes_gateway
from floe_compiler.model.plan import PLATFORM
from floe_compiler.model.secret_ways import way_of_name
from floe_compiler.model.sites import CLUSTERS
from floe_compiler.model.span import Span
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.resolve.cluster_rules import (
    FAR_DATABASE,
    LONG_NAME_ELSEWHERE,
    NAMED_BY_OTHERS,
    NO_WAY_BETWEEN,
    NOT_LINKED,
    NOT_PASSED,
    NOT_SHARED,
    NOTHING_SHOWN,
    ONLY_THERE,
    SAME_ADDRESSES,
    UNMESHED,
    UNTRUSTED_LINK,
)
from floe_compiler.resolve.frame import REACHED_AT, Frame

LONGEST_LABEL = 63
"""The longest name of a Service, and the longest value of a label."""

NAME, LINKS, MESH = ("cluster", "name"), ("links",), ("cluster", "mesh")


def check_links(frames: Mapping[str, Frame], units: Callable[[str], Sequence[UnitFacts]], findings: Findings) -> None:
    """Report connections between clusters that cannot work.

    Args:
        frames: The environments, in each of their clusters.
        units: Returns the facts of the namespaces of one of them.
        findings: What is found is added here.
    """
    together: dict[str, list[str]] = defaultdict(list)
    for name, frame in frames.items():
        together[frame.site.environment].append(name)
    for names in together.values():
        if len(names) > 1:
            _check(
                [frames[name] for name in names], {frames[name].site.cluster: units(name) for name in names}, findings
            )


def _check(frames: Sequence[Frame], units: Mapping[str, Sequence[UnitFacts]], findings: Findings) -> None:
    """Report what is wrong between the clusters of one environment."""
    by_cluster = {frame.site.cluster: frame for frame in frames}
    called: dict[str, dict[str, set[Elsewhere]]] = defaultdict(lambda: defaultdict(set))
    for cluster, own in units.items():
        for server in (server for unit in own for server in unit.elsewhere):
            called[server.cluster][cluster].add(server)
    for cluster, callers in called.items():
        frame = by_cluster[cluster]
        _check_called(frame, callers, findings)
        servers = sorted({server for own in callers.values() for server in own})
        _check_regions(frame, {name: by_cluster[name] for name in callers}, servers, findings)
        if isinstance(frame.environment.links, McsLinks):
            for name in callers:
                _check_addresses(by_cluster[name], f'cluster "{name}" calls "{cluster}"', findings)
    if called:
        for frame in frames:
            if frame.site.cluster in called or any(frame.site.cluster in callers for callers in called.values()):
                _check_mesh(frame, findings)
    _check_overlaps(frames, findings)
    _check_stores(frames, units, findings)
    for frame in frames:
        _check_secrets(frame, units[frame.site.cluster], findings)


def _check_called(frame: Frame, callers: Mapping[str, set[Elsewhere]], findings: Findings) -> None:
    """Report what a cluster that others call lacks: one mistake, the first on their way."""
    links, cluster = frame.environment.links, frame.environment.cluster
    servers = sorted({server for called in callers.values() for server in called})
    names = ", ".join(dict.fromkeys(server.group.name for server in servers))
    who = " and ".join(f'"{name}"' for name in sorted(callers))
    calling = f"clusters {who} call" if len(callers) > 1 else f"cluster {who} calls"
    calls = f'{calling} {names} in cluster "{cluster.name}"'
    if links is None:
        message = f"{calls}, but nothing says how clusters reach one another"
        hint = "write it: links: {type: gateway, class: ..., issuer: ...}, or let all of it run in one cluster"
        findings.add(NOT_LINKED, message, _clusters_key(frame), hint=hint)
        return
    if cluster.reached_at is None:
        message = f"{calls}, but nothing says where that is reached"
        hint = f"write it there: reached_at: {{{_wanted(links, cluster.name)}}}"
        findings.add(NOT_LINKED, message, frame.document.span(NAME), hint=hint)
    elif isinstance(links, McsLinks):
        _check_addresses(frame, calls, findings)
    elif isinstance(links, GatewayLinks):
        _check_gateway(frame, links, calls, servers, findings)
    if not isinstance(links, GatewayLinks):
        _check_names(frame, links, calls, servers, findings)


def _check_names(frame: Frame, links: Links, calls: str, servers: Iterable[Elsewhere], findings: Findings) -> None:
    """Report servers that have no name in other clusters: a Service of an operator, or one whose name is too long."""
    cluster, place = frame.environment.cluster.name, frame.document.span(NAME)
    for service, group in dict.fromkeys((server.host.partition(".")[0], server.group) for server in servers):
        name = name_elsewhere(service, cluster)
        if service != group.name:
            message = f"{calls}, but the Service {service} is made by others, who give it no name in another cluster"
            hint = "let both run in one cluster, or use a server outside, such as database: {type: external, ...}"
            findings.add(NAMED_BY_OTHERS, message, place, hint=hint)
        elif not isinstance(links, McsLinks) and len(name) > LONGEST_LABEL:
            message = f'{calls} as "{name}", which has {len(name)} characters; a Service may have {LONGEST_LABEL}'
            hint = f"give the cluster a name with at most {len(cluster) + LONGEST_LABEL - len(name)} characters"
            findings.add(LONG_NAME_ELSEWHERE, message, place, hint=hint)


def _wanted(links: Links, cluster: str) -> str:
    """Return what `reached_at` has to say for this kind of links."""
    if isinstance(links, GatewayLinks):
        return f"domain: {cluster}.<your domain>"
    return "cidr: <its pods and Services>" if isinstance(links, McsLinks) else "cidr: <the gateway of its mesh>"


def _check_mesh(frame: Frame, findings: Findings) -> None:
    """Report a cluster that a service mesh links to others, if it is not in one of that kind."""
    links, mesh = frame.environment.links, frame.environment.cluster.mesh
    if not isinstance(links, IstioLinks | LinkerdLinks):
        return
    if mesh is None or mesh.type != links.type:
        message = f'{links.type} links cluster "{frame.site.cluster}" to others, but its pods are not in that mesh'
        mode = ", mode: sidecar" if links.type == "istio" else ""
        place = frame.document.key_span(MESH) if mesh else frame.document.span(NAME)
        hint = f"install it there, and write so: mesh: {{type: {links.type}{mode}, cni: true}}"
        findings.add(UNMESHED, message, place, hint=hint)
    elif isinstance(mesh, IstioMesh) and mesh.mode != "sidecar":
        message = f'istio links cluster "{frame.site.cluster}" to others, but its pods have no sidecars'
        hint = "write mode: sidecar; in ambient mode, clusters reach one another in another way, which is not rendered"
        findings.add(UNMESHED, message, frame.document.span((*MESH, "mode")), hint=hint)


def _check_gateway(
    frame: Frame, links: GatewayLinks, calls: str, servers: Sequence[Elsewhere], findings: Findings
) -> None:
    """Report what the Gateway of a cluster that others call lacks, and the ports that it does not pass on."""
    cluster = frame.environment.cluster
    if cluster.reached_at and cluster.reached_at.domain is None:
        message = f"{calls} through its Gateway, but the domain of its hosts is missing"
        hint = f"write it: reached_at: {{{_wanted(links, cluster.name)}}}"
        findings.add(NOT_LINKED, message, frame.document.key_span(REACHED_AT), hint=hint)
    if links.client_certificates and not any(server.port.mutual for server in servers):
        message = f"{calls}, but nobody who calls it can show a certificate"
        hint = "leave it out; only a collector (observability: {collector: ...}) can show one to that of the platform"
        findings.add(NOTHING_SHOWN, message, frame.document.key_span((*LINKS, "client_certificates")), hint=hint)
    for server in (server for server in servers if not passes_gateway(server.port)):
        port = f"{server.port.protocol} {server.port.number}"
        message = f"{calls}, and {server.group.name} on {port}, which a Gateway does not pass on"
        findings.add(NOT_PASSED, message, frame.document.key_span(LINKS), hint="let both run in one cluster")
    for server in (server for server in servers if len(linked_route(server.group.name, server.port)) > LONGEST_LABEL):
        name = linked_route(server.group.name, server.port)
        message = (
            f'{calls} by the route "{name}", which has {len(name)} characters; its labels may have {LONGEST_LABEL}'
        )
        most = len(server.group.name) + LONGEST_LABEL - len(name)
        named = f"name {server.group.name} with at most {most} characters"
        hint = f"let its component {named}, or let both run in one cluster"
        findings.add(LONG_NAME_ELSEWHERE, message, frame.document.key_span(LINKS), hint=hint)
    if not cluster.ingress_namespace and not cluster.ingress_addresses:
        message = f"{calls} through its Gateway, but policies let no controller in"
        hint = "write where its pods run: ingress_namespace: ..., or from where it sends: ingress_addresses: [...]"
        findings.add(NO_WAY_BETWEEN, message, frame.document.key_span(REACHED_AT), hint=hint)
    if frame.environment.trust is None and not links.public:
        message = f"clusters have certificates of {links.issuer}, but programs do not trust its authority"
        hint = "write where its certificate is: trust: {bundle: ...}; or public: true beside the issuer"
        findings.add(UNTRUSTED_LINK, message, frame.document.span((*LINKS, "issuer")), hint=hint)


def _check_addresses(frame: Frame, calls: str, findings: Findings) -> None:
    """Report a cluster whose addresses are not known: policies name them at both ends."""
    reached_at = frame.environment.cluster.reached_at
    if reached_at is None or reached_at.cidr == ANYWHERE:
        message = f"{calls}, and policies at both ends need the addresses of its pods"
        hint = "write their range: reached_at: {cidr: <its pods and Services>}"
        findings.add(NOT_LINKED, message, frame.document.span(REACHED_AT if reached_at else NAME), hint=hint)


def _check_overlaps(frames: Sequence[Frame], findings: Findings) -> None:
    """Report clusters that the Multi-Cluster Services API cannot tell apart, as they have the same addresses."""
    clusters = [
        (frame, frame.environment.cluster.reached_at)
        for frame in frames
        if isinstance(frame.environment.links, McsLinks)
    ]
    for (first, there), (second, here) in combinations(clusters, 2):
        if there and here and ANYWHERE not in (there.cidr, here.cidr):
            ranges = network(there.cidr), network(here.cidr)
            if within(*ranges) or within(*reversed(ranges)):
                findings.add(
                    SAME_ADDRESSES,
                    f'cluster "{second.site.cluster}" has addresses of cluster "{first.site.cluster}": {here.cidr}',
                    second.document.span((*REACHED_AT, "cidr")),
                    hint="clusters that are linked by their addresses need ranges of their own",
                    related=[Related(first.document.span((*REACHED_AT, "cidr")), "the other cluster")],
                )


def _check_regions(
    frame: Frame, callers: Mapping[str, Frame], servers: Iterable[Elsewhere], findings: Findings
) -> None:
    """Report databases that a cluster in another region calls."""
    here = frame.environment.cluster.region
    far = [
        name
        for name, caller in sorted(callers.items())
        if here and caller.environment.cluster.region and caller.environment.cluster.region != here
    ]
    databases = [server.group.name for server in servers if server.port.scheme not in ("http", "https")]
    if far and databases:
        findings.add(
            FAR_DATABASE,
            f'cluster "{far[0]}" calls {databases[0]} in cluster "{frame.site.cluster}", which is in region {here}',
            callers[far[0]].document.span(NAME),
            hint="let both run in one region",
        )


def _clusters_key(frame: Frame) -> Span | None:
    """Return the location of the clusters of an environment."""
    return frame.inputs.sources.environments[frame.site.environment].key_span((CLUSTERS,))


def _check_stores(frames: Iterable[Frame], units: Mapping[str, Sequence[UnitFacts]], findings: Findings) -> None:
    """Report object stores inside a cluster that pods of another one call."""
    for frame in frames:
        stores = [store for store in frame.elsewhere if isinstance(store, ObjectStore) and store.endpoint.elsewhere]
        hosts = {there for store in stores for there in store.endpoint.elsewhere}
        if not hosts.isdisjoint(server for unit in units[frame.site.cluster] for server in unit.elsewhere):
            there = next(iter(sorted(hosts)))
            findings.add(
                ONLY_THERE,
                f'cluster "{frame.site.cluster}" uses the object store {there.group.name}, whose host only cluster '
                f'"{there.cluster}" resolves',
                frame.platform.merged.span(("storage", "type")) or _clusters_key(frame),
                hint="use a store with an address of its own, such as storage: {type: s3, bucket: ..., region: ...}",
            )
            return  # the same for all other clusters


def _check_secrets(frame: Frame, units: Sequence[UnitFacts], findings: Findings) -> None:
    """Report generated secrets that a cluster reads, and that another one generates."""
    if frame.site.has(PLATFORM):
        return
    own = {(unit.namespace, read.name) for unit in units for read in unit.reads}
    missing = sorted(set(_generated(frame, units)) - own)
    if missing:
        names = ", ".join(dict.fromkeys(name for _, name in missing))
        findings.add(
            NOT_SHARED,
            f'cluster "{frame.site.cluster}" reads {names}, which {"is" if "," not in names else "are"} generated in '
            "another cluster",
            frame.platform.merged.span(("secrets", "type")) or _clusters_key(frame),
            hint="give them a store that all clusters read: secrets: {type: external-secrets, store: {name: ...}}",
            related=[Related(frame.document.span(NAME), "the cluster")],
        )


def _generated(frame: Frame, units: Iterable[UnitFacts]) -> Iterator[tuple[str, str]]:
    """Yield the generated secrets of other namespaces that these read: the namespace and the name."""
    for unit in units:
        for use in unit.secrets:
            if isinstance(way_of_name(frame.settings.platform, unit.scope, use.secret), GeneratedSecrets):
                yield use.owner, use.secret
