"""What the queries of dashboards return, in Prometheus' own engine where promtool is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.components.dashboards_grafana import queries
from floe_compiler.components.orchestrator_airflow import monitoring as airflow
from floe_compiler.components.orchestrator_dagster import monitoring as dagster
from floe_compiler.components.orchestrator_dagster.runs import dagster_name
from grafana_mesh import dashboards, evaluated, expressions

PROMTOOL = shutil.which("promtool")
SALES = 'namespace="sales"'
INSTALLED = pytest.mark.skipif(PROMTOOL is None, reason="no promtool of Prometheus is on the PATH")


def query_of(uid: str, title: str) -> str:
    """Return the query of a panel of a dashboard, for the product orders of sales."""
    (panel,) = [panel for panel in dashboards()[uid]["panels"] if panel["title"] == title]
    return evaluated(panel["targets"][0]["expr"]).replace("floe-sales-domain", "sales")


def real(*arguments: str) -> str:
    """Run promtool, and return its output; fail if it fails."""
    done = subprocess.run([PROMTOOL or "", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.real
@INSTALLED
def test_prometheus_itself_understands_every_query(tmp_path: Path) -> None:
    queries = sorted(
        {evaluated(expression) for dashboard in dashboards().values() for expression in expressions(dashboard)}
    )
    rules = [{"record": f"query:{number}", "expr": expression} for number, expression in enumerate(queries)]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    assert f"{len(rules)} rules found" in real("check", "rules", "--lint=none", str(file))
    assert len(rules) > 100


DEPLOYMENTS = {
    'kube_deployment_spec_replicas{namespace="sales",deployment="a",instance="first"}': "3",
    'kube_deployment_status_replicas_available{namespace="sales",deployment="a",instance="first"}': "1",
    'kube_deployment_spec_replicas{namespace="sales",deployment="a",instance="second"}': "3",
    'kube_deployment_status_replicas_available{namespace="sales",deployment="a",instance="second"}': "1",
    'kube_statefulset_replicas{namespace="sales",statefulset="b"}': "1",
    'kube_statefulset_status_replicas_ready{namespace="sales",statefulset="b"}': "0",
    'kube_deployment_spec_replicas{namespace="other",deployment="a"}': "9",
}
JOBS = {
    f'kube_job_{metric}{{namespace="sales",job_name="{name}"{more}}}': value
    for name, failed, created in (("new-failed", 1, 3600), ("new", 0, 3600), ("old-failed", 1, -90000))
    for metric, more, value in (("failed", ',condition="true"', f"{failed}"), ("created", "", f"{created}"))
}
QUOTA = {
    f'kube_resourcequota{{namespace="sales",resource="requests.cpu",type="{kind}",instance="{instance}"}}': value
    for kind, value in (("used", "3"), ("hard", "4"))
    for instance in ("first", "second")
}
RUNS = {
    f'dagster_runs_failed_last_hour{{namespace="sales",job_name="{dagster_name(product)}"}}': str(number)
    for number, product in enumerate(("orders", "order-analytics", "import", "a-b-c-d-e-f-g"), start=1)
}
AIRFLOW = {
    # One success at minute 6, and one at 36: the exporter forgets them half an hour later.
    f'airflow_dagrun_duration_success_count{{{SALES},dag_id="orders",run_type="scheduled"}}': "_x5 1x29 1x0 2x2 _x60",
    f'airflow_dagrun_duration_success{{{SALES},dag_id="orders",run_type="scheduled",quantile="0.99"}}': "_x5 90x9 _x60",
    # The first runs that the exporter sees.
    f'airflow_dagrun_duration_failed_count{{{SALES},dag_id="first-ones",run_type="manual"}}': "_x20 1x10 3x60",
    f'airflow_ti_running{{{SALES},dag_id="orders",task_id="a",queue="default"}}': "1x60",
    f'airflow_ti_running{{{SALES},dag_id="first-ones",task_id="a",queue="default"}}': "1x60",
    f'airflow_ti_queued{{{SALES},dag_id="first-ones",task_id="b",queue="default"}}': "1x60",
}
QUALITY = {
    f'floe_quality_contracts{{{SALES},product="{product}",step="check",outcome="{outcome}"}}': f"{number} _x59"
    for product, outcome, number in (("orders", "held", 3), ("orders", "failed", 2), ("other", "held", 9))
}
CRON = {
    'kube_job_owner{namespace="sales",job_name="orders-1",owner_kind="CronJob",owner_name="orders"}': "1",
    'kube_job_owner{namespace="sales",job_name="other-1",owner_kind="CronJob",owner_name="other"}': "1",
    'kube_job_status_start_time{namespace="sales",job_name="orders-1"}': "100",
    'kube_job_status_start_time{namespace="sales",job_name="other-1"}': "100",
    'kube_job_status_completion_time{namespace="sales",job_name="orders-1"}': "160",
    'kube_job_status_completion_time{namespace="sales",job_name="other-1"}': "900",
}


CASES: list[tuple[dict[str, str], str | tuple[str, str], dict[str, float]]] = [
    (DEPLOYMENTS, queries.missing_replicas(SALES), {"{}": 3}),
    (JOBS, queries.or_zero(queries.failed_jobs(SALES)), {"{}": 1}),
    ({}, queries.or_zero(queries.failed_jobs(SALES)), {"{}": 0}),
    (QUOTA, queries.quota_used(SALES, ".+"), {'{namespace="sales", resource="requests.cpu"}': 0.75}),
    (
        RUNS,
        queries.of_runs([dagster.RUNS], "failed", SALES),
        {
            '{namespace="sales", product="orders"}': 1,
            '{namespace="sales", product="order-analytics"}': 2,
            '{namespace="sales", product="import"}': 3,
            '{namespace="sales", product="a-b-c-d-e-f-g"}': 4,
        },
    ),
    (
        RUNS,
        queries.of_product(queries.of_runs([dagster.RUNS], "failed", SALES)).replace("$product", "order-analytics"),
        {'{namespace="sales", product="order-analytics"}': 2},
    ),
    (
        AIRFLOW,
        queries.of_runs([dagster.RUNS, airflow.RUNS], "failed", SALES),
        {'{namespace="sales", product="first-ones"}': 3},
    ),
    (
        AIRFLOW,
        queries.of_runs([airflow.RUNS], "succeeded", SALES),
        {'{namespace="sales", product="orders"}': 40 * 60},
    ),
    (
        AIRFLOW,
        queries.of_runs([airflow.RUNS], "took", SALES),
        {'{namespace="sales", product="orders"}': 90},
    ),
    (
        AIRFLOW,
        queries.of_runs([airflow.RUNS], "ended", SALES),
        {'{namespace="sales", status="success"}': 2, '{namespace="sales", status="failure"}': 3},
    ),
    (
        AIRFLOW,
        queries.of_runs([airflow.RUNS], "at_work", SALES),
        {'{namespace="sales", status="started"}': 2, '{namespace="sales", status="queued"}': 1},
    ),
    (
        QUALITY,
        ("floe-product", "Contracts of its quality steps"),
        {'{outcome="held", step="check"}': 3, '{outcome="failed", step="check"}': 2},
    ),
    (
        CRON,
        ("floe-product", "Jobs of its CronJob"),
        {'{job_name="orders-1", namespace="sales"}': 60},
    ),
    (
        {'process_cpu_seconds_total{job="a",instance="x"}': "0+30x60"},
        queries.cpu('job="a"', "instance").replace("$__rate_interval", "5m"),
        {'{instance="x"}': 0.5},
    ),
    (
        {'otelcol_process_cpu_seconds_total{job="a",instance="x"}': "0+30x60"},
        queries.cpu('job="a"', "instance").replace("$__rate_interval", "5m"),
        {'{instance="x"}': 0.5},
    ),
    (
        {'process_cpu_usage{job="a",instance="x"}': "0.25x60", 'system_cpu_count{job="a",instance="x"}': "4x60"},
        queries.cpu('job="a"', "instance").replace("$__rate_interval", "5m"),
        {'{instance="x"}': 1},
    ),
]
"""Series, a query or the dashboard and title of its panel, and the values that it returns, by their labels."""


def case_of(series: dict[str, str], query: str | tuple[str, str], values: dict[str, float]) -> dict[str, Any]:
    """Return a test as promtool runs it; its name is the query."""
    expression = query if isinstance(query, str) else query_of(*query)
    return {
        "name": expression,
        "interval": "1m",
        "input_series": [
            {"series": name, "values": value if "x" in value else f"{value}x60"} for name, value in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": expression,
                "eval_time": "60m",
                "exp_samples": [{"labels": labels, "value": value} for labels, value in values.items()],
            }
        ],
    }


@pytest.mark.real
@INSTALLED
def test_queries_return_the_expected_values(tmp_path: Path) -> None:
    """Promtool tries all cases, and names each that fails."""
    file = tmp_path / "test.json"
    file.write_text(json.dumps({"evaluation_interval": "1m", "tests": [case_of(*case) for case in CASES]}))
    assert "SUCCESS" in real("test", "rules", str(file))
