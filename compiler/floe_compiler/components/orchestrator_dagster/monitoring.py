"""Metrics and alerts of Dagster: an exporter of our own, as Dagster's processes have no metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.components.orchestrator_dagster.runs import dagster_name
from floe_compiler.kit.monitoring.promql import named, series
from floe_compiler.kit.products.data_product import IDENTITY
from floe_compiler.kit.products.product_alerts import late_after, of_product, quality_alerts
from floe_compiler.kit.scripts import script
from floe_compiler.model.alerts import Alert
from floe_compiler.model.durations import format_duration, parse_duration
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import ConfigFile, Container, Pod, Probe, Resources, Variable, Workload
from floe_compiler.model.operations import Metrics, Panel, RunMetrics
from floe_compiler.model.plan import Context, Product

NAME = "dagster-metrics"
PORT = Port("metrics", 9101)
SCRIPT = "/etc/floe/metrics_exporter.py"
RESOURCES = Resources("20m", "64Mi", "250m", "128Mi")

OLDEST_HEARTBEAT = 120
"""Seconds. A daemon says every 30 s that it runs, and the scheduler only every minute."""

MOST_FAILURES = 5
NEARLY = 0.8
"""The share of its timeout after which a run takes long: it is ended when all of it is over."""

PANELS = (
    Panel(
        "Age of the daemons' heartbeats",
        "max by (daemon) (dagster_daemon_heartbeat_age_seconds{$target})",
        "seconds",
        "{{daemon}}",
    ),
    Panel(
        "Runs at work",
        'sum by (status) (dagster_runs{status=~"queued|starting|started|canceling",$target})',
        legend="{{status}}",
        stacked=True,
    ),
    Panel(
        "Runs that failed, per hour",
        "sum by (job_name) (dagster_runs_failed_last_hour{$target})",
        legend="{{job_name}}",
        stacked=True,
    ),
    Panel(
        "Duration of the last run",
        "max by (job_name) (dagster_last_run_duration_seconds{$target})",
        "seconds",
        "{{job_name}}",
    ),
    Panel(
        "Code locations that do not load",
        "sum by (location) (1 - dagster_code_location_loaded{$target})",
        legend="{{location}}",
    ),
)


MOST_HYPHENS = 6


def _of_products(query: str) -> str:
    """Return the result of a query about Dagster's jobs with the name of the product in the label `product`.

    Dagster takes no hyphens: `order-analytics` is its job `order_analytics`, and `import`, a word of its own,
    `import_`. PromQL replaces one of them at a time; with more than six, the last ones stay underscores.
    """
    result = f'label_replace({query}, "product", "$1", "job_name", "(.+?)_?")'
    for _ in range(MOST_HYPHENS):
        result = f'label_replace({result}, "product", "$1-$2", "product", "([^_]+)_(.+)")'
    return result


def _runs(statuses: str) -> str:
    return f'dagster_runs{{status=~"{statuses}",$target}}'


BY_PRODUCT, BY_STATUS = "by (namespace, product)", "by (namespace, status)"
RUNS = RunMetrics(
    succeeded=f"max {BY_PRODUCT} ({_of_products('dagster_last_success_timestamp_seconds{$target}')})",
    failed=f"sum {BY_PRODUCT} ({_of_products('dagster_runs_failed_last_hour{$target}')})",
    took=f"max {BY_PRODUCT} ({_of_products('dagster_last_run_duration_seconds{$target}')})",
    lasts=f"max {BY_PRODUCT} ({_of_products('dagster_longest_active_run_seconds{$target}')})",
    loads=f"min {BY_PRODUCT} ({named('dagster_code_location_loaded{$target}', 'location')})",
    # The counts fall when old runs are deleted.
    ended=f"sum {BY_STATUS} (clamp_min(delta({_runs('success|failure|canceled')}[1h]), 0))",
    at_work=f"sum {BY_STATUS} ({_runs('queued|starting|started|canceling')})",
)


def exporter(image: str, webserver: Endpoint) -> Workload:
    """Return the exporter, a script in Dagster's image."""
    alive = Probe(PORT.name, "/", timeout=5)
    container = Container(
        "metrics",
        image,
        RESOURCES,
        command=("python", SCRIPT),
        variables=(Variable("DAGSTER_URL", webserver.url()), Variable("PORT", str(PORT.number))),
        ports=(PORT,),
        liveness=alive,
        readiness=alive,
        config=(ConfigFile(SCRIPT, script(__package__, "metrics_exporter.py"), NAME),),
    )
    return Workload(
        NAME,
        Pod((container,), IDENTITY, calls=(webserver,)),
        awaited=False,
        single="It keeps nothing, and two would report everything twice.",
        metrics=(Metrics(PORT.name, panels=PANELS, runs=(RUNS,)),),
    )


def alerts(context: Context[Any]) -> Iterator[Alert]:
    """Yield the alerts about Dagster, and about the products that it runs."""
    namespace = context.instance.namespace
    age = series("dagster_daemon_heartbeat_age_seconds", namespace=namespace)
    yield Alert(
        "DagsterDaemonUnavailable",
        f"{age} > {OLDEST_HEARTBEAT}",
        "The daemon {{ $labels.daemon }} last said {{ $value | humanizeDuration }} ago that it runs",
        lasting="2m",
        severity="critical",
    )
    failed = series("dagster_runs_failed_last_hour", namespace=namespace)
    yield Alert(
        "DagsterRunsFailed",
        f"sum by (namespace) ({failed}) > {MOST_FAILURES}",
        "{{ $value }} runs have failed in the last hour",
        lasting="0s",
    )
    yield Alert(
        "CodeLocationNotLoaded",
        f"{series('dagster_code_location_loaded', namespace=namespace)} == 0",
        "Dagster cannot load the code location {{ $labels.location }}: its product does not run",
        lasting="10m",
    )
    for product in context.instance.products:
        yield from (of_product(product, alert) for alert in _product_alerts(namespace, product))
        yield from quality_alerts(context, product)


def _product_alerts(namespace: str, product: Product) -> Iterator[Alert]:
    labels = {"namespace": namespace, "job_name": dagster_name(product.name)}
    longest = int(parse_duration(product.spec.timeout) * NEARLY)
    running, ended = (
        series(f"dagster_{metric}_seconds", **labels) for metric in ("longest_active_run", "last_run_duration")
    )
    yield Alert(
        "ProductRunLong",
        f"max by (job_name) ({running}) > {longest} or max by (job_name) ({ended}) > {longest}",
        f"A run takes {{{{ $value | humanizeDuration }}}}; after {product.spec.timeout}, it is ended",
        lasting="0s",
    )
    late = late_after(product)
    if late is None:
        return
    success = series("dagster_last_success_timestamp_seconds", **labels)
    yield Alert(
        "ProductLate",
        f"time() - max by (job_name) ({success}) > {late}",
        "The last run that succeeded ended {{ $value | humanizeDuration }} ago",
    )
    # A product that has never succeeded has no age.
    up = series("up", namespace=namespace, job=NAME)
    yield Alert(
        "ProductLate",
        f"absent({success}) and on () {up} == 1",
        "No run has ever succeeded",
        lasting=format_duration(late),
        labels=(("succeeded", "never"),),
    )
