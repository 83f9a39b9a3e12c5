"""Airflow, from declared products to facts."""

from __future__ import annotations

import configparser
import json
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.orchestrator_airflow import COMPONENT, build, databases
from floe_compiler.components.orchestrator_airflow.refusals import refuses
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Capability, Monitoring, ObjectStore
from floe_compiler.model.data_access import KeptFiles, StoreClient, StoreFolder
from floe_compiler.model.facts import Container, Launched, Parts, Pod, Workload, containers_of, named_pods, pod_secrets
from floe_compiler.model.inputs import JobPlacement, Placements
from floe_compiler.model.operations import Scaling
from floe_compiler.model.plan import Context, Product
from floe_compiler.model.secrets import Secret, SecretKey
from products import CATALOG, COMPUTE, DATABASE, EVERYTHING, LINEAGE, SALES, STORE, product
from support import DEVELOPMENT, PRODUCTION, as_text, changed, context_of, starts_after, unit_of

SCALES = ["light", "medium", "heavy"]
API, SCHEDULER, PROCESSOR, TRIGGERER = (
    "airflow-api-server",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
)
PROCESSES = (API, SCHEDULER, PROCESSOR, TRIGGERER)
MONITORED = (*EVERYTHING, Monitoring("prometheus"))


def context(
    *products: Product, scale: str = "heavy", capabilities: tuple[Capability, ...] = MONITORED, **config: Any
) -> Context[Any]:
    settings = changed(PRODUCTION, environment={"scale": scale})
    return context_of(COMPONENT, config, settings=settings, capabilities=capabilities, scope="sales", products=products)


def parts(scale: str = "heavy", **config: Any) -> Parts:
    return build(context(product(), scale=scale, **config))


def server(name: str, scale: str = "heavy", **config: Any) -> Workload:
    return next(workload for workload in parts(scale, **config).workloads if workload.name == name)


def container(name: str, scale: str = "heavy", **config: Any) -> Container:
    return server(name, scale, **config).pod.containers[0]


def step(name: str, **config: Any) -> Launched:
    return next(run for run in parts(**config).launched if run.name.endswith(f"-{name}"))


def options(container_: Container) -> configparser.ConfigParser:
    """Return `airflow.cfg` of a container, as Airflow reads it."""
    parsed = configparser.ConfigParser()
    parsed.read_string(next(file.text for file in container_.config if file.path == "/opt/airflow/airflow.cfg"))
    return parsed


def secrets(pod: Pod) -> dict[str, set[str]]:
    files = (file.secret for container_ in containers_of(pod) for file in container_.secret_files)
    variables = (
        variable.secret for container_ in containers_of(pod) for variable in container_.variables if variable.secret
    )
    keys: dict[str, set[str]] = {}
    for reference in (*files, *variables):
        keys.setdefault(reference.secret.name, set()).add(reference.key)
    return keys


def called(pod: Pod) -> set[str]:
    return {call.host.split(".")[0] for call in pod.servers()}


@pytest.mark.parametrize(("scale", "replicas"), list(zip(SCALES, [1, 2, 3], strict=True)))
def test_the_api_server_grows_with_the_environment(scale: str, replicas: int) -> None:
    assert server(API, scale).replicas == replicas
    assert server(API, scale).available == 1


def test_the_api_server_can_be_autoscaled() -> None:
    assert server(API, api_server={"replicas": {"minimum": 2, "maximum": 4}}).replicas == Scaling(2, 4, 80)


def test_users_log_in_at_the_api_server() -> None:
    declared = [interface for workload in parts().workloads for interface in workload.interfaces]
    assert [(interface.name, interface.port, interface.authenticates) for interface in declared] == [
        ("airflow", "http", True)
    ]
    (port,) = container(API).ports
    assert (port.number, port.health) == (8080, "/api/v2/monitor/health")


LOGIN = {
    "type": "oidc",
    "issuer": "https://login.acme.example/realms/acme",
    "admins": ["platform-team"],
    "editors": ["marketing", "data"],
    "servers": [{"host": "keys.acme.example", "cidr": "203.0.113.0/24"}],
}


