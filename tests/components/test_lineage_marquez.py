"""Marquez: its requirements, known pitfalls, its configuration, and the rendered services."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.lineage_marquez import (
    ARCHITECTURE_LABEL,
    COMPONENT,
    START,
    MarquezConfig,
    configuration,
    databases,
    provides,
)
from floe_compiler.kit.postgresql import PORT, DatabaseOwner, database_secret
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import service_endpoint
from floe_compiler.model.facts import Container, Parts, Probe, Workload
from floe_compiler.model.inputs import Placement, Placements, PostgresqlServer
from floe_compiler.model.operations import Scaling
from floe_compiler.model.plan import Context
from floe_compiler.model.settings import Settings
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, starts_after, unit_of

OWNER = DatabaseOwner(database="marquez", user="marquez")
DATABASE = Database(
    "marquez-postgresql/marquez",
    service_endpoint("marquez-postgresql", "floe-platform", "cluster.local", (PORT,)),
    "marquez",
    "marquez",
    database_secret(OWNER, "floe-platform").key("password"),
)


def context(settings: Settings = PRODUCTION, **config: Any) -> Context[MarquezConfig]:
    return context_of(COMPONENT, config, settings=settings, capabilities=[DATABASE], databases=(DATABASE.name,))


def build(settings: Settings = PRODUCTION, **config: Any) -> Parts:
    return COMPONENT.build(context(settings, **config))


def api() -> Workload:
    return build().workloads[0]


def container() -> Container:
    return api().pod.containers[0]


def memory(request: str) -> dict[str, Any]:
    return {"requests": {"cpu": "500m", "memory": request}, "limits": {"cpu": "2", "memory": "2Gi"}}


def test_one_of_two_servers_always_stays() -> None:
    assert (api().kind, api().replicas, api().available) == ("Deployment", 2, 1)


def test_a_small_environment_has_one_of_each() -> None:
    assert [workload.replicas for workload in build(DEVELOPMENT).workloads] == [1, 1]


def test_it_requests_the_resources_of_the_platform_design() -> None:
    assert (container().resources.cpu, container().resources.memory) == ("500m", "1Gi")


def test_clients_use_the_default_port_and_the_admin_port_has_no_service() -> None:
    ports = {port.number: port for port in container().ports}

    assert set(ports) == {5000, 5001}
    assert ports[5000].service
    assert not ports[5001].service
    assert provides(context().instance)[0].url == "http://marquez.floe-platform.svc.cluster.local:5000"


def test_it_is_given_ten_minutes_to_start() -> None:
    startup = container().startup

    assert startup is not None
    assert 300 <= startup.period * startup.failures <= 600


@pytest.mark.parametrize("probe", [container().startup, container().liveness, container().readiness])
def test_probes_use_http_with_long_timeouts(probe: Probe) -> None:
    assert probe.path
    assert probe.timeout == 5, "one second was too little on a busy node"


def test_an_outage_of_the_database_does_not_restart_it() -> None:
    """The path /healthcheck asks the database (measured: 500 when it is gone), /ping does not."""
    liveness, readiness = container().liveness, container().readiness

    assert liveness is not None
    assert readiness is not None
    assert liveness.path == "/ping"
    assert readiness.path == "/healthcheck"


@pytest.mark.parametrize("request_", ["256Mi", "511Mi", "128M"])
def test_too_little_memory_is_refused_with_the_minimum(request_: str) -> None:
    with pytest.raises(ValidationError, match="request at least 512Mi"):
        context(resources=memory(request_))


@pytest.mark.parametrize("request_", ["512Mi", "1Gi", "2G"])
def test_enough_memory_is_accepted(request_: str) -> None:
    assert context(resources=memory(request_)).config.resources.requests.memory == request_


def test_it_waits_for_its_database_and_calls_only_that() -> None:
    for pod in (api().pod, build().tasks[0].pod):
        assert pod.waits_for == pod.calls == (DATABASE.endpoint,)


def test_it_needs_its_own_database() -> None:
    (need,) = databases(context().instance)

    assert (need.choice, need.database, need.user) == (PostgresqlServer(), "marquez", "marquez")


def test_the_schema_is_migrated_once_by_a_task_before_the_servers_start() -> None:
    (migration,) = build().tasks
    (container_,) = migration.pod.containers

    assert container_.arguments == ("db-migrate", "/etc/marquez/config.yml")
    assert container_.image == container().image
    assert (migration.retries, migration.deadline) == (3, 3600)
    assert starts_after(build()) == {("marquez", "marquez-migrate"), ("marquez-web", "marquez")}
    assert (container_.liveness, container_.readiness, container_.startup, container_.ports) == (None, None, None, ())


def test_java_gets_signals() -> None:
    assert container().arguments[0] == "server"
    assert START.splitlines()[-1].startswith("exec java ")


def test_the_configuration_is_what_marquez_reads() -> None:
    read = yaml.load(configuration(DATABASE, 2), yaml.CSafeLoader)

    assert read["db"]["url"] == "jdbc:postgresql://marquez-postgresql.floe-platform.svc.cluster.local:5432/marquez"
    assert read["db"]["user"] == "marquez"
    assert read["migrateOnStartup"] is False
    assert read["search"] == {"enabled": False}, "the default looks for an OpenSearch server"
    assert [connector["port"] for connector in read["server"]["applicationConnectors"]] == [5000]
    assert [connector["port"] for connector in read["server"]["adminConnectors"]] == [5001]


def test_all_pools_together_fit_into_one_server() -> None:
    def pool(replicas: int) -> int:
        return int(yaml.load(configuration(DATABASE, replicas), yaml.CSafeLoader)["db"]["maxSize"])

    assert [pool(replicas) for replicas in (1, 2, 3, 4, 8, 200)] == [20, 20, 20, 16, 10, 1]
    assert context().config.replicas == 2


def test_an_autoscaler_may_set_the_replicas_and_the_pools_fit_its_maximum() -> None:
    web_bounds = {"replicas": {"minimum": 2, "maximum": 3}}
    server, web = build(replicas={"minimum": 2, "maximum": 8}, web=web_bounds).workloads
    assert (server.replicas, web.replicas) == (Scaling(2, 8, 80), Scaling(2, 3, 80))
    (file,) = server.pod.containers[0].config
    assert yaml.load(file.text, yaml.CSafeLoader)["db"]["maxSize"] == 10


def test_the_password_stays_out_of_configuration_and_variables() -> None:
    (file,) = container().secret_files

    assert file.secret == DATABASE.password
    assert yaml.load(configuration(DATABASE, 2), yaml.CSafeLoader)["db"]["password"] == "${MARQUEZ_DB_PASSWORD}"
    assert not any(variable.secret for variable in container().variables)


def test_the_user_may_come_from_the_secret() -> None:
    external = replace(DATABASE, user="", user_key=DATABASE.password.secret.key("username"), ssl_mode="require")
    read = yaml.load(configuration(external, 2), yaml.CSafeLoader)["db"]
    assert read["user"] == "${MARQUEZ_DB_USER}"
    assert read["url"].endswith("/marquez?sslmode=require")
    server = COMPONENT.build(context_of(COMPONENT, capabilities=[external], databases=(external.name,))).workloads[0]
    (user,) = (variable for variable in server.pod.containers[0].variables if variable.name == "MARQUEZ_DB_USER")
    assert user.secret == external.user_key


def started(folder: Path, password: str) -> str:
    """Return the configuration as Java would see it, with a stand-in for Java that the start script runs."""
    (folder / "password").write_text(password)
    java = folder / "java"
    java.write_text('#!/bin/sh\nprintf %s "$MARQUEZ_DB_PASSWORD"\n')
    java.chmod(0o755)
    (folder / "marquez-api-0.51.1.jar").touch()
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "PASSWORD_FILE": str(folder / "password")}
    ran = subprocess.run(
        ["sh", "-c", START, "marquez", "server", "config.yml"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return configuration(DATABASE, 2).replace("${MARQUEZ_DB_PASSWORD}", ran.stdout)


@pytest.mark.parametrize("password", ["plain", 'quo"te', r"back\slash\n", "it's: #x", "%s $HOME `id` {}"])
def test_any_password_survives_in_the_configuration(tmp_path: Path, password: str) -> None:
    assert yaml.load(started(tmp_path, password + "\n"), yaml.CSafeLoader)["db"]["password"] == password


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_escaping_is_that_of_yaml(password: str) -> None:
    """The same rule as the script's `sed`, over many more passwords than a process could be started for."""
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')

    assert yaml.load(f'password: "{escaped}"', yaml.CSafeLoader) == {"password": password}


