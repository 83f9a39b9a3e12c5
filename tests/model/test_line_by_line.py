"""A cached search line by line finds the same as a search of the whole text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.check.texts.addresses import Address, _in_line, addresses
from floe_compiler.model.assigned_secrets import _in_part, _matches
from floe_compiler.model.credential_forms import DOCUMENTED, credentials_in, published
from floe_compiler.model.login_forms import _ranked, logins_in

LINES = (
    "",
    "    ",
    "a: b",
    "api_key: |",
    "  hunter2-literal-9f",
    "  token:=abc123xyz9",
    "machine forge.example",
    "login bob",
    "password geheim77",
    "- name: DB_PASSWORD",
    "  value: tr0ub4dor",
    "ALTER ROLE",
    "alice password 'abc123x'",
    'spark.conf.set("db.password",',
    '"abcd1234")',
    "<name>db.password</name>",
    "<value>s3cr3tval</value>",
    "docker \\",
    "login -p s3cr3tV9x",
    "mysql -u root \\",
    "  -ps3cr3tV9x",
    "curl -u alice:s3cr3tV9x http://h:80/x",
    "db.example:5432:sales:alice:s3cr3tV9x",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA",
    "-----END RSA " + "PRIVATE KEY-----",
    "sha256~" + "aB3" * 14 + "x",
    "ghp_" + "aB3d" * 9,
    "http://polaris:8181 jaeger.floe-platform.svc:4317 kafka:9092",
    "postgresql://polaris.floe-platform.svc/x",
)
BEGUN = tuple("\n".join(lines) for lines in pairwise(LINES))
"""Lines with their continuation lines."""

TEXTS = st.lists(st.sampled_from(BEGUN) | st.sampled_from(LINES), max_size=9).map("\n".join)
EVERY_LINE = "\n".join(LINES)


@given(TEXTS)
@FEW
@example(EVERY_LINE)
def test_credentials_are_found_line_by_line(text: str) -> None:
    forms = (*DOCUMENTED, *published())
    expected = ((form.kind, match[0]) for form in forms if _may_be_in(form.words, text) for match in form.find(text))
    assert list(credentials_in(text)) == list(expected)


def _may_be_in(words: Iterable[str], text: str) -> bool:
    return any(word in text.lower() for word in words)


@given(TEXTS)
@FEW
@example(EVERY_LINE)
def test_logins_are_found_line_by_line(text: str) -> None:
    assert list(logins_in(text)) == [login for _, login in _ranked(text)]


@given(TEXTS)
@FEW
@example(EVERY_LINE)
def test_assigned_secrets_are_found_line_by_line(text: str) -> None:
    assert _matches(text) == sorted(_in_part(text), key=lambda match: (match.value_start, match.start))


@given(TEXTS)
@FEW
@example(EVERY_LINE)
def test_addresses_are_found_line_by_line(text: str) -> None:
    expected: dict[tuple[str, int], Address] = {}
    for _, address in sorted(_in_line(text), key=lambda pair: pair[0]):
        expected.setdefault((address.host, address.port), address)
    assert addresses(text) == tuple(expected.values())