def test_only_the_api_server_logs_people_in_at_a_provider() -> None:
    for name in PROCESSES:
        process = server(name, login=LOGIN)
        known = {file.path for file in process.pod.containers[0].config}
        is_api = name == API
        assert ("/etc/airflow-login/webserver_login.py" in known) is is_api
        assert ("airflow-oidc" in secrets(process.pod)) is is_api
        assert {"login", "keys"} <= called(process.pod) if is_api else not {"login", "keys"} & called(process.pod)
        variables = {variable.name: variable.value for variable in process.pod.containers[0].variables}
        assert variables.get("AIRFLOW__FAB__CONFIG_FILE") == (
            "/etc/airflow-login/webserver_login.py" if is_api else None
        )
        assert variables.get("AIRFLOW__FAB__SESSION_MAX_LIFETIME_MINUTES") == ("720" if is_api else None)
    assert "airflow-oidc" not in secrets(server(API).pod)


def test_the_login_is_rendered() -> None:
    objects = unit_of(COMPONENT, context(product(), login=LOGIN)).objects
    named = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in objects}
    assert set(named["ConfigMap", "airflow-login"]["data"]) == {"login.json", "webserver_login.py"}
    (api,) = named["Deployment", API]["spec"]["template"]["spec"]["containers"]
    assert "/etc/airflow-login" in {mount["mountPath"] for mount in api["volumeMounts"]}
    assert named["ExternalSecret", "airflow-oidc"]


@pytest.mark.parametrize(("viewers", "everyone"), [(None, "Viewer"), (["staff"], ""), ([], "")])
def test_groups_have_roles_and_the_first_match_counts(viewers: list[str] | None, everyone: str) -> None:
    api = container(API, login={**LOGIN, **({} if viewers is None else {"viewers": viewers})})
    (text,) = (file.text for file in api.config if file.path == "/etc/airflow-login/login.json")
    login = json.loads(text)
    granted = [["platform-team", "Admin"], ["data", "User"], ["marketing", "User"]]
    assert login["roles"] == [*granted, *([group, "Viewer"] for group in viewers or ())]
    assert login["everyone"] == everyone
    assert login["issuer"] == LOGIN["issuer"]


def test_the_clients_secret_is_never_generated() -> None:
    files = (file.secret.secret for file in container(API, login=LOGIN).secret_files)
    (client,) = {secret for secret in files if secret.name == "airflow-oidc"}
    assert [(key.name, key.generated, key.literal) for key in client.keys] == [
        ("client-id", 0, ""),
        ("client-secret", 0, ""),
    ]


def test_a_failing_database_restarts_no_api_server() -> None:
    """The health check that includes the database is for people and the ingress controller."""
    for probe in (container(API).startup, container(API).liveness, container(API).readiness):
        assert probe is not None
        assert probe.path == "/api/v2/version"


def test_airflow_has_its_own_database() -> None:
    (need,) = databases(context().instance)
    assert (need.database, need.user, need.choice.type) == ("airflow", "airflow", "postgresql")


def test_the_database_is_migrated_before_anything_uses_it() -> None:
    declared = parts()
    (migration,) = declared.tasks
    (migrate,), (create,) = migration.pod.setup, migration.pod.containers
    assert migrate.command == ("airflow", "db", "migrate")
    assert create.command == ("python", "/etc/floe/create_administrator.py")
    order = starts_after(declared, SALES)
    assert {(process, "airflow-migrate") for process in PROCESSES} <= order


def test_a_new_product_or_a_longer_queue_does_not_migrate_the_database_again() -> None:
    assert build(context(product())).tasks == build(context(product(), product("order-analytics"))).tasks
    assert build(context(product())).tasks == build(context(product(), runs={"at_once": 20})).tasks


def test_each_process_has_only_the_keys_that_it_needs() -> None:
    declared = parts()
    pods = dict(named_pods(declared))
    database, signing = {"password"}, {"api-secret-key", "fernet-key", "jwt-secret"}
    assert secrets(pods[SCHEDULER]) == {"dagster-postgresql": database, "airflow-keys": signing}
    assert secrets(pods[API]) == {
        "dagster-postgresql": database,
        "airflow-keys": signing,
        "minio-warehouse": {"access-key", "secret-key"},
    }
    for name in (PROCESSOR, TRIGGERER):
        assert secrets(pods[name]) == {"dagster-postgresql": database, "airflow-keys": {"fernet-key"}}
    for launched in declared.launched:
        assert not {"airflow-keys", "dagster-postgresql", "airflow-administrator"} & set(secrets(launched.pod))
    assert set(secrets(pods["airflow-migrate"])) == {"dagster-postgresql", "airflow-keys", "airflow-administrator"}


