"""Metrics and alerts of Airflow: its processes send metrics as StatsD packets, an exporter keeps them for Prometheus.

The names are those that the exporter (statsd_exporter 0.28) has after processes and steps of Airflow 3.3 have sent to
it. Airflow's own OpenTelemetry metrics lack those of steps (apache/airflow#64690).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from floe_compiler.kit.monitoring import statsd
from floe_compiler.kit.monitoring.promql import named, of_status, series
from floe_compiler.kit.products.product_alerts import late_after, of_product, quality_alerts
from floe_compiler.kit.redis import monitoring as redis
from floe_compiler.kit.scripts import script
from floe_compiler.model.alerts import Alert
from floe_compiler.model.durations import format_duration, parse_duration
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Workload
from floe_compiler.model.operations import Panel, RunMetrics
from floe_compiler.model.plan import Context, Instance, Product

NAME = "airflow-statsd"
BROKER = "airflow-broker"

HEARTBEATS = {
    "scheduler": "airflow_scheduler_heartbeat",
    "DAG processor": "airflow_dag_processor_heartbeat",
    "triggerer": "airflow_triggerer_heartbeat",
}
"""The counters of the processes that say that they run; the slowest does so once a minute."""

SUCCEEDED, FAILED = "airflow_dagrun_duration_success_count", "airflow_dagrun_duration_failed_count"
IMPORT_ERRORS = "airflow_dag_processing_import_errors"
RUNNING, QUEUED, DEFERRED = "airflow_ti_running", "airflow_ti_queued", "airflow_ti_deferred"
"""The numbers of steps that run, or for which a pod starts. The scheduler says them each half minute. With Celery, a
step is deferred while its pod runs."""

ALERTED = (*HEARTBEATS.values(), SUCCEEDED, FAILED, IMPORT_ERRORS, RUNNING, QUEUED)
"""The metrics that alerts ask for."""

SILENCE = "3m"
MOST_FAILURES = 5
NEARLY = 0.8
"""The share of its time after which a run takes long: it is ended when all of it is over."""

GAP = "3m"
"""A run is at work while one of its steps is, and between two steps for less than this."""

PANELS = (
    Panel("Runs at work", "max(airflow_scheduler_dagruns_running{$target})", legend="runs"),
    Panel(
        "Steps that ended",
        "sum by (state) (increase(airflow_ti_finish{$target}[$interval]))",
        legend="{{state}}",
        stacked=True,
    ),
    Panel(
        "Steps that wait for room",
        "max by (status) (airflow_executor_queued_tasks{$target})",
        legend="{{status}}",
    ),
    Panel(
        "Duration of the last runs",
        'max by (dag_id) ({__name__=~"airflow_dagrun_duration_(success|failed)",quantile="0.99",$target})',
        "seconds",
        "{{dag_id}}",
    ),
    Panel(
        "Heartbeats of the processes",
        'sum by (__name__) (rate({__name__=~"airflow_.*_heartbeat",$target}[$interval]))',
        "per second",
        "{{__name__}}",
    ),
    Panel(
        "Duration of the scheduler's loop",
        'max(airflow_scheduler_scheduler_loop_duration{quantile="0.99",$target})',
        "seconds",
        "99 %",
    ),
    Panel("DAGs that do not load", "max(airflow_dag_processing_import_errors{$target})", legend="DAGs"),
)


def fresh(series_of_counts: str, step: str) -> str:
    """Return how much counters have grown within a step, where they did.

    A counter that has just come counts from nothing, which `increase` does not see: the exporter has none of a DAG
    before its first run, and forgets that of successes.
    """
    before = f"{series_of_counts} offset {step}"
    return f"({series_of_counts} - ({before} or {series_of_counts} * 0) > 0)"


def grown(series_of_counts: str, within: str, step: str = "5m") -> str:
    """Return how much counters have grown within a time."""
    return f"sum_over_time({fresh(series_of_counts, step)}[{within}:{step}])"


_SUCCESSES, _FAILURES = f"{SUCCEEDED}{{$target}}", f"{FAILED}{{$target}}"
_DURATIONS = '{__name__=~"airflow_dagrun_duration_(success|failed)",quantile="0.99",$target}'
BY_PRODUCT, BY_STATUS = "by (namespace, product)", "by (namespace, status)"
RUNS = RunMetrics(
    succeeded=f"max {BY_PRODUCT} ("
    + named(f"max_over_time(timestamp({fresh(_SUCCESSES, '5m')})[1w:5m])", "dag_id")
    + ")",
    failed=f"sum {BY_PRODUCT} ({named(grown(_FAILURES, '1h'), 'dag_id')})",
    # A duration is not a number once it is some minutes old.
    took=f"max {BY_PRODUCT} ({named(f'last_over_time(({_DURATIONS} > 0)[1d:1m])', 'dag_id')})",
    ended=f"sum {BY_STATUS} ({of_status(grown(_SUCCESSES, '1h'), 'success')}"
    f" or {of_status(grown(_FAILURES, '1h'), 'failure')})",
    at_work=f"sum {BY_STATUS} ({of_status(f'{RUNNING}{{$target}}', 'started')}"
    f" or {of_status(f'{QUEUED}{{$target}}', 'queued')})",
)
_STARTED = '{__name__=~"airflow_ti_(running|deferred)",$target}'
CELERY_RUNS = replace(
    RUNS,
    at_work=f"sum {BY_STATUS} ({of_status(_STARTED, 'started')} or {of_status(f'{QUEUED}{{$target}}', 'queued')})",
)
CELERY_PANELS = (
    *PANELS,
    Panel("Steps whose pods run", "sum(airflow_ti_deferred{$target})", legend="steps"),
    Panel("Steps that workers start or end", "max(airflow_executor_running_tasks{$target})", legend="steps"),
)


def receiver(instance: Instance[Any]) -> Endpoint:
    """Return the receiver of StatsD packets."""
    return statsd.receiver(NAME, instance)


def exporter(executor: str) -> Workload:
    """Return the exporter."""
    panels, runs = (CELERY_PANELS, CELERY_RUNS) if executor == "celery" else (PANELS, RUNS)
    return statsd.exporter(NAME, panels, script(__package__, "statsd_mapping.yaml"), (runs,))


def alerts(context: Context[Any]) -> Iterator[Alert]:
    """Yield the alerts about Airflow, and about the products that it runs."""
    namespace = context.instance.namespace
    for process, metric in HEARTBEATS.items():
        beats = series(metric, namespace=namespace)
        yield Alert(
            "AirflowProcessUnavailable",
            f"(sum(increase({beats}[{SILENCE}])) == 0 or absent({beats})) and on () {_up(namespace)} == 1",
            f"The {process} has not said for {SILENCE} that it runs",
            lasting="2m",
            severity="critical",
            labels=(("process", process),),
        )
    failed = series(FAILED, namespace=namespace)
    yield Alert(
        "AirflowRunsFailed",
        f"sum by (namespace) ({grown(failed, '1h')}) > {MOST_FAILURES}",
        "{{ $value | humanize }} runs have failed in the last hour",
        lasting="0s",
    )
    yield Alert(
        "DagNotLoaded",
        f"max by (namespace) ({series(IMPORT_ERRORS, namespace=namespace)}) > 0",
        "Airflow cannot load {{ $value }} DAGs: their products do not run",
        lasting="10m",
    )
    states = (RUNNING, QUEUED, *((DEFERRED,) if context.config.executor == "celery" else ()))
    for product in context.instance.products:
        yield of_product(product, _long(namespace, product, states))
        yield from (of_product(product, alert) for alert in _late(namespace, product))
        yield from quality_alerts(context, product)
    if context.config.executor == "celery":
        yield from redis.alerts(namespace, BROKER, context.config.broker.storage, forgets=False)


def _up(namespace: str) -> str:
    return series("up", namespace=namespace, job=NAME)


def _long(namespace: str, product: Product, states: tuple[str, ...]) -> Alert:
    """Return the alert on a run that takes long, whether it has ended or not.

    No metric says for how long a run has been at work: so the minutes are counted in which it was. Those of runs that
    have ended are others.
    """
    allowed = parse_duration(product.spec.timeout) * (product.spec.retries + 1)
    longest = int(allowed * NEARLY)
    minutes = max(longest // 60, 1)
    labels = {"namespace": namespace, "dag_id": product.name}
    of = f'quantile="0.99",namespace="{namespace}",dag_id="{product.name}"'
    ended = f'max by (dag_id) ({{__name__=~"airflow_dagrun_duration_(success|failed)",{of}}}) > {longest}'
    busy = " or ".join(f"max by (dag_id) (max_over_time({series(metric, **labels)}[{GAP}])) > 0" for metric in states)
    running = f"60 * count_over_time(({busy})[{minutes}m:1m]) >= {60 * (minutes - 1)}"
    just_ended = " or ".join(
        f"max by (dag_id) ({grown(series(metric, **labels), f'{minutes}m', '1m')})" for metric in (SUCCEEDED, FAILED)
    )
    return Alert(
        "ProductRunLong",
        f"{ended} or ({running} unless ({just_ended}))",
        f"A run takes {{{{ $value | humanizeDuration }}}}; after {format_duration(allowed)}, it is ended",
        lasting="0s",
    )


def _late(namespace: str, product: Product) -> Iterator[Alert]:
    """Yield the alerts on a product that has not succeeded in time. The metric only exists soon after a success."""
    late = late_after(product)
    if late is None:
        return
    success = series(SUCCEEDED, namespace=namespace, dag_id=product.name)
    once, twice = format_duration(late), format_duration(2 * late)
    yield Alert(
        "ProductLate",
        f"count(last_over_time({success}[{twice}])) unless count(last_over_time({success}[{once}]))",
        f"The last run that succeeded ended more than {once} ago",
    )
    # Prometheus can only tell that there was no success since then if it had metrics then.
    was_up = f"max_over_time({_up(namespace)}[10m] offset {once}) == 1"
    yield Alert(
        "ProductLate",
        f"absent_over_time({success}[{once}]) and on () {was_up}",
        f"No run has succeeded for {twice}, or none ever has",
        lasting=once,
        labels=(("succeeded", "never"),),
    )
