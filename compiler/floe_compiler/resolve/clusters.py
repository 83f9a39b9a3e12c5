"""The clusters of environments: what stands in each, and that no two descriptions of one contradict each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations
from typing import Any

from floe_compiler.model.clusters import OWN_ADDRESS
from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.inputs import Clusters
from floe_compiler.model.nested_fields import at
from floe_compiler.model.plan import PLATFORM
from floe_compiler.model.sites import CLUSTER, CLUSTERS, RUNS, Site, sites_of
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.cluster_rules import (
    CLUSTER_OF_TWO,
    NOT_PLACED,
    ONE_ADDRESS,
    UNKNOWN_SCOPE_OF_CLUSTER,
    UNUSED_CLUSTER,
)
from floe_compiler.resolve.layers import Layer, merge
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.rules import (
    DUPLICATE_NAME,
)
from floe_compiler.resolve.validation import validate

FACTS: Mapping[str, str] = {
    "networks": "networks",
    "dns": "DNS servers",
    "api_server_cidr": "addresses of its API server",
    "region": "words for its region",
}
"""The facts of a cluster that all environments must state alike: the key, and words for it."""


def sites(sources: Sources, findings: Findings) -> Mapping[str, tuple[Site, ...]]:
    """Return the sites of each environment; of one whose clusters are wrong none, with the findings added."""
    by_environment: dict[str, tuple[Site, ...]] = {}
    for name, document in sorted(sources.environments.items()):
        own = findings.another()
        if _check(name, document, sources, own):
            by_environment[name] = sites_of(name, document)
        findings.extend(own.diagnostics)
    _check_facts(sources, findings)
    return by_environment


def _check(name: str, document: Document, sources: Sources, findings: Findings) -> bool:
    """Return whether the clusters of an environment are valid; report them if not."""
    if CLUSTERS not in document.data:
        return True
    part = {CLUSTERS: document.data[CLUSTERS]}
    if validate(Clusters, merge([Layer(document.file, part, document)]), (), findings) is None:
        return False
    _check_names(document, findings)
    _check_addresses(document, sources, findings)
    if not sources.unlimited:
        _check_runs(name, document, sources, findings)
    return not findings.failed


def _clusters(document: Document) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return enumerate(document.data[CLUSTERS])


def _check_names(document: Document, findings: Findings) -> None:
    first: dict[str, int] = {}
    for index, cluster in _clusters(document):
        name = cluster["name"]
        if first.setdefault(name, index) != index:
            findings.add(
                DUPLICATE_NAME,
                f'two clusters are called "{name}"',
                document.span((CLUSTERS, index, "name")),
                hint="give each its own name",
                related=[Related(document.span((CLUSTERS, first[name], "name")), "the other one")],
            )


def _check_addresses(document: Document, sources: Sources, findings: Findings) -> None:
    """Report clusters with the same API server. With Flux, each cluster delivers itself at the usual one."""
    overridden = at(document.data, ("platform", "delivery", "type"))
    is_flux = (overridden or at(sources.manifest.data, ("delivery", "type"))) == "flux"
    first: dict[str, int] = {}
    for index, cluster in _clusters(document):
        address = str(cluster.get("server", OWN_ADDRESS)).rstrip("/").lower()
        if is_flux and address == OWN_ADDRESS:
            continue
        if first.setdefault(address, index) != index:
            other = document.data[CLUSTERS][first[address]]["name"]
            findings.add(
                ONE_ADDRESS,
                f'clusters "{other}" and "{cluster["name"]}" both have the API server {address}',
                document.span((CLUSTERS, index, "server" if "server" in cluster else "name")),
                hint="write the address of each: server: https://<its API server>",
                related=[Related(document.span((CLUSTERS, first[address], "name")), "the other cluster")],
            )


def _check_runs(name: str, document: Document, sources: Sources, findings: Findings) -> None:
    """Report what stands in no cluster or in two, what does not exist, and clusters without anything."""
    present = {PLATFORM, *domains_in(sources, document, name)}
    known = present | sources.omitted_domains
    written = {scope for _, cluster in _clusters(document) for scope in cluster[RUNS]}
    # What is misspelt is in a cluster, and not missing.
    meant = {name for scope in written - known for name in get_close_matches(scope, present - written, n=1)}
    places: dict[str, DataPath] = {}
    for index, cluster in _clusters(document):
        if not cluster[RUNS]:
            message = f'nothing runs in cluster "{cluster["name"]}"'
            hint = "write what does, such as runs: [sales], or remove the cluster"
            findings.add(UNUSED_CLUSTER, message, document.span((CLUSTERS, index, RUNS)), hint=hint)
        for position, scope in enumerate(cluster[RUNS]):
            path: DataPath = (CLUSTERS, index, RUNS, position)
            if scope not in known:
                _report_unknown(name, scope, document, path, present, sources, findings)
            elif places.setdefault(scope, path) != path:
                first = document.data[CLUSTERS][places[scope][1]]["name"]
                findings.add(
                    NOT_PLACED,
                    f'{_title(scope)} is already in cluster "{first}"',
                    document.span(path),
                    hint=f'remove it from "{first}", or from "{cluster["name"]}"',
                    related=[Related(document.span(places[scope]), "there")],
                )
    for scope in sorted(present - places.keys() - meant):
        findings.add(
            NOT_PLACED,
            f"{_title(scope)} is in no cluster",
            document.key_span((CLUSTERS,)),
            hint=f"add {scope} to `runs` of one",
        )


def _report_unknown(
    name: str,
    scope: str,
    document: Document,
    path: DataPath,
    present: Collection[str],
    sources: Sources,
    findings: Findings,
) -> None:
    if scope in sources.domains:
        hint = f"remove it, or add {name} to the domain's `environments`"
    else:
        hint = did_you_mean(scope, present)
    message = f'environment "{name}" has no domain "{scope}"'
    findings.add(UNKNOWN_SCOPE_OF_CLUSTER, message, document.span(path), hint=hint)


def _title(scope: str) -> str:
    return "the platform" if scope == PLATFORM else f'domain "{scope}"'


def _check_facts(sources: Sources, findings: Findings) -> None:
    """Report clusters of the same name that two environments describe differently."""
    described = [
        (name, document, path, cluster)
        for name, document in sorted(sources.environments.items())
        for path, cluster in _described(document)
    ]
    for (name, first, there, earlier), (other, second, here, later) in combinations(described, 2):
        if name == other or earlier.get("name") != later.get("name"):
            continue
        for fact, words in FACTS.items():
            if fact in earlier and fact in later and _plain(earlier[fact]) != _plain(later[fact]):
                findings.add(
                    CLUSTER_OF_TWO,
                    f'cluster "{later["name"]}" has other {words} here than in environment "{name}"',
                    second.span((*here, fact)),
                    hint="write what is so in both, or give two clusters two names",
                    related=[Related(first.span((*there, fact)), "the other environment")],
                )


def _plain(value: Any) -> Any:
    """Return a value in which the order of a list does not count."""
    return sorted(map(str, value)) if isinstance(value, list) else value


def _described(document: Document) -> Iterator[tuple[DataPath, Mapping[str, Any]]]:
    """Yield the clusters of an environment, each with its path."""
    if isinstance(several := document.data.get(CLUSTERS), list):
        yield from (((CLUSTERS, index), cluster) for index, cluster in enumerate(several) if isinstance(cluster, dict))
    elif isinstance(cluster := document.data.get(CLUSTER), dict):
        yield (CLUSTER,), cluster
