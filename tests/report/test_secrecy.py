"""Values that look like secrets are hidden; names of secrets and references to them are not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.span import Span
from floe_compiler.report.secrecy import (
    HIDDEN,
    hide,
    hide_in_diagnostic,
    hide_in_line,
    hide_in_text,
    hide_object,
    is_secret_key,
)
from tables import table

RULE = Rule("X001", "wrong", "It is wrong.")

PRIVATE_KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIC\nQDE=\n-----END " + "PRIVATE KEY-----"


@table(
    "key",
    [
        "password",
        "DB_PASSWORD",
        "apiKey",
        "client-secret",
        "AUTH_TOKEN",
        "private_key",
        "s3.secret-key",
        "tokens",
        "minio_tokens",
        "max_tokens_admin_password",
    ],
)
def test_keys_that_sound_secret_are_recognised(key: str) -> None:
    assert is_secret_key(key)


@table(
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
        "max_tokens",
        "maxOutputTokens",
        "LLM_MAX_COMPLETION_TOKENS",
        "tokens_per_minute",
        "tokenizer",
    ],
)
def test_keys_of_references_are_not_secret(key: str) -> None:
    assert not is_secret_key(key)


@table(
    "text, expected",
    [
        ("password: hunter2", "password: ***"),
        ("password: correct horse, battery", "password: ***"),
        ("llm:\n  max_tokens: 4096\n  token: hunter2", "llm:\n  max_tokens: 4096\n  token: ***"),
        ('{"max_tokens": 4096, "token": "hunter2"}', '{"max_tokens": 4096, "token": "***"}'),
        ('  "client_secret": "hunter 2",', '  "client_secret": "***",'),
        ('{"token":"hunter2","user":"u"}', '{"token":"***","user":"u"}'),
        ('{\n  "user": "é",\n  "token": "hunter2"\n}\n', '{\n  "user": "é",\n  "token": "***"\n}\n'),
        ("secret: {name: db, password: hunter2}", "secret: {name: db, password: ***}"),
        ("A: {secret: db, key: k, password: hunter2}", "A: {secret: db, key: k, password: ***}"),
        ("A: {secret: hunter2}", "A: {secret: ***}"),
        ("A: {secret: hunter2, secret: hunter2}", "A: {secret: ***, secret: ***}"),
        ("A:\n  secret: hunter2\n    key: k", "A:\n  secret: ***\n    key: k"),
        ("secrets: {DB_PASSWORD: hunter2}", "secrets: {DB_PASSWORD: ***}"),
        ("secrets: {A: hunter 2, B: 'hunter2', C: x:hunter2}  # why", "secrets: {A: ***, B: '***', C: ***}  ***"),
        ("tokens: [hunter2, 'hunter 2']", "tokens: [***, '***']"),
        ('"password": {"value": "hunter2"}', '"password": {"value": "***"}'),
        ('"secrets": {"CRM": {"login": "hunter2"}, "n": 1},', '"secrets": {"CRM": {"login": "***"}, "n": "***"},'),
        ('x:\n  "secrets": {\n    "TOKEN": "hunter2"\n  }', 'x:\n  "secrets": {\n    "TOKEN": "***"\n  }'),
        ("secretRef: {name: a, password: hunter2}", "secretRef: {name: a, password: ***}"),
        ("db: {password: hunter 2, user: u, token: 'hunter2'}", "db: {password: ***, user: u, token: '***'}"),
        ('x:\n  "pin_token": 1234,\n  "n": 1', 'x:\n  "pin_token": "***",\n  "n": 1'),
        ("DB_PASSWORD=hunter2 rest", "DB_PASSWORD=*** rest"),
        ("DB_PASSWORD='hunter 2' rest", "DB_PASSWORD='***' rest"),
        ("DB_PASSWORD=${X:-hunter2}", "DB_PASSWORD=***"),
        ("é.token-2='a'secret=b", "é.token-2='***'secret=***"),
        ("a token-of-a-token and token=b", "a token-of-a-token and token=***"),
        ("tokens tokens: a: b", "tokens tokens: ***"),
        ("ENCRYPTION_KEY: hunter2", "ENCRYPTION_KEY: ***"),
        ("[load, --password, hunter2, --quiet]", "[load, --password, ***, --quiet]"),
        ("load --token 'hunter 2' --quiet", "load --token '***' --quiet"),
        ('x ["--password", "hunter2"]', 'x ["--password", "***"]'),
        ('["--password", "hunter2", "--token-file", "x"]', '["--password", "***", "--token-file", "x"]'),
        ("postgresql://floe:hunter2@db:5432/dagster", "postgresql://floe:***@db:5432/dagster"),
        ("host: floe:hunter2@db:5432", "host: floe:***@db:5432"),
        ("command: [load, --key=glpat-" + "a1" * 10 + ", x]", "command: [load, --key=***, x]"),
        ("tls: |\n" + PRIVATE_KEY + "\nrest", "tls: |\n***\nrest"),
        ('private_key: "' + PRIVATE_KEY + '"\nrest', 'private_key: "***"\nrest'),
        ("private_key=" + PRIVATE_KEY + "\nrest", "private_key=***\nrest"),
        ("Authorization: Basic aHVudGVyMg==", "Authorization: ***"),
        ("curl -H 'x: Bearer aHVudGVyMg=='", "curl -H 'x: Bearer ***"),
        ("curl -sS -u app:hunter2 https://x", "curl -sS -u app:*** https://x"),
        ("x:\n  password: |-\n    hunter 2\n\n    more\n  user: u", "x:\n  password: ***\n    ***\n  user: u"),
        ("- token: >\n    hunter 2\n- user: u\n", "- token: ***\n  ***\n- user: u\n"),
        ("password => 'hunter2'", "password => '***'"),
        ("- name: DB_PASSWORD\n  value: hunter2", "- name: DB_PASSWORD\n  value: ***"),
        ("<password>hunter2</password>", "<password>***</password>"),
        ("ALTER ROLE app PASSWORD 'hunter2';", "ALTER ROLE app PASSWORD '***';"),
    ],
)
def test_values_in_text_are_hidden(text: str, expected: str) -> None:
    assert hide_in_text(text) == expected


@table(
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
        "  DB_TOKEN: {secret: db-token, key: token}",
        "secrets: {A: {secret: db, key: 'password'}, B: {key: login, secret: \"db\"}}",
        'x "secrets": {"TOKEN": {"secret": "db", "key": "token"}}',
        "PASSWORD:\n  secret: db\n  key: password\nUSER:\n  key: user\n  secret: db\n",
        "partition_key: day",
        'x: {"DB_PASSWORD": "$DB_PASSWORD", "secretKeyRef": {"name": "db", "key": "password"}}',
        "floe.dev/secret-variables: DB_USER",
        "load --password $PASSWORD --token-file /run/x --token --quiet",
        "password_authentication: off",
        "password_policy: {min_length: 8}",
        "token_endpoint: https://login.example.org/token",
        "token_ttl: 1h",
        "password: null",
        'token: ""',
        "secret_provider: |\n  several\n  lines\n",
        "- name: DB_PASSWORD\n  valueFrom: x",
    ],
)
def test_other_text_is_unchanged(text: str) -> None:
    assert hide_in_text(text) == text


@given(st.text("abcXYZ019", min_size=8))
def test_hiding_is_idempotent_and_complete(value: str) -> None:
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


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["token", "secrets", "name", "value", "a"]), inner, max_size=3)
        ),
    ),
    st.sampled_from([None, 2, 4]),
)
@FEW
def test_json_stays_json_with_the_same_names(document: object, indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    hidden = json.loads(hide_in_text(text)) if isinstance(document, dict | list) else document
    assert shape(hidden) == shape(document)


def shape(value: object) -> object:
    """Return the names in a document, without its values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else None


