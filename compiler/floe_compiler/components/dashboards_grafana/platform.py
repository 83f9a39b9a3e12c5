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
FAILED = 'condition="true",'


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
    failed = queries.or_zero(f"sum(dagster_runs_failed_last_hour{{{selector}}})")
    return [
        stat("Servers down", down, BAD_IF_ANY, description="Servers whose metrics cannot be read"),
        stat("Alerts", alerts, BAD_IF_ANY, description="Alerts that are firing"),
        stat("Replicas missing", queries.or_zero(queries.missing_replicas(selector)), BAD_IF_ANY),
        stat("Restarts, last hour", queries.or_zero(queries.restarts(selector)), SUSPECT_IF_ANY),
        stat("Jobs failed, 24 hours", queries.or_zero(queries.failed_jobs(selector)), BAD_IF_ANY),
        stat("Runs failed, last hour", failed, BAD_IF_ANY, description="Runs of Dagster"),
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
        Column("Runs failed, 1 h", f"sum{BY_NAMESPACE} (dagster_runs_failed_last_hour{{{MESH}}})", steps=BAD_IF_ANY),
        Column("CPU quota", quota("requests.cpu"), "ratio", FULL),
        Column("Memory quota", quota("requests.memory"), "ratio", FULL),
    )
    link = address(DOMAIN, namespace="${__data.fields.Namespace:percentencode}")
    return table("Namespaces", "namespace", "Namespace", columns, link=link, description="Open one to see what it runs")


def _all_runs() -> list[Box]:
    ended = f"sum by (namespace, status) ({_ended_in_an_hour(MESH)})"
    jobs = f"sum{BY_NAMESPACE} ({queries.once('kube_job_status_active', MESH, 'job_name')})"
    return [
        lines("Runs of Dagster that ended, per hour", Query(ended, "{{namespace}} {{status}}"), width=12, bars=True),
        lines("Jobs at work", Query(jobs, "{{namespace}}"), width=12, stacked=True),
    ]


def _ended_in_an_hour(selector: str) -> str:
    """Return how many runs have ended; Dagster's counts fall when old runs are deleted."""
    return f"clamp_min(delta({queries.runs(selector, queries.ENDED)}[1h]), 0)"


def _resources() -> list[Box]:
    cpu, memory = (f"topk(10, {query(MESH, 'job')})" for query in (queries.cpu, queries.memory))
    return [
        lines("CPU by component, in cores", Query(cpu, "{{job}}"), width=12),
        lines("Memory by component", Query(memory, "{{job}}"), unit="bytes", width=12),
    ]


def domain(namespaces: Sequence[str], *, with_traces: bool) -> Dashboard:
    """Return the dashboard of a namespace: its products, its servers, its quota."""
    replicas = (
        Query(queries.once(available, ONE, kind), f"{{{{{kind}}}}}") for kind, _, available in queries.WORKLOADS
    )
    restarts = queries.restarts(ONE, " by (pod)", queries.RATE)
    rows = (
        Row("Now", tuple(_now(ONE, f",{ONE}"))),
        Row("Data products", (_products(), *_runs())),
        Row(
            "Servers",
            (
                states("Up", Query(f"min by (job) (up{{{ONE}}})", "{{job}}")),
                lines("Replicas available", *replicas, width=12),
                lines("Restarts", Query(restarts, "{{pod}}"), width=12, bars=True),
                lines("Quota in use", Query(queries.quota_used(ONE, ".+"), "{{resource}}"), unit="ratio", width=12),
            ),
        ),
    )
    variables = [choice("namespace", "Namespace", namespaces)]
    links = [explore_traces("")] if with_traces else []
    return dashboard(DOMAIN, "Domain", rows, variables=variables, links=links, description="One namespace")


def _products() -> Box:
    """Return a row for each product, by the name of its CronJob, or of its job and code location in Dagster."""

    def dagster(metric: str) -> str:
        return queries.of_products(f"{metric}{{{ONE}}}")

    success, due = (
        queries.once(f"kube_cronjob_{metric}_time", ONE, "cronjob")
        for metric in ("status_last_successful", "next_schedule")
    )
    columns = (
        Column(
            "Since last success",
            queries.either(
                f"time() - max{BY_PRODUCT} ({dagster('dagster_last_success_timestamp_seconds')})",
                f"time() - max{BY_PRODUCT} ({queries.named(success, 'cronjob')})",
            ),
            "seconds",
        ),
        Column("Failed, 1 h", f"sum{BY_PRODUCT} ({dagster('dagster_runs_failed_last_hour')})", steps=BAD_IF_ANY),
        Column("Last run took", f"max{BY_PRODUCT} ({dagster('dagster_last_run_duration_seconds')})", "seconds"),
        Column("Runs for", f"max{BY_PRODUCT} ({dagster('dagster_longest_active_run_seconds')})", "seconds"),
        Column("Next run in", f"max{BY_PRODUCT} ({queries.named(due, 'cronjob')}) - time()", "seconds"),
        Column("Contracts that failed", _contracts("product", 'outcome="failed"'), steps=BAD_IF_ANY),
        Column(
            "Code loads",
            f"min{BY_PRODUCT} ({queries.named(f'dagster_code_location_loaded{{{ONE}}}', 'location')})",
            steps=GOOD_IF_ALL,
        ),
    )
    link = address(PRODUCT, namespace="$namespace", product="${__data.fields.Product:percentencode}")
    return table(
        "Data products and CronJobs",
        "product",
        "Product",
        columns,
        link=link,
        description="The next run is that of a CronJob; what failed, runs, and loads is known of Dagster only",
    )


