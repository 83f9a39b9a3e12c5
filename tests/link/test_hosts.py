"""Hosts in programs' texts."""

from __future__ import annotations

import pytest

from check.samples import POLARIS, Platform, resource, sample
from floe_compiler.check.network import ip_addresses
from floe_compiler.link.hosts import check
from floe_compiler.model.rendered import Connection, External
from tables import table

CHECKS = (ip_addresses.check, check)


def with_variable(text: str) -> Platform:
    """Return the platform with a text in a variable of Polaris."""
    platform = sample()
    platform.container("Deployment/polaris")["env"].append({"name": "TEXT", "value": text})
    return platform


@table(
    "text",
    [
        "http://dagster:3000/health",
        "http://dagster.floe-platform:3000",
        "http://dagster.floe-platform.svc:3000",
        "grpc://dagster.floe-platform.svc.cluster.local:3000",
        "dagster:3000",
        "dagster.floe-platform.svc.cluster.local",
        "jdbc:postgresql://postgres-0.postgres.floe-platform.svc.cluster.local:5432/polaris",
        "postgresql+psycopg2://user@postgres:5432/x",
        "http://localhost:8181",
        "0.0.0.0:8181",
        "https://kubernetes.default.svc.cluster.local:443",
        "https://s3.example.com/bucket",
        "https://warehouse.s3.example.com/bucket",
        "https://dagster.example.com/runs",
        "http://json-schema.org/draft-07/schema#",
        "http://${HOST}:8080/ and http://$(HOST):8080/ and http://{{ host }}/",
        "s3://warehouse/table",
        "ghcr.io/acme/postgres:16",
        "postgres:79",
        "postgres-0.postgres:5432",
        "postgres-0.postgres.floe-platform:5432",
        "db.example.com:79",
        "port:8181",
        "version 10.2.3.4",
        "12:30:00",
        "config.yaml:5432",
        "retries:8080",
    ],
)
def test_existing_hosts_and_other_texts_are_accepted(text: str) -> None:
    assert with_variable(text).findings(*CHECKS) == []


@table(
    "text, code, message",
    [
        (
            "http://dagstr.floe-platform.svc.cluster.local:3000",
            "C051",
            "names dagstr.floe-platform.svc.cluster.local, but there is no such Service",
        ),
        ("dagster.floe-plattform.svc:3000", "C051", "names dagster.floe-plattform.svc, but there is no such Service"),
        (
            "dagster.floe-platform.svc.example.org",
            "C051",
            "names dagster.floe-platform.svc.example.org, but the cluster's domain is cluster.local",
        ),
        ("http://dagster:80", "C052", "names port 80 of Service floe-platform/dagster"),
        ("http://dagster", "C052", "names port 80 of Service floe-platform/dagster"),
        ("http://dagster:79", "C052", "names port 79 of Service floe-platform/dagster"),
        ("dagster:80", "C052", "names port 80 of Service floe-platform/dagster"),
        ("db.example.com:80", "C053", "names db.example.com:80, which is not declared"),
        ("a.b.postgres:5432", "C053", "names a.b.postgres:5432, which is not declared"),
        (
            "http://a.b.dagster.floe-platform:3000",
            "C053",
            "names a.b.dagster.floe-platform:3000, which is not declared",
        ),
        ("dagster:8080", "C052", "names port 8080 of Service floe-platform/dagster"),
        ("dagster.floe-platform.svc.cluster.local:1", "C052", "names port 1 of Service floe-platform/dagster"),
        ("http://catalog:8181", "C053", "names catalog:8181, which is not declared"),
        ("polari:8181", "C053", "names polari:8181, which is not declared"),
        ("https://vault.example.com", "C053", "names vault.example.com:443, which is not declared"),
        ("db.example.com:5432", "C053", "names db.example.com:5432, which is not declared"),
        ("http://s3.example.com", "C053", "names s3.example.com:80, which is not declared"),
        ("https://api.svc.example.org", "C053", "names api.svc.example.org:443, which is not declared"),
        ("https://api.v1.svc.example.org", "C053", "names api.v1.svc.example.org:443, which is not declared"),
        ("http://10.1.2.3/x", "C054", "names 10.1.2.3"),
        ("10.1.2.3:5432", "C054", "names 10.1.2.3"),
    ],
)
def test_unknown_hosts_are_reported(text: str, code: str, message: str) -> None:
    ((found_code, subject, found_text),) = with_variable(text).findings(*CHECKS)
    assert (found_code, subject) == (code, "Deployment.apps floe-platform/polaris")
    assert found_text == f"spec.template.spec.containers[polaris].env[TEXT] {message}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("http://dagstr.floe-platform.svc:3000", 'did you mean "dagster"?'),
        ("http://dagster.floe-plattform.svc:3000", 'did you mean "floe-platform"?'),
        ("http://dagster:80", "it has 3000"),
        ("http://polari:8181", 'did you mean "polaris"?'),
        ("http://s3.example.com", "it is declared with port 443"),
        (
            "http://vault.example.com",
            (
                "declare it where it is used, a step with `connects:`, "
                'or annotate the object: "floe.dev/external-hosts: vault.example.com"'
            ),
        ),
        ("http://10.1.2.3", "use the name of a Service or of a declared server"),
    ],
)
def test_hints_name_the_nearest_host(text: str, hint: str) -> None:
    assert with_variable(text).hints(*CHECKS) == [hint]


