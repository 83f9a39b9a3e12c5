"""Dagster itself reads what the compiler renders. Needs dagster, dagster-k8s and dagster-postgres."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE
from types import ModuleType
from typing import Any

import pytest

from dagster_program import (
    PROGRAM,
    TEMPLATE_HASH,
    code_container,
    code_server,
    context,
    parts,
    told_of_runs,
    write_files,
)
from floe_compiler.components.orchestrator_dagster import build
from floe_compiler.kit.placement import placed
from floe_compiler.kit.pods import pod_template
from floe_compiler.kit.products.data_product import IDENTITY
from floe_compiler.model.facts import Pod
from floe_compiler.model.inputs import JobPlacement, Placement
from floe_compiler.model.plan import Product
from products import SALES, product

dagster = pytest.importorskip("dagster", reason="needs dagster, which is not among the compiler's dependencies")
dagster_k8s = pytest.importorskip("dagster_k8s", reason="needs dagster-k8s")
yaml = pytest.importorskip("yaml", reason="needs PyYAML")

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("default")]

SHELL_STEPS: list[dict[str, Any]] = [
    {"name": "first-step", "type": "custom", "command": ["sh", "-c", 'echo "one $SHOP $$ $KEY"'],
     "variables": {"SHOP": "a$(HOME)"}, "secrets": {"KEY": {"secret": "shop", "key": "token"}}},
    {"name": "second-step", "type": "custom", "command": ["sh", "-c", "env"]},
]  # fmt: skip


def loaded(product_: Product, tmp_path: Path) -> ModuleType:
    """Load a product's definitions as Dagster does: from a file beside its data."""
    folder = write_files(parts(product_).launched[0].pod, tmp_path) / "etc/floe"
    spec = importlib.util.spec_from_file_location("definitions", folder / "definitions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def execute(module: ModuleType) -> Any:
    with dagster.DagsterInstance.ephemeral() as instance:
        return module.JOB.execute_in_process(instance=instance, raise_on_error=False)


def test_steps_run_in_order_with_their_own_variables_and_no_others_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOE_STEP_1_KEY", "its-key")
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", "the-password")
    module = loaded(product(steps=SHELL_STEPS), tmp_path)
    result = execute(module)
    log = capfd.readouterr().err
    assert result.success
    done = [event.step_key for event in result.all_events if event.is_step_success]
    assert done == ["first_step", "second_step"]
    assert "one a$(HOME) " in log
    assert "its-key" in log.split("second_step")[0]
    assert "FLOE_STEP_1_KEY" not in log
    assert "the-password" not in log
    assert "its-key" not in log.split("second_step", 1)[1]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["sh", "-c", "echo broken; exit 3"], "step first-step ended with exit code 3"),
        (["no-such-program"], "step first-step cannot start no-such-program: No such file or directory"),
    ],
)
def test_a_failed_step_fails_the_run_and_stops_it(tmp_path: Path, command: list[str], reason: str) -> None:
    steps = [{"name": "first-step", "type": "custom", "command": command}, {**SHELL_STEPS[1]}]
    module = loaded(product(steps=steps), tmp_path)
    result = execute(module)
    assert not result.success
    assert [event.step_key for event in result.all_events if event.is_step_start] == ["first_step"]
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert failure.step_failure_data.user_failure_data.description == reason


def test_a_cancelled_run_ends_its_program(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 1' TERM; echo started; while :; do sleep 0.1; done"
    product_ = product(steps=[{"name": "endless", "type": "custom", "command": ["sh", "-c", script]}])
    folder = write_files(parts(product_).launched[0].pod, tmp_path) / "etc/floe"
    command = [PROGRAM, "job", "execute", "-f", str(folder / "definitions.py")]
    variables = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=variables, stdout=PIPE, stderr=subprocess.STDOUT, text=True) as run:
        assert any('"started"' in line for line in run.stdout or ())
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=60)
    assert ended.exists()