def test_airflow_reads_its_keys_from_files() -> None:
    """Every process that Airflow starts would inherit variables."""
    for name in PROCESSES:
        assert not [
            variable for variable in container(name).variables if variable.secret and "AWS" not in variable.name
        ]
    config = options(container(SCHEDULER))
    assert config["core"]["fernet_key_cmd"] == 'sh -c "cat /run/secrets/airflow/fernet-key && echo ="'
    assert config["api_auth"]["jwt_secret_cmd"] == "cat /run/secrets/airflow/jwt-secret"
    assert config["database"]["sql_alchemy_conn_cmd"] == "python /etc/floe/database_url.py"


def test_tokens_of_one_domain_are_refused_in_another() -> None:
    config = options(container(API))["api_auth"]
    assert (config["jwt_issuer"], config["jwt_audience"]) == (SALES, SALES)


def test_only_the_scheduler_may_create_pods() -> None:
    pods = dict(named_pods(parts()))
    may = {
        name: {(resource, verb) for rule in pod.kubernetes_api for resource in rule.resources for verb in rule.verbs}
        for name, pod in pods.items()
        if pod.kubernetes_api
    }
    verbs = ("create", "delete", "get", "list", "patch", "watch")
    assert may == {
        SCHEDULER: {("pods", verb) for verb in verbs},
        API: {("pods", "list"), ("pods/log", "get")},
    }
    assert {pods[name].account for name in may} == {""}, "each has its own account"


def test_the_secret_of_an_external_database_may_hold_the_user_and_the_connection_may_use_tls() -> None:
    key = DATABASE.password.secret.key("username")
    external = replace(DATABASE, user="", user_key=key, ssl_mode="require")
    capabilities = (*(capability for capability in EVERYTHING if capability != DATABASE), external)
    declared = build(context(product(), capabilities=capabilities))
    pods = [*(workload.pod for workload in declared.workloads), *(task.pod for task in declared.tasks)]
    for pod in pods:
        for container_ in containers_of(pod):
            assert "/run/secrets/airflow/database-username" in [file.path for file in container_.secret_files]
            variables = {variable.name: variable.value for variable in container_.variables}
            assert variables["PGSSLMODE"] == "require"
            assert "DATABASE_USER" not in variables


@pytest.mark.parametrize(("scale", "steps", "schedulers"), list(zip(SCALES, [2, 6, 10], [1, 2, 2], strict=True)))
def test_the_limit_of_parallel_steps_is_divided_among_the_schedulers(scale: str, steps: int, schedulers: int) -> None:
    assert server(SCHEDULER, scale).replicas == schedulers
    assert int(options(container(SCHEDULER, scale))["core"]["parallelism"]) * schedulers == steps
    assert {run.at_once for run in parts(scale).launched} == {steps}


def test_fewer_parallel_steps_than_schedulers_are_refused() -> None:
    (refusal,) = refuses(context(scheduler={"replicas": 2}, runs={"at_once": 1}))
    assert refusal.message == "runs 2 schedulers, which share 1 step at once: one has none"
    assert refusal.path == ("runs", "at_once")
    assert not list(refuses(context(scheduler={"replicas": 2}, runs={"at_once": 2})))


def test_steps_are_not_repeated_and_dags_are_not_paused() -> None:
    config = options(container(SCHEDULER))
    assert config["core"]["dags_are_paused_at_creation"] == "False"
    assert config["kubernetes_executor"]["delete_worker_pods_on_failure"] == "True"
    assert config["kubernetes_executor"]["task_publish_max_retries"] == "-1"
    assert "worker_container_repository" not in config["kubernetes_executor"], "the image is that of the product"


def test_each_step_is_its_own_pod_without_a_token() -> None:
    launched = parts(runs={"at_once": 10, "per_product": 3}).launched
    assert [run.name for run in launched] == [
        "run-customer--360-load-orders",
        "run-customer--360-transform",
        "run-customer--360-verify",
    ]
    for run in launched:
        (base,) = run.pod.containers
        assert (run.count, run.instead) == (3, "customer-360")
        assert not run.pod.kubernetes_api
        assert not run.pod.setup
        # Its arguments come from Airflow: whatever the image's entrypoint is, it must not get them.
        assert (base.name, base.command, base.image) == ("base", ("env",), "acme/customer-360:1.4.2")
        assert {API, "airflow-statsd"} <= called(run.pod)


