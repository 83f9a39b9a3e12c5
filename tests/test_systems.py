"""The systems of the reference mesh have the numbers that the platform's documents ask for.

What the documents ask for and cannot work is tested as what is built in its place (`docs/decisions/`).
"""

from __future__ import annotations

import json

import pytest
import yaml

from floe_compiler.model.objects import Object
from rendered_mesh import Rendered, compiled, container, ports, requests_and_limits, template, variables

PLATFORM = "floe-platform"
SALES, MARKETING, FINANCE = "floe-sales-domain", "floe-marketing-domain", "floe-finance-domain"
NODES = "floe-nodes"
WITH_DAGSTER = (SALES, FINANCE)

MESHES = DEV, STAGING, PROD = tuple(compiled()[name] for name in ("dev", "staging", "prod"))
EVERY = pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)


def replicas(mesh: Rendered, namespace: str, name: str) -> int:
    """Return the number of replicas; the lowest, if an autoscaler sets it."""
    spec = mesh.get("Deployment", namespace, name)["spec"]
    if "replicas" not in spec:
        return int(mesh.get("HorizontalPodAutoscaler", namespace, name)["spec"]["minReplicas"])
    return int(spec["replicas"])


def available(mesh: Rendered, namespace: str, name: str) -> int | None:
    """Return what the disruption budget of that name leaves running; None if there is no budget."""
    if not mesh.has("PodDisruptionBudget", namespace, name):
        return None
    return int(mesh.get("PodDisruptionBudget", namespace, name)["spec"]["minAvailable"])


@EVERY
def test_there_is_a_namespace_for_the_platform_and_one_for_each_domain(mesh: Rendered) -> None:
    namespaces = [manifest["metadata"]["name"] for manifest in mesh.of_kind("Namespace")]
    nodes = [NODES] if mesh is PROD else []  # whose logs are read
    assert sorted(namespaces) == sorted([PLATFORM, SALES, MARKETING, FINANCE, *nodes])


@EVERY
@pytest.mark.parametrize("namespace", WITH_DAGSTER)
def test_dagster_webserver(mesh: Rendered, namespace: str) -> None:
    server = container(mesh.get("Deployment", namespace, "dagster-webserver"))
    if mesh is not DEV:  # whose environment.yaml asks for less
        assert requests_and_limits(server) == ("500m", "1Gi", "2", "4Gi")
    assert ports(server) == [3000]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert server[probe]["httpGet"]["path"] == "/server_info", "it serves no /health"


@pytest.mark.parametrize("namespace", WITH_DAGSTER)
def test_dagster_webservers_by_scale(namespace: str) -> None:
    assert [replicas(mesh, namespace, "dagster-webserver") for mesh in (DEV, STAGING, PROD)] == [1, 2, 2]
    scaler = PROD.get("HorizontalPodAutoscaler", namespace, "dagster-webserver")["spec"]
    assert (scaler["maxReplicas"], scaler["metrics"][0]["resource"]["target"]["averageUtilization"]) == (10, 70)
    assert [available(mesh, namespace, "dagster-webserver") for mesh in (DEV, STAGING, PROD)] == [None, 1, 1]


@EVERY
@pytest.mark.parametrize("namespace", WITH_DAGSTER)
def test_dagster_daemon(mesh: Rendered, namespace: str) -> None:
    deployment = mesh.get("Deployment", namespace, "dagster-daemon")
    daemon = container(deployment)
    if mesh is not DEV:  # whose environment.yaml asks for less
        assert requests_and_limits(daemon)[:2] == ("250m", "512Mi")
    assert variables(daemon)["DAGSTER_DAEMON_HEARTBEAT_TOLERANCE"] == "60"
    alive = daemon["livenessProbe"]
    if mesh is PROD:  # critical production
        assert deployment["spec"]["replicas"] == 2
        assert available(mesh, namespace, "dagster-daemon") == 1
        assert {"--lease=dagster-daemon-leader", "--check-interval=30", "--check-failures=2"} <= set(daemon["args"])
        assert daemon["args"][-6:-4] == ["dagster-daemon", "run"]
        assert alive["httpGet"] == {"path": "/livez", "port": "elector"}, "the check of Dagster reads the database"
        return
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}, "two of them would start every run twice"
    assert available(mesh, namespace, "dagster-daemon") is None
    assert alive["exec"]["command"] == ["dagster-daemon", "liveness-check"]
    assert (alive["periodSeconds"], alive["failureThreshold"]) == (30, 2)


