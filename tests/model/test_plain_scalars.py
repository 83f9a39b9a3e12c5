"""Unquoted scalars have a value only if all YAML readers agree on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.model.plain_scalars import Ambiguous, read_plain
from tables import table
from yaml_readers import HEADER, needs_kubectl, read_with_kubectl, read_with_python

AMBIGUOUS = {
    "a boolean": "y Y n N yes Yes NO no on On OFF off",
    "a number": "1_000 1e3 1E3 08 0x1F 0X1f 0o17 0b11 0B1 .5 -.5 +.5 01.5 1_0.5 1.0_0 1.e3 1.0e3 0_ 1__0 -0x1F 0b-1 -_",
    "an octal number": "0644 010 00 -0644 0_7",
    "a base-60 number": "12:30 1:3 12:30:45 1:2:3.5 +12:30 00:10",
    "a date": "2024-01-01 2001-1-1 2024-01-01T00:00:00Z 2001-12-14t21:59:43.10-05:00",
    "a number that JSON cannot represent": ".inf -.Inf +.INF .nan .NaN",
    "a number out of range": "12345678901234567890 9223372036854775808 1e400 1.0e+999 1e-30",
    "an operator": "= <<",
    "no value": "~",
}
MEANT = {
    "yes": "true",
    "OFF": "false",
    "~": "null",
    "0644": "420",
    "08": "8",
    "0x1F": "31",
    "0o17": "15",
    "-0b11": "-3",
    "1_000": "1000",
    "1e3": "1000",
    "1.5e3": "1500",
    ".5": "0.5",
    "-.5": "-0.5",
    "12:30": "",
    "2024-01-01": "",
    "12345678901234567890": "",
    "1e-300": "",
}
TEXTS = """
polaris 1.2.3 10.0.0.1 10.0.0.0/8 100m 1Gi 60s 1m30s 5432:5432 0xg 0o9 0b2 1e _1 -x +- .e3 1:75 2024-01 2024-01-01x
1,000 inf nan none nil tRue 12:30:45:x 1-2 +1-555 0* - a-b
"""

numberlike = st.text("-+.0123456789_:eExXoObBTtZaf", min_size=1, max_size=10)
worded = st.text("yYnNoOfFeEsStTrRuUlLaA~=<", min_size=1, max_size=5)
dated = st.from_regex(
    r"\A[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?(Z|-[0-9]{1,2})?)?\Z"
)


def _is_plain(text: str) -> bool:
    """Tell whether a text without quotes is one scalar to a YAML parser."""
    try:
        events = list(yaml.parse(f"- {text}\n", Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return False
    return len(events) == 7 and getattr(events[3], "value", None) == text


plain_texts = (numberlike | worded | dated).filter(_is_plain)


@table("kind, text", [(kind, text) for kind, texts in AMBIGUOUS.items() for text in texts.split()])
def test_ambiguous_scalars_are_recognised(kind: str, text: str) -> None:
    scalar = read_plain(text)
    assert isinstance(scalar, Ambiguous)
    assert scalar.kind == kind


@table("text, suggestion", MEANT.items())
def test_an_unambiguous_form_is_suggested(text: str, suggestion: str) -> None:
    scalar = read_plain(text)
    assert isinstance(scalar, Ambiguous)
    assert scalar.meant == suggestion
    assert not isinstance(read_plain(suggestion), Ambiguous)


@table("text", TEXTS.split())
def test_unambiguous_texts_are_texts(text: str) -> None:
    assert read_plain(text) == text


@table(
    "text, value",
    [
        *(("", None), ("null", None), ("Null", None), ("true", True), ("FALSE", False)),
        *(("0", 0), ("-1", -1), ("+1", 1), ("9223372036854775807", 2**63 - 1)),
        *(("1.10", 1.1), ("0.", 0.0), ("1.5e+3", 1500.0), ("-2.5E-3", -0.0025)),
    ],
)
def test_unambiguous_scalars_have_their_value(text: str, value: Any) -> None:
    scalar = read_plain(text)
    assert scalar == value
    assert type(scalar) is type(value)


@given(plain_texts)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_every_reader_in_python_agrees(text: str) -> None:
    scalar = read_plain(text)
    if not isinstance(scalar, Ambiguous):
        for reader, read in read_with_python(f"value: {text}\n").items():
            assert (read["value"], type(read["value"])) == (scalar, type(scalar)), reader


@needs_kubectl
@pytest.mark.real
@given(st.lists(plain_texts, min_size=60, max_size=120))
@settings(max_examples=settings().max_examples // 12, suppress_health_check=list(HealthCheck))
def test_kubectl_agrees(tmp_path: Path, texts: list[str]) -> None:
    agreed = {text: value for text in texts if not isinstance(value := read_plain(text), Ambiguous)}
    document = HEADER + "spec:\n  values:\n  - null\n" + "".join(f"  - {text}\n" for text in agreed)
    values = read_with_kubectl(document, tmp_path)["spec"]["values"][1:]
    for (text, value), read in zip(agreed.items(), values, strict=True):
        assert read == value, text
        assert isinstance(read, str) == isinstance(value, str), text