def test_a_step_reaches_only_its_own_connections() -> None:
    assert "api" in called(step("load-orders").pod)
    assert "api" not in called(step("transform").pod)


def test_each_step_has_its_own_secrets() -> None:
    assert secrets(step("load-orders").pod)["shop-api"] == {"token"}
    assert "soda-cloud" not in secrets(step("load-orders").pod)
    assert secrets(step("verify").pod)["soda-cloud"] == {"token"}
    assert "shop-api" not in secrets(step("transform").pod)


def described(context_: Context[Any]) -> dict[str, Any]:
    processor = next(server for server in build(context_).workloads if server.name == PROCESSOR).pod.containers[0]
    (text,) = (file.text for file in processor.config if file.path.endswith("/product.json"))
    return dict(json.loads(text))


def test_a_product_is_a_dag_with_its_steps_in_order() -> None:
    dag = described(context(product(timeout="30m", retries=2)))
    assert (dag["dag"], dag["seconds"], dag["retries"]) == ("customer-360", 1800, 2)
    assert dag["schedule"] == {"cron": "0 5 * * *", "time_zone": "Europe/Berlin", "enabled": True}
    assert [step_["name"] for step_ in dag["steps"]] == ["load-orders", "transform", "verify"]
    assert dag["steps"][0]["command"] == ["python", "pipelines/orders.py"]


def test_the_triggerer_polls_for_new_data_with_the_logins_of_waiting_products() -> None:
    trigger = {"inputs": "any", "delay": "2m", "at_least_every": "24h"}
    waiting = context(product("order-analytics", schedule=None, trigger=trigger), product())
    declared = build(waiting)
    triggerer, processor = (
        next(workload for workload in declared.workloads if workload.name == name) for name in (TRIGGERER, PROCESSOR)
    )
    modules = {"/opt/airflow/config/inputs_trigger.py", "/opt/airflow/config/new_data.py"}
    dags = [file for file in processor.pod.containers[0].config if file.path.endswith("product.json")]
    by_dag = {data["dag"]: data for data in (json.loads(file.text) for file in dags)}
    assert "trigger" not in by_dag["customer-360"]
    assert by_dag["order-analytics"]["trigger"]["at_least_every"] == 24 * 3600
    assert secrets(triggerer.pod)["polaris-client-sales-order-analytics"] == {"client-id", "client-secret"}
    assert "polaris-client-sales-customer-360" not in secrets(triggerer.pod)
    assert "polaris.floe-platform.svc.cluster.local" in {call.host for call in triggerer.pod.calls}
    for process in (triggerer, processor):
        paths = [file.path for file in process.pod.containers[0].config]
        assert len(paths) == len(set(paths))
        assert modules <= set(paths)
    steps = {run.instead: {file.path for file in run.pod.containers[0].config} for run in declared.launched}
    assert modules <= steps["order-analytics"]
    assert not modules & steps["customer-360"]


def test_without_data_triggers_the_triggerer_has_no_login() -> None:
    triggerer = server(TRIGGERER)
    assert not any("polaris" in name for name in secrets(triggerer.pod))
    assert not any(file.path.startswith("/opt/airflow/config/") for file in triggerer.pod.containers[0].config)


def template(context_: Context[Any], name: str) -> dict[str, Any]:
    """Return the template of a step's pods, at the path that the DAG names."""
    path = next(step["pod"] for step in described(context_)["steps"] if step["name"] == name)
    scheduler = next(server for server in build(context_).workloads if server.name == SCHEDULER).pod.containers[0]
    return dict(yaml.safe_load(next(file.text for file in scheduler.config if file.path == path)))


def test_the_scheduler_mounts_the_pod_templates_that_the_dag_names() -> None:
    pod = template(context(product(timeout="30m")), "transform")
    assert (pod["kind"], pod["metadata"]["namespace"]) == ("Pod", SALES)
    assert pod["metadata"]["labels"]["app.kubernetes.io/component"] == "run-customer--360-transform"
    spec = pod["spec"]
    assert spec["serviceAccountName"] == "run-customer--360-transform"
    assert spec["automountServiceAccountToken"] is False
    assert spec["restartPolicy"] == "Never"
    assert 1800 < spec["activeDeadlineSeconds"] <= 1800 + 720
    (base,) = spec["containers"]
    assert base["image"] == "ghcr.io/acme/customer-360:1.4.2"
    assert base["securityContext"]["readOnlyRootFilesystem"] is True


