"""YAML is written so that every reader reads the same data, and equal data gives equal text."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.yaml_text import canonical_json, from_yaml, sha256_of, to_yaml
from yaml_readers import needs_kubectl, read_with_kubectl, read_with_python

# Texts that some reader takes for another type, or fails on.
ODD_WORDS = """
y n Y N yes no Yes NO on off On OFF true True TRUE false null Null NULL ~ 0644 0o644 08 010 1_000 1_ 1e3 1E3 1e+3 1.e3
1.0e3 1.5e+3 12:30 1:3 12:30:45 2024-01-01 2024-01-01T00:00:00Z 0x1F 0X1F 0b11 +1 -1 -0 1. .5 -.5 1.10 00 0. .inf -.Inf
.NaN 1__0 0_7 0o17_1 -0x1F 1:2:3.5 12345678901234567890 1e400 . - = << ? : , [] {} [ ] { } # & * ! | > ' " % @ ` --- ...
a: a:b a#b &a *a !a |a >a %a @a 10.0.0.1 10.0.0.0/8 1.2.3 100m 512Mi 60s 24h 5E 1e 1m30s 0b-1
-f --config ---x -y -_ \\ \\n é \U0001f600
\U0010ffff \ufeff \ufffe
"""
ODD_SPACES = [
    *(
        "",
        " ",
        "a ",
        " a",
        "a: b",
        "a #b",
        "- a",
        "? a",
        "--- a",
        "a\tb",
        "\ta",
        "a\t",
        "\r",
        "a\rb",
        "a\r\nb\r\n",
        "\x00",
    ),
    *(
        "\x7f",
        "\x85",
        "a\x85b",
        "\xa0",
        "\u2028",
        "a\u2029b",
        "a\nb",
        "a\nb\n",
        "a\n\n",
        "\n",
        "\na",
        " a\nb",
        "a\n b\n",
    ),
    *(
        "a\n\tb",
        "a \nb",
        "a\n\nb\n",
        "a\n---\nb\n",
        "a\n#b\n",
        "#a\nb\n",
        "- a\n- b\n",
        "a\n ",
        "a\n \nb\n",
        "x " * 200 + "x",
    ),
]
ODD_TEXTS = [*ODD_WORDS.split(), *ODD_SPACES]

texts = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.text(),
    st.text("-+.0123456789_:eExXobTZafinNtlyY~", max_size=8),
    st.text("-?:,[]{}#&*!|>'\"%@` \n\t=<\\ab0\r", max_size=12),
    st.lists(st.text("ab :#-\t", max_size=5), max_size=5).map("\n".join),
)
# Greater floats come back from kubectl as integers, rounded to the digits that a float has.
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(-(2.0**53), 2.0**53)
scalars = texts | numbers | st.booleans() | st.none()
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)
mappings = st.dictionaries(texts, nested, max_size=6)


@given(mappings, st.randoms(use_true_random=False))
@FEW
def test_every_reader_in_python_gets_the_same_data_back(data: dict[str, Any], random: Any) -> None:
    """The order of keys, trailing spaces and the end of the text do not matter to readers, but to people."""
    text, shuffled = to_yaml(data), _shuffled(data, random)
    assert to_yaml(shuffled) == text, "the order of keys does not matter"
    assert sha256_of(shuffled) == sha256_of(data)
    for reader, read_back in read_with_python(text).items():
        assert _exactly(read_back) == _exactly(data), reader
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    assert all(line == line.rstrip(" \t") for line in text.split("\n"))


@needs_kubectl
@pytest.mark.real
@given(st.lists(scalars, min_size=60, max_size=120), st.lists(texts, min_size=60, max_size=120))
@settings(max_examples=settings().max_examples // 12, suppress_health_check=list(HealthCheck))
def test_kubectl_gets_the_same_data_back(tmp_path: Path, values: list[Any], keys: list[str]) -> None:
    spec = {"values": values, "keys": dict.fromkeys(keys, 1), "nested": [[values[:3], {"key": values[3:6]}]]}
    manifest = {"apiVersion": "example.com/v1", "kind": "Sample", "metadata": {"name": "sample"}, "spec": spec}
    assert read_with_kubectl(to_yaml(manifest), tmp_path)["spec"] == spec


def test_odd_texts_stay_texts_as_keys_values_and_items() -> None:
    data = {
        "keys": {text: text for text in ODD_TEXTS},
        "items": ODD_TEXTS,
        "deeper": [[[text], {text: 1}] for text in ODD_TEXTS],
    }
    for reader, read_back in read_with_python(to_yaml(data)).items():
        assert read_back == data, reader


@needs_kubectl
@pytest.mark.real
def test_odd_texts_stay_texts_for_kubectl(tmp_path: Path) -> None:
    spec = {"values": ODD_TEXTS, "keys": {text: text for text in ODD_TEXTS}}
    manifest = {"apiVersion": "example.com/v1", "kind": "Sample", "metadata": {"name": "sample"}, "spec": spec}
    assert read_with_kubectl(to_yaml(manifest), tmp_path)["spec"] == spec


def test_yaml_has_a_fixed_layout() -> None:
    manifest = {
        "spec": {
            "list": [{"image": "ghcr.io/acme/web:1.2.3", "name": "web", "env": []}, ["a", ["b"]], "on"],
            "empty": {},
        },
        "data": {"script": "set -e\n\nif true; then\n  run\nfi\n", "words": "run it\nnow", "tail": "a\n\n"},
        "metadata": {"labels": {"b": "2", "a": "x"}, "namespace": "floe-platform", "name": "web", "annotations": {}},
        "immutable": True,
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "limits": {"cpu": "2", "memory": "512Mi", "ratio": 1e16, "none": None, "timeout": "30s", "at": "12:30"},
    }
    assert (
        to_yaml(manifest)
        == """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  namespace: floe-platform
  labels:
    a: x
    b: "2"
  annotations: {}
