"""Configuration files that no program could read."""

from __future__ import annotations

import pytest

from check.samples import sample
from floe_compiler.check.texts.config_files import check

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "floe-platform"}}


def problems(key: str, text: str) -> list[tuple[str, str]]:
    platform = sample()
    platform.add({**CONFIG, "data": {key: text}})
    return [(code, message) for code, subject, message in platform.findings(check) if subject.endswith("/settings")]


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("a.json", '{"a": 1,}', "line 1: "),
        ("a.json", '{\n"a": 1\n"b": 2}', "line 3: expecting ',' delimiter"),
        ("a.JSON", "", "line 1: expecting value"),
        ("a.yaml", "a: 1\nb: [2\n", "line "),
        ("a.yml", "a: b: c\n", "line 1: mapping values are not allowed in this context"),
        ("a.yaml", "a:\n\t- 1\n", "line 2: "),
        ("a.toml", "a = \n", "invalid value (at line 1"),
    ],
)
def test_a_file_that_does_not_parse_is_reported(key: str, text: str, problem: str) -> None:
    ((code, message),) = problems(key, text)
    assert code == "C166"
    assert message.startswith(f'data["{key}"] is not ')
    assert f": {problem}" in message


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a.json", '{"a": [1, null]}'),
        ("a.yaml", "a: &x {b: 1}\nc: *x\n---\n- !Env X\n"),
        ("a.toml", "a = 1\n"),
        ("a.yaml", "a: {{ b }}: c\n{% if x %}\n"),
        ("a.conf", "{"),
        ("json", "{"),
        ("a.txt", "a: b: c"),
    ],
)
def test_valid_files_and_unknown_formats_are_accepted(key: str, text: str) -> None:
    assert problems(key, text) == []