def test_steps_go_to_the_nodes_for_jobs() -> None:
    context_ = context(product())
    placed = replace(context_.instance, placement=Placements(jobs=JobPlacement(node_selector={"pool": "batch"})))
    assert template(replace(context_, instance=placed), "verify")["spec"]["nodeSelector"] == {"pool": "batch"}


def test_a_product_chooses_its_nodes_and_a_step_its_devices() -> None:
    spec = product().spec
    steps = [step.model_copy(update={"devices": {"nvidia.com/gpu": 1}}) for step in spec.steps]
    placement = JobPlacement(runtime_class="nvidia", priority_class="low")
    shaped = replace(product(), spec=spec.model_copy(update={"placement": placement, "steps": steps}))
    pod = template(context(shaped), "verify")["spec"]
    assert (pod["runtimeClassName"], pod["priorityClassName"]) == ("nvidia", "low")
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_files_of_dags_are_mounted_one_by_one() -> None:
    """The folder of a ConfigMap has symbolic links, which Airflow takes for a loop (seen with Airflow 3.3)."""
    for container_ in (container(PROCESSOR), step("verify").pod.containers[0]):
        files = [file for file in container_.config if file.path.startswith("/opt/airflow/dags/")]
        assert [file.single for file in files] == [True, True]


def test_logs_go_to_the_object_store_with_the_login_of_the_step() -> None:
    for container_ in (container(API), step("transform").pod.containers[0]):
        variables = {variable.name: variable for variable in container_.variables}
        extra = json.loads(variables["AIRFLOW_CONN_LOGS"].value)["extra"]
        assert extra == {"config_kwargs": {"s3": {"addressing_style": "path"}}}
        assert variables["AWS_ENDPOINT_URL_S3"].value == STORE.url
        assert variables["AWS_ACCESS_KEY_ID"].secret == STORE.access_key
        config = options(container_)["logging"]
        assert (config["remote_logging"], config["remote_log_conn_id"]) == ("True", "logs")
        assert config["remote_base_log_folder"] == "s3://warehouse"
    assert "minio" in called(server(API).pod)


@pytest.mark.parametrize(
    "change",
    [
        {"logs": {"remote": False}},
        {"capabilities": tuple(capability for capability in EVERYTHING if capability != STORE)},
    ],
)
def test_without_a_writable_store_logs_stay_in_the_pods(change: dict[str, Any]) -> None:
    declared = build(context(product(), **change))
    pods = dict(named_pods(declared))
    assert "minio" not in called(pods[API])
    for container_ in (pods[API].containers[0], declared.launched[0].pod.containers[0]):
        assert "remote_logging" not in options(container_)["logging"]
        assert "AIRFLOW_CONN_LOGS" not in [variable.name for variable in container_.variables]


GCS = replace(STORE, kind="gcs", warehouse="gs://lake/tables/", bucket="lake", url="", access_key=None)
ADLS = replace(
    GCS,
    kind="adls",
    warehouse="abfss://lake@acmelake.dfs.core.windows.net/tables/",
    account="acmelake",
    tenant="the-tenant",
    client_id="the-client",
)


@pytest.mark.parametrize(
    ("store", "bucket", "base", "container_of_logs"),
    [
        (GCS, None, "gs://lake/tables", ""),
        (GCS, "logs", "gs://logs", ""),
        (ADLS, None, "wasb://tables", "lake"),
        (ADLS, "logs", "wasb://", "logs"),
        (replace(ADLS, warehouse="abfss://lake@acmelake.dfs.core.windows.net/"), None, "wasb://", "lake"),
    ],
)
def test_logs_go_to_google_cloud_and_azure(
    store: ObjectStore, bucket: str | None, base: str, container_of_logs: str
) -> None:
    capabilities = tuple(store if capability == STORE else capability for capability in EVERYTHING)
    declared = build(context(product(), capabilities=capabilities, logs={"bucket": bucket} if bucket else {}))
    for container_ in (dict(named_pods(declared))[API].containers[0], declared.launched[0].pod.containers[0]):
        assert options(container_)["logging"]["remote_base_log_folder"] == base
        config = options(container_)
        assert config.get("azure_remote_logging", "remote_wasb_log_container", fallback="") == container_of_logs
        variables = {variable.name: variable for variable in container_.variables}
        connection = json.loads(variables["AIRFLOW_CONN_LOGS"].value)
        if store.kind == "gcs":
            assert connection == {"conn_type": "google_cloud_platform"}
            key = next(file for file in container_.secret_files if file.secret == store.secret_key)
            assert variables["GOOGLE_APPLICATION_CREDENTIALS"].value == key.path
        else:
            assert connection == {"conn_type": "wasb", "host": "https://acmelake.blob.core.windows.net"}
            assert variables["AZURE_CLIENT_ID"].value == "the-client"
            assert variables["AZURE_CLIENT_SECRET"].secret == store.secret_key
        assert "AWS_DEFAULT_REGION" not in variables


