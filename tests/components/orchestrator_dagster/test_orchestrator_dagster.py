"""Dagster, from declared products to facts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from dagster_program import told_of_runs
from floe_compiler.components.orchestrator_dagster import COMPONENT, build, databases
from floe_compiler.components.orchestrator_dagster.runs import describe, largest
from floe_compiler.components.orchestrator_dagster.settings import DaemonSettings
from floe_compiler.model.facts import Container, Parts, Resources, Workload, named_pods
from floe_compiler.model.inputs import JobPlacement, Placements
from floe_compiler.model.plan import Context, Product
from products import DATABASE, EVERYTHING, SALES, product
from support import DEVELOPMENT, PRODUCTION, as_text, changed, context_of, starts_after, unit_of

SCALES = ["light", "medium", "heavy"]


def context(*products: Product, scale: str = "heavy", **config: Any) -> Context[Any]:
    settings = changed(PRODUCTION, environment={"scale": scale})
    return context_of(COMPONENT, config, settings=settings, capabilities=EVERYTHING, scope="sales", products=products)


def parts(scale: str = "heavy", **config: Any) -> Parts:
    return build(context(product(), scale=scale, **config))


def server(name: str, scale: str = "heavy", **config: Any) -> Workload:
    return next(workload for workload in parts(scale, **config).workloads if workload.name == name)


def container(name: str, scale: str = "heavy", **config: Any) -> Container:
    return server(name, scale, **config).pod.containers[0]


def amounts(resources: Resources) -> tuple[str, str, str, str]:
    return (resources.cpu, resources.memory, resources.cpu_limit, resources.memory_limit)


def config_file(container_: Container, name: str) -> str:
    return next(file.text for file in container_.config if file.path.endswith(name))


def variable(container_: Container, name: str) -> str:
    return next(variable.value for variable in container_.variables if variable.name == name)


@pytest.mark.parametrize(("scale", "replicas"), list(zip(SCALES, [1, 2, 3], strict=True)))
def test_the_webserver_grows_with_the_environment(scale: str, replicas: int) -> None:
    webserver = server("dagster-webserver", scale)
    assert webserver.replicas == replicas
    assert webserver.available == 1
    assert amounts(webserver.pod.containers[0].resources) == ("500m", "1Gi", "2", "4Gi")


def test_the_webserver_is_probed_at_a_path_that_exists_on_its_unprivileged_port() -> None:
    webserver = container("dagster-webserver")
    (port,) = webserver.ports
    assert (port.name, port.number) == ("http", 3000)
    for probe in (webserver.startup, webserver.liveness, webserver.readiness):
        assert probe is not None
        assert (probe.path, probe.port) == ("/server_info", "http")
    (interface,) = server("dagster-webserver").interfaces
    assert (interface.port, interface.authenticates) == ("http", False), "Dagster asks nobody to log in"


def test_there_is_one_daemon_and_never_two() -> None:
    daemon = server("dagster-daemon")
    assert (daemon.replicas, daemon.recreate) == (1, True)
    assert "two of them" in daemon.single
    assert amounts(daemon.pod.containers[0].resources)[:2] == ("250m", "512Mi")


def test_the_daemon_is_restarted_when_it_hangs() -> None:
    daemon = container("dagster-daemon")
    assert daemon.liveness is not None
    assert daemon.liveness.command == ("dagster-daemon", "liveness-check")
    assert (daemon.liveness.period, daemon.liveness.failures, daemon.liveness.timeout) == (30, 2, 15)
    # Dagster's own half an hour would make the health check worthless.
    assert variable(daemon, "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE") == "60"


def test_the_times_of_the_daemon_can_be_set() -> None:
    daemon = container("dagster-daemon", daemon={"restart_timeout": "2m", "health_check_interval": "40s"})
    assert daemon.liveness is not None
    assert (daemon.liveness.period, daemon.liveness.failures) == (40, 3)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"restart_timeout": "20s", "health_check_interval": "30s"}, "restart_timeout is shorter"),
        ({"health_check_interval": "10s"}, "must be 15s or longer"),
    ],
)
def test_times_that_cannot_work_are_refused(times: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DaemonSettings.model_validate(times)


@pytest.mark.parametrize(("scale", "replicas"), list(zip(SCALES, [1, 2, 3], strict=True)))
def test_each_product_has_a_code_location(scale: str, replicas: int) -> None:
    code = server("code-customer-360", scale)
    assert code.replicas == replicas
    assert code.pod.containers[0].image == "acme/customer-360:1.4.2"
    # It opens the database to evaluate a schedule.
    assert code.pod.calls == (DATABASE.endpoint,)
    assert "DAGSTER_PG_PASSWORD" in [env.name for env in code.pod.containers[0].variables if env.secret]


@pytest.mark.parametrize("scale", SCALES)
def test_a_code_location_requests_the_resources_that_it_needs(scale: str) -> None:
    """It serves definitions; the runs do the work for which the documents give workers 1 CPU and 2Gi."""
    code = container("code-customer-360", scale)
    assert amounts(code.resources)[:2] == ("100m", "256Mi")
    assert code.readiness is not None
    assert code.readiness.grpc
    assert code.ports[0].number == 4000


def test_replicas_have_one_identity_that_changes_with_what_they_serve() -> None:
    """The identity is that of the pod template, which has the templates of runs and the hash of the definitions."""
    code = container("code-customer-360")
    identity = next(env for env in code.variables if env.name == "FLOE_SERVER_ID")
    assert identity.field == "metadata.labels['pod-template-hash']"
    arguments = code.arguments
    assert arguments[arguments.index("--fixed-server-id") + 1] == "$(FLOE_SERVER_ID)"


def test_dagster_waits_for_its_database_and_reaches_every_code_location() -> None:
    declared = build(context(product(), product("order-analytics")))
    webserver = declared.workloads[0]
    assert webserver.pod.waits_for == (DATABASE.endpoint,)
    assert [call.host.split(".")[0] for call in webserver.pod.calls] == [
        "dagster-postgresql",
        "code-customer-360",
        "code-order-analytics",
    ]


def test_only_webserver_and_daemon_may_launch_runs() -> None:
    declared = parts()
    pods = dict(named_pods(declared))
    allowed = [name for name, pod in pods.items() if pod.kubernetes_api]
    assert allowed == ["dagster-webserver", "dagster-daemon"]
    assert {pods[name].account for name in allowed} == {"dagster"}
    verbs = {verb for name in allowed for rule in pods[name].kubernetes_api for verb in rule.verbs}
    assert verbs == {"create", "delete", "get", "list"}


def test_the_database_is_migrated_before_anything_uses_it() -> None:
    declared = parts()
    (migration,) = declared.tasks
    assert migration.pod.containers[0].command == ("dagster", "instance", "migrate")
    processes = {"dagster-webserver", "dagster-daemon"}
    order = starts_after(declared, "floe-sales-domain")
    assert {(process, migration.name) for process in processes} <= order
    assert {second for first, second in order if first == "code-customer-360"} == processes, "not the other way round"
    assert migration.retries == 3


def test_a_new_product_or_a_longer_queue_does_not_migrate_the_database_again() -> None:
    assert build(context(product())).tasks == build(context(product(), product("order-analytics"))).tasks
    assert build(context(product())).tasks == build(context(product(), runs={"at_once": 20})).tasks


def test_the_migration_has_no_launcher_as_that_would_need_a_token() -> None:
    (migration,) = parts().tasks
    assert not migration.pod.kubernetes_api
    declared = yaml.load(config_file(migration.pod.containers[0], "dagster.yaml"), yaml.CSafeLoader)
    assert set(declared) == {"storage", "telemetry"}
    assert declared["storage"] == instance()["storage"]


def test_dagster_has_its_own_database() -> None:
    (need,) = databases(context().instance)
    assert (need.database, need.user) == ("dagster", "dagster")
    assert need.choice.type == "postgresql"


def test_an_external_database_keeps_its_host_and_name() -> None:
    external = replace(
        DATABASE, endpoint=replace(DATABASE.endpoint, host="db.acme.example", group=None), database="orchestration"
    )
    capabilities = (*(capability for capability in EVERYTHING if capability != DATABASE), external)
    declared = build(
        context_of(COMPONENT, settings=PRODUCTION, capabilities=capabilities, scope="sales", products=[product()])
    )
    text = config_file(declared.workloads[0].pod.containers[0], "dagster.yaml")
    assert yaml.load(text, yaml.CSafeLoader)["storage"]["postgres"]["postgres_db"]["hostname"] == "db.acme.example"
    assert yaml.load(text, yaml.CSafeLoader)["storage"]["postgres"]["postgres_db"]["db_name"] == "orchestration"
    # Reference charts still pointed to the server inside the cluster.
    assert "dagster-postgresql" not in text


def test_the_secret_of_an_external_database_may_hold_the_user_and_the_connection_may_use_tls() -> None:
    key = DATABASE.password.secret.key("username")
    external = replace(DATABASE, user="", user_key=key, ssl_mode="require")
    capabilities = (*(capability for capability in EVERYTHING if capability != DATABASE), external)
    declared = build(
        context_of(COMPONENT, settings=PRODUCTION, capabilities=capabilities, scope="sales", products=[product()])
    )
    pods = [pod for _, pod in named_pods(declared)]
    for container_ in (pod.containers[0] for pod in pods):
        (user,) = (env for env in container_.variables if env.name == "DAGSTER_PG_USERNAME")
        assert user.secret == key
        assert user.reason
    text = config_file(declared.workloads[0].pod.containers[0], "dagster.yaml")
    connection = yaml.load(text, yaml.CSafeLoader)["storage"]["postgres"]["postgres_db"]
    assert connection["username"] == {"env": "DAGSTER_PG_USERNAME"}
    assert connection["params"] == {"sslmode": "require"}


def instance(scale: str = "heavy", **config: Any) -> dict[str, Any]:
    return dict(
        yaml.load(config_file(container("dagster-webserver", scale, **config), "dagster.yaml"), yaml.CSafeLoader)
    )


@pytest.mark.parametrize(("scale", "runs"), list(zip(SCALES, [2, 5, 10], strict=True)))
def test_the_queue_grows_with_the_environment_and_has_a_limit_for_each_product(scale: str, runs: int) -> None:
    limits = instance(scale)["concurrency"]["runs"]
    assert limits["max_concurrent_runs"] == runs
    (part,) = limits["tag_concurrency_limits"]
    assert (part["key"], part["value"], part["limit"]) == (
        "floe.dev/product",
        {"applyLimitPerUniqueValue": True},
        1,
    )


def test_the_instance_has_no_password_and_writes_no_files() -> None:
    declared = instance()
    connection = declared["storage"]["postgres"]["postgres_db"]
    assert connection["password"] == {"env": "DAGSTER_PG_PASSWORD"}
    assert connection["scheme"] == "postgresql+psycopg2"
    assert declared["telemetry"] == {"enabled": False}
    assert declared["compute_logs"]["class"] == "NoOpComputeLogManager"


def test_the_launcher_reads_only_keys_that_exist() -> None:
    assert "postgres_password_secret" not in instance()["run_launcher"]["config"]
    password = next(env for env in container("dagster-daemon").variables if env.name == "DAGSTER_PG_PASSWORD")
    assert password.secret is not None
    assert (password.secret.secret.name, password.secret.key) == ("dagster-postgresql", "password")
    assert password.reason


def test_run_monitoring_and_retries_are_on() -> None:
    assert instance()["run_monitoring"]["enabled"] is True
    assert instance()["run_retries"]["enabled"] is True


def test_runs_are_their_own_pods_without_a_token() -> None:
    (runs,) = parts(runs={"at_once": 10, "per_product": 3}).launched
    assert (runs.name, runs.count) == ("run-customer-360", 3)
    assert not runs.pod.kubernetes_api
    assert not runs.pod.waits_for
    # Its arguments come from Dagster: whatever the image's entrypoint is, it must not get them.
    assert runs.pod.containers[0].command == ("env",)
    assert DATABASE.endpoint in runs.pod.calls


def test_two_steps_may_use_one_name_for_two_secrets() -> None:
    (runs,) = parts().launched
    secrets = {env.name: env.secret.secret.name for env in runs.pod.containers[0].variables if env.secret}
    assert secrets["FLOE_STEP_1_API_KEY"] == "shop-api"
    assert secrets["FLOE_STEP_3_API_KEY"] == "soda-cloud"
    described = describe(context(product()), product())
    assert [step["secrets"] for step in described["steps"]] == [
        {"API_KEY": "FLOE_STEP_1_API_KEY"},
        {},
        {"API_KEY": "FLOE_STEP_3_API_KEY"},
    ]


def test_a_run_gets_as_much_as_its_largest_step() -> None:
    small, large = Resources("500m", "4Gi", "1", "4Gi"), Resources("2", "1Gi", "2", "1500Mi")
    assert largest([small, large]) == Resources("2", "4Gi", "2", "4Gi")


def test_a_run_gets_the_devices_of_its_steps() -> None:
    steps = [
        {"name": "load", "type": "dbt", "devices": {"nvidia.com/gpu": 1, "acme.example/tpu": 2}},
        {"name": "train", "type": "dbt", "devices": {"nvidia.com/gpu": 2}},
        {"name": "report", "type": "dbt"},
    ]
    resources = run_config(context(product(steps=steps)))["run_k8s_config"]["container_config"]["resources"]
    for amounts in (resources["requests"], resources["limits"]):
        assert (amounts["nvidia.com/gpu"], amounts["acme.example/tpu"]) == ("2", "2")
    (code,) = [
        workload for workload in build(context(product(steps=steps))).workloads if workload.name == "code-customer-360"
    ]
    assert code.pod.containers[0].resources.devices == ()


def test_names_that_dagster_reserves_end_with_an_underscore() -> None:
    """Without it, a code location with a step `import` would not start (seen with dagster 1.13)."""
    steps = [{"name": name, "type": "dbt"} for name in ("import", "import-orders", "input-arg-dict")]
    named = product("config", steps=steps)
    described = describe(context(named), named)
    assert described["job"] == "config_"
    assert [step["name"] for step in described["steps"]] == ["import_", "import-orders", "input_arg_dict_"]


def run_config(context_: Context[Any]) -> dict[str, Any]:
    code = next(server for server in build(context_).workloads if server.name.startswith("code-"))
    text = variable(code.pod.containers[0], "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT")
    return dict(json.loads(text.replace("$$", "$"))["k8s"])


def test_a_code_location_says_what_the_pods_of_its_runs_are() -> None:
    config_ = run_config(context(product(timeout="30m")))
    config = config_["run_k8s_config"]
    assert config_["namespace"] == SALES
    assert config["pod_template_spec_metadata"]["labels"]["app.kubernetes.io/component"] == "run-customer-360"
    assert config["pod_spec_config"]["serviceAccountName"] == "run-customer-360"
    assert config["pod_spec_config"]["automountServiceAccountToken"] is False
    assert config["container_config"]["image"] == "ghcr.io/acme/customer-360:1.4.2"
    assert config["container_config"]["securityContext"]["readOnlyRootFilesystem"] is True
    assert config["job_spec_config"]["activeDeadlineSeconds"] > 1800


def test_kubernetes_expands_no_variable_in_the_configuration_of_runs() -> None:
    code = container("code-customer-360")
    text = variable(code, "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT")
    assert "$$(POLARIS_CLIENT_ID):$$(POLARIS_CLIENT_SECRET)" in text
    assert "the-password" not in text


def test_runs_go_to_the_nodes_for_jobs() -> None:
    context_ = context(product())
    placed = replace(context_.instance, placement=Placements(jobs=JobPlacement(node_selector={"pool": "batch"})))
    assert run_config(replace(context_, instance=placed))["run_k8s_config"]["pod_spec_config"]["nodeSelector"] == {
        "pool": "batch"
    }


def test_a_product_says_what_nodes_its_runs_need() -> None:
    placement = {
        "node_selector": {"gpu": "yes"},
        "required_nodes": [{"key": "zone", "values": ["a"]}],
        "priority_class": "low",
        "runtime_class": "nvidia",
    }
    spec = run_config(context(product(placement=placement)))["run_k8s_config"]["pod_spec_config"]
    assert (spec["priorityClassName"], spec["runtimeClassName"]) == ("low", "nvidia")
    assert spec["nodeSelector"] == {"gpu": "yes"}
    assert "requiredDuringSchedulingIgnoredDuringExecution" in spec["affinity"]["nodeAffinity"]
    code = next(
        workload
        for workload in build(context(product(placement=placement))).workloads
        if workload.name == "code-customer-360"
    )
    assert code.pod.placement is None, "only the runs need such nodes"


def test_a_domain_without_products_gets_dagster_too() -> None:
    declared = build(context())
    assert [workload.name for workload in declared.workloads] == ["dagster-webserver", "dagster-daemon"]
    assert yaml.load(config_file(declared.workloads[0].pod.containers[0], "workspace.yaml"), yaml.CSafeLoader) == {
        "load_from": []
    }


@pytest.mark.parametrize("scale", SCALES)
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    settings = changed(DEVELOPMENT if scale == "light" else PRODUCTION, environment={"scale": scale})
    context_ = context_of(COMPONENT, settings=settings, capabilities=EVERYTHING, scope="sales", products=[product()])
    assert as_text(unit_of(COMPONENT, context_).objects) == snapshot


def test_the_steps_of_a_run_share_what_any_of_them_mounts_and_the_largest_disk() -> None:
    steps = [
        {"name": "a", "type": "custom", "command": ["x"], "scratch": "9Gi",
         "volumes": [{"path": "/data/x", "claim": "x"}]},
        {"name": "b", "type": "custom", "command": ["x"], "scratch": "20Gi",
         "volumes": [{"path": "/data/x", "claim": "x", "writable": True}, {"path": "/etc/y", "config_map": "y"}]},
    ]  # fmt: skip
    placement = {"labels": {"team": "x"}, "annotations": {"karpenter.sh/do-not-disrupt": "true"}}
    product_ = product(steps=steps, placement=placement)
    (runs,) = build(context(product_)).launched
    (container,) = runs.pod.containers
    assert [(mount.path, mount.name, mount.writable) for mount in container.mounts] == [
        ("/data/x", "x", True),
        ("/etc/y", "y", False),
    ]
    assert (container.resources.disk, container.scratch[0].size) == ("20Gi", "20Gi")
    metadata = told_of_runs(product_)["k8s"]["run_k8s_config"]["pod_template_spec_metadata"]
    assert metadata["annotations"] == {"karpenter.sh/do-not-disrupt": "true"}
    assert metadata["labels"]["team"] == "x"


TRIGGER = {"inputs": "any", "delay": "2m", "at_most_every": "1h"}


def test_a_product_that_waits_for_its_inputs_has_a_sensor_and_the_login_of_the_catalog() -> None:
    product_ = product(schedule=None, trigger=TRIGGER)
    declared = build(context(product_))
    location = next(server for server in declared.workloads if server.name == "code-customer-360")
    (container,) = location.pod.containers
    trigger = json.loads(config_file(container, "product.json"))["trigger"]
    assert trigger["tables"] == ["marketing__campaign_perf.clicks"]
    assert (trigger["inputs"], trigger["delay"], trigger["at_most_every"]) == ("any", 120, 3600)
    assert trigger["at_least_every"] is None
    assert trigger["catalog"]["login"]["scope"] == "PRINCIPAL_ROLE:ALL"
    files = {file.path: (file.secret.secret.name, file.secret.key) for file in container.secret_files}
    secret = "polaris-client-sales-customer-360"
    login = trigger["catalog"]["login"]
    assert files == {login["client_id"]: (secret, "client-id"), login["client_secret"]: (secret, "client-secret")}
    assert "polaris.floe-platform.svc.cluster.local" in {call.host for call in location.pod.calls}
    (runs,) = declared.launched
    assert {file.path for file in container.config} <= {file.path for file in runs.pod.containers[0].config}
    assert not runs.pod.containers[0].secret_files


def test_a_product_without_a_data_trigger_does_not_poll_the_catalog() -> None:
    for product_ in (product(), product(schedule=None, trigger={**TRIGGER, "enabled": False})):
        location = next(server for server in build(context(product_)).workloads if server.name == "code-customer-360")
        (container,) = location.pod.containers
        assert "trigger" not in json.loads(config_file(container, "product.json"))
        assert not container.secret_files
        assert [call.host for call in location.pod.calls] == [DATABASE.endpoint.host]


def test_the_daemon_does_not_wait_for_sensors() -> None:
    def threads(product_: Product) -> Any:
        daemon = next(server for server in build(context(product_)).workloads if server.name == "dagster-daemon")
        return yaml.safe_load(config_file(daemon.pod.containers[0], "dagster.yaml")).get("sensors")

    assert threads(product()) is None
    assert threads(product(schedule=None, trigger=TRIGGER)) == {"use_threads": True, "num_workers": 4}
