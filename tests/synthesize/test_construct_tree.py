"""cdk8s adds namespaces, labels, order and waves to objects, refuses invalid trees, and changes no bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.span import Span
from floe_compiler.node import cdk8s_process
from floe_compiler.synthesize.construct_tree import CHART_REFUSED, NOT_PLAIN, ChartInput, build_charts
from floe_compiler.synthesize.plain_yaml import Included

LABELS = {"app.kubernetes.io/managed-by": "floe-compile", "app.kubernetes.io/part-of": "acme"}
WAVE = "argocd.argoproj.io/sync-wave"


def resource(name: str, kind: str = "ConfigMap", version: str = "v1", **fields: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **fields.pop("metadata", {})}, **fields}


def identity(name: str) -> ObjectId:
    return ObjectId("", "ConfigMap", "sales", name)


def chart(
    *objects: Object, dependencies: tuple[tuple[str, str], ...] = (), waved: str = "", **changes: Any
) -> ChartInput:
    edges = tuple((identity(first), identity(second)) for first, second in dependencies)
    facts = {"dependencies": edges, "waved": frozenset(map(identity, waved)), **changes}
    return ChartInput("dev", **{"namespace": "sales", "objects": objects, **facts})


def findings_of(*charts: ChartInput) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as raised:
        build_charts(charts)
    return raised.value.diagnostics


def refused(*charts: ChartInput) -> list[tuple[str, str]]:
    diagnostics = findings_of(*charts)
    assert {diagnostic.rule for diagnostic in diagnostics} == {CHART_REFUSED}
    return [(diagnostic.subject, diagnostic.message) for diagnostic in diagnostics]


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
keys = text | st.sampled_from(
    ["__proto__", "constructor", "toString", "resolve", "value", "y", "10", "9", "1", "0", "-1", "01", ""]
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=15
)
bodies = st.dictionaries(keys.filter(lambda key: key not in ("apiVersion", "kind", "metadata")), values, max_size=5)
metadata = st.fixed_dictionaries(
    {}, optional={"labels": st.dictionaries(keys, text, max_size=3), "finalizers": values, "__proto__": values}
)


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(bodies, metadata), min_size=1, max_size=20))
def test_only_namespace_and_labels_of_the_chart_change(bodies_and_metadata: list[tuple[Object, Object]]) -> None:
    objects = tuple(
        resource(f"c{number}", metadata=own, **body) for number, (body, own) in enumerate(bodies_and_metadata)
    )

    (built,) = build_charts([chart(*objects, labels=LABELS)])

    for before, after in zip(objects, built, strict=True):
        # As text, where 1, 1.0 and true differ, and so does the order of keys.
        assert json.dumps({**after, "metadata": 0}) == json.dumps({**before, "metadata": 0})
        new_metadata, own = after["metadata"], before["metadata"]
        assert new_metadata["namespace"] == "sales"
        assert new_metadata["labels"] == LABELS | own.get("labels", {})
        unchanged = {key: value for key, value in own.items() if key not in ("labels", "namespace")}
        assert json.dumps({key: new_metadata[key] for key in unchanged}) == json.dumps(unchanged)


def test_a_chart_sets_namespace_and_labels() -> None:
    ((built,),) = build_charts([chart(resource("a"), labels=LABELS)])

    assert built["metadata"] == {"name": "a", "namespace": "sales", "labels": LABELS}


def test_labels_of_the_object_itself_win_and_all_are_sorted() -> None:
    own = {"labels": {"z": "1", "app.kubernetes.io/part-of": "other", "10": "2", "2": "3"}}

    ((built,),) = build_charts([chart(resource("a", metadata=own), labels=LABELS)])

    assert list(built["metadata"]["labels"].items()) == [
        ("10", "2"),
        ("2", "3"),
        ("app.kubernetes.io/managed-by", "floe-compile"),
        ("app.kubernetes.io/part-of", "other"),
        ("z", "1"),
    ]


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("Namespace", "v1"),
        ("ClusterRole", "rbac.authorization.k8s.io/v1"),
        ("ClusterSecretStore", "external-secrets.io/v1"),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ],
)
def test_objects_of_the_cluster_get_labels_but_no_namespace(kind: str, version: str) -> None:
    ((built,),) = build_charts([chart(resource("x", kind, version), labels=LABELS)])

    assert built["metadata"] == {"name": "x", "labels": LABELS}


def test_a_kind_that_is_not_known_gets_the_namespace() -> None:
    ((built,),) = build_charts([chart(resource("x", "Widget", "acme.example/v1"))])

    assert built["metadata"]["namespace"] == "sales"


def test_a_chart_without_a_namespace_keeps_their_namespace() -> None:
    objects = (resource("a", metadata={"namespace": "argocd"}), resource("b", "Namespace"))

    assert build_charts([chart(*objects, namespace="")]) == (objects,)


def test_objects_follow_their_dependencies() -> None:
    (built,) = build_charts([chart(*map(resource, "abcd"), dependencies=(("a", "c"), ("c", "d")))])

    assert names(built) == ["d", "c", "a", "b"]


def waves(built: tuple[Object, ...]) -> dict[str, str]:
    return {
        manifest["metadata"]["name"]: manifest["metadata"].get("annotations", {}).get(WAVE, "") for manifest in built
    }


def test_the_wave_is_one_more_than_that_of_its_dependencies() -> None:
    needs = (("d", "c"), ("d", "a"), ("c", "b"), ("b", "a"), ("e", "a"))

    (built,) = build_charts([chart(*map(resource, "dcbaef"), dependencies=needs, waved="abcdef")])

    assert waves(built) == {"a": "0", "b": "1", "c": "2", "d": "3", "e": "1", "f": "0"}


def test_objects_without_a_wave_pass_on_those_of_their_dependencies() -> None:
    (built,) = build_charts([chart(*map(resource, "abc"), dependencies=(("a", "b"), ("b", "c")), waved="ac")])

    assert waves(built) == {"a": "1", "b": "", "c": "0"}


def test_a_wave_is_added_to_the_annotations() -> None:
    own = resource("a", metadata={"annotations": {"a": "1", "z": "2"}})

    ((built,),) = build_charts([chart(own, waved="a")])

    assert list(built["metadata"]["annotations"].items()) == [("a", "1"), (WAVE, "0"), ("z", "2")]


def test_charts_are_built_separately_and_returned_in_order() -> None:
    prod = ChartInput("prod", "sales", (resource("a", data={"k": "prod"}),))

    first, second, third = build_charts([chart(resource("a")), ChartInput("dev", "empty", ()), prod])

    assert (names(first), second, third[0]["data"]) == (["a"], (), {"k": "prod"})


def test_without_objects_node_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "find_node", lambda: pytest.fail("looked for Node.js"))

    assert build_charts([ChartInput("dev", "sales", ())]) == ((),)
    assert build_charts([]) == ()


def test_a_cycle_names_its_objects_and_its_place_and_other_charts_are_checked_too() -> None:
    cycle = chart(
        *map(resource, "ab"), dependencies=(("a", "b"), ("b", "a")), origins={str(identity("a")): Span("m.yaml")}
    )
    wrong = ChartInput("prod", "sales", (resource("No"),))

    diagnostics = findings_of(cycle, chart(resource("a")), wrong)

    assert [(diagnostic.subject, diagnostic.message) for diagnostic in diagnostics] == [
        (
            "dev: ConfigMap sales/a",
            "Dependency cycle detected: ConfigMap sales/a => ConfigMap sales/b => ConfigMap sales/a",
        ),
        ("prod: ConfigMap sales/No", '"No" is not a valid name for a ConfigMap'),
    ]
    assert diagnostics[0].span == Span("m.yaml")


def test_the_place_of_a_cycle_is_that_of_one_of_its_objects() -> None:
    objects = [resource(f"c{number}") for number in range(12)]

    ((subject, _),) = refused(chart(*objects, dependencies=(("c11", "c10"), ("c10", "c11"))))

    assert subject in ("dev: ConfigMap sales/c10", "dev: ConfigMap sales/c11")


def test_all_errors_of_a_chart_are_reported_together() -> None:
    messages = refused(
        chart(
            resource("a", metadata={"namespace": "finance"}),
            resource("b", "Namespace", metadata={"namespace": "sales"}),
            resource("c"),
            resource("1st", "Service"),
            dependencies=(("c", "gone"), ("c", "lost")),
        )
    )

    assert messages == [
        ("dev: ConfigMap finance/a", "it names the namespace finance, but belongs to the chart of sales"),
        ("dev: ConfigMap sales/c", "it depends on ConfigMap sales/gone, which is in no chart"),
        ("dev: ConfigMap sales/c", "it depends on ConfigMap sales/lost, which is in no chart"),
        ("dev: Namespace sales/b", "a Namespace has no namespace, but it names sales"),
        ("dev: Service sales/1st", '"1st" is not a valid name for a Service'),
    ]


def test_names_are_those_that_kubernetes_accepts() -> None:
    kinds = [
        ("ConfigMap", "v1", "a.b-c", "A"),
        ("Namespace", "v1", "a-b", "a.b"),
        ("Service", "v1", "a1", "1a"),
        ("CronJob", "batch/v1", "a" * 52, "a" * 53),
        ("StatefulSet", "apps/v1", "a" * 52, "a" * 53),
        ("Role", "rbac.authorization.k8s.io/v1", "system:x", "a/b"),
        ("Secret", "v1", "a" * 253, "a" * 254),
        ("Widget", "v1", "a1", "chart/object-0#1"),
        ("constructor", "v1", "a", ""),
    ]

    (built,) = build_charts([chart(*(resource(good, kind, version) for kind, version, good, _ in kinds))])
    messages = refused(chart(*(resource(bad, kind, version) for kind, version, _, bad in kinds)))

    assert names(built) == [good for _, _, good, _ in kinds]
    assert {message for _, message in messages} == {
        f'"{bad}" is not a valid name for a {kind}' for kind, _, _, bad in kinds
    }


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({"kind": "Thing", "metadata": {"name": "a"}}, "it has no valid apiVersion and kind"),
        (resource("a", version="a/b/v1"), "it has no valid apiVersion and kind"),
        (resource("a", kind=""), "it has no valid apiVersion and kind"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "it has no metadata"),
        (resource("a", metadata={"labels": ["x"], "annotations": "y"}), "its labels and annotations are not a mapping"),
    ],
)
def test_an_object_without_kind_or_name_is_refused(manifest: Object, problem: str) -> None:
    ((_, message),) = refused(chart(manifest))

    assert message == problem


def test_an_object_that_exists_twice_is_refused() -> None:
    assert refused(chart(resource("a"), resource("a", metadata={"namespace": "sales"}))) == [
        ("dev: ConfigMap sales/a", "it exists twice")
    ]


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, ("a",), 2**70, "\ud800"])
def test_a_value_that_is_not_plain_data_is_refused(value: object) -> None:
    (diagnostic,) = findings_of(chart(resource("a", data={"k": value})))

    assert (diagnostic.rule, diagnostic.subject) == (NOT_PLAIN, "dev: ConfigMap sales/a")
    assert diagnostic.message.startswith("data.k ")


def included(*objects: Object, text: str) -> ChartInput:
    return chart(*objects, included=(Included(text, objects),), labels=LABELS)


FILE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: a, labels: {on: "yes"}}
data: {10: first, 2: second, y: no, big: 9007199254740993, __proto__: kept}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
"""
OBJECTS = (
    resource(
        "a", metadata={"labels": {"on": "yes"}}, data={"10": "first", "2": "second", "big": 2**53 + 1, "__proto__": 1}
    ),
    resource("b", "Namespace"),
)