def test_a_step_keeps_the_identity_of_its_engine_beside_that_of_its_logs() -> None:
    role = WorkloadIdentity((("eks.amazonaws.com/role-arn", "role"),))
    robot = WorkloadIdentity((("iam.gke.io/gcp-service-account", "robot"),))
    store, engine = replace(STORE, identity=role, access_key=None, secret_key=None), replace(COMPUTE, identity=robot)
    other_capabilities = (capability for capability in EVERYTHING if capability not in (STORE, COMPUTE))
    declared = build(context(product(), capabilities=(store, engine, *other_capabilities)))
    identity = declared.launched[0].pod.workload_identity
    assert identity
    assert identity.notes == {"eks.amazonaws.com/role-arn": "role", "iam.gke.io/gcp-service-account": "robot"}


def test_logs_may_have_their_own_bucket() -> None:
    config = options(container(API, logs={"bucket": "logs", "folder": "runs"}))["logging"]
    assert config["remote_base_log_folder"] == "s3://logs"
    assert config["log_filename_template"].startswith("runs/sales__")


def kept_files(**config: Any) -> KeptFiles | None:
    assert COMPONENT.keeps
    return COMPONENT.keeps("field-service", context(**config).config)


def test_products_write_their_own_logs_and_the_api_server_reads_all_logs_of_the_domain() -> None:
    template = options(container(API))["logging"]["log_filename_template"]
    assert template.startswith("airflow-logs/sales__{{ ti.dag_id | replace('-', '_') }}/run_id=")
    reader = ("logs--reader", StoreFolder("airflow-logs/field_service__"))
    assert kept_files() == KeptFiles((reader,), StoreFolder("airflow-logs/", writes=True))
    assert kept_files(logs={"remote": False}) is None
    elsewhere = kept_files(logs={"bucket": "logs", "folder": "runs"})
    assert elsewhere
    assert elsewhere.of_products == StoreFolder("runs/", writes=True, bucket="logs")
    assert elsewhere.users == (("logs--reader", StoreFolder("runs/field_service__", bucket="logs")),)


def test_with_celery_workers_write_all_logs_and_products_none() -> None:
    reader = ("logs--reader", StoreFolder("airflow-logs/field_service__"))
    writer = ("logs--writer", StoreFolder("airflow-logs/field_service__", writes=True))
    assert kept_files(executor="celery") == KeptFiles((reader, writer))


def own(name: str, **changes: Any) -> StoreClient:
    keys = Secret(f"minio-product-sales-{name}", "floe-platform", (SecretKey("access-key"), SecretKey("secret-key")))
    return replace(StoreClient(name, keys.key("access-key"), keys.key("secret-key")), **changes)


LOGINS = {"sales": (own("customer-360"), own("logs--reader"), own("logs--writer"))}


def test_pods_have_the_keys_of_their_product_for_logs_and_dlt() -> None:
    store = replace(STORE, issues_credentials=True, clients=LOGINS)
    catalog = replace(CATALOG, vends_credentials="by-the-store")
    capabilities = (store, catalog, *(capability for capability in EVERYTHING if capability not in (STORE, CATALOG)))
    dbt_only = product(steps=[{"name": "transform", "type": "dbt"}])
    for product_, remote, needed in ((dbt_only, True, True), (dbt_only, False, False), (product(), False, True)):
        declared = build(context(product_, capabilities=capabilities, logs={"remote": remote}))
        for pods in declared.launched:
            assert ("minio-product-sales-customer-360" in secrets(pods.pod)) is needed, "for logs, or for dlt"
            assert "minio-warehouse" not in secrets(pods.pod)


