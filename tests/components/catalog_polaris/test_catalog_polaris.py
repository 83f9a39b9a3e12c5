"""The catalog: its server, its bootstrap and its setup."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml
from jsonschema import ValidationError as InvalidRequest
from msgspec.structs import replace
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import catalog_polaris, storage_minio
from floe_compiler.components.catalog_polaris import COMPONENT, management, polaris_setup
from floe_compiler.components.catalog_polaris.server import properties
from floe_compiler.components.catalog_polaris.settings import PolarisConfig
from floe_compiler.kit import minio, postgresql
from floe_compiler.kit.own_store import object_store
from floe_compiler.kit.scripts import script
from floe_compiler.kit.store_policies import of_product
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Capability, Catalog, Database, ObjectStore
from floe_compiler.model.catalog_clients import OAuth2Credentials
from floe_compiler.model.data_access import SEMANTIC_LAYER, OutputTable, ServedProduct
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Container, Variable
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Context
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from polaris_api import check_request
from polaris_server import State, running
from products import COLLECTOR
from support import DEVELOPMENT, PRODUCTION, as_text, changed, context_of, starts_after, unit_of

PLATFORM = "floe-platform"


DATABASE = Database(
    name="polaris-postgresql/polaris",
    endpoint=service_endpoint("polaris-postgresql", PLATFORM, "cluster.local", (postgresql.PORT,)),
    database="polaris",
    user="polaris",
    password=Secret("polaris-postgresql", PLATFORM, (SecretKey("password", generated=32),)).key("password"),
)
STORE = object_store(minio.OWN, context_of(storage_minio.COMPONENT).instance)
AWS = replace(
    STORE,
    name="s3",
    url="",
    path_style=False,
    access_key=None,
    secret_key=None,
    role="arn:aws:iam::123456789012:role/lake",
    identity=WorkloadIdentity(
        (("eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/floe"),),
        endpoints=(Endpoint("sts.us-east-1.amazonaws.com", (Port("https", 443, scheme="https"),)),),
    ),
)
ORDERS = OutputTable("sales", "shop", "orders")
SERVED = (
    ServedProduct("field-service", "visits", reads=(ORDERS,)),
    ServedProduct("sales", "shop", writes_files=True),
)
SHOP, VISITS = "product-sales-shop", "product-field--service-visits"


def _context(
    config: dict[str, Any] | None = None,
    *others: Capability,
    store: ObjectStore = STORE,
    settings: Settings = DEVELOPMENT,
    served: tuple[ServedProduct, ...] = SERVED,
) -> Context[Any]:
    return context_of(COMPONENT, config, settings=settings, capabilities=(DATABASE, store, *others), served=served)


def _server(context: Context[Any]) -> Container:
    return COMPONENT.build(context).workloads[0].pod.containers[0]


def _catalog(context: Context[Any]) -> Catalog:
    return catalog_polaris.provides(context.instance)[0]


# --- the server ---


def test_consumers_get_the_address_of_the_server() -> None:
    catalog = _catalog(_context())
    assert catalog.endpoint.host == "polaris.floe-platform.svc.cluster.local"
    assert catalog.uri == "http://polaris.floe-platform.svc.cluster.local:8181/api/catalog"
    assert catalog.variables == (Variable("POLARIS_HOST", catalog.endpoint.host),), "asked for by the deployment view"
    assert catalog.prefix == "POLARIS_"
    assert COMPONENT.build(_context()).workloads[0].name == catalog.endpoint.host.split(".")[0]


@pytest.mark.parametrize(("scale", "replicas"), [("light", 1), ("medium", 2), ("heavy", 3)])
def test_replicas_follow_the_scale(scale: str, replicas: int) -> None:
    server = COMPONENT.build(_context(settings=changed(DEVELOPMENT, environment={"scale": scale}))).workloads[0]
    assert (server.kind, server.replicas, server.available) == ("Deployment", replicas, 1)


def test_at_least_two_replicas_unless_the_scale_says_otherwise() -> None:
    assert PolarisConfig().replicas == 2


def test_server_and_tool_have_the_same_version() -> None:
    parts = COMPONENT.build(_context())
    images = [_server(_context()).image, parts.tasks[0].pod.containers[0].image]
    assert images == ["docker.io/apache/polaris:1.7.0", "docker.io/apache/polaris-admin-tool:1.7.0"]


def test_probes_use_the_management_port_which_needs_no_login() -> None:
    server = _server(_context())
    ports = {port.name: port.number for port in server.ports}
    probes = [server.startup, server.liveness, server.readiness]
    assert ports == {"http": 8181, "management": 8182}
    assert {probe.port for probe in probes if probe} == {"management"}
    assert [probe.path for probe in probes if probe] == ["/q/health/live", "/q/health/live", "/q/health/ready"]


def test_a_jvm_gets_time_to_start_but_not_forever() -> None:
    startup = _server(_context()).startup
    assert startup is not None
    assert 120 <= startup.period * startup.failures <= 600


def test_the_catalog_outlives_its_pods() -> None:
    variables = {variable.name: variable.value for variable in _server(_context()).variables}
    assert variables["POLARIS_PERSISTENCE_TYPE"] == "relational-jdbc"
    assert variables["QUARKUS_DATASOURCE_JDBC_URL"] == (
        "jdbc:postgresql://polaris-postgresql.floe-platform.svc.cluster.local:5432/polaris"
    )
    assert variables["QUARKUS_DATASOURCE_USERNAME"] == "polaris"


def test_an_in_memory_catalog_is_refused() -> None:
    with pytest.raises(ValidationError):
        PolarisConfig.model_validate({"database": {"type": "in-memory"}})
    (need,) = COMPONENT.databases(_context().instance)
    assert (need.database, need.user) == ("polaris", "polaris")


def test_all_replicas_sign_tokens_with_one_key() -> None:
    context = _context()
    values = properties(context)
    (key,) = _server(context).secret_files
    assert values["polaris.authentication.token-broker.type"] == "symmetric-key"
    assert values["polaris.authentication.token-broker.symmetric-key.file"] == key.path
    assert (key.secret.secret.name, key.secret.secret.keys[0].generated) == ("polaris-token-broker", 64)


def test_nothing_is_logged_to_files_as_the_root_is_read_only() -> None:
    for container in (_server(_context()), COMPONENT.build(_context()).tasks[0].pod.containers[0]):
        assert {variable.name: variable.value for variable in container.variables}[
            "QUARKUS_LOG_FILE_ENABLED"
        ] == "false"
        assert not container.writable_root


def test_a_writable_root_is_a_declared_exception() -> None:
    assert _server(_context({"writable_root": True})).writable_root


def test_traces_go_to_the_collector_if_there_is_one() -> None:
    with_one, without = _context(None, COLLECTOR), _context()
    assert properties(with_one)["quarkus.otel.exporter.otlp.endpoint"] == COLLECTOR.grpc.url()
    assert properties(with_one)["quarkus.otel.sdk.disabled"] == "false"
    assert properties(without)["quarkus.otel.sdk.disabled"] == "true"
    assert COLLECTOR.grpc in COMPONENT.build(with_one).workloads[0].pod.calls


def test_the_configuration_has_no_secrets() -> None:
    parts = COMPONENT.build(_context())
    pods = [*(workload.pod for workload in parts.workloads), *(task.pod for task in parts.tasks)]
    texts = [file.text for pod in pods for file in pod.containers[0].config]
    assert texts
    assert not [text for text in texts if "password" in text.lower() or "access-key" in text.lower()]


def test_every_secret_variable_says_why_it_is_not_a_file() -> None:
    assert all(variable.reason for variable in _server(_context()).variables if variable.secret)


def test_a_workload_identity_replaces_keys() -> None:
    context = _context(store=AWS)
    pod = COMPONENT.build(context).workloads[0].pod
    assert pod.workload_identity is AWS.identity
    assert "sts.us-east-1.amazonaws.com" in {server.host for server in pod.servers()}
    names = {variable.name for variable in pod.containers[0].variables}
    assert "AWS_ACCESS_KEY_ID" not in names
    assert "AWS_REGION" in names


# --- the catalog's storage ---


def test_clients_and_server_get_the_same_store() -> None:
    assert management.storage_configuration(replace(STORE, issues_credentials=False)) == {
        "storageType": "S3",
        "allowedLocations": ["s3://warehouse/"],
        "region": "us-east-1",
        "stsUnavailable": True,
        "endpoint": STORE.url,
        "endpointInternal": STORE.url,
        "pathStyleAccess": True,
    }


def test_a_store_that_issues_its_own_credentials_gets_no_role() -> None:
    """As MinIO does: `stsUnavailable` would keep Polaris from asking it."""
    configuration = management.storage_configuration(STORE)
    assert not {"stsUnavailable", "roleArn"} & configuration.keys()
    assert configuration["endpoint"] == STORE.url


def test_aws_vends_credentials_through_a_role() -> None:
    assert management.storage_configuration(AWS) == {
        "storageType": "S3",
        "allowedLocations": ["s3://warehouse/"],
        "region": "us-east-1",
        "roleArn": "arn:aws:iam::123456789012:role/lake",
    }


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (
            replace(STORE, kind="gcs", warehouse="gs://lake/", role="polaris@acme.iam.gserviceaccount.com"),
            {"storageType": "GCS", "gcsServiceAccount": "polaris@acme.iam.gserviceaccount.com"},
        ),
        (
            replace(STORE, kind="adls", warehouse="abfss://c@a.dfs.core.windows.net/", tenant="0f"),
            {"storageType": "AZURE", "tenantId": "0f", "hierarchical": True},
        ),
    ],
)
def test_storage_of_google_cloud_and_azure(store: ObjectStore, expected: dict[str, Any]) -> None:
    assert management.storage_configuration(store) == {**expected, "allowedLocations": [store.warehouse]}


def test_the_server_logs_in_to_other_clouds_and_calls_their_token_services() -> None:
    host = Endpoint("sts.googleapis.com", (Port("https", 443),))
    gcs = replace(STORE, kind="gcs", access_key=None, issuers=(host,))
    server = _server(_context(store=gcs))
    variables = {variable.name: variable for variable in server.variables}
    assert [file.path for file in server.secret_files if file.secret == STORE.secret_key] == [
        variables["GOOGLE_APPLICATION_CREDENTIALS"].value
    ]
    assert host in COMPONENT.build(_context(store=gcs)).workloads[0].pod.calls
    adls = replace(STORE, kind="adls", access_key=None, tenant="the-tenant", client_id="the-client")
    variables = {variable.name: variable for variable in _server(_context(store=adls)).variables}
    assert variables["AZURE_TENANT_ID"].value == "the-tenant"
    assert variables["AZURE_CLIENT_ID"].value == "the-client"
    assert variables["AZURE_CLIENT_SECRET"].secret == STORE.secret_key
    assert not {name for name in variables if name.startswith("AWS")}


@pytest.mark.parametrize("kind", ["s3", "gcs", "adls"])
def test_the_server_allows_the_kind_of_storage_that_the_catalog_has(kind: Any) -> None:
    store = replace(STORE, kind=kind)
    allowed = properties(_context(store=store))['polaris.features."SUPPORTED_CATALOG_STORAGE_TYPES"']
    assert json.loads(allowed) == [management.storage_configuration(store)["storageType"]]


# --- clients ---


def test_each_product_is_its_own_client_and_none_is_root() -> None:
    clients = _catalog(_context()).clients
    assert {
        domain: [client.product for client in clients_of_domain] for domain, clients_of_domain in clients.items()
    } == {
        "field-service": ["visits"],
        "sales": ["shop"],
    }
    every = [client.credentials for clients_of_domain in clients.values() for client in clients_of_domain]
    logins = [login for login in every if isinstance(login, OAuth2Credentials)]
    assert {login.client_secret.secret.name for login in logins} == {
        "polaris-client-sales-shop",
        "polaris-client-field--service-visits",
    }
    assert catalog_polaris.root_secret(_context().instance) not in {login.client_secret.secret for login in logins}
    assert {login.token_url for login in logins} == {f"{_catalog(_context()).uri}/v1/oauth/tokens"}
    assert {login.scope for login in logins} == {"PRINCIPAL_ROLE:ALL"}


def test_clients_name_the_realm_in_every_request() -> None:
    assert _catalog(_context({"realm": "lab"})).headers == (("Polaris-Realm", "lab"),)


def test_products_of_two_domains_never_share_a_client() -> None:
    assert management.client_name("a-b", "c") != management.client_name("a", "b-c")


def test_a_product_writes_below_its_own_namespace_and_reads_its_inputs() -> None:
    visits, shop = management.clients(SERVED, "/secrets")
    assert (visits["writes"], visits["reads"]) == ("field_service__visits", ["sales__shop.orders"])
    assert (shop["writes"], shop["reads"]) == ("sales__shop", [])
    assert (visits["namespaces"], shop["namespaces"]) == ("lists", "creates"), "only dlt creates its namespace"


def test_a_semantic_layer_reads_tables_and_writes_nowhere() -> None:
    (client,) = management.clients((ServedProduct("sales", SEMANTIC_LAYER, (ORDERS,)),), "/secrets")
    assert (client["writes"], client["reads"]) == (None, ["sales__shop.orders"])
    grants = polaris_setup.grants_of(client, {"lists": "list", "reads": "read", "writes": "write"})
    assert [grant["privilege"] for grant in grants] == ["list", "read"]
    statements = of_product("warehouse", ServedProduct("sales", SEMANTIC_LAYER, (ORDERS,)))
    assert not [statement for statement in statements if "s3:PutObject" in str(statement["Action"])]
    assert "s3:PutObject" in str(of_product("warehouse", SERVED[1]))


# --- bootstrap ---


def _bootstrap(folder: Path, secret: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    tool = folder / "tool"
    tool.write_text(f'#!/bin/bash\necho "$@" > {folder}/arguments\ncat "$3" > {folder}/credentials\nexit {status}\n')
    tool.chmod(0o755)
    (folder / "secret").write_text(secret)
    variables = {
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(folder),
        "ADMIN_TOOL": str(tool),
        "REALM": "acme",
        "ROOT_ID": "root",
        "ROOT_SECRET": str(folder / "secret"),
    }
    command = ["bash", "-c", script("floe_compiler.components.catalog_polaris", "polaris-bootstrap.sh")]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("secret", ["s3cret", "with ' and \" and : and #", "${HOME} $(id)"])
def test_bootstrap_passes_the_secret_in_a_file_and_deletes_it(tmp_path: Path, secret: str) -> None:
    done = _bootstrap(tmp_path, secret)
    assert done.returncode == 0, done.stderr
    assert yaml.load((tmp_path / "credentials").read_text(), yaml.CSafeLoader) == {
        "acme": {"client-id": "root", "client-secret": secret}
    }
    command, option, file = (tmp_path / "arguments").read_text().split()
    assert (command, option) == ("bootstrap", "--credentials-file")
    assert not Path(file).exists()
    assert secret not in done.stdout + done.stderr


def test_bootstrap_fails_when_the_tool_fails(tmp_path: Path) -> None:
    assert _bootstrap(tmp_path, "s3cret", status=3).returncode == 3


def test_bootstrap_refuses_an_empty_secret(tmp_path: Path) -> None:
    assert _bootstrap(tmp_path, "").returncode == 1
    assert not (tmp_path / "arguments").exists()


# --- setup ---


def _command(folder: Path, context: Context[Any], url: str, **changes: Any) -> list[str]:
    """Write the files of the setup task's container below `folder`; return what it runs, with the server at `url`."""
    container = COMPONENT.build(context).tasks[1].pod.containers[0]
    for file in container.config:
        path = folder / file.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    values = {"/run/secrets/polaris-root/client-secret": "root-secret", **changes.pop("secrets", {})}
    for secret in container.secret_files:
        path = folder / secret.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(values.get(secret.path, f"secret-of-{path.name}\n"))
    setup = folder / catalog_polaris.SETUP_FILE.lstrip("/")
    document = json.loads(setup.read_text().replace("/run/secrets", f"{folder}/run/secrets"))
    setup.write_text(json.dumps({**document, "url": url, "patience_seconds": 20, **changes}))
    files = [str(folder / part.lstrip("/")) for part in container.command[2:]]
    return [sys.executable, *container.command[1:2], *files]