def _contracts(by: str, selector: str) -> str:
    """Return how many contracts of products held or did not, when their quality steps last ran, within a day."""
    last = f"last_over_time(floe_quality_contracts{{{selector},{ONE}}}[1d])"
    return f"sum by ({by}) (max by (product, step, outcome) ({last}))"


def _runs() -> tuple[Box, ...]:
    ended = f"sum by (status) ({_ended_in_an_hour(ONE)})"
    at_work = f"sum by (status) ({queries.runs(ONE, queries.AT_WORK)})"
    jobs = f"sum({queries.once('kube_job_status_active', ONE, 'job_name')})"
    return (
        lines("Runs of Dagster that ended, per hour", Query(ended, "{{status}}"), width=12, bars=True),
        lines("At work", Query(at_work, "runs {{status}}"), Query(jobs, "Jobs"), width=12),
    )


def product(namespaces: Sequence[str], *, with_traces: bool) -> Dashboard:
    """Return the dashboard of a data product: its runs by Dagster or a CronJob, and its traces."""
    rows = (
        Row("Now", tuple(_product_now())),
        Row("Runs", tuple(_product_runs())),
        Row("Traces", (traces("Latest traces of its steps", "$product"),) if with_traces else ()),
    )
    known = queries.either(
        queries.named(f"dagster_code_location_loaded{{{ONE}}}", "location"),
        queries.named(f"kube_cronjob_info{{{ONE}}}", "cronjob"),
    )
    variables = [
        choice("namespace", "Namespace", namespaces),
        found("product", "Product", f"count{BY_PRODUCT} ({known})", '/product="([^"]+)"/'),
    ]
    links = [explore_traces("$product")] if with_traces else []
    return dashboard(PRODUCT, "Data product", rows, variables=variables, links=links, description="One data product")


def _of_dagster(metric: str) -> str:
    return queries.of_product(f"{metric}{{{ONE}}}")


def _product_now() -> list[Box]:
    cron_job = f'cronjob="$product",{ONE}'
    success = queries.either(
        f"time() - max({_of_dagster('dagster_last_success_timestamp_seconds')})",
        f"time() - max(kube_cronjob_status_last_successful_time{{{cron_job}}})",
    )
    failed = queries.either(
        f"sum({_of_dagster('dagster_runs_failed_last_hour')})", f"count({_of_its_jobs('kube_job_failed', FAILED)} == 1)"
    )
    at_work = queries.either(
        f"max({_of_dagster('dagster_longest_active_run_seconds')})",
        f"time() - min({_of_its_jobs('kube_job_status_start_time')} and {_of_its_jobs('kube_job_status_active')} > 0)",
    )
    took = f"max({_of_dagster('dagster_last_run_duration_seconds')})"
    loads = f'min(dagster_code_location_loaded{{location="$product",{ONE}}})'
    due = f"max(kube_cronjob_next_schedule_time{{{cron_job}}}) - time()"
    return [
        stat("Since last success", success, NEUTRAL, unit="seconds"),
        stat("Failed", queries.or_zero(failed), BAD_IF_ANY, description="Runs of the last hour, or Jobs that are kept"),
        stat("Runs for", at_work, NEUTRAL, unit="seconds", description="The run that is at work now"),
        stat("Last run took", took, NEUTRAL, unit="seconds", description="In Dagster"),
        stat("Code loads", loads, GOOD_IF_ALL, description="Whether Dagster can load its definitions: 1 or 0"),
        stat("Next run in", due, NEUTRAL, unit="seconds", description="Of its CronJob"),
    ]


def _product_runs() -> list[Box]:
    took = f"{_of_its_jobs('kube_job_status_completion_time')} - {_of_its_jobs('kube_job_status_start_time')}"
    lasts = f"max by (product) ({_of_dagster('dagster_longest_active_run_seconds')})"
    failed = f"max by (product) ({_of_dagster('dagster_runs_failed_last_hour')})"
    duration = f"max by (product) ({_of_dagster('dagster_last_run_duration_seconds')})"
    contracts = _contracts("step, outcome", 'product="$product"')
    return [
        lines("Runs of Dagster", Query(duration, "last run took"), Query(lasts, "runs for"), unit="seconds"),
        lines("Runs of Dagster that failed, per hour", Query(failed, "failed"), bars=True),
        lines("Jobs of its CronJob", Query(took, "{{job_name}} took"), unit="seconds"),
        lines("Contracts of its quality steps", Query(contracts, "{{step}} {{outcome}}"), width=24, stacked=True),
    ]


def _of_its_jobs(metric: str, more: str = "") -> str:
    """Return a metric of the Jobs that the CronJob of the product has started."""
    owner = queries.once("kube_job_owner", f'owner_kind="CronJob",owner_name="$product",{ONE}', "job_name")
    return f"({queries.once(metric, f'{more}{ONE}', 'job_name')} and {owner})"
