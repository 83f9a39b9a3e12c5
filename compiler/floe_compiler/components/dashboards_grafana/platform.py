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
    query_variable,
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
    Steps,
    lines,
    stat,
    states,
    table,
    traces,
)
from floe_compiler.kit.monitoring.promql import named
from floe_compiler.model.operations import PanelUnit, RunMetrics

MESH = 'namespace=~"$mesh"'
ONE = 'namespace="$namespace"'
BY_NAMESPACE = " by (namespace)"
BY_PRODUCT = " by (product)"
FAILED = 'condition="true",'


def overview(
    title: str, namespaces: Sequence[str], jobs: Iterable[str], runs: Sequence[RunMetrics], *, with_traces: bool
) -> Dashboard:
    """Return the dashboard that everyone sees first: what is wrong, and where to look."""
    tiles = tuple(
        stat(job, f'avg(up{{job="{job}",{MESH}}})', GOOD_IF_ALL, unit="ratio", link=address(component_uid(job)))
        for job in jobs
    )
    rows = (
        Row("Now", tuple(_now(MESH, "", runs))),
        Row("Components: servers that are up", tiles),
        Row("Namespaces", (_namespaces(runs),)),
        Row("Data products", tuple(_all_runs(runs))),
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


def _now(selector: str, of_alerts: str, runs: Sequence[RunMetrics]) -> list[Box]:
    """Return the tiles of some namespaces. Alerts on what is missing have no namespace: the overview shows all."""
    down = queries.or_zero(f"sum(up{{{selector}}} == bool 0)")
    alerts = queries.or_zero(f'count(ALERTS{{alertstate="firing"{of_alerts}}})')
    failed = queries.of_runs(runs, "failed", selector)
    return [
        stat("Servers down", down, BAD_IF_ANY, description="Servers whose metrics cannot be read"),
        stat("Alerts", alerts, BAD_IF_ANY, description="Alerts that are firing"),
        stat("Replicas missing", queries.or_zero(queries.missing_replicas(selector)), BAD_IF_ANY),
        stat("Restarts, last hour", queries.or_zero(queries.restarts(selector)), SUSPECT_IF_ANY),
        stat("Jobs failed, 24 hours", queries.or_zero(queries.failed_jobs(selector)), BAD_IF_ANY),
        *([stat("Runs failed, last hour", queries.or_zero(f"sum({failed})"), BAD_IF_ANY)] if failed else []),
    ]


def _namespaces(runs: Sequence[RunMetrics]) -> Box:
    def quota(resource: str) -> str:
        return f"max{BY_NAMESPACE} ({queries.quota_used(MESH, resource)})"

    failed = queries.of_runs(runs, "failed", MESH)
    columns = (
        Column("Servers down", f"sum{BY_NAMESPACE} (up{{{MESH}}} == bool 0)", steps=BAD_IF_ANY),
        Column("Replicas missing", queries.missing_replicas(MESH, BY_NAMESPACE), steps=BAD_IF_ANY),
        Column("Pods that do not run", queries.pending_pods(MESH, BY_NAMESPACE), steps=SUSPECT_IF_ANY),
        Column("Restarts, 1 h", queries.restarts(MESH, BY_NAMESPACE), steps=SUSPECT_IF_ANY),
        Column("Jobs failed, 24 h", queries.failed_jobs(MESH, BY_NAMESPACE), steps=BAD_IF_ANY),
        *([Column("Runs failed, 1 h", f"sum{BY_NAMESPACE} ({failed})", steps=BAD_IF_ANY)] if failed else []),
        Column("CPU quota", quota("requests.cpu"), "ratio", FULL),
        Column("Memory quota", quota("requests.memory"), "ratio", FULL),
    )
    link = address(DOMAIN, namespace="${__data.fields.Namespace:percentencode}")
    return table("Namespaces", "namespace", "Namespace", columns, link=link, description="Open one to see what it runs")


def _all_runs(runs: Sequence[RunMetrics]) -> list[Box]:
    ended = queries.of_runs(runs, "ended", MESH)
    jobs = f"sum{BY_NAMESPACE} ({queries.once('kube_job_status_active', MESH, 'job_name')})"
    return [
        *([_ended(Query(ended, "{{namespace}} {{status}}"))] if ended else []),
        lines("Jobs at work", Query(jobs, "{{namespace}}"), width=12, stacked=True),
    ]


def _ended(query: Query) -> Box:
    return lines("Runs that ended, per hour", query, width=12, bars=True)


def _resources() -> list[Box]:
    cpu, memory = (f"topk(10, {query(MESH, 'job')})" for query in (queries.cpu, queries.memory))
    return [
        lines("CPU by component, in cores", Query(cpu, "{{job}}"), width=12),
        lines("Memory by component", Query(memory, "{{job}}"), unit="bytes", width=12),
    ]


def domain(namespaces: Sequence[str], runs: Sequence[RunMetrics], *, with_traces: bool) -> Dashboard:
    """Return the dashboard of a namespace: its products, its servers, its quota."""
    replicas = (
        Query(queries.once(available, ONE, kind), f"{{{{{kind}}}}}") for kind, _, available in queries.WORKLOADS
    )
    restarts = queries.restarts(ONE, " by (pod)", queries.RATE)
    rows = (
        Row("Now", tuple(_now(ONE, f",{ONE}", runs))),
        Row("Data products", (_products(runs), *_runs(runs))),
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


def _products(runs: Sequence[RunMetrics]) -> Box:
    """Return a row for each product, by what its orchestrator says of it, or the name of its CronJob."""
    succeeded, due = (
        queries.once(f"kube_cronjob_{metric}_time", ONE, "cronjob")
        for metric in ("status_last_successful", "next_schedule")
    )
    success = queries.either(queries.of_runs(runs, "succeeded", ONE), named(succeeded, "cronjob"))
    of_runs: tuple[tuple[str, str, str, PanelUnit, Steps], ...] = (
        ("failed", "Failed, 1 h", "sum", "number", BAD_IF_ANY),
        ("took", "Last run took", "max", "seconds", NEUTRAL),
        ("lasts", "Runs for", "max", "seconds", NEUTRAL),
        ("loads", "Code loads", "min", "number", GOOD_IF_ALL),
    )
    columns = (
        Column("Since last success", f"time() - max{BY_PRODUCT} ({success})", "seconds"),
        *(
            Column(title, f"{reduced}{BY_PRODUCT} ({query})", unit, steps=steps)
            for metric, title, reduced, unit, steps in of_runs
            if (query := queries.of_runs(runs, metric, ONE))
        ),
        Column("Next run in", f"max{BY_PRODUCT} ({named(due, 'cronjob')}) - time()", "seconds"),
        Column("Contracts that failed", _contracts("product", 'outcome="failed"'), steps=BAD_IF_ANY),
    )
    link = address(PRODUCT, namespace="$namespace", product="${__data.fields.Product:percentencode}")
    return table(
        "Data products and CronJobs",
        "product",
        "Product",
        columns,
        link=link,
        description="The next run is that of a CronJob; the rest is what the orchestrator says",
    )


def _contracts(by: str, selector: str) -> str:
    """Return how many contracts of products held or did not, when their quality steps last ran, within a day."""
    last = f"last_over_time(floe_quality_contracts{{{selector},{ONE}}}[1d])"
    return f"sum by ({by}) (max by (product, step, outcome) ({last}))"


def _runs(runs: Sequence[RunMetrics]) -> tuple[Box, ...]:
    ended, at_work = (queries.of_runs(runs, metric, ONE) for metric in ("ended", "at_work"))
    jobs = Query(f"sum({queries.once('kube_job_status_active', ONE, 'job_name')})", "Jobs")
    working = (Query(at_work, "runs {{status}}"),) if at_work else ()
    return (
        *((_ended(Query(ended, "{{status}}")),) if ended else ()),
        lines("At work", *working, jobs, width=12),
    )


def product(namespaces: Sequence[str], runs: Sequence[RunMetrics], *, with_traces: bool) -> Dashboard:
    """Return the dashboard of a data product: its runs by its orchestrator or a CronJob, and its traces."""
    rows = (
        Row("Now", tuple(_product_now(runs))),
        Row("Runs", tuple(_product_runs(runs))),
        Row("Traces", (traces("Latest traces of its steps", "$product"),) if with_traces else ()),
    )
    of_runs = (queries.of_runs(runs, metric, ONE) for metric in ("loads", "succeeded", "failed"))
    products = queries.either(*of_runs, named(f"kube_cronjob_info{{{ONE}}}", "cronjob"))
    variables = [
        choice("namespace", "Namespace", namespaces),
        query_variable("product", "Product", f"count{BY_PRODUCT} ({products})", '/product="([^"]+)"/'),
    ]
    links = [explore_traces("$product")] if with_traces else []
    return dashboard(PRODUCT, "Data product", rows, variables=variables, links=links, description="One data product")


def _of_product(runs: Sequence[RunMetrics], metric: str) -> str:
    return queries.of_product(queries.of_runs(runs, metric, ONE))


def _aggregated(function: str, query: str) -> str:
    return f"{function}({query})" if query else ""


def _product_now(runs: Sequence[RunMetrics]) -> list[Box]:
    cron_job = f'cronjob="$product",{ONE}'
    succeeded, failed, lasts, took, loads = (
        _aggregated(function, _of_product(runs, metric))
        for metric, function in (
            ("succeeded", "max"),
            ("failed", "sum"),
            ("lasts", "max"),
            ("took", "max"),
            ("loads", "min"),
        )
    )
    success = queries.either(succeeded, f"max(kube_cronjob_status_last_successful_time{{{cron_job}}})")
    failures = queries.either(failed, f"count({_of_product_jobs('kube_job_failed', FAILED)} == 1)")
    started = f"{_of_product_jobs('kube_job_status_start_time')} and {_of_product_jobs('kube_job_status_active')} > 0"
    at_work = queries.either(lasts, f"time() - min({started})")
    due = f"max(kube_cronjob_next_schedule_time{{{cron_job}}}) - time()"
    whether = "Whether the orchestrator can load its definitions: 1 or 0"
    return [
        stat("Since last success", f"time() - ({success})", NEUTRAL, unit="seconds"),
        stat(
            "Failed", queries.or_zero(failures), BAD_IF_ANY, description="Runs of the last hour, or Jobs that are kept"
        ),
        stat("Runs for", at_work, NEUTRAL, unit="seconds", description="The run that is at work now"),
        *([stat("Last run took", took, NEUTRAL, unit="seconds")] if took else []),
        *([stat("Code loads", loads, GOOD_IF_ALL, description=whether)] if loads else []),
        stat("Next run in", due, NEUTRAL, unit="seconds", description="Of its CronJob"),
    ]


def _product_runs(runs: Sequence[RunMetrics]) -> list[Box]:
    jobs = f"{_of_product_jobs('kube_job_status_completion_time')} - {_of_product_jobs('kube_job_status_start_time')}"
    lasts, failed, took = (
        f"max{BY_PRODUCT} ({query})" if (query := _of_product(runs, metric)) else ""
        for metric in ("lasts", "failed", "took")
    )
    times = tuple(Query(query, legend) for query, legend in ((took, "last run took"), (lasts, "runs for")) if query)
    contracts = _contracts("step, outcome", 'product="$product"')
    return [
        *([lines("Runs", *times, unit="seconds")] if times else []),
        *([lines("Runs that failed, per hour", Query(failed, "failed"), bars=True)] if failed else []),
        lines("Jobs of its CronJob", Query(jobs, "{{job_name}} took"), unit="seconds"),
        lines("Contracts of its quality steps", Query(contracts, "{{step}} {{outcome}}"), width=24, stacked=True),
    ]


def _of_product_jobs(metric: str, more: str = "") -> str:
    """Return a metric of the Jobs that the CronJob of the product has started."""
    owner = queries.once("kube_job_owner", f'owner_kind="CronJob",owner_name="$product",{ONE}', "job_name")
    return f"({queries.once(metric, f'{more}{ONE}', 'job_name')} and {owner})"