def _setup(folder: Path, context: Context[Any], url: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    """Do what the setup task's container does, in this process, as Python's start takes longer than the rest."""
    command = _command(folder, context, url, **changes)
    out, problems = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(problems):
        code = polaris_setup.main(command[3:])
    return subprocess.CompletedProcess(command, code, out.getvalue(), problems.getvalue())


READS_ORDERS = {"type": "table", "namespace": ["sales__shop"], "tableName": "orders", "privilege": "TABLE_READ_DATA"}


def test_setup_makes_the_catalog_and_its_clients(tmp_path: Path) -> None:
    """As the container starts it."""
    state = State(tables={("sales__shop", "orders")})
    with running(state) as url:
        command = _command(tmp_path, _context(), url)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert state.catalogs["warehouse"]["storageConfigInfo"] == management.storage_configuration(STORE)
    assert state.secrets[SHOP] == (SHOP, f"secret-of-{SHOP}")
    assert state.secrets["root"] == ("root", "root-secret")
    assert state.assigned == {VISITS: [VISITS], SHOP: [SHOP]}
    assert state.namespaces == {"warehouse": [["field_service__visits"], ["sales__shop"]]}
    assert state.catalog_roles["warehouse", VISITS] == [
        {"type": "catalog", "privilege": "NAMESPACE_LIST"},
        {"type": "namespace", "namespace": ["field_service__visits"], "privilege": "CATALOG_MANAGE_CONTENT"},
        READS_ORDERS,
    ]
    assert state.catalog_roles_assigned[VISITS, "warehouse"] == [VISITS]


def _as(principal: str, url: str, path: str, body: dict[str, Any] | None = None) -> int:
    """Return the status of a request of a product for a namespace of the catalog, or for something in it."""
    request = Request(
        f"{url}/api/catalog/v1/warehouse/namespaces{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer token-of-{principal}"},
    )
    try:
        return int(urlopen(request, timeout=10).status)
    except HTTPError as error:
        error.close()
        return error.code


