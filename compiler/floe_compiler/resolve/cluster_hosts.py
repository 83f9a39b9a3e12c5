"""Hosts that an environment opens to users in two of its clusters: DNS leads to one of them only."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.ingress import OpenedHost
from floe_compiler.resolve.cluster_rules import HOST_OF_TWO_CLUSTERS
from floe_compiler.resolve.opened import Opened


def check_cluster_hosts(opened: Iterable[Opened], findings: Findings) -> None:
    """Report the first host that each cluster has in common with an earlier one of its environment."""
    claims: dict[tuple[str, str], tuple[Opened, OpenedHost]] = {}
    reported: set[str] = set()
    for environment in opened:
        site = environment.frame.site
        for host in environment.hosts:
            first, its = claims.setdefault((site.environment, host.host), (environment, host))
            if first is not environment and site.name not in reported:
                reported.add(site.name)
                findings.add(
                    HOST_OF_TWO_CLUSTERS,
                    f'host "{host.host}" of {host.name} is opened in cluster "{first.frame.site.cluster}", too',
                    environment.span_of(host),
                    hint=f"give each cluster its own domain, or do not open it here: hosts: {{{host.name}: false}}",
                    related=[Related(span, "the other one") for span in (first.span_of(its),) if span],
                )
