"""What a credential looks like."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest

from floe_compiler.model.assigned_secrets import may_show_secret
from floe_compiler.model.credentials import (
    LOGIN,
    holds_secret,
    is_random_secret,
    names_secret,
    option_of_secret,
    refers_to_secret,
    secret_in,
    stands_for_itself,
    without_placeholders,
    without_secrets,
)
from floe_compiler.model.document import DataPath
from floe_compiler.report.secrecy import hide_in_text
from tables import table


@table(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "pwd",
        "api_key",
        "SOURCES__CRM__API-KEY",
        "apiKey",
        "aws.secret_key",
        "SECRET",
        "client-secret",
        "GITHUB_TOKEN",
        "passphrase",
        "credentials",
        "connection_string",
        "private_key",
        "PGPASSWORD",
        "adminPassword",
        "SHOP_PASS",
        "MYSQL_PWD",
        "PGPASS",
        "ENCRYPTION_KEY",
        "SIGNING_KEY",
        "DATA_MASTER_KEY",
        "AIRFLOW__CORE__FERNET_KEY",
        "sslPrivateKey",
    ],
)
def test_names_of_secrets_are_recognised(name: str) -> None:
    assert names_secret(name)


@table(
    "name",
    [
        "password_file",
        "PGPASSFILE",
        "BYPASS",
        "compass",
        "secret_name",
        "tokens_per_minute",
        "key",
        "secretary",
        "monkey",
        "token_url",
        "secrets",
        "PARTITION_KEY",
        "PRIMARY_KEY",
        "SORT_KEY",
        "CACHE_KEY",
        "ENCRYPTION_KEY_ID",
    ],
)
def test_other_names_are_not_secret(name: str) -> None:
    assert not names_secret(name)


@table(
    "text, kind",
    [
        ("-----BEGIN PRIVATE KEY-----\nMII", "a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "a private key"),
        ("id: AKIA" + "A" * 16, "an AWS access key"),
        ("ASIA" + "0" * 16, "an AWS access key"),
        ("ghp_" + "a" * 36, "a token of GitHub"),
        ("github_pat_" + "a1B2_" * 16, "a token of GitHub"),
        ("xoxb-1234567890-abc", "a token of Slack"),
        ("https://hooks.slack.com/services/T01/B01/" + "a1" * 12, "a token of Slack"),
        ("--key=sk_" + "live_" + "a1" * 12, "a key of Stripe"),
        ("rk_" + "test_" + "a1" * 12, "a key of Stripe"),
        ("--token glpat-" + "aB1_-" * 4, "a token of GitLab"),
        ("AIza" + "aB1_-" * 7, "a key of Google"),
        ("hf_" + "aB" * 17, "a token of Hugging Face"),
        ("npm_" + "a1" * 18, "a token of npm"),
        ("dckr_pat_" + "aB1_-" * 5, "a token of Docker"),
        ("SG." + "a1" * 11 + "." + "b2" * 21, "a key of SendGrid"),
        ("VAULT=hvs." + "aB1_-" * 6, "a token of Vault"),
        ("dapi" + "0a" * 16, "a token of Databricks"),
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "aB+/" * 21 + "==", "a key of Azure"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", "a JSON web token"),
        ("Authorization: Bearer abcdef0123456789abcdef", "the credential of an HTTP header"),
        ("authorization=bearer hunter2hunter2", "the credential of an HTTP header"),
        ("-H 'Authorization: Basic dXNlcjpwYXNz'", "the credential of an HTTP header"),
        ("basic dXNlcjpodW50ZXIy==", "the credential of an HTTP header"),
        ("Authorization: token hunter2hunter2", "the credential of an HTTP header"),
        ("redis://:hunter2@cache:6379/0", "a password in a URL"),
        ("postgresql://app:hunter2@db:5432/app", "a password in a URL"),
        ("see https://bot:x@example.com for more", "a password in a URL"),
        ("user:hunter2@h", LOGIN),
        ("host=app:hunter2@10.0.0.1:5432", LOGIN),
        ("'app:hunter2@[::1]'", LOGIN),
        ("$(USER):hunter2@db", LOGIN),
        ("${USER}:hunter2@db", LOGIN),
        ("u:" + "x" * 256 + "@db", LOGIN),
        ("app:12345@db", LOGIN),
    ],
)
def test_values_of_secrets_are_recognised(text: str, kind: str) -> None:
    assert secret_in(text) == kind


@pytest.mark.parametrize("name", ["auth", "_auth", "aws.auth"])
def test_a_user_and_a_password_in_base64_are_recognised(name: str) -> None:
    assert is_random_secret(name, b64encode(b"app:hunter2").decode())
    for value in ("app:hunter2", b64encode(b"one word").decode(), b64encode(b"\xff\xfe:abcd").decode(), "enabled"):
        assert not is_random_secret(name, value)
    assert not is_random_secret("note", b64encode(b"app:hunter2").decode())


def test_credentials_are_removed_from_text() -> None:
    assert without_secrets("a npm_" + "a1" * 18 + " b AKIA" + "A" * 16, "***") == "a *** b ***"
    assert without_secrets("pg://u:x@host", "***") == "pg://u:x@host"


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_a_private_key_is_removed_with_its_body(kind: str) -> None:
    begin, end = f"-----BEGIN {kind}-----", f"-----END {kind}-----"
    assert without_secrets(f"a\n{begin}\nMIIC\nQDE=\n{end}\nb", "***") == "a\n***\nb"
    assert without_secrets(f"a\n{begin}\nMIIC\nQDE=", "***") == "a\n***", "its end may be missing"


@table(
    "text",
    [
        "",
        "https://example.com/path:with@colon",
        "https://example.com:8080/a@b",
        "postgresql://$(USER):$(PASSWORD)@db/app",
        "postgresql://app:${PASSWORD}@db/app",
        "git@github.com:acme/data.git",
        "git@github.com:org/repo",
        "ghcr.io/acme/data:1.2@sha256:" + "0a" * 32,
        "data:1.2@sha512:" + "0a" * 64,
        "localhost:5000/data@sha256:" + "0a" * 32,
        "s3://bucket/a:b",
        "jane@acme.example: jane@acme.example",
        "mailto:jane@acme.example",
        "Contact:jane@acme.example",
        "serviceAccount:loader@acme.iam.gserviceaccount.com",
        "npm:lodash@4",
        "12:30@noon",
        "2026-01-01T12:30:00@UTC",
        "$(USER):$(PASSWORD)@host",
        "app:$(PASSWORD)@host",
        "$USER:$PASSWORD@host",
        "%s:%s@%s",
        "{user}:{password}@{host}",
        "<user>:<password>@<host>",
        "app:***@host",
        "rate(x[1h:5m]@end())",
        "arn:aws:iam::12:role@x",
        "@acme/team",
        "-----BEGIN CERTIFICATE-----",
        "AKIA" + "A" * 15,
        "ghp_short",
        "github_pat_is_the_prefix",
        "sk_live_mode_of_the_shop",
        "glpat-is-the-prefix",
        "hf_datasets_offline_and_some_more_words",
        "npm_config_registry",
        "AIzawa",
        "MSG.accounts_of_the_last_month.accounts_of_this_month",
        "SG.eu.example",
        "hvs.example.com",
        "dapi-server",
        "task_live_orders_of_the_shop",
        "AccountKey=$(ACCOUNT_KEY)",
        "https://acme.slack.com/archives/C01",
        "Authorization: Bearer ${TOKEN_OF_2026_OR_LATER}",
        "Authorization: Basic $(CREDENTIALS_1_OF_2)",
        "Authorization: Bearer <the token of 2026>",
        "the bearer authenticates; Basic authentication and Basic OpenTelemetry are others",
        "Basic 1.34",
    ],
)
def test_references_and_placeholders_are_not_secrets(text: str) -> None:
    assert secret_in(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=hunter2", True),
        ("db.password: hunter2", True),
        ("--token=x", True),
        ("app:hunter2@host", True),
        ("the password", False),
        ("$(USER):$(PASSWORD)@host", False),
        ("", False),
    ],
)
def test_text_that_may_show_a_secret_is_recognised(text: str, expected: bool) -> None:
    assert may_show_secret(text) == expected


UNITS = (
    "a",
    "a:",
    ":a",
    "a@",
    "@a",
    "a:b@",
    "a:a@sha256:",
    "a.",
    "-",
    "a-",
    "a://",
    "://",
    "eyJ-",
    "SG.",
    "a " * 64 + ":",
)


@table("unit", [*UNITS, "$(a):", "basic ", "password ", "-----BEGIN ", "a:" + "b" * 256, "!a:", "{{", "$(", "${a", "<"])
def test_a_long_text_takes_a_time_in_proportion_to_its_length(unit: str) -> None:
    """A search that restarts at each character would take minutes or hours for the longest file."""
    text = unit * (10_000 // len(unit)) + " @ :// PRIVATE KEY eyJ SG. asic"
    before = time.process_time()
    may_show_secret(without_placeholders(text))
    hide_in_text(text)
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize("word", ["--password", "-token", "--db.password", "--api-key", "--PASSWORD"])
def test_options_with_secret_values_are_recognised(word: str) -> None:
    assert option_of_secret(word)


@pytest.mark.parametrize(
    "word",
    ["password", "--password=x", "--user=x,password", "--password-file", "--secret", "--", "--x password", None, 5],
)
def test_other_options_are_not_secret(word: object) -> None:
    assert not option_of_secret(word)


@pytest.mark.parametrize(
    "value", ["$PASSWORD", "${A}", "{{ env }}", "/run/secrets/x", "@file", "None", "", "<password>"]
)
def test_values_that_are_references_are_recognised(value: str) -> None:
    assert not stands_for_itself(value)
    assert stands_for_itself("hunter2")


def test_a_reference_to_a_secret_is_recognised() -> None:
    assert refers_to_secret({"secret": {}, "key": {}, "name": {}})
    assert not refers_to_secret({"key": {}, "value": {}})
    assert not refers_to_secret({"secret": {}})


@pytest.mark.parametrize("path", [(), (0,), ("steps",), ("steps", 0)])
def test_a_path_to_no_value_is_not_secret(path: DataPath) -> None:
    assert not holds_secret(path)