def test_dlt_gets_a_conflict_when_it_creates_its_namespace_again(tmp_path: Path) -> None:
    """As dlt does in each run: it goes on only after a conflict."""
    state = State()
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        assert _as(SHOP, url, "", {"namespace": ["sales__shop"]}) == 409
        assert _as(VISITS, url, "", {"namespace": ["field_service__visits"]}) == 403


def test_a_product_is_refused_what_it_does_not_declare(tmp_path: Path) -> None:
    state = State(tables={("sales__shop", "orders"), ("sales__shop", "raw"), ("field_service__visits", "visits")})
    own, orders, raw = "/field_service__visits/tables", "/sales__shop/tables/orders", "/sales__shop/tables/raw"
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        assert _as(VISITS, url, orders) == 200, "its input"
        assert _as(VISITS, url, raw) == 403, "another table of the same product"
        assert _as(VISITS, url, orders, {"updates": []}) == 403, "it may only read it"
        assert _as(VISITS, url, "/sales__shop/tables", {"name": "stray"}) == 403
        assert _as(VISITS, url, own, {"name": "new"}) == 200
        assert _as(SHOP, url, f"{own}/visits") == 403, (
            "a product that offers a table may not read the tables of its readers"
        )
        assert _as(SHOP, url, raw, {"updates": []}) == 200


