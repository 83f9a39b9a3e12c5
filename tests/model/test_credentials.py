"""What a credential looks like."""

from __future__ import annotations

import pytest

from floe_compiler.model.credentials import names_secret, secret_in


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
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name", ["password_file", "secret_name", "tokens_per_minute", "key", "secretary", "monkey", "token_url", "secrets"]
)
def test_names_of_what_is_no_secret(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN PRIVATE KEY-----\nMII", "a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        ("id: AKIA" + "A" * 16, "an AWS access key"),
        ("ASIA" + "0" * 16, "an AWS access key"),
        ("ghp_" + "a" * 36, "a token of GitHub"),
        ("xoxb-1234567890-abc", "a token of Slack"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", "a JSON web token"),
        ("postgresql://app:hunter2@db:5432/app", "a password in a URL"),
        ("see https://bot:x@example.com for more", "a password in a URL"),
    ],
)
def test_values_of_secrets(text: str, kind: str) -> None:
    assert secret_in(text) == kind


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
    ],
)
def test_values_that_are_no_secrets(text: str) -> None:
    assert secret_in(text) == ""
