"""Values that look like secrets are hidden; names of secrets and references to them are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.span import Span
from floe_compiler.report.secrecy import HIDDEN, hide, hide_in_diagnostic, hide_in_text, hide_object, is_secret_key

RULE = Rule("X001", "wrong", "It is wrong.")

PRIVATE_KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIC\nQDE=\n-----END " + "PRIVATE KEY-----"


@pytest.mark.parametrize(
    "key", ["password", "DB_PASSWORD", "apiKey", "client-secret", "AUTH_TOKEN", "private_key", "s3.secret-key"]
)
def test_keys_that_sound_secret(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "image",
        "secretName",
        "secretKeyRef",
        "existingSecret",
        "PASSWORD_FILE",
        "imagePullSecrets",
        "automountServiceAccountToken",
        "secretStoreRef",
        "secretKey",
        "tokenExpirationSeconds",
    ],
)
def test_keys_of_references_do_not(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password: hunter2", "password: ***"),
        ("password: correct horse, battery", "password: ***"),
        ('  "client_secret": "hunter 2",', '  "client_secret": ***,'),
        ('{"token":"hunter2","user":"u"}', '{"token":***,"user":"u"}'),
        ("secret: {name: db, password: hunter2}", "secret: {name: db, password: ***"),
        ("secrets: {DB_PASSWORD: hunter2}", "secrets: ***"),
        ('"password": {"value": "hunter2"}', '"password": ***'),
        ("DB_PASSWORD=hunter2 rest", "DB_PASSWORD=*** rest"),
        ("DB_PASSWORD='hunter 2' rest", "DB_PASSWORD=*** rest"),
        ("DB_PASSWORD=${X:-hunter2}", "DB_PASSWORD=***"),
        ("é.token-2='a'secret=b", "é.token-2=***secret=***"),
        ("a token-of-a-token and token=b", "a token-of-a-token and token=***"),
        ("tokens tokens: a: b", "tokens tokens: ***"),
        ("ENCRYPTION_KEY: hunter2", "ENCRYPTION_KEY: ***"),
        ("[load, --password, hunter2, --quiet]", "[load, --password, ***, --quiet]"),
        ("load --token 'hunter 2' --quiet", "load --token *** --quiet"),
        ('["--password", "hunter2"]', '["--password", ***]'),
        ("postgresql://floe:hunter2@db:5432/dagster", "postgresql://floe:***@db:5432/dagster"),
        ("host: floe:hunter2@db:5432", "host: floe:***@db:5432"),
        ("command: [load, --key=glpat-" + "a1" * 10 + ", x]", "command: [load, --key=***, x]"),
        ("tls: |\n" + PRIVATE_KEY + "\nrest", "tls: |\n***\nrest"),
        ('private_key: "' + PRIVATE_KEY + '"\nrest', 'private_key: "***"\nrest'),
        ("private_key=" + PRIVATE_KEY + "\nrest", "private_key=***\nrest"),
        ("Authorization: Basic aHVudGVyMg==", "Authorization: ***"),
        ("curl -H 'x: Bearer aHVudGVyMg=='", "curl -H 'x: Bearer ***"),
    ],
)
def test_values_in_text_are_hidden(text: str, expected: str) -> None:
    assert hide_in_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "image: ghcr.io/a/b:1.2.0",
        "secretName: dagster-postgresql",
        "password: ${DB_PASSWORD}",
        "Authorization: Basic ${GRAFANA_API_KEY}",
        "http://polaris.floe-platform.svc.cluster.local:8181/api",
        "secret_file: /run/secrets/x",
        "images: {pull_secret: registry, mirrors: {}}",
        "secrets: {type: generated}",
        "credentials: {type: secret, name: warehouse}",
        "secret: {name: db-login, keys: {}}",
        "partition_key: day",
        "load --password $PASSWORD --token-file /run/x --token --quiet",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert hide_in_text(text) == text


@given(st.text("abcXYZ019", min_size=8))
def test_hiding_twice_changes_nothing_and_nothing_comes_through(value: str) -> None:
    for text in (f"db_password={value}", f"token: '{value}'", f"https://u:{value}@host"):
        hidden = hide_in_text(text)
        assert value not in hidden
        assert hide_in_text(hidden) == hidden


def test_structures_are_searched_through() -> None:
    value = {
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"}],
        "nested": {"token": "hunter2", "pin": {"password": 1234}},
        "text": "a: 1\npassword: hunter2\n",
        "ref": {"secretKeyRef": {"name": "db", "key": "password"}},
    }
    hidden = hide(value)
    assert "hunter2" not in str(hidden)
    assert "1234" not in str(hidden)
    assert hidden["env"][1] == {"name": "MODE", "value": "fast"}
    assert hidden["ref"] == value["ref"]


def test_the_value_of_a_matched_environment_variable_is_hidden() -> None:
    assert hide("hunter2", ("spec", "env", "[DB_PASSWORD]", "value")) == HIDDEN
    assert hide("fast", ("spec", "env", "[MODE]", "value")) == "fast"


def test_all_data_of_a_secret_is_hidden() -> None:
    assert hide_object("plain", "Secret", ("data", "user")) == HIDDEN
    assert hide_object({"user": "plain"}, "Secret", ("stringData",)) == {"user": HIDDEN}
    assert hide_object("Opaque", "Secret", ("type",)) == "Opaque"
    assert hide_object("plain", "ConfigMap", ("data", "user")) == "plain"


SAYS = (
    'there is no domain "{}"',
    '{}: "{}" is not a known value',
    "{} is not a known key",
    "(see {})",
    "{}",
)
CREDENTIALS = ("password={}", "DB_PASSWORD={}", "app:{}@db", "x://app:{}@db", "$(USER):{}@db")


@given(st.sampled_from(SAYS), st.sampled_from(CREDENTIALS), st.text("abcXYZ0189.-", min_size=8, max_size=64))
def test_no_part_of_a_diagnostic_shows_a_credential(says: str, form: str, value: str) -> None:
    text = says.replace("{}", form.replace("{}", value))
    related = (Related(Span("a.yaml"), text),)
    shown = hide_in_diagnostic(Diagnostic(RULE, text, Span("a.yaml"), text, text, related))
    for one in (shown.message, shown.subject, shown.hint, shown.related[0].note):
        assert value not in one
        assert one.startswith(text[:3])


@pytest.mark.parametrize(
    "message",
    [
        'catalog.database.secret: "polaris-db" is not a mapping',
        "the secret needs keys: username, password",
        "image ghcr.io/acme/data:1.2@sha256:0a is not allowed",
        "put it into the secret store and refer to it: secrets: {LOGIN: {secret: <name>, key: <key>}}",
        'spec.template has "--password=$(PASSWORD)"',
    ],
)
def test_other_messages_stay(message: str) -> None:
    diagnostic = Diagnostic(RULE, message, Span("a.yaml"), "dev: Role a/b", message, (Related(Span("b"), message),))
    assert hide_in_diagnostic(diagnostic) == diagnostic
