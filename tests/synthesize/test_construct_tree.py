"""cdk8s orders objects by dependency, refuses what is no tree, and changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.synthesize import cdk8s_process
from floe_compiler.synthesize.construct_tree import CHART_REFUSED, MANIFEST_CHANGED, ChartInput, build_charts


def config_map(name: str, namespace: str = "sales", **fields: object) -> Object:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields}


def identity(name: str) -> ObjectId:
    return ObjectId("", "ConfigMap", "sales", name)


def chart(*objects: Object, dependencies: tuple[tuple[str, str], ...] = ()) -> ChartInput:
    edges = tuple((identity(first), identity(second)) for first, second in dependencies)
    return ChartInput("dev", "sales", objects, edges)


def findings_of(*charts: ChartInput) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as raised:
        build_charts(charts)
    return raised.value.diagnostics


def names(built: tuple[Object, ...]) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in built]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
    | st.sampled_from(["", "on", "0644", "12:30:45", "2024-01-01", "1e3", "  x  ", "word " * 1000, "\x00\x7f\u2028😀"])
)
# JavaScript gives `__proto__` a meaning of its own; S104 says so of a manifest that holds it.
keys = text.filter(lambda key: key != "__proto__") | st.sampled_from(
    ["constructor", "toString", "resolve", "value", "0", "10", "9", ""]
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=15
)
manifests = st.dictionaries(keys, values, max_size=5)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(manifests, manifests), min_size=1, max_size=20))
def test_manifests_come_out_as_they_went_in(made: list[tuple[Object, Object]]) -> None:
    objects = tuple(
        {**body, "apiVersion": "v1", "kind": "ConfigMap", "metadata": {**metadata, "name": f"c{index}"}}
        for index, (body, metadata) in enumerate(made)
    )

    (built,) = build_charts([ChartInput("dev", "sales", objects)])

    assert repr(built) == repr(objects)


def test_null_empty_and_key_order_survive() -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "sales", "labels": {}, "annotations": None, "finalizers": []},
        "spec": {"z": None, "a": {}, "m": [None, [], {}]},
    }

    ((built,),) = build_charts([chart(manifest)])

    assert built == manifest
    assert list(built["spec"]) == ["z", "a", "m"]


def test_an_object_without_namespace_gets_none_from_the_chart() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sales"}}

    assert build_charts([chart(namespace)]) == ((namespace,),)


def test_objects_come_after_those_they_depend_on() -> None:
    objects = [config_map(name) for name in "abcd"]

    (built,) = build_charts([chart(*objects, dependencies=(("a", "c"), ("c", "d")))])

    assert names(built) == ["d", "c", "a", "b"]


def test_charts_are_built_apart_and_returned_in_their_order() -> None:
    empty = ChartInput("dev", "empty", ())
    other = ChartInput("prod", "sales", (config_map("a", data={"k": "prod"}),))

    built = build_charts([chart(config_map("a")), empty, other])

    assert built == ((config_map("a"),), (), (config_map("a", data={"k": "prod"}),))


def test_without_objects_node_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "find_node", lambda: pytest.fail("looked for Node.js"))

    assert build_charts([ChartInput("dev", "sales", ())]) == ((),)


def test_a_cycle_names_its_objects_and_other_charts_are_checked_too() -> None:
    objects = [config_map(name) for name in "ab"]
    cycle = (("a", "b"), ("b", "a"))
    other = ChartInput("prod", "sales", ({"kind": "Thing"},))

    found = findings_of(chart(*objects, dependencies=cycle), chart(*objects), other)

    assert [(one.rule, one.subject) for one in found] == [(CHART_REFUSED, "dev: sales"), (CHART_REFUSED, "prod: sales")]
    assert found[0].message == (
        "Dependency cycle detected: ConfigMap sales/a => ConfigMap sales/b => ConfigMap sales/a"
    )


def test_an_object_that_stands_twice_is_refused() -> None:
    (found,) = findings_of(chart(config_map("a"), config_map("a")))

    assert (found.rule, found.message) == (CHART_REFUSED, "ConfigMap sales/a stands there twice")


def test_a_dependency_on_an_absent_object_is_refused() -> None:
    (found,) = findings_of(chart(config_map("a"), dependencies=(("a", "gone"),)))

    assert (found.rule, found.message) == (
        CHART_REFUSED,
        "a dependency names ConfigMap sales/gone, which is not there",
    )


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, ("a",), 2**70, "\ud800"])
def test_a_value_that_is_no_plain_data_is_refused(value: object) -> None:
    (found,) = findings_of(chart(config_map("a", data={"k": value})))

    assert found.rule is MANIFEST_CHANGED
    assert found.message.startswith("ConfigMap sales/a: data.k ")


def test_what_cdk8s_would_lose_is_refused() -> None:
    (found,) = findings_of(chart(config_map("a", __proto__="lost")))

    assert (found.rule, found.message) == (MANIFEST_CHANGED, "ConfigMap sales/a: cdk8s writes something else")


def test_numbers_keep_their_kind_and_every_digit() -> None:
    numbers = [1, 1.0, 2**53 + 1, 2**60, -(2**63), 7.112864826417703e16, 1e22, 1.5e-7]

    ((built,),) = build_charts([chart(config_map("a", spec=numbers))])

    assert [(type(number), number) for number in built["spec"]] == [(type(number), number) for number in numbers]