def test_a_table_is_granted_once_it_exists_and_again_after_it_was_recreated(tmp_path: Path) -> None:
    state = State()
    with running(state) as url:
        done = _setup(tmp_path, _context(), url)
        assert done.returncode == 0, done.stderr
        assert "there is no such table yet: TABLE_READ_DATA on sales__shop.orders" in done.stdout
        assert _as(VISITS, url, "/sales__shop/tables/orders") == 403
        assert _as(SHOP, url, "/sales__shop/tables", {"name": "orders"}) == 200
        assert "granted: TABLE_READ_DATA on sales__shop.orders" in _setup(tmp_path, _context(), url).stdout
        assert _as(VISITS, url, "/sales__shop/tables/orders") == 200
        state.catalog_roles["warehouse", VISITS].remove(READS_ORDERS)  # as with a table that is dropped
        assert _setup(tmp_path, _context(), url).returncode == 0
        assert _as(VISITS, url, "/sales__shop/tables/orders") == 200


def test_access_to_a_removed_input_is_revoked(tmp_path: Path) -> None:
    state = State(tables={("sales__shop", "orders")})
    without = (replace(SERVED[0], reads=()), SERVED[1])
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        done = _setup(tmp_path, _context(served=without), url)
        assert done.returncode == 0, done.stderr
        assert "revoked: TABLE_READ_DATA on sales__shop.orders" in done.stdout
        assert _as(VISITS, url, "/sales__shop/tables/orders") == 403
    assert READS_ORDERS not in state.catalog_roles["warehouse", VISITS]