def test_dagster_workers_are_the_code_locations_and_a_job_for_each_run() -> None:
    """The documents' workers: three of them, of which two stay when a node is drained, in large environments.

    Their 1 CPU and 2Gi are those of the runs, which do the work.
    """
    for product in ("customer-360", "order-analytics"):
        code = container(PROD.get("Deployment", SALES, f"code-{product}"))
        context = json.loads(variables(code)["DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"])
        run = context["k8s"]["run_k8s_config"]["container_config"]
        assert requests_and_limits(run)[:2] == ("1", "2Gi")
        assert [replicas(mesh, SALES, f"code-{product}") for mesh in (DEV, STAGING, PROD)] == [1, 2, 3]
        assert available(PROD, SALES, f"code-{product}") == 2
    instance = yaml.load(PROD.get("ConfigMap", SALES, "dagster-instance")["data"]["dagster.yaml"], yaml.CSafeLoader)
    assert instance["run_launcher"]["class"] == "K8sRunLauncher"
    assert instance["run_launcher"]["config"]["job_namespace"] == SALES


@EVERY
def test_airflow_runs_the_marketing_domain(mesh: Rendered) -> None:
    deployments = {
        manifest["metadata"]["name"]
        for manifest in mesh.of_kind("Deployment")
        if manifest["metadata"]["namespace"] == MARKETING
    }
    processes = {f"airflow-{name}" for name in ("api-server", "scheduler", "dag-processor", "triggerer", "statsd")}
    assert processes <= deployments
    scheduler = container(mesh.get("Deployment", MARKETING, "airflow-scheduler"))
    database = variables(scheduler)["DATABASE_SERVER"]
    own = "marketing.prod.rds.acme.example" if mesh is PROD else f"airflow-postgresql.{MARKETING}.svc.cluster.local"
    assert database == f"{own}:5432"


@EVERY
def test_cube_serves_the_models_of_sales(mesh: Rendered) -> None:
    api = container(mesh.get("Deployment", SALES, "cube-api"))
    env = variables(api)
    assert env["CUBEJS_DEV_MODE"] == "false", "in development mode, it asks nobody for a token"
    assert env["CUBEJS_CUBESTORE_HOST"] == f"cube-store-router.{SALES}.svc.cluster.local"
    assert not [name for name in env if "REDIS" in name], "current versions fail with it"
    assert env["CUBEJS_DB_TYPE"] == ("duckdb" if mesh is DEV else "snowflake")
    assert set(mesh.get("ConfigMap", SALES, "cube-models")["data"]) == {"customers.yaml", "orders.yaml"}
    worker = mesh.get("Deployment", SALES, "cube-refresh-worker")
    assert worker["spec"]["replicas"] == 1
    assert variables(container(worker))["CUBEJS_REFRESH_WORKER"] == "true"
    assert mesh.get("StatefulSet", SALES, "cube-store-router")["spec"]["replicas"] == 1
    assert mesh.has("StatefulSet", SALES, "cube-store-worker") == (mesh is not DEV)


def test_cube_is_highly_available_in_production() -> None:
    scaler = PROD.get("HorizontalPodAutoscaler", SALES, "cube-api")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 5)
    assert available(PROD, SALES, "cube-api") == 1
    workers = PROD.get("StatefulSet", SALES, "cube-store-worker")
    listed = variables(container(workers))["CUBESTORE_WORKERS"].split(",")
    domain = f"cube-store-worker-headless.{SALES}.svc.cluster.local:10001"
    assert listed == [f"cube-store-worker-{number}.{domain}" for number in range(workers["spec"]["replicas"])]
    assert variables(container(workers))["CUBESTORE_SERVER_NAME"] == f"$(POD_NAME).{domain}"
    router = container(PROD.get("StatefulSet", SALES, "cube-store-router"))
    assert variables(router)["CUBESTORE_WORKERS"].split(",") == listed


def step(mesh: Rendered, product: str, name: str) -> Object:
    """Return the pod that Airflow makes for a step."""
    text = mesh.get("ConfigMap", MARKETING, f"step-pods-{product}")["data"][f"{name}.yaml"]
    return dict(yaml.safe_load(text)["spec"])


@pytest.mark.parametrize("mesh", [STAGING, PROD], ids=lambda mesh: mesh.name)
def test_polaris_is_highly_available_outside_development(mesh: Rendered) -> None:
    assert replicas(mesh, PLATFORM, "polaris") >= 2
    assert available(mesh, PLATFORM, "polaris") == 1
    assert variables(container(mesh.get("Deployment", PLATFORM, "polaris")))["POLARIS_PERSISTENCE_TYPE"] == (
        "relational-jdbc"
    ), "in memory, a restart would lose all catalogs"


