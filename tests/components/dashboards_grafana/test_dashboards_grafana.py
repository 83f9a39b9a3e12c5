"""Grafana: its requirements, known pitfalls, what it refuses, and the rendered objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.dashboards_grafana import COMPONENT, administrator, databases
from floe_compiler.components.dashboards_grafana.settings import GrafanaConfig
from floe_compiler.kit.postgresql import PORT, DatabaseOwner, database_secret
from floe_compiler.model.capabilities import Database, MetricsStore, TraceStore
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Container, Workload
from floe_compiler.model.plan import Context, Requirement
from floe_compiler.model.settings import Settings
from floe_compiler.pipeline import compile_mesh
from grafana_mesh import FOLDER, installed, production_mesh
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, unit_of

LOGIN: dict[str, Any] = {
    "type": "oidc",
    "auth_url": "https://login.acme.example/authorize",
    "token_url": "https://login.acme.example/token",
    "api_url": "https://userinfo.acme.example/me",
    "cidr": "203.0.113.0/24",
    "admins": ["platform-team"],
}
URL = "https://grafana.acme.example"


def server(name: str, *ports: Port) -> Any:
    return service_endpoint(name, "floe-platform", "cluster.local", ports)


STORE = MetricsStore("prometheus", server("prometheus", Port("http", 9090)))
TRACES = TraceStore("jaeger", server("jaeger", Port("otlp", 4317)), server("jaeger", Port("http", 16686)))
DATABASE = Database(
    "grafana-postgresql/grafana",
    server("grafana-postgresql", PORT),
    "grafana",
    "grafana",
    database_secret(DatabaseOwner(database="grafana", user="grafana"), "floe-platform").key("password"),
)


def context(
    settings: Settings = PRODUCTION, database: Database | None = DATABASE, **config: Any
) -> Context[GrafanaConfig]:
    capabilities = [STORE, TRACES, *([database] if database else [])]
    return context_of(
        COMPONENT, config, settings=settings, capabilities=capabilities, databases=("grafana-postgresql/grafana",)
    )


def small(**config: Any) -> Context[GrafanaConfig]:
    return context(DEVELOPMENT, None, **config)


def workload(context_: Context[GrafanaConfig]) -> Workload:
    (only,) = COMPONENT.build(context_).workloads
    return only


def container(context_: Context[GrafanaConfig]) -> Container:
    (only,) = workload(context_).pod.containers
    return only


def test_it_runs_as_its_own_user_and_writes_only_to_its_data() -> None:
    pod = workload(small()).pod
    assert (pod.identity.user, pod.identity.group, pod.identity.volume_group) == (472, 472, 472)
    (grafana,) = pod.containers
    assert [scratch.path for scratch in grafana.scratch] == ["/var/lib/grafana"]
    assert not grafana.writable_root
    assert [port.number for port in grafana.ports] == [3000]


def test_an_outage_of_the_database_restarts_nothing() -> None:
    grafana = container(context())
    assert grafana.liveness
    assert grafana.readiness
    assert (grafana.liveness.path, grafana.readiness.path) == ("/healthz", "/api/health")


def test_people_log_in_to_it() -> None:
    (interface,) = workload(small()).interfaces
    assert (interface.name, interface.port, interface.authenticates) == ("grafana", "http", True)


def test_no_secret_is_in_a_variable() -> None:
    grafana = container(context(url=URL, login=LOGIN))
    assert [variable.name for variable in grafana.variables if variable.secret] == []
    read = {(file.secret.secret.name, file.secret.key) for file in grafana.secret_files}
    assert read == {
        ("grafana-admin", "username"),
        ("grafana-admin", "password"),
        ("grafana-admin", "secret-key"),
        ("grafana-oidc", "client-id"),
        ("grafana-oidc", "client-secret"),
        ("grafana-postgresql", "password"),
    }


def test_the_administrators_password_can_be_generated_and_the_login_of_a_client_cannot() -> None:
    generated = {key.name: key.generated for key in administrator(small().instance).keys}
    assert generated == {"username": 0, "password": 32, "secret-key": 32}
    (client,) = {file.secret.secret for file in container(context(url=URL, login=LOGIN)).secret_files
                 if file.secret.secret.name == "grafana-oidc"}  # fmt: skip
    assert [(key.literal, key.generated) for key in client.keys] == [("", 0), ("", 0)]


def test_it_calls_its_data_sources_and_waits_only_for_its_database() -> None:
    pod = workload(context(url=URL, login=LOGIN)).pod
    assert {(call.host.partition(".")[0], call.port().number) for call in pod.calls} == {
        ("prometheus", 9090),
        ("jaeger", 16686),
        ("grafana-postgresql", 5432),
        ("login", 443),
        ("userinfo", 443),
    }
    assert {call.cidr for call in pod.calls if not call.group} == {"203.0.113.0/24"}
    assert pod.waits_for == (DATABASE.endpoint,)
    assert not workload(context()).awaited


def test_large_environments_have_two_replicas_with_one_database() -> None:
    assert workload(context()).replicas == 2
    assert not workload(context()).single
    assert [(need.database, need.user) for need in databases(context().instance)] == [("grafana", "grafana")]
    assert workload(small()).replicas == 1
    assert workload(small()).single == "Its users and sessions are in a file of the pod."
    assert databases(small().instance) == ()


def test_it_needs_metrics_and_uses_traces() -> None:
    assert COMPONENT.requires(small().instance) == (
        Requirement(MetricsStore),
        Requirement(TraceStore, optional=True),
    )


@pytest.mark.parametrize(
    ("context_", "path", "fix"),
    [
        (small(replicas=2), ("replicas",), "type: postgresql"),
        (small(login=LOGIN), ("login",), "set url"),
        (
            context(
                database=Database(DATABASE.name, DATABASE.endpoint, "g", "g", DATABASE.password, ssl_mode="prefer")
            ),
            ("database", "tls"),
            "tls: require",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(
    context_: Context[GrafanaConfig], path: tuple[str, ...], fix: str
) -> None:
    (refusal,) = COMPONENT.refuses(context_)
    assert refusal.path == path
    assert fix in refusal.hint


def test_settings_that_work_are_accepted() -> None:
    for context_ in (small(), context(), small(url=URL, login=LOGIN), small(url=URL)):
        assert [*COMPONENT.refuses(context_)] == []


def test_production_passes_all_checks(tmp_path: Path) -> None:
    with installed(tmp_path):
        compiled = compile_mesh(production_mesh(tmp_path))
    assert {warning.rule.code for warning in compiled.warnings} <= {"R021"}, (
        "at most the warning that the mesh is in no Git repository"
    )
    settings = yaml.load(compiled.files[f"{FOLDER}/configmap_grafana.yaml"], yaml.CSafeLoader)
    assert settings["metadata"]["annotations"] == {
        "floe.dev/external-hosts": "accounts.acme.example, grafana.acme.example"
    }, "only browsers open it"


@pytest.mark.parametrize("context_", [small(), context(url=URL, login=LOGIN)], ids=["file", "database-and-login"])
def test_rendered(context_: Context[GrafanaConfig], snapshot: SnapshotAssertion) -> None:
    """Without the dashboards, each of which has its own snapshot."""
    objects = unit_of(COMPONENT, context_).objects
    grafana_objects = [manifest for manifest in objects if manifest["metadata"]["name"].startswith("grafana")]
    assert (
        as_text(
            manifest
            for manifest in grafana_objects
            if not any(key.endswith(".json") for key in manifest.get("data", ()))
        )
        == snapshot
    )
