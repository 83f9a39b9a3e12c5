"""The dashboard of a component: its own panels, and what every program and every workload has."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from floe_compiler.components.dashboards_grafana import queries
from floe_compiler.components.dashboards_grafana.frame import Dashboard, choice, component_uid, dashboard
from floe_compiler.components.dashboards_grafana.panels import (
    BAD_IF_ANY,
    GOOD_IF_ALL,
    NEUTRAL,
    SUSPECT_IF_ANY,
    Box,
    Query,
    Row,
    lines,
    stat,
    states,
)
from floe_compiler.model.mesh_facts import ScrapeTarget
from floe_compiler.model.operations import INTERVAL, TARGET, Panel

IN_NAMESPACE = 'namespace=~"$namespace"'
EACH = "namespace, instance"
"""The labels that tell the processes of a job from each other."""
PROCESS = "{{namespace}} {{instance}}"


def component_dashboard(job: str, targets: Sequence[ScrapeTarget]) -> Dashboard:
    """Return the dashboard of all targets with the same job."""
    workloads = frozenset(target.endpoint.group.name for target in targets if target.endpoint.group)
    panels = dict.fromkeys(panel for target in targets for panel in target.panels)
    return _dashboard(job, workloads, tuple(panels), tuple(sorted({target.namespace for target in targets})))


@lru_cache(maxsize=512)  # environments have many alike, and so has what `explain` varies
def _dashboard(
    job: str, workloads: AbstractSet[str], panels: tuple[Panel, ...], namespaces: tuple[str, ...]
) -> Dashboard:
    own = f'job="{job}",{IN_NAMESPACE}'
    rows = (
        Row("Now", tuple(_now(own, workloads))),
        Row(job, tuple(_declared(panel, own) for panel in panels)),
        Row("Process", tuple(_process(own, workloads))),
        Row("Pods", tuple(_pods(workloads))),
        Row("Scraping", tuple(_scraping(own))),
    )
    variables = [choice("namespace", "Namespace", namespaces, several=True)]
    return dashboard(component_uid(job), job, rows, variables=variables, description=f"The servers with job {job}")


def expanded(panel: Panel, target: str) -> str:
    """Return the query of a panel with the labels of the workload's series and a time for rates in it."""
    return panel.query.replace(TARGET, target).replace(INTERVAL, "$__rate_interval")


def _declared(panel: Panel, own: str) -> Box:
    query = Query(expanded(panel, own), panel.legend)
    return lines(panel.title, query, unit=panel.unit, stacked=panel.stacked)


def _now(own: str, workloads: AbstractSet[str]) -> list[Box]:
    restarts = queries.or_zero(queries.restarts(_of(workloads)))
    boxes: list[Box] = [
        stat("Servers up", f"avg(up{{{own}}})", GOOD_IF_ALL, unit="ratio"),
        stat("Uptime", queries.uptime(own), NEUTRAL, unit="seconds"),
        stat("CPU cores", f"sum({queries.cpu(own, EACH)})", NEUTRAL),
        stat("Memory", f"sum({queries.memory(own, EACH)})", NEUTRAL, unit="bytes"),
    ]
    if workloads:
        pending = queries.or_zero(queries.pending_pods(_of(workloads)))
        boxes += [
            stat("Restarts, last hour", restarts, SUSPECT_IF_ANY),
            stat("Pods that do not run", pending, BAD_IF_ANY),
        ]
    return boxes


def _process(own: str, workloads: AbstractSet[str]) -> list[Box]:
    def chart(title: str, query: str, *limits: Query, **options: Any) -> Box:
        return lines(title, Query(query, PROCESS), *limits, **options)

    return [
        chart("CPU, in cores", queries.cpu(own, EACH), *_limits(workloads, "cpu")),
        chart("Memory", queries.memory(own, EACH), *_limits(workloads, "memory"), unit="bytes"),
        chart("Heap", queries.heap(own, EACH), unit="bytes"),
        chart("Goroutines or threads", queries.threads(own, EACH)),
        chart("Time spent on garbage collection", queries.collecting(own, EACH), unit="ratio"),
        chart("Open files and connections", queries.open_files(own, EACH)),
    ]


def _limits(workloads: AbstractSet[str], resource: str) -> tuple[Query, ...]:
    """Return the limit of a pod."""
    if not workloads:
        return ()
    selector = f'resource="{resource}",{_of(workloads)}'
    limits = queries.once("kube_pod_container_resource_limits", selector, "pod", "container")
    return (Query(f"max(sum by (namespace, pod) ({limits}))", "limit of a pod"),)


def _pods(workloads: AbstractSet[str]) -> list[Box]:
    if not workloads:
        return []
    wanted, available = (
        queries.either(
            *(
                f"sum by (namespace) ({queries.once(kind[column], _named(kind[0], workloads), kind[0])})"
                for kind in queries.WORKLOADS
            )
        )
        for column in (1, 2)
    )
    ended = queries.once(
        "kube_pod_container_status_last_terminated_reason", _of(workloads), "pod", "container", "reason"
    )
    reasons = f"sum by (reason) ({ended})"
    restarts = queries.restarts(_of(workloads), " by (namespace, pod)", queries.RATE)
    return [
        lines(
            "Replicas",
            Query(available, "{{namespace}} available"),
            Query(wanted, "{{namespace}} wanted"),
            unit="number",
        ),
        lines("Restarts", Query(restarts, "{{namespace}} {{pod}}"), bars=True),
        lines("Why containers ended", Query(reasons, "{{reason}}"), stacked=True),
    ]


def _named(kind: str, workloads: AbstractSet[str]) -> str:
    return f'{kind}=~"{"|".join(sorted(workloads))}",{IN_NAMESPACE}'


def _of(workloads: AbstractSet[str]) -> str:
    return f'pod=~"{queries.pods_of(workloads)}",{IN_NAMESPACE}'


def _scraping(own: str) -> list[Box]:
    return [
        states("Up", Query(f"up{{{own}}}", PROCESS), width=8),
        lines("Duration", Query(f"scrape_duration_seconds{{{own}}}", PROCESS), unit="seconds"),
        lines("Samples", Query(f"scrape_samples_scraped{{{own}}}", PROCESS)),
    ]
