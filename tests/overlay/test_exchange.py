"""kustomize preserves all values; those that it cannot preserve are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay.exchange import read_objects, uncarriable
from floe_compiler.overlay.kustomize import find_kustomize, run_kustomize
from overlay.overlay_mesh import Mesh, config_map
from tables import table

AWKWARD = [
    *("", " ", "on", "off", "yes", "no", "y", "n", "true", "null", "~", "Null", "TRUE"),
    *("0644", "0o644", "08", "0x1F", "0b1", "1_000", "1e3", "1E2", "+1", "-", ".5", "1.", "1.10", ".inf", ".NaN"),
    *(
        "12:30:45",
        "1:3",
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        "=",
        "<<",
        "|",
        ">",
        "%",
        "@a",
        "`a",
        "!tag",
        "&a",
        "*a",
    ),
    *("a: b", "a #b", "#a", "- a", "[a]", "{a}", "'a'", '"a"', "a\\n", "?", "? a", "---", "...", "--- a"),
    *("word " * 60 + " ", "x" * 300, "a  \nb\n\n", "\n lead\n\ttab \n", "\n", "\n\n", "a\r\nb", "\tx", "a\u00a0b"),
    *("a\u2028b", "\ufeffx", "😀", "\x00", "\x1b[0m", "é", "日本語", "$(VAR)", "${var}", "a\n\n\n  b\n "),
]

text = st.sampled_from(AWKWARD) | st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda character: not uncarriable(character))
)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53) | text
keys = text.filter(lambda key: key != "<<" and len(key) < 100)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


def through_kustomize(*manifests: Object) -> list[Object]:
    """Return objects that kustomize has read, patched (each gets an annotation) and written."""
    patch = '[{"op": "add", "path": "/metadata/annotations", "value": {"patched": "on"}}]'
    content = {"resources": ["objects.yaml"], "patches": [{"target": {"kind": "ConfigMap"}, "patch": patch}]}
    files = {
        "base/objects.yaml": "---\n".join(to_yaml(manifest) for manifest in manifests),
        "base/kustomization.yaml": to_yaml(content),
    }
    built, warnings = run_kustomize(find_kustomize(), "base", files)
    assert warnings == []
    return read_objects(built)


def patched(name: str, **fields: Any) -> Object:
    manifest = config_map(name, **fields)
    manifest["metadata"]["annotations"] = {"patched": "on"}
    return manifest


def test_awkward_text_survives() -> None:
    keys = [word for word in AWKWARD if word != "<<" and len(word) < 100]
    fields: dict[str, Any] = {
        "item": AWKWARD,
        "key": dict.fromkeys(keys, "x"),
        "value": {f"k{index}": word for index, word in enumerate(AWKWARD)},
    }

    built = through_kustomize(*(config_map(name, data=data) for name, data in fields.items()))

    assert built == [patched(name, data=data) for name, data in fields.items()]


@settings(max_examples=settings().max_examples // 12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(values, min_size=1, max_size=30))
def test_values_survive(values_: list[Any]) -> None:
    manifests = [config_map(f"c{index:02}", spec=value) for index, value in enumerate(values_)]

    assert through_kustomize(*manifests) == [patched(f"c{index:02}", spec=value) for index, value in enumerate(values_)]


def test_values_keep_their_types() -> None:
    values = [2**53, 1.5, 1.5e-7, True, None, "1"]
    built = through_kustomize(*(config_map(f"c{number}", spec=value) for number, value in enumerate(values)))

    assert [type(one["spec"]) for one in built] == [int, float, float, bool, type(None), str]


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"data": {"k": "a\x7f"}}, "the character U+007F"),
        ({"data": {"k": "a\x85b"}}, "the character U+0085"),
        ({"data": {"k\ufffe": "a"}}, "the character U+FFFE"),
        ({"spec": [{"<<": {}}]}, 'the key "<<"'),
        ({"spec": {"n": [2**53 + 1]}}, "a number beyond 2^53"),
    ],
)
def test_known_losses_of_kustomize_are_refused(mesh: Mesh, fields: dict[str, Any], lost: str) -> None:
    mesh.write({"base/kustomization.yaml": "labels:\n- {pairs: {a: b}, includeTemplates: true}\n"})
    manifest = config_map("a", **fields)

    assert uncarriable(manifest) == lost
    message = f"ConfigMap sales/a has {lost}, which kustomize cannot preserve, so it cannot be patched"
    hint = "encode such text (base64), write such a number as text, or change the inputs instead of patching"
    assert mesh.messages(manifest) == [f"K019 base/kustomization.yaml:2:3: {message} ({hint})"]


@table("word", AWKWARD)
def test_texts_that_survive_are_accepted(word: str) -> None:
    assert uncarriable(config_map("a", data={"k": word, "l": f'"{word}":'})) == ""


def test_untouched_objects_do_not_go_through_kustomize(mesh: Mesh) -> None:
    mesh.write({"base/kustomization.yaml": "labels:\n- pairs: {a: b}\n"})

    (applied,) = mesh.apply(config_map("a", data={"k": "a\x7f"})).objects

    assert (applied["data"], applied["metadata"]["labels"]) == ({"k": "a\x7f"}, {"a": "b"})
