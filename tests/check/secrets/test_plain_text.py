"""Secrets and credentials."""

from __future__ import annotations

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.secrets.plain_text import check
from tables import table

VALUE = "hunter2hunter2"


def with_variable(text: str, name: str = "TEXT") -> Platform:
    platform = sample()
    platform.container("Deployment/polaris")["env"].append({"name": name, "value": text})
    return platform


def configured(text: str) -> Platform:
    platform = sample()
    platform["ConfigMap/polaris"]["data"]["file"] = text
    return platform


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_a_secret_in_plain_text_is_reported(field: str) -> None:
    platform = sample()
    secret = platform.add(resource("v1", "Secret", "plain"))
    secret[field] = {"password": VALUE, "user": ""}
    message = f"it has values in plain text: {field}.password"
    assert platform.findings(check) == [("C130", "Secret floe-platform/plain", message)]


def test_secrets_without_secret_values_are_accepted() -> None:
    platform = sample()
    platform.add(resource("v1", "Secret", "token", type="kubernetes.io/service-account-token"))
    platform.add(resource("v1", "Secret", "empty", data={"password": ""}))
    assert platform.findings(check) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("id AKIAIOSFODNN7EXAMPLE", "an AWS access key"),
        ("Authorization: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "a JSON web token"),
        (f"postgresql://dagster:{VALUE}@postgres:5432/x", "a password in a URL"),
    ],
)
def test_visible_credentials_are_reported(text: str, kind: str) -> None:
    for platform in (with_variable(text), configured(text)):
        (message,) = [message for code, _, message in platform.findings(check) if code == "C131"]
        assert message.endswith(f"holds what looks like {kind}")
        assert text not in message
    platform = sample()
    platform["Service/dagster"]["metadata"]["annotations"] = {"note": text}
    message = f"metadata.annotations[note] holds what looks like {kind}"
    assert platform.findings(check) == [("C131", "Service floe-platform/dagster", message)]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://dagster:$PASSWORD@postgres:5432/x",
        "postgresql://dagster:${PASSWORD}@postgres:5432/x",
        "postgresql://dagster:{{password}}@postgres:5432/x",
        "postgresql://dagster:%(password)s@postgres:5432/x",
        "postgresql://dagster:<password>@postgres:5432/x",
    ],
)
def test_placeholders_are_not_credentials(text: str) -> None:
    assert with_variable(text).findings(check) == []


def test_a_value_of_a_variable_with_a_secret_name_is_reported() -> None:
    place = "spec.template.spec.containers[polaris].env[POSTGRES_PASSWORD]"
    message = f"{place} has a value, but its name is that of a secret"
    platform = with_variable(VALUE, "POSTGRES_PASSWORD")
    assert platform.findings(check) == [("C131", "Deployment.apps floe-platform/polaris", message)]
    assert with_variable("/run/secrets/password", "POSTGRES_PASSWORD_FILE").findings(check) == []
    assert with_variable("$(PASSWORD)", "PGPASSWORD_PASSWORD").findings(check) == []


@pytest.mark.parametrize("words", [["--password", VALUE], ["--quiet", "-api-key", "admin"]])
def test_a_value_of_a_secret_option_is_reported(words: list[str]) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["args"] = words
    message = f'spec.template.spec.containers[polaris].args gives "{words[-2]}" a value'
    assert platform.findings(check) == [("C131", "Deployment.apps floe-platform/polaris", message)]


@pytest.mark.parametrize(
    ("command", "args"),
    [(["redis-cli"], ["-a", VALUE, "ping"]), (["mysql", "-u", "root"], [f"-p{VALUE}"]), ([], ["sshpass", "-p", VALUE])],
)
def test_a_credential_in_a_command_of_a_known_program_is_reported(command: list[str], args: list[str]) -> None:
    platform = sample()
    platform.container("Deployment/polaris").update(command=command, args=args)
    ((code, _, message),) = platform.findings(check)
    assert (code, VALUE in message) == ("C131", False)
    assert "containers[polaris].args holds what looks like a password for " in message


@pytest.mark.parametrize("word", ["$(PASSWORD)", "--quiet", "polaris-db", "/run/secrets/x"])
def test_an_option_with_a_reference_is_accepted(word: str) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["command"] = ["serve", "--password", word]
    assert platform.findings(check) == []


@table(
    "text",
    [
        f"db_password: {VALUE}",
        f'  password: "{VALUE}"  # for now',
        f'{{"user": "x", "password": "{VALUE}"}}',
        f"--password={VALUE} --quiet",
        f"export API_KEY='{VALUE}'",
        f"client_secret = {VALUE}",
        "password: admin",
        "password: ADMIN",
        "password: db_password",
        'token="token"',
        'token="config.token"',
        "env: {API_TOKEN: admin}",
    ],
)
def test_values_assigned_to_secret_names_are_reported(text: str) -> None:
    for platform in (with_variable(text), configured(text)):
        ((code, _, message),) = platform.findings(check)
        assert code == "C131"
        assert VALUE not in message
        assert message.endswith(" a value")


@table(
    "text",
    [
        "password: {env: PASSWORD}",
        "password:\n  env: PASSWORD",
        "password: ${PASSWORD}",
        "password: \"{{ env_var('PASSWORD') }}\"",
        "password: PG_PASSWORD",
        "password: polaris-db",  # the name of a Secret
        "postgres_password_secret: polaris-db",
        "password_file: /run/secrets/x",
        "password: /run/secrets/x",
        "password:",
        "password: null",
        "password: !vault x",
        "# password: hunter2",
        "API_KEY: the data product asks for it",
        "secret: catalog",
        "connect(token=token, passphrase=config.token, api_key=os.environ['API_KEY'])",
        "PASSWORD=$(cat /run/secrets/x)",
        "ALTER ROLE x PASSWORD :'password'",
        "log.level=INFO",
    ],
)
def test_texts_without_credentials_are_accepted(text: str) -> None:
    assert with_variable(text).findings(check) == []
    assert configured(text).findings(check) == []


def test_the_name_of_a_secret_with_unknown_keys_is_accepted() -> None:
    platform = configured("password: polaris-db")
    platform["ExternalSecret/polaris-db"]["spec"]["dataFrom"] = [{"extract": {"key": "x"}}]
    assert platform.findings(check) == []


def test_the_line_is_named_where_there_are_several() -> None:
    platform = configured(f"user: x\n# comment\npassword: {VALUE}\n")
    assert platform.findings(check) == [
        ("C131", "ConfigMap floe-platform/polaris", 'line 3 of data[file] gives "password" a value')
    ]


@pytest.mark.parametrize(
    ("text", "message_"),
    [
        (f"password: {VALUE}", 'spec.target.template.data[file] gives "password" a value'),
        (f"x://app:{VALUE}@db", "spec.target.template.data[file] holds what looks like a password in a URL"),
        ('password: "{{ .password }}"', ""),
        ("x://{{ .user }}:{{ .password }}@db", ""),
    ],
)
def test_the_template_of_an_external_secret_is_checked(text: str, message_: str) -> None:
    platform = sample()
    platform["ExternalSecret/polaris-db"]["spec"].setdefault("target", {})["template"] = {
        "mergePolicy": "Merge",
        "data": {"file": text},
    }
    messages = [message for code, _, message in platform.findings(check) if code == "C131"]
    assert messages == ([message_] if message_ else [])
