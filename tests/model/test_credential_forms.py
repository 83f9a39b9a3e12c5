"""Credentials of every known form are found everywhere; text that only looks like one is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credential_samples import random_text, samples
from floe_compiler.load.secret_scan import secret_values
from floe_compiler.model.credential_forms import any_word, looks_random, published
from floe_compiler.model.credentials import is_random_secret, names_secret, secret_in, without_secrets
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.overlay.secret_values import check_secret_values
from floe_compiler.report.secrecy import hide_in_text
from tables import table

SAMPLES = samples()
STEP = {"name": "load", "type": "custom"}


def input_problems(**fields: Any) -> list[str]:
    return [problem.message for problem in secret_values(Document("a.yaml", fields)).values()]


def object_problems(manifest: dict[str, Any]) -> list[str]:
    findings = Findings()
    check_secret_values(Document("a.yaml", manifest), findings)
    return [diagnostic.message for diagnostic in findings.diagnostics]


def annotated(key: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "annotations": {key: value}}}


def config_map(key: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {key: value}}


@table("kind, credential", SAMPLES)
def test_a_credential_is_found_in_every_place(kind: str, credential: str) -> None:
    for text in (credential, f"use {credential} here", json.dumps({"a": credential}), f"a={credential}\n"):
        assert secret_in(text), text
    assert input_problems(steps=[{**STEP, "variables": {"SETTING": credential}}])
    assert input_problems(steps=[{**STEP, "command": ["run", credential]}])
    assert input_problems(metadata={"description": f"Call it with {credential}."})
    assert object_problems(annotated("acme.example/note", credential))
    assert object_problems(config_map("settings.txt", f"a: b\nc: {credential}\n"))
    hidden = credential.partition(": ")[2] or credential
    for masked in (without_secrets(f"unknown key {credential}", "***"), hide_in_text(f"note: {credential}")):
        assert hidden not in masked


RANDOM = random_text(40)
AZURE = f"{random_text(86)}=="


@table(
    "key, value",
    [
        ("clientSecret", "hunter2"),
        ("accessToken", "hunter2"),
        ("dbPassword", "hunter2"),
        ("DB_PASSWORD_1", "hunter2"),
        ("apiKeyValue", "hunter2"),
        ("PRIVATE_KEY_PEM", "hunter2"),
        ("accessKey", AZURE),
        ("accountKey", AZURE),
        ("AWS_ACCESS_KEY", RANDOM),
        ("credentials", RANDOM),
        ("cookieSecret", RANDOM),
        ("auth", RANDOM),
        ("session", random_text(32, "0123456789abcdef")),
    ],
)
def test_a_random_value_under_a_secret_name_is_a_credential(key: str, value: str) -> None:
    assert input_problems(steps=[{**STEP, "variables": {key: value}}])
    assert object_problems(annotated(f"acme.example/{key}", value))
    assert object_problems(config_map(key, value))


@table(
    "key, value",
    [
        ("accessKey", "warehouse"),
        ("secretName", RANDOM),
        ("publicKey", RANDOM),
        ("hostKey", RANDOM),
        ("cache", RANDOM),
        ("key", "dagster-postgresql.floe-sales-domain.svc"),
        ("key", "6fa459ea-ee8a-3ca4-894e-db77e160355e"),
        ("key", "path/to/some/object/2026/data.parquet"),
        ("sort_key", "customer_id_and_order_date_2026"),
        ("PARTITION_KEY", "warehouse"),
        ("tokenExpirationSeconds", "3600"),
        ("passwordKey", "password"),
    ],
)
def test_keys_that_only_sound_secret_are_accepted(key: str, value: str) -> None:
    assert not is_random_secret(key, value)
    assert object_problems(config_map(key, value)) == []


@pytest.mark.parametrize(
    "text",
    [
        "ghcr.io/acme/data:1.2@sha256:" + "0a" * 32,
        "https://docs.example/sk-learn/task.html?page=2",
        "sales-orders-2026-11-26-sk-ant-tasks",
        "risk-adjusted-returns-of-the-whole-portfolio-2026",
        "arn:aws:iam::123456789012:role/floe-sales-reader",
        "AKIA is where such keys begin",
        "2026-11-26T23:45:01.123456789Z",
    ],
)
def test_ordinary_texts_have_no_credential(text: str) -> None:
    assert secret_in(text) == ""


def test_an_exception_with_a_reason_answers_a_false_alarm() -> None:
    manifest = config_map("clientSecret", "hunter2")
    assert object_problems(manifest)
    manifest["metadata"]["annotations"] = {"floe.dev/exception-credential": " "}
    assert object_problems(manifest), "a false alarm needs a reason"
    manifest["metadata"]["annotations"] = {"floe.dev/exception-credential": "the name of a client"}
    assert object_problems(manifest) == []


def test_descriptions_with_passwords_are_reported() -> None:
    assert input_problems(metadata={"description": "Log in with password=hunter2"})
    assert input_problems(metadata={"description": "The password is rotated: see the wiki."}) == []


def test_names_in_camel_case_are_recognised() -> None:
    assert [
        name for name in ("clientSecret", "nextToken", "secretName", "tokens", "tokenize") if names_secret(name)
    ] == [
        "clientSecret",
        "nextToken",
    ]


def test_a_form_is_searched_only_in_texts_with_its_keywords() -> None:
    assert published()
    assert any_word().search("see glpat-abc")
    assert not any_word().search("dagster-postgresql.floe-sales-domain.svc.cluster.local:5432")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(RANDOM, True), (AZURE, True), (random_text(12), False), ("a" * 40, False), (random_text(30, "ab1"), False)],
)
def test_random_text_is_recognised(text: str, expected: bool) -> None:
    assert looks_random(text) == expected