@pytest.mark.parametrize(
    ("executor", "logins"),
    [
        ("kubernetes", {API: "logs--reader"}),
        ("celery", {API: "logs--reader", "airflow-worker": "logs--writer"}),
    ],
)
def test_airflows_own_pods_have_logins_for_logs_only(executor: str, logins: dict[str, str]) -> None:
    store = replace(STORE, clients=LOGINS)
    capabilities = (store, *(capability for capability in EVERYTHING if capability != STORE))
    pods = dict(named_pods(build(context(product(), capabilities=capabilities, executor=executor))))
    names = {name: [secret for secret in secrets(pod) if secret.startswith("minio-")] for name, pod in pods.items()}
    expected = {name: [f"minio-product-sales-{login}"] for name, login in logins.items()}
    assert {name: of_store for name, of_store in names.items() if of_store and not name.startswith("run-")} == expected


def test_airflows_own_pods_act_as_roles_for_logs_only() -> None:
    def role(name: str) -> WorkloadIdentity:
        return WorkloadIdentity((("eks.amazonaws.com/role-arn", name),))

    clients = tuple(
        own(name, access_key=None, secret_key=None, identity=role(name))
        for name in ("customer-360", "logs--reader", "logs--writer")
    )
    store = replace(STORE, access_key=None, secret_key=None, identity=role("everything"), clients={"sales": clients})
    capabilities = (store, *(capability for capability in EVERYTHING if capability != STORE))
    pods = dict(named_pods(build(context(product(), capabilities=capabilities, executor="celery"))))
    assert pods[API].workload_identity == role("logs--reader")
    assert pods["airflow-worker"].workload_identity == role("logs--writer")


def test_lineage_goes_to_the_lineage_service_if_there_is_one() -> None:
    for container_ in (container(SCHEDULER), step("transform").pod.containers[0]):
        config = options(container_)["openlineage"]
        assert json.loads(config["transport"])["url"] == LINEAGE.url
        assert config["namespace"] == "acme.sales"
    assert "marquez" in called(server(SCHEDULER).pod)
    without = build(
        context(product(), capabilities=tuple(capability for capability in EVERYTHING if capability != LINEAGE))
    )
    pods = dict(named_pods(without))
    assert "openlineage" not in options(pods[SCHEDULER].containers[0])
    assert "marquez" not in called(pods[SCHEDULER])


def test_metrics_are_sent_if_they_are_collected() -> None:
    exporter = server("airflow-statsd")
    assert [(port.number, port.protocol) for port in exporter.pod.containers[0].ports] == [(9125, "UDP"), (9102, "TCP")]
    for name in PROCESSES:
        config = options(container(name))["metrics"]
        assert (config["statsd_on"], config["statsd_port"]) == ("True", "9125")
        assert config["statsd_host"] == f"airflow-statsd.{SALES}.svc.cluster.local"
        assert "airflow-statsd" in called(server(name).pod)
    alone = build(context(product(), capabilities=EVERYTHING))
    assert [workload.name for workload in alone.workloads] == list(PROCESSES)
    assert options(alone.workloads[0].pod.containers[0])["metrics"]["statsd_on"] == "False"
    assert not alone.alerts


def test_a_domain_without_products_gets_airflow_too() -> None:
    declared = build(context())
    assert [workload.name for workload in declared.workloads] == [*PROCESSES, "airflow-statsd"]
    assert not declared.launched


def test_no_manifest_has_a_secret() -> None:
    declared = parts()
    names = {secret.name for secret in pod_secrets(pod for _, pod in named_pods(declared))}
    assert {"airflow-keys", "airflow-administrator"} <= names
    text = as_text(unit_of(COMPONENT, context(product())).objects)
    assert "fernet_key =" not in text
    assert "jwt_secret =" not in text


@pytest.mark.parametrize("scale", SCALES)
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    settings = changed(DEVELOPMENT if scale == "light" else PRODUCTION, environment={"scale": scale})
    context_ = context_of(COMPONENT, settings=settings, capabilities=MONITORED, scope="sales", products=[product()])
    assert as_text(unit_of(COMPONENT, context_).objects) == snapshot