def test_references_in_data_keep_their_names() -> None:
    reference = {"secret": "db", "key": "token"}
    assert hide({"DB_TOKEN": reference, "x": {"secret": "hunter2"}}) == {"DB_TOKEN": reference, "x": {"secret": "***"}}


def test_neighbouring_lines_tell_whether_a_line_is_secret() -> None:
    line = "  secret: db"
    assert hide_in_line(line, "DB_PASSWORD:", "  key: password") == hide_in_line(line, "  key: password", "") == line
    assert hide_in_line(line, "x:", "    key: password") == hide_in_line(line, "", "") == "  secret: ***"


def test_a_command_is_searched_through_too() -> None:
    assert hide(["load", "--password", "hunter2", "--token", "$TOKEN", "--api-key", "--quiet", 1]) == [
        *("load", "--password", HIDDEN, "--token", "$TOKEN", "--api-key", "--quiet", 1)
    ]
    assert hide({1: "x"}) == {1: "x"}


def test_a_structure_in_a_text_is_hidden_value_by_value() -> None:
    product = {"name": "orders", "steps": [{"secrets": {"CRM_TOKEN": "hunter2", "MODE": "x"}}], "password": {"n": 1}}
    hidden = json.loads(hide({"product.json": json.dumps(product, indent=2) + "\n"})["product.json"])
    assert hidden == product | {"steps": [{"secrets": {"CRM_TOKEN": HIDDEN, "MODE": "x"}}]}


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
    masked = hide_in_diagnostic(Diagnostic(RULE, text, Span("a.yaml"), text, text, related))
    for part in (masked.message, masked.subject, masked.hint, masked.related[0].note):
        assert value not in part
        assert part.startswith(text[:3])


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
def test_other_messages_are_unchanged(message: str) -> None:
    diagnostic = Diagnostic(RULE, message, Span("a.yaml"), "dev: Role a/b", message, (Related(Span("b"), message),))
    assert hide_in_diagnostic(diagnostic) == diagnostic


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("DB_PASSWORD: the program takes it from a variable only", None),
        ("DB_PASSWORD: hunter2", "DB_PASSWORD: ***"),
        (
            "DB_PASSWORD: the program takes it as ghp_" + "0123456789abcdefghijABCDEFGHIJ012345",
            "the program takes it as ***",
        ),
    ],
)
def test_the_reason_for_a_secret_variable_is_not_secret(reason: str, ending: str | None) -> None:
    keys = ("metadata", "annotations", "floe.dev/secret-variables")
    lines = hide_object(f"A_TOKEN: a first line that has words\n{reason}", "Deployment", keys).split("\n")
    assert lines[0] == "A_TOKEN: a first line that has words"
    assert lines[1] == reason if ending is None else lines[1].endswith(ending)