spec:
  empty: {}
  list:
  - name: web
    image: ghcr.io/acme/web:1.2.3
    env: []
  - - a
    - - b
  - "on"
data:
  script: |
    set -e

    if true; then
      run
    fi
  tail: "a\\n\\n"
  words: |-
    run it
    now
immutable: true
limits:
  at: "12:30"
  cpu: "2"
  memory: 512Mi
  none: null
  ratio: 1.0e+16
  timeout: 30s
"""
    )


def test_invisible_characters_are_escaped() -> None:
    assert to_yaml({"a": "zero\u200bwidth \u202ereversed é \U0001f600 \ufeff\x07"}) == (
        'a: "zero\\u200bwidth \\u202ereversed é \U0001f600 \\ufeff\\u0007"\n'
    )


def test_a_dict_used_twice_is_written_twice() -> None:
    shared = {"a": ["b"]}
    assert to_yaml({"one": shared, "two": shared}) == "one:\n  a:\n  - b\ntwo:\n  a:\n  - b\n"


def test_long_lines_are_not_folded() -> None:
    assert to_yaml({"a": "word " * 500 + "end"}).count("\n") == 1


def test_a_key_that_no_reader_could_find_is_refused() -> None:
    with pytest.raises(ValueError, match="is too long"):
        to_yaml({"x" * 1001: 1})


def test_data_that_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match=r"spec\.ports\[1\] is tuple, not plain data"):
        to_yaml({"spec": {"ports": [1, (2,)]}})
    with pytest.raises(ValueError, match="half a surrogate pair"):
        canonical_json("\ud800")


def test_written_data_is_read_back() -> None:
    manifest = {"kind": "Sample", "data": {"on": ["0644", 1, None, "a\nb\n"]}}
    assert from_yaml(to_yaml(manifest)) == from_yaml(to_yaml(manifest).encode()) == manifest


@pytest.mark.parametrize("spoilt", ["<<<<<<< HEAD\na: 1", "a: [", b"\xff", "a: \x00", "a: 2024-13-01", "[" * 5000])
def test_damaged_yaml_gives_none(spoilt: str | bytes) -> None:
    assert from_yaml(spoilt) is None


def test_canonical_json_is_compact_sorted_utf8() -> None:
    assert canonical_json({"b": [1.5, None], "a": "é"}) == '{"a":"é","b":[1.5,null]}'.encode()
    assert sha256_of({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


def test_hashes_tell_text_from_numbers() -> None:
    assert len({sha256_of(value) for value in ("1", 1, True, ["1"], {"1": None}, None, 1.5, "1.5")}) == 8


def test_an_object_of_fifty_lines_takes_well_under_a_millisecond() -> None:
    variables = [{"name": f"NAME_{number}", "value": f"value {number}"} for number in range(25)]
    manifest = {"kind": "Deployment", "spec": {"containers": [{"name": "web", "env": variables}]}}
    start = time.perf_counter()
    for _ in range(100):
        to_yaml(manifest)
    assert time.perf_counter() - start < 0.2  # it takes 0.015 s; the limit leaves room for a busy machine


def _exactly(value: Any) -> str:
    """Return a text that also tells 1 from 1.0 and True, which are equal."""
    return json.dumps(value, sort_keys=True)


def _shuffled(value: Any, random: Any) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: _shuffled(value[key], random) for key in keys}
    return [_shuffled(item, random) for item in value] if isinstance(value, list) else value