def test_a_removed_product_loses_its_client_but_not_its_tables(tmp_path: Path) -> None:
    state = State(tables={("sales__shop", "orders")})
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        done = _setup(tmp_path, _context(served=SERVED[:1]), url)
    assert done.returncode == 0, done.stderr
    assert SHOP not in state.principals
    assert SHOP not in state.secrets
    assert SHOP not in state.principal_roles
    assert ("warehouse", SHOP) not in state.catalog_roles
    assert VISITS in state.principals
    assert ["sales__shop"] in state.namespaces["warehouse"]
    assert state.tables == {("sales__shop", "orders")}


def test_grants_made_by_people_are_left_alone(tmp_path: Path) -> None:
    state = State(tables={("sales__shop", "orders")})
    reports = {"name": "reports", "properties": {}}
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        state.principals["product-by-hand"] = {"clientId": "by-hand"}
        state.principal_roles["product-by-hand"] = {"name": "product-by-hand"}
        state.principal_roles["reports"] = reports
        state.catalog_roles["warehouse", "reports"] = [READS_ORDERS]
        state.catalog_roles_assigned[SHOP, "warehouse"].append("reports")
        state.catalog_roles["warehouse", SHOP].append({"type": "catalog", "privilege": "TABLE_READ_DATA"})
        done = _setup(tmp_path, _context(), url)
    assert done.returncode == 0, done.stderr
    assert {"product-by-hand"} <= state.principals.keys() & state.principal_roles.keys()
    assert state.catalog_roles["warehouse", "reports"] == [READS_ORDERS]
    assert state.catalog_roles_assigned[SHOP, "warehouse"] == [SHOP, "reports"]
    assert {"type": "catalog", "privilege": "TABLE_READ_DATA"} not in state.catalog_roles["warehouse", SHOP], (
        "only the setup changes a client's own role"
    )


