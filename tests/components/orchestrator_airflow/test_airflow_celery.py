"""Airflow with workers of Celery, from declared products to facts and objects."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.orchestrator_airflow import COMPONENT, build
from floe_compiler.components.orchestrator_airflow import broker_url as script
from floe_compiler.components.orchestrator_airflow.products import dag_of_pods
from floe_compiler.components.orchestrator_airflow.refusals import refuses
from floe_compiler.kit import keda
from floe_compiler.model.capabilities import Capability, Database, Monitoring
from floe_compiler.model.facts import Container, Parts, Pod, containers_of, named_pods
from floe_compiler.model.operations import EventScaling
from floe_compiler.model.plan import Context
from floe_compiler.model.trust import Trust
from products import DATABASE, EVERYTHING, SALES, product
from support import PRODUCTION, as_text, changed, context_of, starts_after, unit_of

API, SCHEDULER, WORKER, TRIGGERER = "airflow-api-server", "airflow-scheduler", "airflow-worker", "airflow-triggerer"
WITH_KEDA = changed(PRODUCTION, cluster={"keda_namespace": "keda"})
BOUNDS = {"replicas": {"minimum": 2, "maximum": 6, "cooldown": "10m"}}


def context(*capabilities: Capability, settings: Any = PRODUCTION, **config: Any) -> Context[Any]:
    every = (*capabilities, *EVERYTHING, Monitoring("prometheus"))
    config = {"executor": "celery", **config}
    return context_of(COMPONENT, config, settings=settings, capabilities=every, scope="sales", products=(product(),))


def parts(**config: Any) -> Parts:
    return build(context(**config))


def pod(name: str, **config: Any) -> Pod:
    return dict(named_pods(parts(**config)))[name]


def options(container: Container) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser()
    parsed.read_string(next(file.text for file in container.config if file.path == "/opt/airflow/airflow.cfg"))
    return parsed


def verbs(pod_: Pod) -> dict[str, set[str]]:
    return {name: set(rule.verbs) for rule in pod_.kubernetes_api for name in rule.resources}


def called(pod_: Pod) -> set[str]:
    return {call.host.split(".")[0] for call in pod_.servers()}


def secrets(pod_: Pod) -> set[str]:
    return {file.secret.secret.name for container_ in containers_of(pod_) for file in container_.secret_files}


def test_only_processes_that_start_pods_have_the_rights_to() -> None:
    assert verbs(pod(WORKER)) == {
        "pods": {"create", "delete", "get", "list", "patch"},
        "pods/log": {"get"},
    }
    assert verbs(pod(TRIGGERER)) == {"pods": {"delete", "get"}}
    for name in (SCHEDULER, API, "airflow-dag-processor", "airflow-broker"):
        assert verbs(pod(name)) == {}
    assert not any(launched.pod.kubernetes_api for launched in parts().launched)


def test_only_scheduler_and_workers_know_the_password_of_the_broker() -> None:
    pods = dict(named_pods(parts()))
    assert {name for name, pod_ in pods.items() if "airflow-broker" in secrets(pod_)} == {
        SCHEDULER,
        WORKER,
        "airflow-broker",
    }
    assert {name for name, pod_ in pods.items() if "airflow-broker" in called(pod_)} == {SCHEDULER, WORKER}
    keys = {file.path for file in pod(WORKER).containers[0].secret_files}
    assert not {"/run/secrets/airflow/api-secret-key", "/run/secrets/airflow/jwt-secret"} & keys


def test_the_triggerer_has_no_login_to_the_object_store_and_sends_no_logs_there() -> None:
    (triggerer,) = pod(TRIGGERER).containers
    variables = {variable.name: variable for variable in triggerer.variables}
    assert variables["AIRFLOW__LOGGING__REMOTE_LOGGING"].value == "False"
    assert not [name for name in variables if name.startswith("AWS")]
    (worker,) = pod(WORKER).containers
    assert {"AIRFLOW_CONN_LOGS", "AWS_ACCESS_KEY_ID"} <= {variable.name for variable in worker.variables}


def test_scheduler_and_workers_wait_for_the_broker_and_the_database() -> None:
    for name in (SCHEDULER, WORKER):
        assert {call.host.split(".")[0] for call in pod(name).waits_for} == {"dagster-postgresql", "airflow-broker"}
    assert {("airflow-scheduler", "airflow-broker"), ("airflow-worker", "airflow-broker")} <= starts_after(
        parts(), SALES
    )


def test_a_worker_finishes_its_steps_before_it_stops() -> None:
    assert pod(WORKER).grace == 300
    checked = pod(WORKER).containers[0].liveness
    assert checked is not None
    assert "inspect ping" in checked.command[-1]
    # Only after ten minutes without the broker.
    assert checked.period * checked.failures == 600


def test_the_broker_refuses_steps_when_memory_is_full_rather_than_losing_them() -> None:
    (broker,) = (workload for workload in parts().workloads if workload.name == "airflow-broker")
    text = next(file.text for file in broker.pod.containers[0].config if file.path.endswith("redis.conf"))
    assert {"maxmemory-policy noeviction", "appendonly yes"} <= set(text.splitlines())
    names = {alert.name for alert in parts().alerts if dict(alert.labels).get("server") == "airflow-broker"}
    assert names == {"RedisDown", "RedisCannotWrite", "RedisDiskNearlyFull", "RedisMemoryNearlyFull"}


def test_airflow_hands_steps_to_the_broker_and_keeps_results_in_its_database() -> None:
    config = options(pod(SCHEDULER).containers[0])
    assert config["core"]["executor"] == "CeleryExecutor"
    url = f"redis://airflow-broker.{SALES}.svc.cluster.local:6379/0"
    assert config["celery"]["broker_url_cmd"] == f"python /etc/airflow-broker/broker_url.py {url}"
    assert config["celery"]["worker_concurrency"] == "4"
    assert "result_backend" not in config["celery"]
    assert "kubernetes_executor" not in config
    for name in (API, TRIGGERER, "airflow-dag-processor", WORKER):
        assert "/etc/airflow-broker/broker_url.py" in {file.path for file in pod(name).containers[0].config}


def test_workers_verify_the_certificate_of_the_broker() -> None:
    """By default, Celery trusts any certificate, and only logs a warning."""
    secure: Any = replace(PRODUCTION, trust=Trust("company-ca"), tls_issuer="acme-internal")
    config = options(dict(named_pods(build(context(settings=secure))))[WORKER].containers[0])
    url, _, query = config["celery"]["broker_url_cmd"].split()[-1].partition("?")
    assert url == f"rediss://airflow-broker.{SALES}.svc.cluster.local:6379/0"
    assert query == "ssl_cert_reqs=CERT_REQUIRED&ssl_check_hostname=true"


@pytest.mark.parametrize(("password", "url"), [("a/b@c:d%\n", "redis://:a%2Fb%40c%3Ad%25@there:6379/0"), ("", "")])
def test_the_password_is_quoted_in_the_url(password: str, url: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    if password:
        file.write_text(password)
    printed = subprocess.run(
        [sys.executable, str(script.__file__), "redis://there:6379/0"],
        env={**os.environ, "BROKER_PASSWORD": str(file)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == (url or "redis://there:6379/0")


def test_a_pool_limits_the_pods_of_steps_for_all_schedulers() -> None:
    (migration,) = parts(runs={"at_once": 7}, scheduler={"replicas": 3}).tasks
    assert [container.name for container in migration.pod.setup] == ["migrate", "pool"]
    assert migration.pod.setup[1].command[:5] == ("airflow", "pools", "set", "steps", "7")
    assert "--include-deferred" in migration.pod.setup[1].command
    scheduler = pod(SCHEDULER, runs={"at_once": 7}, scheduler={"replicas": 3}).containers[0]
    assert options(scheduler)["core"]["parallelism"] == "7"
    launched = parts(runs={"at_once": 7}).launched
    assert {run.at_once for run in launched} == {7}


def test_a_step_is_its_program_and_knows_nothing_of_airflow() -> None:
    (step, *_) = parts().launched
    (container,) = step.pod.containers
    assert container.command == ("python", "pipelines/orders.py")
    assert not [variable.name for variable in container.variables if "AIRFLOW" in variable.name]
    assert not [file.path for file in container.config if "airflow" in file.path]
    assert not {"airflow-api-server", "airflow-statsd", "airflow-broker"} & called(step.pod)


def test_kubernetes_ends_a_step_after_its_deadline() -> None:
    """Airflow has no process in the pod, and a scheduler may be down."""
    templates = [file for file in pod(WORKER).containers[0].config if "pod_templates" in file.path]
    assert templates
    assert {yaml.safe_load(file.text)["spec"]["activeDeadlineSeconds"] for file in templates} == {3600}
    assert not [file for file in pod(SCHEDULER).containers[0].config if "pod_templates" in file.path]


def test_the_dag_has_pods_as_tasks() -> None:
    texts = {file.text for file in pod(WORKER).containers[0].config if file.path.endswith("/dag.py")}
    (text,) = texts
    compile(text, "dag.py", "exec")
    assert text.count("\ndag = dag_of(PRODUCT)\n") == 1
    assert text.rindex("class Step(KubernetesPodOperator)") > text.rindex("class Step(BaseOperator)")
    with pytest.raises(ValueError, match="does not end"):
        dag_of_pods("dag = another()\n")


def test_metrics_count_steps_whose_pods_run() -> None:
    (exporter,) = (workload for workload in parts().workloads if workload.name == "airflow-statsd")
    (metrics,) = exporter.metrics
    assert "airflow_ti_(running|deferred)" in metrics.runs[0].at_work
    assert "sum(airflow_ti_deferred{$target})" in {panel.query for panel in metrics.panels}
    (late,) = (alert for alert in parts().alerts if alert.name == "ProductRunLong")
    assert "airflow_ti_deferred" in late.expression


def test_keda_sets_the_number_of_workers() -> None:
    (worker,) = (
        workload for workload in build(context(settings=WITH_KEDA, workers=BOUNDS)).workloads if workload.name == WORKER
    )
    scaling = worker.replicas
    assert isinstance(scaling, EventScaling)
    assert (scaling.minimum, scaling.maximum, scaling.cooldown) == (2, 6, 600)
    assert "count(*)::decimal / 4" in dict(scaling.trigger.metadata)["query"]
    objects = unit_of(COMPONENT, context(settings=WITH_KEDA, workers=BOUNDS)).objects
    named = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in objects}
    assert "replicas" not in named["Deployment", WORKER]["spec"]
    assert ("HorizontalPodAutoscaler", WORKER) not in named
    assert named["PodDisruptionBudget", WORKER]["spec"]["minAvailable"] == 1
    assert named["ScaledObject", WORKER]["spec"]["minReplicaCount"] == 2
    (key,) = named["TriggerAuthentication", WORKER]["spec"]["secretTargetRef"]
    assert key == {"parameter": "password", "name": "dagster-postgresql", "key": "password"}


def test_an_autoscaler_for_workers_needs_keda() -> None:
    (refusal,) = refuses(context(workers=BOUNDS))
    assert refusal.path == ("workers", "replicas")
    assert "keda_namespace" in refusal.hint
    assert not list(refuses(context(settings=WITH_KEDA, workers=BOUNDS)))
    assert not list(refuses(context(workers=BOUNDS, executor="kubernetes")))


def test_bounds_are_in_order_and_a_broker_has_room() -> None:
    with pytest.raises(ValueError, match="minimum 3 is above maximum 2"):
        context(workers={"replicas": {"minimum": 3, "maximum": 2}})
    amounts = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}}
    (refusal,) = refuses(context(broker={"storage": "1Gi", "resources": amounts}))
    assert refusal.path == ("broker", "storage")


def test_schedulers_share_a_pool_even_if_they_outnumber_steps() -> None:
    few = {"runs": {"at_once": 1}, "scheduler": {"replicas": 2}}
    assert not list(refuses(context(**few)))
    assert list(refuses(context(executor="kubernetes", **few)))


@pytest.mark.parametrize(
    ("mode", "sslmode"), [("", "prefer"), ("require", "require"), ("verify-full", "require"), ("verify-ca", "require")]
)
def test_keda_uses_tls_without_verification(mode: str, sslmode: str) -> None:
    database = Database("one", DATABASE.endpoint, "airflow", "airflow", DATABASE.password, ssl_mode=mode)
    assert dict(keda.rows(database, "SELECT 1").metadata)["sslmode"] == sslmode


def test_rendered(snapshot: SnapshotAssertion) -> None:
    objects = unit_of(COMPONENT, context(settings=WITH_KEDA, workers=BOUNDS)).objects
    names = (WORKER, "airflow-broker", TRIGGERER, SCHEDULER)
    assert as_text(manifest for manifest in objects if manifest["metadata"]["name"] in names) == snapshot