@EVERY
def test_health_checks_of_polaris_need_no_login(mesh: Rendered) -> None:
    polaris = container(mesh.get("Deployment", PLATFORM, "polaris"))
    # In production, programs use TLS; the ingress controller, which ends it, the other port.
    assert ports(polaris) == ([8181, 8443, 8182] if mesh is PROD else [8181, 8182])
    for probe in ("livenessProbe", "readinessProbe"):
        assert polaris[probe]["httpGet"]["port"] == "management"
        assert polaris[probe]["httpGet"]["path"].startswith("/q/health")


@EVERY
def test_products_reach_the_shared_services_by_name(mesh: Rendered) -> None:
    (transform,) = step(mesh, "attribution", "transform")["containers"]
    env = variables(transform)
    assert env["POLARIS_HOST"] == "polaris.floe-platform.svc.cluster.local"
    scheme = "https" if mesh is PROD else "http"
    assert env["OTLP_ENDPOINT"] == f"{scheme}://otel-collector.floe-platform.svc.cluster.local:4317"
    assert env["OPENLINEAGE_URL"] == "http://marquez.floe-platform.svc.cluster.local:5000"


def test_postgresql_of_each_consumer_in_staging() -> None:
    stateful_sets = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]) for manifest in STAGING.of_kind("StatefulSet")
    }
    assert stateful_sets == {
        (PLATFORM, "polaris-postgresql"),
        (PLATFORM, "marquez-postgresql"),
        (SALES, "dagster-postgresql"),
        (FINANCE, "dagster-postgresql"),
        (MARKETING, "airflow-postgresql"),
        (PLATFORM, "jaeger"),
        (PLATFORM, "prometheus"),
        (PLATFORM, "alertmanager"),
        (SALES, "cube-store-router"),
        (SALES, "cube-store-worker"),
        (MARKETING, "redis"),
    }


@EVERY
def test_only_products_that_use_the_cache_know_it(mesh: Rendered) -> None:
    for name, steps in (("attribution", ("model", "transform")), ("campaign-perf", ("ingest", "transform"))):
        for part in steps:
            (container_,) = step(mesh, name, part)["containers"]
            url = variables(container_).get("FLOE_CACHE_URL")
            scheme = "rediss" if mesh is PROD else "redis"
            address = f"{scheme}://redis.floe-marketing-domain.svc.cluster.local:6379/0"
            assert url == (address if name == "attribution" else None), (name, part)


def rules(mesh: Rendered, namespace: str) -> dict[str, list[Object]]:
    """Return the alerts of a namespace by their names."""
    text = mesh.get("ConfigMap", PLATFORM, "prometheus-rules-0")["data"][f"{namespace}.yaml"]
    return {group["rules"][0]["alert"]: group["rules"] for group in yaml.load(text, yaml.CSafeLoader)["groups"]}


@EVERY
def test_prometheus(mesh: Rendered) -> None:
    server = mesh.get("StatefulSet", PLATFORM, "prometheus")
    assert server["spec"]["replicas"] == (2 if mesh is PROD else 1)
    jobs = yaml.load(mesh.get("ConfigMap", PLATFORM, "prometheus")["data"]["prometheus.yml"], yaml.CSafeLoader)[
        "scrape_configs"
    ]
    job_names = {job["job_name"] for job in jobs}
    everywhere = {f"{PLATFORM}/{job}" for job in ("polaris", "marquez", "otel-collector", "jaeger", "prometheus")}
    assert everywhere | {f"{namespace}/dagster-metrics" for namespace in WITH_DAGSTER} <= job_names
    assert f"{SALES}/dagster-postgresql" in job_names, (
        "in production, where the cloud runs it, by an exporter of its own"
    )
    ours = [job for job in jobs if "/" in job["job_name"]]
    assert {job["dns_sd_configs"][0]["type"] for job in ours} == {"A"}, "which finds each pod, without any rights"
    assert (job_names - {job["job_name"] for job in ours} == {"cert-manager"}) == (mesh is not DEV), "where TLS is"


