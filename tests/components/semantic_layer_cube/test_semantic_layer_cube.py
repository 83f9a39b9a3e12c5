"""Cube: its processes, what they query, how the parts of Cube Store find each other, and the rendered objects."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

import products
from floe_compiler.components.compute_bigquery import COMPONENT as BIGQUERY_ENGINE
from floe_compiler.components.compute_snowflake import COMPONENT as SNOWFLAKE
from floe_compiler.components.semantic_layer_cube import COMPONENT, keys
from floe_compiler.components.semantic_layer_cube.engines import ENGINES
from floe_compiler.components.semantic_layer_cube.settings import CubeConfig
from floe_compiler.kit.s3 import POD_IDENTITY
from floe_compiler.kit.scripts import script
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Capability, Catalog, Compute, FromVariable, Monitoring
from floe_compiler.model.catalog_clients import AwsSignature, CatalogClient
from floe_compiler.model.data_access import SEMANTIC_LAYER, ServedProduct
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts, Workload
from floe_compiler.model.operations import Scaling
from floe_compiler.model.plan import Context, Refusal
from floe_compiler.model.semantic_models import ModelFile
from floe_compiler.model.settings import Settings
from floe_compiler.node.program import find_node
from products import COMPUTE, STORE
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, settings_of, starts_after, unit_of
from tables import table

IMAGE = "acme/semantic:1.0.0"
MEDIUM = settings_of("staging", {"secrets": {"type": "generated"}}, scale="medium")
MODELS = (ModelFile("orders", "cubes:\n- name: orders\n  sql_table: orders\n"),)
NAMESPACE = "floe-sales-domain"
HTTPS = (Port("https", 443, scheme="https"),)
STS = Endpoint("sts.eu-central-1.amazonaws.com", HTTPS)
AWS = replace(
    STORE,
    endpoint=Endpoint("s3.eu-central-1.amazonaws.com", HTTPS),
    bucket="lake",
    region="eu-central-1",
    url="",
    path_style=False,
    access_key=None,
    secret_key=None,
    identity=WorkloadIdentity((("eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/lake"),), (), (STS,)),
)
(WAREHOUSE,) = SNOWFLAKE.provides(
    context_of(
        SNOWFLAKE, {"account": "acme", "user": "CUBE", "database": "SALES", "passphrase": True}, scope="sales"
    ).instance
)
GCS = replace(STORE, kind="gcs", bucket="lake", url="", access_key=None)
(WITH_OAUTH,) = SNOWFLAKE.provides(
    context_of(SNOWFLAKE, {"account": "acme", "credentials": {"type": "oauth"}}, scope="sales").instance
)
(BIGQUERY,) = BIGQUERY_ENGINE.provides(
    context_of(
        BIGQUERY_ENGINE,
        {"project": "acme-data", "dataset": "marts", "location": "EU", "credentials": {"type": "secret"}},
        scope="sales",
    ).instance
)
DUCKDB = replace(COMPUTE, connection=(("database", "/var/duckdb/local.duckdb"),), variables=())
POSTGRES = Compute(
    "postgres",
    "postgres",
    connection=(
        ("host", "db.example"),
        ("port", "5432"),
        ("user", "cube"),
        ("password", FromVariable("PG_PASSWORD")),
        ("dbname", "sales"),
        ("schema", "public"),
        ("sslmode", "verify-full"),
    ),
    threads=3,
    endpoint=Endpoint("db.example", (Port("postgresql", 5432, scheme="postgresql"),)),
)


LOGIN = products.CATALOG.client("sales", "customer-360").credentials
CATALOG = replace(products.CATALOG, clients={"sales": (CatalogClient(SEMANTIC_LAYER, LOGIN),)})
SERVED = (ServedProduct("sales", "customer-360"),)


def context(
    *capabilities: Capability, settings: Settings = MEDIUM, models: Any = MODELS, **config: Any
) -> Context[CubeConfig]:
    context_ = context_of(COMPONENT, config, settings=settings, capabilities=capabilities, scope="sales")
    return replace(context_, instance=replace(context_.instance, models=models, served=SERVED))


def build(*capabilities: Capability, **options: Any) -> Parts:
    return COMPONENT.build(context(*(capabilities or (WAREHOUSE, STORE)), **options))


def named(parts: Parts) -> dict[str, Workload]:
    return {workload.name: workload for workload in parts.workloads}


def variables(workload: Workload) -> dict[str, str]:
    return {
        variable.name: variable.value or variable.field or f"secret {variable.secret}"
        for variable in workload.pod.containers[0].variables
    }


def called(workload: Workload) -> set[str]:
    return {endpoint.host.split(".svc.")[0] for endpoint in workload.pod.servers()}


def refused(*capabilities: Capability, **options: Any) -> list[str]:
    refusals: list[Refusal] = [*COMPONENT.refuses(context(*capabilities, **options))]
    return [refusal.message for refusal in refusals]


def test_the_scale_sets_the_number_of_pods() -> None:
    for settings, api, workers in ((DEVELOPMENT, 1, None), (MEDIUM, 2, 2), (PRODUCTION, Scaling(2, 5), 3)):
        servers = named(build(settings=settings))
        assert servers["cube-api"].replicas == api
        assert servers["cube-refresh-worker"].replicas == servers["cube-store-router"].replicas == 1
        assert servers["cube-refresh-worker"].single
        assert servers["cube-store-router"].single
        assert (servers["cube-store-worker"].replicas if workers else None) == workers


def test_it_never_runs_in_development_mode_and_does_not_use_redis() -> None:
    for name in ("cube-api", "cube-refresh-worker"):
        environment = variables(named(build(settings=DEVELOPMENT))[name])
        assert environment["CUBEJS_DEV_MODE"] == "false"
        assert environment["NODE_ENV"] == "production"
        assert environment["CUBEJS_CACHE_AND_QUEUE_DRIVER"] == "cubestore"
        assert not [key for key in environment if "REDIS" in key]


def test_tokens_and_the_password_of_the_sql_api_come_from_a_secret() -> None:
    api = named(build())["cube-api"]
    secrets = {variable.name: variable.secret for variable in api.pod.containers[0].variables if variable.secret}
    own = keys(context().instance)
    assert secrets["CUBEJS_API_SECRET"] == own.key("api-secret")
    assert secrets["CUBEJS_SQL_PASSWORD"] == own.key("sql-password")
    assert variables(api)["CUBEJS_SQL_USER"] == "cube"
    assert [port.number for port in api.ports()] == [4000, 15432]
    without = named(build(sql={"enabled": False}))["cube-api"]
    assert [port.number for port in without.ports()] == [4000]
    assert "CUBEJS_SQL_PASSWORD" not in variables(without)


def test_tokens_of_an_issuer() -> None:
    url = "https://login.acme.example/realms/acme/protocol/openid-connect/certs"
    issuer = {"keys_url": url, "issuer": "https://login.acme.example/realms/acme", "audience": "cube"}
    api = named(build(tokens=issuer))["cube-api"]
    values = variables(api)
    assert (values["CUBEJS_JWK_URL"], values["CUBEJS_JWT_AUDIENCE"]) == (url, "cube")
    assert values["CUBEJS_JWT_ISSUER"] == issuer["issuer"]
    assert "login.acme.example" in called(api)


def test_the_refresh_worker_has_scratch_space_for_cube_store() -> None:
    container = named(build(refresh_worker={"scratch": "9Gi"}))["cube-refresh-worker"].pod.containers[0]
    assert [(volume.path, volume.size) for volume in container.scratch] == [("/tmp", "9Gi")]


def test_only_the_api_is_served_and_users_need_a_token() -> None:
    servers = named(build())
    (interface,) = servers["cube-api"].interfaces
    assert (interface.name, interface.port, interface.authenticates, interface.for_programs) == (
        *("cube", "http", True, True),
    )
    assert not [port for port in servers["cube-refresh-worker"].ports() if port.service]


def test_an_outage_of_the_warehouse_does_not_restart_anything() -> None:
    container = named(build())["cube-api"].pod.containers[0]
    assert container.liveness
    assert not container.liveness.path, "/livez queries the warehouse"
    assert container.readiness
    assert container.readiness.path == "/readyz"


def test_each_file_of_the_models_is_mounted_alone() -> None:
    models = (*MODELS, ModelFile("views", "views: []\n"))
    for name in ("cube-api", "cube-refresh-worker"):
        container = named(build(models=models))[name].pod.containers[0]
        files = [file for file in container.config if file.config_map == "cube-models"]
        assert [(file.path, file.single) for file in files] == [
            ("/cube/conf/models/orders.yaml", True),
            ("/cube/conf/models/views.yaml", True),
        ]
    assert variables(named(build())["cube-api"])["CUBEJS_SCHEMA_PATH"] == "models"


def test_models_may_be_in_the_image() -> None:
    api = named(build(models=(), image="acme/semantic:1.0.0"))["cube-api"]
    assert api.pod.containers[0].image == "acme/semantic:1.0.0"
    assert variables(api)["CUBEJS_SCHEMA_PATH"] == "model"


def test_snowflake() -> None:
    api = named(build())["cube-api"]
    values = variables(api)
    assert values["CUBEJS_DB_TYPE"] == "snowflake"
    assert values["CUBEJS_DB_SNOWFLAKE_ACCOUNT"] == "acme"
    assert values["CUBEJS_DB_SNOWFLAKE_AUTHENTICATOR"] == "SNOWFLAKE_JWT"
    assert values["CUBEJS_DB_USER"] == "CUBE"
    assert values["CUBEJS_DB_NAME"] == "SALES"
    assert values["CUBEJS_DB_SNOWFLAKE_ROLE"] == "$(SNOWFLAKE_ROLE)"
    assert values["FLOE_SCHEMA_CUSTOMER_360"] == "PUBLIC"
    assert list(values).index("SNOWFLAKE_ROLE") < list(values).index("CUBEJS_DB_SNOWFLAKE_ROLE"), "$( ) looks back"
    (key,) = api.pod.containers[0].secret_files
    assert values["CUBEJS_DB_SNOWFLAKE_PRIVATE_KEY_PATH"] == key.path
    assert called(api) == {"cube-store-router.floe-sales-domain", "acme.snowflakecomputing.com"}


def test_bigquery() -> None:
    api = named(build(BIGQUERY, STORE))["cube-api"]
    values = variables(api)
    assert values["CUBEJS_DB_TYPE"] == "bigquery"
    assert values["CUBEJS_DB_BQ_PROJECT_ID"] == "acme-data"
    assert values["FLOE_SCHEMA_CUSTOMER_360"] == "marts"
    (key,) = api.pod.containers[0].secret_files
    assert values["CUBEJS_DB_BQ_KEY_FILE"] == key.path
    assert {"bigquery.googleapis.com", "oauth2.googleapis.com"} <= called(api)


def test_an_engine_with_a_workload_identity_needs_no_key() -> None:
    identity = WorkloadIdentity((("iam.gke.io/gcp-service-account", "cube@acme-data.iam.gserviceaccount.com"),))
    engine = replace(BIGQUERY, secret_files=(), identity=identity)
    assert named(build(engine, STORE))["cube-api"].pod.workload_identity == identity


def test_with_a_catalog_that_issues_credentials_no_keys_of_the_store_are_needed() -> None:
    catalog, store = replace(CATALOG, vends_credentials="by-the-store"), replace(STORE, issues_credentials=True)
    values = variables(named(build(DUCKDB, catalog, store, image="acme/semantic:1.0.0"))["cube-api"])
    assert not [name for name in values if name.startswith(("AWS_", "S3_"))]


def test_postgresql() -> None:
    values = variables(named(build(POSTGRES, STORE))["cube-api"])
    assert values["CUBEJS_DB_TYPE"] == "postgres"
    assert values["CUBEJS_DB_HOST"] == "db.example"
    assert values["CUBEJS_DB_PASS"] == "$(PG_PASSWORD)"
    assert values["CUBEJS_DB_NAME"] == "sales"
    assert values["CUBEJS_DB_SSL"] == values["CUBEJS_DB_SSL_REJECT_UNAUTHORIZED"] == "true"
    assert values["CUBEJS_CONCURRENCY"] == "3"


def test_duckdb_reads_the_lakehouse() -> None:
    api = named(build(DUCKDB, CATALOG, STORE, image="acme/semantic:1.0.0"))["cube-api"]
    values = variables(api)
    assert values["CUBEJS_DB_TYPE"] == "duckdb"
    assert values["FLOE_SCHEMA_CUSTOMER_360"] == "lakehouse.sales__customer_360"
    assert '"memory_limit": "1024MiB"' in values["DUCKDB_SETTINGS"], "half of the container's"
    assert values["CATALOG_URI"] == CATALOG.uri
    assert values["S3_ENDPOINT"] == "minio.floe-platform.svc.cluster.local:9000"
    assert "/cube/conf/cube.js" in [file.path for file in api.pod.containers[0].config]
    assert called(api) == {"cube-store-router.floe-sales-domain", "minio.floe-platform", "polaris.floe-platform"}


def test_duckdb_signs_its_requests_to_a_catalog_of_aws() -> None:
    clients = {"sales": (CatalogClient(SEMANTIC_LAYER, AwsSignature("glue", "eu-west-1")),)}
    api = named(build(DUCKDB, replace(CATALOG, clients=clients), STORE, image="acme/semantic:1.0.0"))["cube-api"]
    values = variables(api)
    assert values["CATALOG_AUTHORIZATION"] == "sigv4"
    assert not [name for name in values if name.startswith(("CATALOG_CLIENT", "CATALOG_TOKEN"))]
    attached = _statements(values)[-1]
    assert "SECRET 'warehouse', AUTHORIZATION_TYPE 'sigv4', ACCESS_DELEGATION_MODE 'none'" in attached
    without = _statements(variables(named(build(DUCKDB, _open(), STORE, image="acme/semantic:1.0.0"))["cube-api"]))[-1]
    assert "AUTHORIZATION_TYPE 'none'" in without
    assert "SECRET" not in without


def _open() -> Catalog:
    return replace(CATALOG, clients={"sales": (CatalogClient(SEMANTIC_LAYER, None),)})


def _statements(environment: dict[str, str]) -> list[str]:
    """Return the statements that the configuration of Cube sends to DuckDB."""
    text = script("floe_compiler.components.semantic_layer_cube", "duckdb.js")
    own = text[text.index("const quoted") : text.index("class Lakehouse")]
    program = f"{own}; console.log(JSON.stringify(statements({json.dumps(environment)})))"
    node = str(find_node())
    done = subprocess.run([node, "-e", program], capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


STATEMENTS = """
const { driverFactory } = require(process.argv[1]);
driverFactory().configureConnection({ run: (statement) => console.log(statement) });
"""


def test_duckdb_gets_the_authorities_after_it_loads_its_extensions(tmp_path: Path) -> None:
    # A setting of an extension that is not loaded yet is an error.
    trusting = replace(DUCKDB, extension_settings=(("httpfs", "ca_cert_file", "/etc/it's.pem"),))
    assert "DUCKDB_EXTENSION_SETTINGS" not in variables(named(build(DUCKDB, CATALOG, STORE, image=IMAGE))["cube-api"])
    api = named(build(trusting, CATALOG, STORE, image=IMAGE))["cube-api"]
    (script,) = (file.text for file in api.pod.containers[0].config if file.path == "/cube/conf/cube.js")
    (tmp_path / "cube.js").write_text(script)
    driver = tmp_path / "node_modules" / "@cubejs-backend" / "duckdb-driver.js"
    driver.parent.mkdir(parents=True)
    driver.write_text("module.exports.DuckDBDriver = class { async configureConnection() {} };")
    output = subprocess.run(
        [str(find_node()), "-e", STATEMENTS, str(tmp_path / "cube.js")],
        env=variables(api),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout.splitlines()
    at = output.index("SET ca_cert_file = '/etc/it''s.pem'")
    assert max(index for index, statement in enumerate(output) if statement.startswith("LOAD ")) < at
    assert at < min(index for index, statement in enumerate(output) if statement.startswith(("CREATE ", "ATTACH ")))


def test_router_and_workers_know_each_other() -> None:
    servers = named(build())
    router, worker = variables(servers["cube-store-router"]), variables(servers["cube-store-worker"])
    domain = f"{NAMESPACE}.svc.cluster.local"
    listed = ",".join(f"cube-store-worker-{index}.cube-store-worker-headless.{domain}:10001" for index in range(2))
    assert router["CUBESTORE_WORKERS"] == worker["CUBESTORE_WORKERS"] == listed
    assert worker["POD_NAME"] == "metadata.name"
    assert worker["CUBESTORE_SERVER_NAME"] == f"$(POD_NAME).cube-store-worker-headless.{domain}:10001"
    metadata = f"cube-store-router-0.cube-store-router-headless.{domain}:9999"
    assert router["CUBESTORE_SERVER_NAME"] == worker["CUBESTORE_META_ADDR"] == metadata
    assert called(servers["cube-store-router"]) == {f"cube-store-worker.{NAMESPACE}", "minio.floe-platform"}
    assert called(servers["cube-store-worker"]) == {
        f"cube-store-router.{NAMESPACE}",
        f"cube-store-worker.{NAMESPACE}",
        "minio.floe-platform",
    }


def test_cube_store_keeps_its_data_in_a_bucket() -> None:
    for name in ("cube-store-router", "cube-store-worker"):
        values = variables(named(build(store={"bucket": "cubes"}))[name])
        assert values["CUBESTORE_MINIO_SERVER_ENDPOINT"] == STORE.url
        assert values["CUBESTORE_MINIO_BUCKET"] == "cubes"
        assert values["CUBESTORE_MINIO_SUB_PATH"] == "cube-store/sales"
        assert "CUBESTORE_MINIO_SECRET_ACCESS_KEY" in values
        assert "CUBESTORE_S3_BUCKET" not in values, "it would be taken instead"
        cloud = named(build(WAREHOUSE, AWS))[name]
        values = variables(cloud)
        assert (values["CUBESTORE_S3_BUCKET"], values["CUBESTORE_S3_REGION"]) == ("lake", "eu-central-1")
        assert int(values["CUBESTORE_AWS_CREDS_REFRESH_EVERY_MINS"]) < 60, "a login lasts an hour"
        assert not [key for key in values if "ACCESS_KEY" in key]
        assert "sts.amazonaws.com" in called(cloud)
        assert cloud.pod.workload_identity
        assert cloud.pod.workload_identity.annotations == AWS.identity.annotations  # type: ignore[union-attr]


def test_cube_store_keeps_its_data_in_a_bucket_of_google() -> None:
    for name in ("cube-store-router", "cube-store-worker"):
        server = named(build(WAREHOUSE, GCS))[name]
        values = variables(server)
        assert (values["CUBESTORE_GCS_BUCKET"], values["CUBESTORE_GCS_SUB_PATH"]) == ("lake", "cube-store/sales")
        assert [(file.path, file.secret) for file in server.pod.containers[0].secret_files] == [
            (values["CUBESTORE_GCP_KEY_FILE"], GCS.secret_key)
        ]
        assert not [key for key in values if key.startswith(("CUBESTORE_S3", "CUBESTORE_MINIO", "CUBESTORE_AWS"))]


def test_one_cube_store_keeps_everything_on_its_volume() -> None:
    router = named(build(store={"workers": 0}))["cube-store-router"]
    values = variables(router)
    (claim,) = router.pod.containers[0].claims
    for name in ("CUBESTORE_DATA_DIR", "CUBESTORE_REMOTE_DIR"):
        assert values[name].startswith(f"{claim.path}/")
    assert not values.keys() & {"CUBESTORE_WORKERS", "CUBESTORE_META_PORT", "CUBESTORE_MINIO_BUCKET"}
    assert called(router) == set()


def test_everything_else_starts_after_the_router() -> None:
    assert starts_after(build(), NAMESPACE) == {
        ("cube-api", "cube-store-router"),
        ("cube-refresh-worker", "cube-store-router"),
        ("cube-store-worker", "cube-store-router"),
    }


def test_cube_store_sends_its_metrics_where_they_are_collected() -> None:
    assert "cube-store-metrics" not in named(build())
    servers = named(build(WAREHOUSE, STORE, Monitoring("prometheus")))
    (metrics,) = servers["cube-store-metrics"].metrics
    assert (metrics.port, len(metrics.panels)) == ("metrics", 5)
    for name in ("cube-store-router", "cube-store-worker"):
        own = variables(servers[name])
        assert own["CUBESTORE_METRICS_ADDRESS"] == f"cube-store-metrics.{NAMESPACE}.svc.cluster.local"
        assert own["CUBESTORE_METRICS_PORT"] == "9125"
        assert own["CUBESTORE_METRICS_BIND_ADDRESS"] == "0.0.0.0", "from 127.0.0.1, nothing leaves the pod"
        assert f"cube-store-metrics.{NAMESPACE}" in called(servers[name])


def test_a_domain_without_products_has_no_tables_in_the_catalog() -> None:
    context_ = context(DUCKDB, CATALOG, STORE, image="acme/semantic:1.0.0")
    (refusal,) = COMPONENT.refuses(replace(context_, instance=replace(context_.instance, served=())))
    assert "the domain has no data products" in refusal.message


def test_all_data_can_be_rebuilt() -> None:
    assert build().data == ()


WITH_IMAGE = {"image": "acme/semantic:1.0.0"}


@table(
    "capabilities, options, message_part",
    [
        ((WAREHOUSE, STORE), {}, ""),
        ((WAREHOUSE, AWS), {}, ""),
        ((POSTGRES, STORE), {}, ""),
        ((WAREHOUSE,), {"store": {"workers": 0}}, ""),
        ((DUCKDB, CATALOG, STORE), WITH_IMAGE, ""),
        ((DUCKDB, CATALOG, STORE), {}, "needs DuckDB's extensions"),
        ((DUCKDB, STORE), WITH_IMAGE, "would find no tables"),
        ((replace(WAREHOUSE, engine="spark"), STORE), {}, "is not connected to the engine spark"),
        ((WAREHOUSE, STORE), {"models": ()}, "has no models in the domain sales"),
        ((WAREHOUSE,), {}, "the platform has none"),
        ((WAREHOUSE, GCS), {}, ""),
        ((WAREHOUSE, replace(GCS, secret_key=None, identity=AWS.identity)), {}, "with a key only"),
        ((WAREHOUSE, replace(GCS, kind="adls")), {}, "not Azure's"),
        ((WAREHOUSE, replace(GCS, kind="adls")), {"store": {"workers": 0}}, ""),
        ((WAREHOUSE, replace(AWS, identity=POD_IDENTITY)), {}, "not EKS Pod Identity"),
        ((WITH_OAUTH, STORE), {}, "with a key pair only"),
        ((WAREHOUSE, replace(STORE, path_style=False)), {}, "wants it in the host"),
        ((WAREHOUSE, replace(AWS, region="cn-north-1")), {}, "not in China"),
    ],
)
def test_unsupported_engines_and_stores_are_refused(
    capabilities: tuple[Capability, ...], options: dict[str, Any], message_part: str
) -> None:
    messages = refused(*capabilities, **options)
    assert len(messages) == bool(message_part)
    assert all(message_part in message for message in messages)


def test_every_engine_has_a_driver() -> None:
    assert set(ENGINES) == {"bigquery", "duckdb", "postgres", "snowflake"}


def test_rendered_in_production(snapshot: SnapshotAssertion) -> None:
    context_ = context(WAREHOUSE, AWS, settings=PRODUCTION)
    assert as_text(unit_of(COMPONENT, context_).objects) == snapshot


def test_rendered_in_development(snapshot: SnapshotAssertion) -> None:
    context_ = context(DUCKDB, CATALOG, STORE, settings=DEVELOPMENT, **WITH_IMAGE)
    assert as_text(unit_of(COMPONENT, context_).objects) == snapshot