def test_every_request_is_in_the_published_api(tmp_path: Path) -> None:
    """The published API is Polaris' own description, see `polaris_api`."""
    state = State(tables={("sales__shop", "orders")})
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        assert _setup(tmp_path, _context(served=SERVED[:1]), url).returncode == 0
        moved = _context(
            store=replace(STORE, url="https://storage.example.com"), served=(replace(SERVED[0], reads=()),)
        )
        assert _setup(tmp_path, moved, url).returncode == 0
    methods = {(method, body is None) for method, _, body in state.bodies}
    assert {("GET", True), ("POST", False), ("PUT", False), ("DELETE", True)} <= methods
    for method, path, body in state.bodies:
        check_request(method, path, body)
    with pytest.raises(AssertionError, match="no such operation"):
        check_request("PATCH", "/api/management/v1/principals", None)
    with pytest.raises(InvalidRequest):
        check_request("POST", "/api/management/v1/principals", {"principal": {"title": "x"}})


def test_setup_is_idempotent(tmp_path: Path) -> None:
    state = State()
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        before = len(state.changes())
        done = _setup(tmp_path, _context(), url)
    assert done.returncode == 0, done.stderr
    assert state.changes()[before:] == []
    assert all(status < 500 for _, _, status in state.log)


def test_setup_finishes_what_another_run_began(tmp_path: Path) -> None:
    state = State(principal_roles={SHOP: {"name": SHOP}}, principals={"root": {}, SHOP: {"clientId": "random"}})
    with running(state) as url:
        done = _setup(tmp_path, _context(), url)
    assert done.returncode == 0, done.stderr
    assert state.secrets[SHOP] == (SHOP, f"secret-of-{SHOP}")


def test_setup_updates_a_catalog_whose_store_changed(tmp_path: Path) -> None:
    state, moved = State(), replace(STORE, url="https://storage.example.com")
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        done = _setup(tmp_path, _context(store=moved), url)
    assert done.returncode == 0, done.stderr
    assert state.catalogs["warehouse"]["storageConfigInfo"]["endpoint"] == "https://storage.example.com"


