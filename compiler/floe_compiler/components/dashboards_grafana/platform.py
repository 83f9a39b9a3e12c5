"""The dashboards of the platform as a whole, of a namespace, and of a data product.

Domains and products are chosen by variables, so an edit of a product changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from floe_compiler.components.dashboards_grafana import queries
from floe_compiler.components.dashboards_grafana.frame import (
    DOMAIN,
    OVERVIEW,
    PRODUCT,
    Dashboard,
    address,
    choice,
    component_uid,
    constant,
    dashboard,
    explore_traces,
    found,
)
from floe_compiler.components.dashboards_grafana.panels import (
    BAD_IF_ANY,
    FULL,
    GOOD_IF_ALL,
    NEUTRAL,
    SUSPECT_IF_ANY,
    Box,
    Column,
    Query,
    Row,
    lines,
    stat,
    states,
    table,
    traces,
)

MESH = 'namespace=~"$mesh"'
ONE = 'namespace="$namespace"'
BY_NAMESPACE = " by (namespace)"
BY_PRODUCT = " by (product)"


def overview(title: str, namespaces: Sequence[str], jobs: Iterable[str], *, with_traces: bool) -> Dashboard:
    """Return the dashboard that everyone sees first: what is wrong, and where to look."""
    tiles = tuple(
        stat(job, f'avg(up{{job="{job}",{MESH}}})', GOOD_IF_ALL, unit="ratio", link=address(component_uid(job)))
        for job in jobs
    )
    rows = (
        Row("Now", tuple(_now(MESH, ""))),
        Row("Components: servers that are up", tiles),
        Row("Namespaces", (_namespaces(),)),
        Row("Data products", tuple(_all_runs())),
        Row("Resources", tuple(_resources())),
    )
    links = [explore_traces("")] if with_traces else []
    return dashboard(
        OVERVIEW,
        title,
        rows,
        variables=[constant("mesh", "|".join(namespaces))],
        links=links,
        description="All namespaces of this environment",
    )


def _now(selector: str, of_alerts: str) -> list[Box]:
    """Return the tiles of some namespaces. Alerts on what is missing have no namespace: the overview shows all."""
    down = queries.or_zero(f"sum(up{{{selector}}} == bool 0)")
    alerts = queries.or_zero(f'count(ALERTS{{alertstate="firing"{of_alerts}}})')
    return [
        stat("Servers down", down, BAD_IF_ANY, description="Servers whose metrics cannot be read"),
        stat("Alerts", alerts, BAD_IF_ANY, description="Alerts that are firing"),
        stat("Replicas missing", queries.or_zero(queries.missing_replicas(selector)), BAD_IF_ANY),
        stat("Restarts, last hour", queries.or_zero(queries.restarts(selector)), SUSPECT_IF_ANY),
        stat("Jobs failed, 24 hours", queries.or_zero(queries.failed_jobs(selector)), BAD_IF_ANY),
        stat("Runs failed, 24 hours", queries.or_zero(queries.runs(selector, failed=True)), BAD_IF_ANY),
    ]


def _namespaces() -> Box:
    def quota(resource: str) -> str:
        return f"max{BY_NAMESPACE} ({queries.quota_used(MESH, resource)})"

    columns = (
        Column("Servers down", f"sum{BY_NAMESPACE} (up{{{MESH}}} == bool 0)", steps=BAD_IF_ANY),
        Column("Replicas missing", queries.missing_replicas(MESH, BY_NAMESPACE), steps=BAD_IF_ANY),
        Column("Pods that do not run", queries.pending_pods(MESH, BY_NAMESPACE), steps=SUSPECT_IF_ANY),
        Column("Restarts, 1 h", queries.restarts(MESH, BY_NAMESPACE), steps=SUSPECT_IF_ANY),
        Column("Jobs failed, 24 h", queries.failed_jobs(MESH, BY_NAMESPACE), steps=BAD_IF_ANY),
        Column("Runs failed, 24 h", queries.runs(MESH, BY_NAMESPACE, failed=True), steps=BAD_IF_ANY),
        Column("CPU quota", quota("requests.cpu"), "ratio", FULL),
        Column("Memory quota", quota("requests.memory"), "ratio", FULL),
    )
    link = address(DOMAIN, namespace="${__data.fields.Namespace:percentencode}")
    return table("Namespaces", "namespace", "Namespace", columns, link=link, description="Open one to see what it runs")


def _all_runs() -> list[Box]:
    ended = queries.runs(MESH, " by (namespace, status)", interval="[1h]")
    jobs = f"sum{BY_NAMESPACE} (kube_job_status_active{{{MESH}}})"
    return [
        lines("Runs of Dagster that ended, per hour", Query(ended, "{{namespace}} {{status}}"), width=12, bars=True),
        lines("Jobs at work", Query(jobs, "{{namespace}}"), width=12, stacked=True),
    ]


def _resources() -> list[Box]:
    cpu, memory = (f"topk(10, {query(MESH, 'job')})" for query in (queries.cpu, queries.memory))
    return [
        lines("CPU by component, in cores", Query(cpu, "{{job}}"), width=12),
        lines("Memory by component", Query(memory, "{{job}}"), unit="bytes", width=12),
    ]


def domain(namespaces: Sequence[str], *, with_traces: bool) -> Dashboard:
    """Return the dashboard of a namespace: its products, its servers, its quota."""
    replicas = (
        (f"kube_deployment_status_replicas_available{{{ONE}}}", "{{deployment}}"),
        (f"kube_statefulset_status_replicas_ready{{{ONE}}}", "{{statefulset}}"),
        (f"kube_daemonset_status_number_available{{{ONE}}}", "{{daemonset}}"),
    )
    restarts = queries.restarts(ONE, " by (pod)", queries.RATE)
    used = queries.quota_used(ONE, ".+")
    rows = (
        Row("Now", tuple(_now(ONE, f",{ONE}"))),
        Row("Data products", (_products(), *_runs_of(ONE))),
        Row(
            "Servers",
            (
                states("Up", Query(f"min by (job) (up{{{ONE}}})", "{{job}}")),
                lines("Replicas at work", *(Query(*one) for one in replicas), width=12),
                lines("Restarts", Query(restarts, "{{pod}}"), width=12, bars=True),
                lines("Quota in use", Query(used, "{{resource}}"), unit="ratio", width=12),
            ),
        ),
    )
    variables = [choice("namespace", "Namespace", namespaces)]
    links = [explore_traces("")] if with_traces else []
    return dashboard(DOMAIN, "Domain", rows, variables=variables, links=links, description="One namespace")


def _products() -> Box:
    def of_dagster(query: str) -> str:
        return queries.named(query, "location", "product")

    ended = f"increase(dagster_completed_runs_total{{{ONE}}}[24h])"
    failed = f'increase(dagster_completed_runs_total{{status="failure",{ONE}}}[24h])'
    success = f"time() - kube_cronjob_status_last_successful_time{{{ONE}}}"
    due = f"kube_cronjob_next_schedule_time{{{ONE}}} - time()"
    columns = (
        Column("Runs, 24 h", f"sum{BY_PRODUCT} ({of_dagster(ended)})"),
        Column("Failed, 24 h", f"sum{BY_PRODUCT} ({of_dagster(failed)})", steps=BAD_IF_ANY),
        Column(
            "Last duration", f"max{BY_PRODUCT} ({of_dagster(f'dagster_last_run_duration_seconds{{{ONE}}}')})", "seconds"
        ),
        Column("Since last success", f"max{BY_PRODUCT} ({queries.named(success, 'cronjob', 'product')})", "seconds"),
        Column("Until next run", f"max{BY_PRODUCT} ({queries.named(due, 'cronjob', 'product')})", "seconds"),
    )
    link = address(PRODUCT, namespace="$namespace", product="${__data.fields.Product:percentencode}")
    return table(
        "Data products and CronJobs",
        "product",
        "Product",
        columns,
        link=link,
        description="Runs are Dagster's; times of success and of the next run are those of CronJobs",
    )


def _runs_of(selector: str) -> tuple[Box, ...]:
    ended = queries.runs(selector, " by (status)", interval="[1h]")
    at_work = queries.either(f"sum(dagster_active_runs{{{selector}}})", f"sum(kube_job_status_active{{{selector}}})")
    return (
        lines("Runs of Dagster that ended, per hour", Query(ended, "{{status}}"), width=12, bars=True),
        lines("At work: runs of Dagster, or Jobs", Query(at_work, "at work"), width=12),
    )


def product(namespaces: Sequence[str], *, with_traces: bool) -> Dashboard:
    """Return the dashboard of a data product: its runs by Dagster or a CronJob, and its traces."""
    location, cron_job = f'location="$product",{ONE}', f'cronjob="$product",{ONE}'
    owned = (
        f'* on (namespace, job_name) group_left () kube_job_owner{{owner_kind="CronJob",owner_name="$product",{ONE}}}'
    )
    failed = queries.either(
        queries.runs(location, failed=True), f'sum((kube_job_failed{{condition="true",{ONE}}} == 1) {owned})'
    )
    took = f"(kube_job_status_completion_time{{{ONE}}} - kube_job_status_start_time{{{ONE}}}) {owned}"
    lasted = queries.either(f"max(dagster_last_run_duration_seconds{{{location}}})", f"max({took})")
    loads = f"max(dagster_code_location_load_error{{{location}}})"
    rows = (
        Row(
            "Now",
            (
                stat(
                    "Failed", queries.or_zero(failed), BAD_IF_ANY, description="Runs in 24 hours, or Jobs that are kept"
                ),
                stat("Runs, 24 hours", queries.runs(location), NEUTRAL, description="Runs of Dagster"),
                stat("Duration", lasted, NEUTRAL, unit="seconds", description="Of the last run of Dagster, or a Job"),
                stat("Code that does not load", loads, BAD_IF_ANY, description="Dagster cannot load its definitions"),
                stat(
                    "Since last success",
                    f"time() - max(kube_cronjob_status_last_successful_time{{{cron_job}}})",
                    NEUTRAL,
                    unit="seconds",
                    description="Of its CronJob",
                ),
                stat(
                    "Until next run",
                    f"max(kube_cronjob_next_schedule_time{{{cron_job}}}) - time()",
                    NEUTRAL,
                    unit="seconds",
                    description="Of its CronJob",
                ),
            ),
        ),
        Row(
            "Runs",
            (
                *_runs_of_product(location),
                lines("Jobs of its CronJob: duration", Query(took, "{{job_name}}"), unit="seconds"),
            ),
        ),
        Row("Traces", (traces("Latest traces of its steps", "$product"),) if with_traces else ()),
    )
    known = queries.either(
        queries.named(
            f'{{__name__=~"dagster_completed_runs_total|dagster_code_location_load_error",location!="",{ONE}}}',
            "location",
            "product",
        ),
        queries.named(f"kube_cronjob_info{{{ONE}}}", "cronjob", "product"),
    )
    variables = [
        choice("namespace", "Namespace", namespaces),
        found("product", "Product", f"count{BY_PRODUCT} ({known})", '/product="([^"]+)"/'),
    ]
    links = [explore_traces("$product")] if with_traces else []
    return dashboard(PRODUCT, "Data product", rows, variables=variables, links=links, description="One data product")


def _runs_of_product(location: str) -> tuple[Box, ...]:
    ended = queries.runs(location, " by (status)", interval="[1h]")
    duration = f"max by (job_name) (dagster_last_run_duration_seconds{{{location}}})"
    return (
        lines("Runs of Dagster that ended, per hour", Query(ended, "{{status}}"), bars=True),
        lines("Runs of Dagster: last duration", Query(duration, "{{job_name}}"), unit="seconds"),
    )