def test_arguments_commands_and_config_maps_are_read() -> None:
    platform = sample()
    platform.container("CronJob/backup")["command"] = ["sh", "-c", "curl http://gone-a:80"]
    platform.container("CronJob/backup")["args"] = ["--to=http://gone-b:80"]
    platform["ConfigMap/polaris"]["data"]["x"] = "url: http://gone-c:80\n# see http://gone-d:80\n"
    assert [message for _, _, message in platform.findings(*CHECKS)] == [
        "spec.jobTemplate.spec.template.spec.containers[backup].command names gone-a:80, which is not declared",
        "spec.jobTemplate.spec.template.spec.containers[backup].args names gone-b:80, which is not declared",
        "data[x] names gone-c:80, which is not declared",
    ]


def test_a_bare_name_is_one_of_the_same_namespace() -> None:
    platform = with_variable("http://other:80")
    platform.add(resource("v1", "Service", "other", "elsewhere", spec={"ports": [{"port": 80}]}))
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C053"]


def test_a_headless_service_needs_the_port_of_the_container() -> None:
    platform = with_variable("postgres:15432")
    spec = platform["Service/postgres"]["spec"]
    spec["ports"] = [{"port": 5432, "targetPort": 15432}]
    assert platform.findings(*CHECKS) == []
    del spec["clusterIP"]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C052"]


def test_a_headless_service_has_every_port_of_its_pods() -> None:
    platform = with_variable("postgres:15432")
    containers = platform["StatefulSet/postgres"]["spec"]["template"]["spec"]["containers"]
    containers[0].setdefault("ports", []).append({"name": "metrics", "containerPort": 15432})
    assert platform.findings(*CHECKS) == []
    assert [code for code, _, _ in with_variable("postgres:15433").findings(*CHECKS)] == ["C052"]


def test_a_service_without_ports_may_have_any_port() -> None:
    platform = with_variable("postgresql://database:5433/x")
    spec = {"type": "ExternalName", "externalName": "s3.example.com"}
    platform.add(resource("v1", "Service", "database", spec=spec))
    assert platform.findings(*CHECKS) == []


def test_a_declared_external_server_is_accepted() -> None:
    platform = with_variable("https://vault.example.com:8200")
    platform.facts["connections"] |= {Connection(POLARIS, External("vault.example.com", 8200), 8200)}
    assert platform.findings(*CHECKS) == []


def test_a_declared_external_service_is_accepted_with_its_port() -> None:
    host = "cert-manager.cert-manager.svc.cluster.local"
    for port, expected in ((9402, []), (9403, ["C053"])):
        platform = with_variable(f"http://{host}:{port}/metrics")
        server = External(host, 9402, namespace="cert-manager")
        platform.facts["connections"] |= {Connection(POLARIS, server, 9402)}
        assert [code for code, _, _ in platform.findings(*CHECKS)] == expected
    assert [code for code, _, _ in with_variable(f"http://{host}:9402").findings(*CHECKS)] == ["C051"]


def test_a_hand_written_object_may_declare_its_hosts() -> None:
    platform = with_variable("https://vault.example.com:8200 and https://other.example.com")
    annotations = {"floe.dev/external-hosts": "vault.example.com, 10.0.0.1"}
    platform["Deployment/polaris"]["metadata"]["annotations"] = annotations
    assert [message.rpartition(" names ")[2] for _, _, message in platform.findings(*CHECKS)] == [
        "other.example.com:443, which is not declared"
    ]


def test_hosts_use_the_domain_of_the_cluster() -> None:
    platform = with_variable("http://dagster.floe-platform.svc.acme.internal:3000")
    platform.facts["cluster_domain"] = "acme.internal"
    messages = [message for _, _, message in platform.findings(*CHECKS)]
    assert len(messages) == 1
    assert "env[DATABASE]" in messages[0]


DOCUMENT = "storage:\n  postgres_db:\n    hostname: {host}\n    port: {port}\n"


def configured(host: str, port: int = 5432) -> Platform:
    """Return the platform with a host under a key of a configuration file."""
    platform = sample()
    platform["ConfigMap/polaris"]["data"]["dagster.yaml"] = DOCUMENT.format(host=host, port=port)
    return platform


