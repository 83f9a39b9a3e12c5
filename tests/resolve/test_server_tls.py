"""Who signs the certificates of servers inside the cluster: what an environment says, or the default of production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment
from floe_compiler.resolve.server_tls import check_tls, server_issuer
from tables import table

PRIVATE: Mapping[str, Any] = {"issuer": "acme-ca", "private": True}
PUBLIC: Mapping[str, Any] = {"issuer": "letsencrypt", "http01": True}
UNKNOWN: Mapping[str, Any] = {"issuer": "somebody"}
BUNDLE = {"bundle": {"type": "config-map", "name": "company-ca", "key": "ca.crt"}}


def environment(hosts: Mapping[str, Any] | None = None, **changes: Any) -> Environment:
    ingress = {"ingress": {"class": "eg", "domain": "acme.example", "tls": hosts}} if hosts else {}
    return Environment.model_validate(
        {
            "apiVersion": "floe.dev/v1",
            "kind": "Environment",
            "metadata": {"name": "prod", "owner": "@acme/platform"},
            "cluster": {"name": "prod"},
            "storage_class": "standard",
            "production": True,
            **ingress,
            **changes,
        }
    )


def codes(environment_: Environment) -> list[str]:
    findings = Findings()
    check_tls(environment_, Document("", {}, {}, {}), findings)
    return [diagnostic.rule.code for diagnostic in findings.diagnostics]


@pytest.mark.parametrize(
    ("hosts", "changes", "issuer"),
    [
        (PRIVATE, {}, "acme-ca"),
        (PRIVATE, {"production": False}, ""),
        (PRIVATE, {"tls": {"without": "the network encrypts"}}, ""),
        (PRIVATE, {"tls": {"issuer": "another"}}, "another"),
        (UNKNOWN, {}, ""),
        (PUBLIC, {}, ""),
        (None, {}, ""),
        (None, {"tls": {"issuer": "another"}, "production": False}, "another"),
    ],
)
def test_production_uses_the_private_issuer_of_its_hosts(
    hosts: Mapping[str, Any] | None, changes: Mapping[str, Any], issuer: str
) -> None:
    assert server_issuer(environment(hosts, **changes)) == issuer


@table(
    "hosts, changes, expected",
    [
        (PRIVATE, {"trust": BUNDLE}, []),
        (PRIVATE, {}, ["R067"]),
        (PRIVATE, {"tls": {"without": "the network encrypts"}}, []),
        (UNKNOWN, {"trust": BUNDLE}, ["R068"]),
        (UNKNOWN, {"trust": BUNDLE, "tls": {"issuer": "somebody"}}, []),
        (UNKNOWN, {"trust": BUNDLE, "tls": {"without": "the network encrypts"}}, []),
        (UNKNOWN, {}, []),
        (PUBLIC, {"trust": BUNDLE, "tls": {"issuer": "letsencrypt"}}, ["R073"]),
        (PUBLIC, {"tls": {"issuer": "letsencrypt"}}, ["R073"]),
        (PUBLIC, {"trust": BUNDLE, "tls": {"issuer": "acme-ca"}}, []),
        (None, {"trust": BUNDLE, "production": False}, []),
    ],
)
def test_production_is_warned_only_without_enough_settings(
    hosts: Mapping[str, Any] | None, changes: Mapping[str, Any], expected: list[str]
) -> None:
    assert codes(environment(hosts, **changes)) == expected


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ({"issuer": "acme-ca", "private": True, "http01": True}, "leave one of private and http01 out"),
        ({"secret": "certificate", "private": True}, "private is for certificates of an issuer"),
    ],
)
def test_contradictory_issuers_are_refused(hosts: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        environment(hosts)
