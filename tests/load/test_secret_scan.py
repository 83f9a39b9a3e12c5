"""Secret values are found wherever they are written, and never shown."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.load.rules import NOT_A_FALSE_ALARM, SECRET_VALUE
from floe_compiler.load.secret_scan import may_assign_secret, secret_values
from floe_compiler.model.document import Document
from floe_compiler.model.span import Span

VALUE = "hunter2"


def messages(data: Any) -> list[str]:
    document = Document("a.yaml", data, values={("steps", 0, "variables", "P"): Span("a.yaml", 7, 9)})
    problems = list(secret_values(document).values())
    for problem in problems:
        assert problem.rule is SECRET_VALUE
        assert problem.secret, "the line must not be shown either"
        assert VALUE not in problem.message + problem.hint
    return [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("data", "start"),
    [
        ({"password": VALUE}, "password looks like the value of a secret"),
        ({"password": 12345678}, "password looks like the value of a secret"),
        ({"steps": [{"variables": {"API_TOKEN": VALUE}}]}, "steps[0].variables.API_TOKEN looks like the value of a"),
        ({"steps": [{"variables": {"API_TOKEN": [VALUE]}}]}, "steps[0].variables.API_TOKEN[0] looks like"),
        ({"steps": [{"secrets": {"LOGIN": VALUE}}]}, "steps[0].secrets.LOGIN looks like the value of a secret"),
        ({"steps": [{"secrets": {"LOGIN": [VALUE]}}]}, "steps[0].secrets.LOGIN[0] looks like the value of a secret"),
        ({"steps": [{"command": ["x", f"pg://a:{VALUE}@b"]}]}, "steps[0].command[1] looks like a password in a URL"),
        ({"steps": [{"command": ["x", "--password", VALUE]}]}, "steps[0].command[2] looks like the value of a secret"),
        (
            {"steps": [{"command": ["-H", "a: Bearer a1b2c3d4e5f6"]}]},
            "steps[0].command[1] looks like the credential of",
        ),
        ({"metadata": {"description": "-----BEGIN PRIVATE KEY-----"}}, "metadata.description looks like a private key"),
        ({"secrets": {"store": {"name": f"x://a:{VALUE}@b"}}}, "secrets.store.name looks like a password in a URL"),
    ],
)
def test_a_secret_is_reported_by_its_path(data: Any, start: str) -> None:
    (message,) = messages(data)
    assert message.startswith(start)


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"steps": [{"variables": {"PGPASSWORD": VALUE}}]}, "secrets: {PGPASSWORD: {secret: <name>, key: <key>}}"),
        ({"steps": [{"secrets": {"LOGIN": VALUE}}]}, "secrets: {LOGIN: {secret: <name>, key: <key>}}"),
        ({"steps": [{"command": ["x", f"pg://a:{VALUE}@b"]}]}, "secrets: {VARIABLE: {secret: <name>, key: <key>}}"),
        ({"delivery": {"repository": f"https://a:{VALUE}@b"}}, "leave it out of the URL"),
        ({"storage": {"credentials": {"secret_key": VALUE}}}, "credentials: {type: secret, name: <name>}"),
        ({"database": {"password": VALUE}}, "secret: {name: <name>}"),
    ],
)
def test_the_hint_fits_the_place_of_the_secret(data: Any, hint: str) -> None:
    (problem,) = secret_values(Document("a.yaml", data)).values()
    assert hint in problem.hint


@pytest.mark.parametrize(
    "data",
    [
        {"secrets": {"type": "external-secrets", "store": {"name": "vault"}}},
        {"steps": [{"secrets": {"API_TOKEN": {"secret": "crm", "key": "password"}}}]},
        {"database": {"secret": {"name": "db", "keys": {"username": "user", "password": "pass"}}}},
        {"images": {"pull_secret": "registry"}},
        {"delivery": {"secret": "git"}},
        {"password": ""},
        {"password": True},
        {"steps": [{"variables": {"USE_TOKEN": "1", "WITH_PASSWORD": "off"}}]},
        {"password": None},
        {"steps": [{"name": "token", "variables": {"A": "$(B)"}}]},
        {"steps": [{"command": ["x", "--password", "$(PASSWORD)", "--token", "--secret", "login"]}]},
        {"steps": []},
        {},
    ],
)
def test_references_are_not_secrets(data: Any) -> None:
    assert messages(data) == []


def test_a_secret_is_reported_at_its_place() -> None:
    document = Document("a.yaml", {"token": "x"}, values={("token",): Span("a.yaml", 7, 9)})
    assert [problem.span for problem in secret_values(document).values()] == [Span("a.yaml", 7, 9)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PGPASSWORD=hunter2 psql", True),
        ("psql --password=hunter2", True),
        ('{"password": "hunter2"}', True),
        ("password = hunter2", True),
        ("mode=fast", False),
        ("the password", False),
        ("key", False),
    ],
)
def test_a_script_may_give_a_secret_a_value(text: str, expected: bool) -> None:
    assert may_assign_secret(Document("a.yaml", {"steps": [{"command": ["sh", "-c", text]}]})) == expected
    assert not may_assign_secret(
        Document("a.yaml", {"steps": [{"secrets": {"PASSWORD": {"secret": "a", "key": "b"}}}]})
    )


def test_a_long_word_is_fast() -> None:
    assert not may_assign_secret(Document("a.yaml", {"a": "x" * 200_000}))


def product(**not_secrets: str) -> Document:
    steps = [{"variables": {"API_TOKEN": VALUE, "OTHER_TOKEN": VALUE, "RETRIES": "3"}}]
    return Document("a.yaml", {"kind": "DataProduct", "steps": steps, "not_secrets": not_secrets})


def test_a_product_may_declare_values_that_are_not_secrets() -> None:
    (problem,) = secret_values(product(API_TOKEN="the number of tokens of a request")).values()
    assert problem.message.startswith("steps[0].variables.OTHER_TOKEN looks like")
    assert "not_secrets: {OTHER_TOKEN: <reason>}" in problem.hint


def test_a_reason_is_needed_and_may_hold_no_secret() -> None:
    without = list(secret_values(product(API_TOKEN="", OTHER_TOKEN="a name")).values())
    assert [problem.message.split()[0] for problem in without] == ["steps[0].variables.API_TOKEN"]
    (problem,) = secret_values(product(API_TOKEN="-----BEGIN PRIVATE KEY-----", OTHER_TOKEN="a name")).values()
    assert problem.message == "not_secrets.API_TOKEN looks like a private key"


@pytest.mark.parametrize("name", ["RETRIES", "API_TOKENS"])
def test_an_unneeded_declaration_is_a_warning(name: str) -> None:
    problems = list(secret_values(product(API_TOKEN="a name", OTHER_TOKEN="a name", **{name: "a name"})).values())
    assert [(problem.rule, problem.severity) for problem in problems] == [(NOT_A_FALSE_ALARM, "warning")]
    assert f"not_secrets.{name}" in problems[0].message


def test_only_products_may_declare_values_that_are_not_secrets() -> None:
    data = {"kind": "Domain", "steps": [{"variables": {"API_TOKEN": VALUE}}], "not_secrets": {"API_TOKEN": "a name"}}
    assert len(messages(data)) == 1


def said_of_a_product(**not_secrets: str) -> Document:
    steps = {"load": {"variables": {"API_TOKEN": VALUE, "OTHER_TOKEN": VALUE}}}
    orders = {"steps": steps, "not_secrets": not_secrets}
    domains = {"sales": {"products": {"orders": orders, "returns": {"steps": steps}}}}
    return Document("a.yaml", {"kind": "Environment", "domains": domains})


def test_an_environment_may_declare_values_of_a_product_that_are_not_secrets() -> None:
    names = sorted(
        problem.message.partition(" ")[0] for problem in secret_values(said_of_a_product(API_TOKEN="a name")).values()
    )
    assert names == [
        "domains.sales.products.orders.steps.load.variables.OTHER_TOKEN",
        "domains.sales.products.returns.steps.load.variables.API_TOKEN",
        "domains.sales.products.returns.steps.load.variables.OTHER_TOKEN",
    ]


def test_an_unneeded_declaration_of_an_environment_is_a_warning() -> None:
    problems = [
        problem
        for problem in secret_values(said_of_a_product(DEPTH="a name")).values()
        if problem.rule is NOT_A_FALSE_ALARM
    ]
    assert [problem.message.partition(":")[0] for problem in problems] == [
        "domains.sales.products.orders.not_secrets.DEPTH"
    ]


def of_a_chart(values: dict[str, Any], listed: str = "cache-users") -> dict[str, Any]:
    """Return the data of a document with a chart whose pods read a secret."""
    return {"charts": {"cache": {"values": values, "workloads": {"cache": {"secrets": {listed: ["default"]}}}}}}


@pytest.mark.parametrize("above", [(), ("platform",), ("domains", "sales")])
def test_a_value_of_a_chart_may_name_a_secret_that_its_pods_read(above: tuple[str, ...]) -> None:
    values: dict[str, Any] = of_a_chart(
        {"auth": {"usersExistingSecret": "cache-users"}, "extraEnvVarsSecret": "cache-users"}
    )
    for key in reversed(above):
        values = {key: values}
    assert secret_values(Document("a.yaml", values)) == {}


@pytest.mark.parametrize(
    "data",
    [
        of_a_chart({"existingSecret": "cache-user"}),
        of_a_chart({"auth": {"password": VALUE}}),
        of_a_chart({"url": "redis://a:cache-users@b"}),
        {**of_a_chart({}), "database": {"password": "cache-users"}},
    ],
)
def test_any_other_value_may_be_the_secret_itself(data: dict[str, Any]) -> None:
    (problem,) = secret_values(Document("a.yaml", data)).values()
    assert problem.rule is SECRET_VALUE
    is_named = "values" in problem.message and "URL" not in problem.message
    assert ("workloads: {<workload>: {secrets: {<name>: [<key>]}}}" in problem.hint) == is_named
