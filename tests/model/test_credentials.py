"""What a credential looks like."""

from __future__ import annotations

import pytest

from floe_compiler.model.credentials import (
    holds_secret,
    names_secret,
    option_of_secret,
    refers_to_secret,
    secret_in,
    stands_for_itself,
    without_secrets,
)
from floe_compiler.model.document import DataPath


@pytest.mark.parametrize(
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
def test_names_of_secrets(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
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
def test_names_of_what_is_not_a_secret(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("text", "kind"),
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
        ("postgresql://app:hunter2@db:5432/app", "a password in a URL"),
        ("see https://bot:x@example.com for more", "a password in a URL"),
    ],
)
def test_values_of_secrets(text: str, kind: str) -> None:
    assert secret_in(text) == kind


def test_credentials_are_taken_out() -> None:
    assert without_secrets("a npm_" + "a1" * 18 + " b AKIA" + "A" * 16, "***") == "a *** b ***"
    assert without_secrets("pg://u:x@host", "***") == "pg://u:x@host"


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_a_private_key_is_taken_out_with_its_body(kind: str) -> None:
    begin, end = f"-----BEGIN {kind}-----", f"-----END {kind}-----"
    assert without_secrets(f"a\n{begin}\nMIIC\nQDE=\n{end}\nb", "***") == "a\n***\nb"
    assert without_secrets(f"a\n{begin}\nMIIC\nQDE=", "***") == "a\n***", "its end may be missing"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.com/path:with@colon",
        "https://example.com:8080/a@b",
        "postgresql://$(USER):$(PASSWORD)@db/app",
        "postgresql://app:${PASSWORD}@db/app",
        "git@github.com:acme/data.git",
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
def test_values_that_are_no_secrets(text: str) -> None:
    assert secret_in(text) == ""


@pytest.mark.parametrize("word", ["--password", "-token", "--db.password", "--api-key", "--PASSWORD"])
def test_options_whose_value_is_a_secret(word: str) -> None:
    assert option_of_secret(word)


@pytest.mark.parametrize(
    "word",
    ["password", "--password=x", "--user=x,password", "--password-file", "--secret", "--", "--x password", None, 5],
)
def test_words_that_are_no_such_options(word: object) -> None:
    assert not option_of_secret(word)


@pytest.mark.parametrize(
    "value", ["$PASSWORD", "${A}", "{{ env }}", "/run/secrets/x", "@file", "None", "", "<password>"]
)
def test_values_that_come_from_elsewhere(value: str) -> None:
    assert not stands_for_itself(value)
    assert stands_for_itself("hunter2")


def test_a_mapping_that_refers_to_a_secret() -> None:
    assert refers_to_secret({"secret": {}, "key": {}, "name": {}})
    assert not refers_to_secret({"key": {}, "value": {}})
    assert not refers_to_secret({"secret": {}})


@pytest.mark.parametrize("path", [(), (0,), ("steps",), ("steps", 0)])
def test_a_path_that_leads_to_no_value(path: DataPath) -> None:
    assert not holds_secret(path)