def test_an_unreadable_password_stops_the_start(tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    ran = subprocess.run(
        ["sh", "-c", START, "marquez", "server"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PASSWORD_FILE": str(tmp_path / "missing")},
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert ran.returncode != 0


def test_pods_run_only_on_nodes_with_the_architecture_of_their_image() -> None:
    pods = [*(workload.pod for workload in build().workloads), *(task.pod for task in build().tasks)]

    assert {pod.architecture for pod in pods} == {"amd64"}
    assert {pod.identity.user for pod in pods} == {1000}


def test_the_web_interface_finds_the_server_and_is_open_to_people() -> None:
    web = build().workloads[1]
    variables = {variable.name: variable.value for variable in web.pod.containers[0].variables}

    assert (web.name, web.pod.containers[0].ports[0].number) == ("marquez-web", 3000)
    (interface,) = web.interfaces
    assert (interface.port, interface.authenticates) == ("http", False), "whoever reaches it sees everything"
    assert variables == {
        "MARQUEZ_HOST": "marquez.floe-platform.svc.cluster.local",
        "MARQUEZ_PORT": "5000",
        "WEB_PORT": "3000",
    }
    assert web.pod.calls == (provides(context().instance)[0].endpoint,)
    assert api().interfaces == ()


def test_the_web_interface_can_be_left_out() -> None:
    assert [workload.name for workload in build(web={"enabled": False}).workloads] == ["marquez"]


@pytest.mark.parametrize("settings", [DEVELOPMENT, PRODUCTION], ids=lambda settings: settings.environment.name)
def test_rendered(settings: Settings, snapshot: SnapshotAssertion) -> None:
    objects = unit_of(COMPONENT, context(settings)).objects

    assert as_text(manifest for manifest in objects if manifest["metadata"]["name"].startswith("marquez")) == snapshot


@pytest.mark.parametrize(
    ("selector", "refused"), [({}, 0), ({ARCHITECTURE_LABEL: "amd64"}, 0), ({ARCHITECTURE_LABEL: "arm64"}, 1)]
)
def test_nodes_of_an_architecture_without_an_image_are_refused(selector: dict[str, str], refused: int) -> None:
    context_ = context()
    placement = Placements(services=Placement(node_selector=selector))
    refusals = [*COMPONENT.refuses(replace(context_, instance=replace(context_.instance, placement=placement)))]
    assert len(refusals) == refused
    assert all("kubernetes.io/arch: arm64" in refusal.message for refusal in refusals)


def test_the_server_shows_metrics_where_events_come_in() -> None:
    (metrics,) = api().metrics
    assert (metrics.port, metrics.path) == ("http", "/metrics"), "not on the admin port, which answers in JSON"