def test_the_schedule_ticks_when_the_product_says(tmp_path: Path) -> None:
    from dagster._utils.schedules import schedule_execution_time_iterator

    module = loaded(product(), tmp_path)
    repository = module.definitions.get_repository_def()
    (schedule,) = repository.schedule_defs
    start = datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()
    ticks = schedule_execution_time_iterator(start, schedule.cron_schedule, schedule.execution_timezone)
    # Summer time has ended that night: five in Berlin is four in UTC.
    assert [next(ticks).astimezone(UTC) for _ in range(2)] == [
        datetime(2026, 10, 25, 4, tzinfo=UTC),
        datetime(2026, 10, 26, 4, tzinfo=UTC),
    ]
    assert schedule.default_status == dagster.DefaultScheduleStatus.RUNNING


def test_runs_have_the_tags_for_queue_and_monitoring(tmp_path: Path) -> None:
    module = loaded(product(timeout="30m", retries=2), tmp_path)
    assert (
        module.JOB.run_tags.items()
        >= {
            "dagster/max_retries": "2",
            "dagster/max_runtime": "1800",
            "dagster/retry_strategy": "ALL_STEPS",
            "floe.dev/product": "customer-360",
        }.items()
    )


def test_a_schedule_that_is_not_enabled_does_not_tick(tmp_path: Path) -> None:
    module = loaded(product(schedule={"cron": "0 5 * * *", "enabled": False}), tmp_path)
    (schedule,) = module.definitions.get_repository_def().schedule_defs
    assert schedule.default_status == dagster.DefaultScheduleStatus.STOPPED


def test_a_product_without_a_schedule_has_a_job_only(tmp_path: Path) -> None:
    module = loaded(product(schedule=None), tmp_path)
    repository = module.definitions.get_repository_def()
    assert [job.name for job in repository.get_all_jobs()] == ["customer_360"]
    assert not repository.schedule_defs


def test_dagster_accepts_its_instance(tmp_path: Path) -> None:
    from dagster._config import process_config
    from dagster._core.instance.config import dagster_instance_config
    from dagster_k8s import K8sRunLauncher

    waiting = product(schedule=None, trigger={"inputs": "any"})
    write_files(parts(waiting).workloads[0].pod, tmp_path)
    config, _ = dagster_instance_config(str(tmp_path / "opt/dagster/dagster_home"))
    assert config["sensors"]["num_workers"] == 4
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 10
    launcher = process_config(K8sRunLauncher.config_type(), config["run_launcher"]["config"])
    assert launcher.success, launcher.errors
    assert launcher.value["job_namespace"] == SALES


def test_dagster_reads_its_workspace(tmp_path: Path) -> None:
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    write_files(parts(product(), product("order-analytics")).workloads[0].pod, tmp_path)
    origins = WorkspaceFileTarget(paths=[str(tmp_path / "dagster-workspace/workspace.yaml")]).create_origins()
    assert [(origin.location_name, origin.host, origin.port) for origin in origins] == [
        ("customer-360", f"code-customer-360.{SALES}.svc.cluster.local", 4000),
        ("order-analytics", f"code-order-analytics.{SALES}.svc.cluster.local", 4000),
    ]


def test_a_domain_without_products_has_an_empty_workspace(tmp_path: Path) -> None:
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    write_files(parts().workloads[0].pod, tmp_path)
    assert WorkspaceFileTarget(paths=[str(tmp_path / "dagster-workspace/workspace.yaml")]).create_origins() == []


def run_job(product_: Product) -> dict[str, Any]:
    """Return the Job that the launcher would create for a run of the product, as the API server sees it."""
    import kubernetes
    from dagster_k8s.container_context import K8sContainerContext
    from dagster_k8s.job import DagsterK8sJobConfig, construct_dagster_k8s_job

    declared = K8sContainerContext.create_from_config(told_of_runs(product_))
    job = construct_dagster_k8s_job(
        job_config=DagsterK8sJobConfig(
            dagster_home="/opt/dagster/dagster_home", instance_config_map="dagster-instance"
        ),
        args=["dagster", "api", "execute_run"],
        job_name="dagster-run-1",
        user_defined_k8s_config=declared.run_k8s_config,
        component="run_worker",
        labels={"dagster/job": "customer_360"},
    )
    return dict(kubernetes.client.ApiClient().sanitize_for_serialization(job))


