"""Namespaces: their names, and that no two environments of one cluster share one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

from floe_compiler.model.clusters import cluster_address, cluster_identity
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.inputs import Cluster, Environment
from floe_compiler.model.plan import PLATFORM, SHARED, scope_name
from floe_compiler.model.sites import Site
from floe_compiler.resolve.rules import CLUSTER_OF_TWO_ADDRESSES, NAMESPACE_CLASH, WRONG_VALUE

MAXIMUM_LENGTH = 63
PATTERN: DataPath = ("namespaces", "pattern")


def namespace_name(environment: Environment, scope: str) -> str:
    """Return the name of a scope's namespace: of the shared services, or of a domain."""
    return environment.namespaces.pattern.replace("{scope}", scope_name(scope))


def is_namespace(environment: Environment, name: str) -> bool:
    """Return whether a namespace may be of this environment: by its pattern, whichever domains there are."""
    before, _, after = environment.namespaces.pattern.partition("{scope}")
    scope = "|".join((*SHARED.values(), "[a-z][a-z0-9-]*-domain"))
    return bool(re.fullmatch(f"{re.escape(before)}(?:{scope}){re.escape(after)}", name))


class _Place(msgspec.Struct, frozen=True):
    """An environment by its folder's name, which its document may contradict, in one of its clusters."""

    name: str
    cluster: Cluster
    pattern: str
    namespaces: tuple[str, ...]
    document: Document

    @property
    def has_own_pattern(self) -> bool:
        return bool(re.search(_word(self.name), self.pattern))


def check_namespaces(
    environments: Iterable[tuple[Site, Environment]], scopes: Sequence[str], findings: Findings
) -> None:
    """Report namespaces that two environments of one cluster would share, and names that are too long."""
    places = [
        _Place(
            site.environment,
            environment.cluster,
            environment.namespaces.pattern,
            _namespaces(environment, site, scopes),
            site.document,
        )
        for site, environment in environments
    ]
    for place in places:
        for namespace in place.namespaces:
            if len(namespace) > MAXIMUM_LENGTH:
                message = f'namespace "{namespace}" is longer than {MAXIMUM_LENGTH} characters'
                hint = "shorten the pattern or the domain's name"
                findings.add(WRONG_VALUE, message, place.document.span(PATTERN), hint=hint)
    for first, second in combinations(places, 2):
        if first.name == second.name:
            continue
        _check_addresses(first, second, findings)
        shared = next((namespace for namespace in first.namespaces if namespace in second.namespaces), None)
        if shared and cluster_identity(first.cluster) == cluster_identity(second.cluster):
            _report(shared, first, second, findings)


def _namespaces(environment: Environment, site: Site, scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the namespaces of a site: each has one for its shared services."""
    return tuple(namespace_name(environment, scope) for scope in scopes if scope == PLATFORM or site.has(scope))


def _check_addresses(first: _Place, second: _Place, findings: Findings) -> None:
    """Report a cluster that has different addresses in two environments."""
    cluster, other = first.cluster, second.cluster
    if cluster.name == other.name and cluster_address(cluster) != cluster_address(other):
        path: DataPath = ("cluster", "server")
        findings.add(
            CLUSTER_OF_TWO_ADDRESSES,
            f'cluster "{other.name}" is at {other.server} here, but at {cluster.server} in environment "{first.name}"',
            second.document.span(path),
            hint="give both the same `cluster.server`, or two clusters two names",
            related=[Related(first.document.span(path), "the other environment")],
        )


def _report(namespace: str, first: _Place, second: _Place, findings: Findings) -> None:
    """Report a shared namespace where the pattern is not the environment's own: a copy still has the other's name."""
    wrong, other = (first, second) if second.has_own_pattern and not first.has_own_pattern else (second, first)
    cluster = wrong.cluster.name if wrong.cluster.name == other.cluster.name else wrong.cluster.server
    findings.add(
        NAMESPACE_CLASH,
        f'environments "{first.name}" and "{second.name}" would share the namespace "{namespace}" '
        f'of cluster "{cluster}"',
        wrong.document.span(PATTERN),
        hint=f'rename one: namespaces: {{pattern: "{_better_pattern(wrong, other)}"}}',
        related=[Related(other.document.span(("cluster", "name")), "the other environment")],
    )


def _better_pattern(wrong: _Place, other: _Place) -> str:
    """Return a pattern with the environment's own name, in the place of the other's if it is there."""
    own = re.sub(_word(other.name), wrong.name, wrong.pattern)
    return own if own != wrong.pattern else f"{wrong.pattern}-{wrong.name}"


def _word(name: str) -> str:
    return rf"(?<![\w{{]){re.escape(name)}(?![\w}}])"