@table(
    "host, port",
    [
        ("postgres", 5432),
        ("postgres.floe-platform", 5432),
        ("postgres-0.postgres.floe-platform.svc.cluster.local", 5432),
        ("s3.example.com", 443),
        *((host, 9999) for host in ("localhost", "127.0.0.1", "0.0.0.0", '"::"', "true", "${HOST}", "1")),
    ],
)
def test_existing_hosts_under_keys_are_accepted(host: str, port: int) -> None:
    assert configured(host, port).findings(*CHECKS) == []


@pytest.mark.parametrize(
    ("host", "code", "message"),
    [
        ("nope.prod.rds.acme.example", "C053", "names nope.prod.rds.acme.example:5432, which is not declared"),
        ("dagster-postgresql", "C053", "names dagster-postgresql:5432, which is not declared"),
        ("polaris", "C052", "names port 5432 of Service floe-platform/polaris"),
        ("db.floe-platform.svc", "C051", "names db.floe-platform.svc, but there is no such Service"),
        ("10.1.2.3", "C054", "names 10.1.2.3"),
        ("fd00::1", "C054", "names fd00::1"),
    ],
)
def test_unknown_hosts_under_keys_are_reported(host: str, code: str, message: str) -> None:
    subject = "ConfigMap floe-platform/polaris"
    assert configured(host).findings(*CHECKS) == [(code, subject, f"data[dagster.yaml] {message}")]


@pytest.mark.parametrize(
    ("variables", "code", "message"),
    [
        ({"DAGSTER_HOST": "dagstr"}, "C053", "env[DAGSTER_HOST] names dagstr, which is not declared"),
        ({"A_HOSTNAME": "x.example"}, "C053", "env[A_HOSTNAME] names x.example, which is not declared"),
        ({"PGHOST": "10.1.2.3", "PGPORT": "5432"}, "C054", "env[PGHOST] names 10.1.2.3"),
        (
            {"DAGSTER_HOST": "dagster.floe-platform.svc.cluster.local", "DAGSTER_PORT": "5999"},
            "C052",
            "env[DAGSTER_HOST] with DAGSTER_PORT names port 5999 of Service floe-platform/dagster",
        ),
        (
            {"PGHOST": "gone.floe-platform.svc", "PGPORT": "5432"},
            "C051",
            "env[PGHOST] names gone.floe-platform.svc, but there is no such Service",
        ),
    ],
)
def test_unknown_hosts_in_variables_are_reported(variables: dict[str, str], code: str, message: str) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["env"] += [{"name": n, "value": v} for n, v in variables.items()]
    where = "spec.template.spec.containers[polaris]"
    assert platform.findings(*CHECKS) == [(code, "Deployment.apps floe-platform/polaris", f"{where}.{message}")]


def test_existing_hosts_in_variables_are_accepted() -> None:
    platform = sample()
    settings = {"DAGSTER_HOST": "dagster", "DAGSTER_PORT": "3000", "BIND_HOST": "0.0.0.0", "HOSTNAME": "me"}
    platform.container("Deployment/polaris")["env"] += [{"name": n, "value": v} for n, v in settings.items()]
    secret = {"secretKeyRef": {"name": "polaris-db", "key": "password"}}
    platform.container("Deployment/polaris")["env"].append({"name": "DB_HOST", "valueFrom": secret})
    assert platform.findings(*CHECKS) == []


def test_keys_of_config_maps_may_be_variables() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["data"] |= {"DAGSTER_HOST": "dagster", "DAGSTER_PORT": "80"}
    assert [message for _, _, message in platform.findings(*CHECKS)] == [
        "data[DAGSTER_HOST] with DAGSTER_PORT names port 80 of Service floe-platform/dagster"
    ]


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (["sh", "-c", "until pg_isready -q -U postgres -h minio -p 9000; do sleep 1; done"], []),
        (["pg_isready", "-h", "minio"], ["-p", "9000"]),
    ],
)
def test_hosts_in_options_of_commands_are_checked(command: list[str], args: list[str]) -> None:
    platform = sample()
    platform.container("CronJob/backup").update(command=command, args=args)
    where = "spec.jobTemplate.spec.template.spec.containers[backup].command"
    message = f"{where} names minio:9000, which is not declared"
    assert platform.findings(*CHECKS) == [("C053", "CronJob.batch floe-platform/backup", message)]


def test_hosts_in_options_in_scripts_are_checked() -> None:
    platform = sample()
    script = "# pg_isready -h gone\npg_isready -h postgres -p 5432\npg_dump -h postgres -p 1\n"
    platform["ConfigMap/polaris"]["data"]["wait.sh"] = script
    assert [message for _, _, message in platform.findings(*CHECKS)] == [
        "data[wait.sh] names port 1 of Service floe-platform/postgres"
    ]
