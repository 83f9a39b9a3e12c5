"""Hosts under the keys by which programs are configured."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest

from floe_compiler.check.texts.host_keys import document_addresses, hosts_in
from tables import table


def endpoints(text: str) -> list[tuple[str, int]]:
    return [(address.host, address.port) for address in document_addresses(text)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"host": "db", "port": "5433"}, ("host", "db", 5433, "port")),
        ({"hostname": "DB.example.com"}, ("hostname", "db.example.com", 0, "port")),
        ({"PGHOST": "db", "PGPORT": "5432", "PORT": "1"}, ("PGHOST", "db", 5432, "PGPORT")),
        ({"MARQUEZ_HOST": "web", "MARQUEZ_PORT": "5000"}, ("MARQUEZ_HOST", "web", 5000, "MARQUEZ_PORT")),
        ({"DB_1_HOSTNAME": "db", "DB_1_PORT": "$(X)"}, ("DB_1_HOSTNAME", "db", 0, "DB_1_PORT")),
        ({"host": "10.1.2.3"}, ("host", "10.1.2.3", 0, "port")),
        ({"host": "fd00::1"}, ("host", "fd00::1", 0, "port")),
        ({"host": "db", "port": None}, ("host", "db", 0, "port")),
    ],
)
def test_a_host_goes_with_the_port_beside_it(settings: dict[str, Any], expected: tuple[str, str, int, str]) -> None:
    ((key, address),) = hosts_in(settings)
    assert (key, address.host, address.port, address.beside) == expected
    assert address.certain


@pytest.mark.parametrize(
    "settings",
    [
        {"HOST": "web", "HOSTNAME": "web"},
        {"host.name": "web", "hosts": "web", "hostnames": "web", "Host": "web", "GHOST": "web", 1: "web"},
        {"host": "true", "hostname": "None"},
        {"host": ""},
        {"host": "${env:IP}", "hostname": "$(NODE)", "X_HOST": "{{ host }}"},
        {"host": "/var/run/postgresql", "hostname": "*", "X_HOST": "db:5432"},
        {"host": {"env": "DB_HOST"}, "hostname": None, "X_HOST": 5},
        {"host": "not::an::address"},
    ],
)
def test_values_that_are_not_hosts_are_ignored(settings: dict[Any, Any]) -> None:
    assert list(hosts_in(settings)) == []


@table(
    "text, expected",
    [
        ("storage:\n  postgres:\n    db:\n      hostname: db\n      port: 5432\n", [("db", 5432)]),
        ("load_from:\n  - grpc_server: {host: a, port: 1}\n  - grpc_server: {host: b}\n", [("a", 1), ("b", 0)]),
        (json.dumps({"steps": [{"variables": {"POLARIS_HOST": "web", "POLARIS_PORT": "80"}}]}), [("web", 80)]),
        (json.dumps({"host": "db", "port": 5432}, indent="\t"), [("db", 5432)]),
        ("host: a\n---\nhost: b\n", [("a", 0), ("b", 0)]),
        ("one: &x {host: db}\ntwo: *x\nthree: {host: db}\n", [("db", 0)]),
        ("one: &x [{host: db}, *x]\n", []),
        ("when: 2024-13-45\nwhat: !Ref other\nhost: db\n", [("db", 0)]),
        ("host: true\n", []),
        ("headers: {host: web}\n", []),
        ("resource_attributes: [{host: web}]\nlabels: {a: {host: web}}\n", []),
        ("# host: db\nother: 1\n", []),
        ("host = db\n", []),
        ("def f(host: str) -> None:\n    pass\n", []),
        ("host: {{ template }}\nhost: db: x\n", []),
        ("host: db\nx: " + "[" * 5000, []),
    ],
)
def test_hosts_are_found_in_configuration_files(text: str, expected: list[tuple[str, int]]) -> None:
    assert endpoints(text) == expected


def test_aliases_are_followed_once() -> None:
    names = [f"n{number}" for number in range(60)]
    lines = [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise(names)]
    start = time.perf_counter()
    assert endpoints("n0: &n0 {host: db}\n" + "".join(lines)) == [("db", 0)]
    assert time.perf_counter() - start < 5