def test_setup_applies_a_rotated_secret(tmp_path: Path) -> None:
    state = State()
    with running(state) as url:
        assert _setup(tmp_path, _context(), url).returncode == 0
        done = _setup(tmp_path, _context(), url, secrets={f"/run/secrets/clients/{SHOP}": "rotated"})
    assert done.returncode == 0, done.stderr
    assert state.secrets[SHOP] == (SHOP, "rotated")


def test_setup_prints_no_secret(tmp_path: Path) -> None:
    with running(State()) as url:
        done = _setup(tmp_path, _context(), url)
    assert "secret-of" not in done.stdout + done.stderr
    assert "root-secret" not in done.stdout + done.stderr


def test_setup_fails_where_root_may_not_log_in(tmp_path: Path) -> None:
    other_secret = {"/run/secrets/polaris-root/client-secret": "another"}
    with running(State()) as url:
        command = _command(tmp_path, _context(), url, secrets=other_secret)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "the root client may not log in" in done.stderr


def test_setup_fails_when_any_request_is_refused(tmp_path: Path) -> None:
    state = State(secrets={"root": ("root", "root-secret"), SHOP: ("someone", "x")})
    with running(state) as url:
        done = _setup(tmp_path, _context(), url)
    assert done.returncode == 1
    assert "409 Client ID already in use" in done.stderr


def test_setup_gives_up_on_a_server_that_never_answers(tmp_path: Path) -> None:
    done = _setup(tmp_path, _context(), "http://127.0.0.1:9", patience_seconds=0)
    assert done.returncode == 1
    assert "did not answer" in done.stderr


def test_setup_waits_until_the_server_is_up(tmp_path: Path) -> None:
    with running(State(failures=1)) as url:
        done = _setup(tmp_path, _context(), url)
    assert done.returncode == 0, done.stderr
    assert "waiting for the server" in done.stdout


def test_setup_runs_after_bootstrap_and_server() -> None:
    parts = COMPONENT.build(_context())
    bootstrap, setup, access = parts.tasks
    assert starts_after(parts) == {
        ("polaris", "polaris-bootstrap"),
        ("polaris-setup", "polaris"),
        ("polaris-access", "polaris-setup"),
    }
    assert (access.schedule, access.pod) == ("*/5 * * * *", setup.pod), "as tables come and go between two syncs"
    assert bootstrap.deadline <= 3600
    assert setup.deadline <= 3600


# --- what is rendered ---


def _without_scripts(manifest: Object) -> Object:
    """Return a ConfigMap without its scripts, which have their own files."""
    data = manifest.get("data", {})
    scripts = {key: "..." for key in data if key.endswith((".py", ".sh"))}
    return {**manifest, "data": {**data, **scripts}} if scripts else manifest


@pytest.mark.parametrize("settings", [DEVELOPMENT, PRODUCTION], ids=["light", "heavy"])
def test_rendered(settings: Settings, snapshot: SnapshotAssertion) -> None:
    unit = unit_of(COMPONENT, _context(None, COLLECTOR, settings=settings))
    own = [
        _without_scripts(manifest) for manifest in unit.objects if manifest["metadata"]["name"].startswith("polaris")
    ]
    assert as_text(own) == snapshot


def test_people_log_in_to_the_api_and_metrics_are_on_the_management_port() -> None:
    (server,) = COMPONENT.build(_context()).workloads
    (interface,) = server.interfaces
    assert (interface.name, interface.port, interface.authenticates) == ("polaris", "http", True)
    assert interface.for_programs, "it is opened only if the environment names it"
    assert interface.health == "management", "the API requires a login"
    assert [(metric.port, metric.path) for metric in server.metrics] == [("management", "/q/metrics")]


def test_an_autoscaler_may_set_the_number_of_servers() -> None:
    context = _context({"replicas": {"minimum": 2, "maximum": 6}})
    kinds = {
        manifest["kind"]: manifest["spec"]
        for manifest in unit_of(COMPONENT, context).objects
        if manifest["kind"] in ("Deployment", "HorizontalPodAutoscaler")
    }
    assert "replicas" not in kinds["Deployment"]
    assert kinds["HorizontalPodAutoscaler"]["maxReplicas"] == 6