@EVERY
@pytest.mark.parametrize("namespace", WITH_DAGSTER)
def test_the_alerts_on_dagster(mesh: Rendered, namespace: str) -> None:
    rules_ = rules(mesh, namespace)
    (daemon,) = rules_["DagsterDaemonUnavailable"]
    assert daemon["expr"].endswith("> 120")
    assert (daemon["for"], daemon["labels"]["severity"]) == ("2m", "critical")
    (failed,) = rules_["DagsterRunsFailed"]
    assert failed["expr"].endswith("> 5")
    assert "ProductRunLong" in rules_
    assert "ContainerMemoryHigh" not in rules_, "nobody here has the metrics of containers"


@EVERY
def test_each_product_with_a_schedule_is_watched(mesh: Rendered) -> None:
    products = {
        rule["labels"]["product"]
        for namespace in (SALES, MARKETING, FINANCE)
        for rule in rules(mesh, namespace)["ProductLate"]
    }
    assert {"customer-360", "order-analytics", "attribution", "campaign-perf", "revenue-metrics"} <= products


def test_alerts_in_production_reach_people() -> None:
    config = yaml.load(PROD.get("ConfigMap", PLATFORM, "alertmanager")["data"]["alertmanager.yml"], yaml.CSafeLoader)
    assert [receiver["name"] for receiver in config["receivers"]] == ["data-platform", "on-call"]
    assert PROD.get("StatefulSet", PLATFORM, "alertmanager")["spec"]["replicas"] == 2


@pytest.mark.parametrize("mesh", [DEV, STAGING], ids=lambda mesh: mesh.name)
def test_postgresql(mesh: Rendered) -> None:
    server = container(mesh.get("StatefulSet", SALES, "dagster-postgresql"))
    if mesh is not DEV:  # whose environment.yaml asks for less
        assert requests_and_limits(server)[:2] == ("500m", "1Gi")
    assert "/postgres:16" in server["image"]
    assert ports(server) == [5432]
    for probe in ("livenessProbe", "readinessProbe"):
        assert "pg_isready" in " ".join(server[probe]["exec"]["command"])
        assert (server[probe]["periodSeconds"], server[probe]["timeoutSeconds"]) == (5, 5)
        assert server[probe]["failureThreshold"] == 5


def test_one_server_may_hold_the_databases_of_several_consumers() -> None:
    databases = container(DEV.get("Job", PLATFORM, "postgresql-databases"))
    assert sorted(databases["args"]) == ["marquez=marquez", "polaris=polaris"]


@pytest.mark.parametrize(("namespace", "host"), [(SALES, "sales"), (FINANCE, "finance")])
def test_an_external_database_renders_no_server(namespace: str, host: str) -> None:
    own = [
        manifest["metadata"]["name"]
        for manifest in PROD.of_kind("StatefulSet")
        if manifest["metadata"]["namespace"] == namespace
    ]
    assert not [name for name in own if "postgresql" in name]
    instance = yaml.load(PROD.get("ConfigMap", namespace, "dagster-instance")["data"]["dagster.yaml"], yaml.CSafeLoader)
    database = instance["storage"]["postgres"]["postgres_db"]
    assert database["hostname"] == f"{host}.prod.rds.acme.example"
    assert (database["port"], database["db_name"]) == (5432, "dagster")
    secret = PROD.get("ExternalSecret", namespace, "dagster-postgresql")
    assert [key["secretKey"] for key in secret["spec"]["data"]] == ["password", "username"]


def test_seaweedfs_keeps_the_warehouse_in_development() -> None:
    assert ports(container(DEV.get("StatefulSet", PLATFORM, "seaweedfs"))) == [8333, 9327]
    assert container(DEV.get("Job", PLATFORM, "seaweedfs-buckets"))["args"] == ["warehouse"]
    assert not STAGING.has("StatefulSet", PLATFORM, "seaweedfs"), "a bucket of the cloud takes its place"


@pytest.mark.parametrize(("mesh", "kind"), [(DEV, "Deployment"), (STAGING, "DaemonSet"), (PROD, "DaemonSet")])
def test_collector(mesh: Rendered, kind: str) -> None:
    collector = container(mesh.get(kind, PLATFORM, "otel-collector"))
    if mesh is not DEV:  # whose environment.yaml asks for less
        assert requests_and_limits(collector)[:2] == ("200m", "256Mi")
    assert {4317, 4318, 8888} <= set(ports(collector))
    config = yaml.load(mesh.get("ConfigMap", PLATFORM, "otel-collector")["data"]["relay.yaml"], yaml.CSafeLoader)
    assert config["processors"]["batch"] == {"send_batch_size": 1024, "timeout": "1s"}
    assert set(config["service"]["pipelines"]) == {"traces", "metrics", "logs"}