def test_the_pod_of_a_run_matches_its_declaration() -> None:
    declared = context(product())
    launched = build(declared).launched[0]
    expected = pod_template(declared.instance, launched.name, launched.pod, Placement())
    template = run_job(product())["spec"]["template"]
    assert expected["metadata"]["labels"].items() <= template["metadata"]["labels"].items()
    (container,) = template["spec"].pop("containers")
    (expected_container,) = expected["spec"].pop("containers")
    assert container.pop("args") == ["dagster", "api", "execute_run"]
    home = {"name": "DAGSTER_HOME", "value": "/opt/dagster/dagster_home"}
    assert container.pop("env") == [home, *expected_container.pop("env")]
    assert container == {**expected_container, "envFrom": []}
    assert {**expected["spec"], "restartPolicy": "Never"}.items() <= template["spec"].items()


def test_a_run_has_the_placement_of_its_product() -> None:
    placement = {
        "node_selector": {"gpu": "yes"},
        "tolerations": [{"key": "gpu", "effect": "NoExecute", "seconds": 60}],
        "required_nodes": [{"key": "cores", "operator": "Gt", "values": ["8"]}],
        "preferred_nodes": [{"nodes": [{"key": "zone", "values": ["a"]}]}],
        "priority_class": "low",
        "runtime_class": "nvidia",
        "near": [{"labels": {"app": "cache"}}],
        "apart_from": [{"labels": {"team": "sales"}, "weight": 10}],
        "labels": {"team": "sales"},
        "annotations": {"karpenter.sh/do-not-disrupt": "true"},
    }
    expected = JobPlacement.model_validate(placement)
    template = run_job(product(placement=placement))["spec"]["template"]
    assert placed(expected).items() <= template["spec"].items()
    assert template["metadata"]["labels"]["team"] == "sales"
    assert template["metadata"]["annotations"] == {"karpenter.sh/do-not-disrupt": "true"}


def test_a_run_has_the_volumes_and_the_disk_of_its_steps() -> None:
    volumes = [
        {"path": "/data/reference", "claim": "reference"},
        {"path": "/etc/tables", "config_map": "tables"},
        {"path": "/etc/keys", "secret": "shop", "keys": ["token"]},
    ]
    spec = run_job(product(steps=[{**SHELL_STEPS[0], "volumes": volumes, "scratch": "20Gi"}]))["spec"]["template"][
        "spec"
    ]
    (container,) = spec["containers"]
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    sources = {volume.pop("name"): volume for volume in spec["volumes"]}
    claim = {"persistentVolumeClaim": {"claimName": "reference", "readOnly": True}}
    assert sources[mounted["/data/reference"]] == claim
    assert sources[mounted["/etc/tables"]]["configMap"]["name"] == "tables"
    assert "projected" in sources[mounted["/etc/keys"]]
    assert sources[mounted["/tmp"]] == {"emptyDir": {"sizeLimit": "20Gi"}}
    assert container["resources"]["requests"]["ephemeral-storage"] == "20Gi"


def test_a_run_ends_in_time_and_is_kept_for_a_week() -> None:
    spec = run_job(product(timeout="30m"))["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["ttlSecondsAfterFinished"] == 7 * 24 * 3600
    assert 30 * 60 < spec["activeDeadlineSeconds"] <= 45 * 60 + 60


def test_the_code_location_serves_the_job_and_the_pod_settings_of_its_runs(tmp_path: Path) -> None:
    from dagster._serdes import deserialize_value

    with code_server(product(), tmp_path) as client:
        listed = deserialize_value(client.list_repositories())
        server = client.get_server_id()
    assert [symbol.attribute for symbol in listed.repository_symbols] == ["definitions"]
    assert listed.container_context == told_of_runs(product())
    assert server == TEMPLATE_HASH


def test_broken_definitions_stop_the_code_location(tmp_path: Path) -> None:
    write_files(Pod((code_container(product()),), IDENTITY), tmp_path)
    (tmp_path / "etc/floe/product.json").write_text("{}")
    command = [PROGRAM, "api", "grpc", "-p", "4000", "-f", str(tmp_path / "etc/floe/definitions.py")]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 1