def test_yaml_is_included_by_cdk8s_with_unchanged_bodies() -> None:
    first, second = build_charts([included(*OBJECTS, text=FILE)])[0]

    assert first["metadata"] == {"name": "a", "namespace": "sales", "labels": {**LABELS, "on": "yes"}}
    assert list(first["data"].items()) == [("10", "first"), ("2", "second"), ("big", 2**53 + 1), ("__proto__", 1)]
    assert second["metadata"] == {"name": "b", "labels": LABELS}


def test_included_objects_may_be_dependencies() -> None:
    files = (Included(FILE, OBJECTS),)

    (built,) = build_charts([chart(*OBJECTS, resource("own"), included=files, dependencies=(("own", "a"),), waved="a")])

    assert names(built) == ["a", "own", "b"]
    assert waves(built)["a"] == "0"


def test_yaml_that_cdk8s_reads_differently_is_refused() -> None:
    ((_, not_utf8),) = refused(
        included(resource("yes"), text="{apiVersion: v1, kind: ConfigMap, metadata: {name: yes}}")
    )
    ((_, twice),) = refused(included(resource("a"), resource("a", "A"), text=FILE + "---" + FILE))
    ((_, broken),) = refused(included(resource("a"), text="a: [1"))

    problem = "cdk8s does not read its file as the compiler does: "
    assert not_utf8 == f'{problem}it reads [["v1","ConfigMap",true]]'
    assert twice.startswith(f"{problem}There is already a Construct with name 'a-configmap'")
    assert broken.startswith(problem)


def test_a_body_that_cdk8s_cannot_carry_is_refused_with_its_object() -> None:
    text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {constructor: x}}"

    ((subject, message),) = refused(included(resource("a"), text=text))

    assert subject == "dev: ConfigMap sales/a"
    assert message.startswith("Failed serializing construct at path 'ConfigMap sales/a'")


def test_a_url_is_read_as_yaml_and_nothing_is_fetched() -> None:
    ((_, message),) = refused(included(resource("a"), text="https://example.com/all.yaml"))

    assert message.startswith("cdk8s does not read its file as the compiler does: ")