@EVERY
def test_marquez(mesh: Rendered) -> None:
    server = container(mesh.get("Deployment", PLATFORM, "marquez"))
    if mesh is not DEV:  # whose environment.yaml asks for less
        assert requests_and_limits(server)[:2] == ("500m", "1Gi")
    assert ports(server) == [5000, 5001]
    assert "startupProbe" in server, "a JVM takes its time"
    web = container(mesh.get("Deployment", PLATFORM, "marquez-web"))
    assert ports(web) == [3000]
    assert variables(web)["MARQUEZ_HOST"] == "marquez.floe-platform.svc.cluster.local"
    assert variables(web)["MARQUEZ_PORT"] == "5000"


@pytest.mark.parametrize(
    ("mesh", "kind"),
    [(DEV, "Deployment"), (STAGING, "StatefulSet"), (PROD, "StatefulSet")],
    ids=["dev", "staging", "prod"],
)
def test_the_collector_sends_the_traces_to_jaeger(mesh: Rendered, kind: str) -> None:
    server = container(mesh.get(kind, PLATFORM, "jaeger"))
    assert "/jaeger:2." in server["image"]
    assert {4317, 16686} <= set(ports(server))
    configuration = yaml.load(mesh.get("ConfigMap", PLATFORM, "otel-collector")["data"]["relay.yaml"], yaml.CSafeLoader)
    exporters = configuration["service"]["pipelines"]["traces"]["exporters"]
    assert "jaeger.floe-platform.svc.cluster.local:4317" in [
        configuration["exporters"][exporter].get("endpoint") for exporter in exporters
    ]


def test_backups_every_six_hours_and_every_night_in_development() -> None:
    backups = {
        mesh.name: [manifest for manifest in mesh.of_kind("CronJob") if "floe.dev/backup" in labels(manifest)]
        for mesh in MESHES
    }
    schedules = {name: {manifest["spec"]["schedule"] for manifest in crons} for name, crons in backups.items()}
    assert schedules == {"dev": {"0 3 * * *"}, "staging": {"0 */6 * * *"}, "prod": set()}, "the cloud's"
    for cron_job in (*backups["dev"], *backups["staging"]):
        assert [container_["name"] for container_ in template(cron_job)["spec"]["containers"]] == ["upload"]


def labels(manifest: Object) -> Object:
    labels_: Object = manifest["metadata"]["labels"]
    return labels_


def test_marquez_is_highly_available_outside_development() -> None:
    assert [replicas(mesh, PLATFORM, "marquez") for mesh in (DEV, STAGING, PROD)] == [1, 2, 2]
    assert [available(mesh, PLATFORM, "marquez") for mesh in (DEV, STAGING, PROD)] == [None, 1, 1]


@EVERY
def test_the_steps_of_a_product_run_one_after_the_other(mesh: Rendered) -> None:
    pod = template(mesh.get("CronJob", FINANCE, "cost-center"))["spec"]
    assert [
        container_["name"] for container_ in pod["initContainers"] if not container_["name"].startswith("wait-for")
    ] == ["ingest"]
    assert [container_["name"] for container_ in pod["containers"]] == ["transform"]


@EVERY
def test_steps_in_airflow_are_tasks_in_the_same_order(mesh: Rendered) -> None:
    dag = json.loads(mesh.get("ConfigMap", MARKETING, "dag-campaign-perf")["data"]["product.json"])
    assert [step_["name"] for step_ in dag["steps"]] == ["ingest", "transform"]
    assert dag["schedule"] == {"cron": "30 5 * * *", "enabled": True, "time_zone": "Europe/Berlin"}


def test_duckdb_in_development_and_snowflake_elsewhere() -> None:
    for mesh, adapter in ((DEV, "duckdb"), (STAGING, "snowflake"), (PROD, "snowflake")):
        profiles = yaml.load(mesh.get("ConfigMap", MARKETING, "dbt-profiles")["data"]["profiles.yml"], yaml.CSafeLoader)
        (target,) = profiles["floe"]["outputs"].values()
        assert target["type"] == adapter


def test_snowflake_reads_a_key_pair_from_a_secret() -> None:
    """User and password, which the documents ask for, have ended."""
    secret = PROD.get("ExternalSecret", MARKETING, "snowflake-credentials")
    keys = {key["secretKey"].removeprefix("SNOWFLAKE_") for key in secret["spec"]["data"]}
    assert keys == {"USER", "ROLE", "WAREHOUSE", "DATABASE", "PRIVATE_KEY"}
