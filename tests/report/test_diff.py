"""The difference is of objects and fields, as Kubernetes matches them, and hides secrets."""

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.objects import Object, identify
from floe_compiler.report.alignment import align, same
from floe_compiler.report.dangers import Objects
from floe_compiler.report.diff import EnvironmentDiff, FieldChange, compare
from floe_compiler.report.manifests import Manifests
from report.samples import deployment, manifests, pruning, resource


def difference(before: list[Object], after: list[Object]) -> EnvironmentDiff:
    return compare("dev", manifests(before), manifests(after))


def fields(before: Object, after: Object) -> list[FieldChange]:
    [change] = difference([before], [after]).changes
    return list(change.fields)


def test_changes_are_ordered_by_namespace_then_deletions_first() -> None:
    before = [
        resource("Service", "gone", "b"),
        resource("ConfigMap", "x", "a", data={"k": "1"}),
        resource("Service", "same", "a"),
    ]
    after = [
        resource("Service", "new", "a"),
        resource("ConfigMap", "x", "a", data={"k": "2"}),
        resource("Service", "same", "a"),
    ]
    diff = difference(before, [*after, resource("Namespace", "c", "")])
    assert [(change.action, str(change.identity)) for change in diff.changes] == [
        ("added", "Namespace c"),
        ("changed", "ConfigMap a/x"),
        ("added", "Service a/new"),
        ("deleted", "Service b/gone"),
    ]
    assert (diff.total("added"), diff.total("changed"), diff.total("deleted")) == (2, 1, 1)


def test_a_change_is_under_the_folder_of_its_file() -> None:
    manifest = resource("AppProject", "sales", "argocd")
    place = {identify(manifest): "output/dev/_delivery/appproject.argoproj.io_sales.yaml"}
    (change,) = compare("dev", Manifests(), Manifests({identify(manifest): manifest}, place)).changes
    assert (change.folder, change.file) == ("dev/_delivery", "output/dev/_delivery/appproject.argoproj.io_sales.yaml")


def test_an_object_whose_file_or_key_order_changed_is_not_a_change() -> None:
    assert not difference([{"a": 1, **deployment()}], [{**deployment(), "a": 1}]).changes


def test_a_job_with_another_hash_is_the_same_job_changed() -> None:
    before, after = resource("Job", "x-00c0ffee", spec={"a": 1}), resource("Job", "x-12345678", spec={"a": 2})
    [change] = difference([before], [after]).changes
    assert (change.action, change.identity.name, change.dangers) == ("changed", "x-12345678", ())
    assert [field.path for field in change.fields] == ["metadata.name", "spec.a"]
    renamed = resource("ConfigMap", "x-12345678"), resource("ConfigMap", "x-00c0ffee")
    assert difference([renamed[0]], [renamed[1]]).total("changed") == 0


def test_a_new_api_version_is_a_change_and_not_another_object() -> None:
    assert fields(resource("Ingress", api="x.io/v1beta1"), resource("Ingress", api="x.io/v1")) == [
        FieldChange("changed", "apiVersion", "x.io/v1beta1", "x.io/v1")
    ]


def test_items_with_a_name_are_matched_by_it() -> None:
    before = deployment(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}])
    after = deployment(env=[{"name": "NEW", "value": "1"}, {"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    path = "spec.template.spec.containers[app].env"
    assert fields(before, after) == [
        FieldChange("changed", f"{path}[B].value", "1", "2"),
        FieldChange("added", f"{path}[NEW]", None, {"name": "NEW", "value": "1"}),
    ]


def test_a_change_of_order_alone_is_a_change() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}]
    assert fields(deployment(env=env), deployment(env=env[::-1])) == [
        FieldChange("changed", "spec.template.spec.containers[app].env[order]", "[A] [B]", "[B] [A]")
    ]


@pytest.mark.parametrize(
    ("items", "path"),
    [
        ([{"containerPort": 1}, {"containerPort": 2}], "ports[2].protocol"),
        ([{"name": "a", "port": 1}, {"name": "b", "port": 1}], "ports[b].protocol"),
        ([{"port": 1}, {"port": 1}], "ports[1].protocol"),
    ],
)
def test_the_first_distinguishing_key_of_items_is_used(items: list[dict[str, Any]], path: str) -> None:
    changed = copy.deepcopy(items)
    changed[1]["protocol"] = "UDP"
    [change] = fields(resource("Service", ports=items), resource("Service", ports=changed))
    assert (change.action, change.path) == ("added", path)


def test_items_without_names_are_compared_in_order() -> None:
    before, after = deployment(args=["a", "b"]), deployment(args=["a", "new", "b"])
    assert fields(before, after) == [FieldChange("added", "spec.template.spec.containers[app].args[1]", None, "new")]


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), ("1", 1), (1, 1.0), (None, {}), ("", None)])
def test_values_that_only_look_equal_differ(old: Any, new: Any) -> None:
    [change] = fields(resource("X", field=old), resource("X", field=new))
    assert (change.action, change.path) == ("changed", "field")
    assert same(change.before, old)
    assert same(change.after, new)


def test_secrets_are_hidden_in_the_model_already() -> None:
    before = deployment(env=[{"name": "DB_PASSWORD", "value": "hunter2"}])
    after = deployment(env=[{"name": "DB_PASSWORD", "value": "hunter3"}, {"name": "TOKEN", "value": "hunter2"}])
    secret = [resource("Secret", data={"user": value}) for value in ("hunter2", "hunter3")]
    config = [
        resource("ConfigMap", data={"app.yaml": f"url: x\npassword: {value}\n"}) for value in ("hunter2", "hunter3")
    ]
    begin, end = "-----BEGIN RSA " + "PRIVATE KEY-----", "-----END RSA " + "PRIVATE KEY-----"
    key = [resource("ConfigMap", data={"tls.key": f"{begin}\n{body}\n{end}\n"}) for body in ("hunter2", "hunter3")]
    for old, new in ((before, after), secret, config, key):
        changed_fields = fields(old, new)
        assert changed_fields
        assert "hunter" not in repr(changed_fields)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b\nc"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["env", "name", "value", "ports", "x.y"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(PLAIN, PLAIN)
@FEW
@example([[0, 2], []], [[False, 2], []])
def test_two_objects_differ_exactly_if_a_field_differs(before: Any, after: Any) -> None:
    diff = difference([resource("X", spec=before)], [resource("X", spec=after)])
    assert bool(diff.changes) == (not same(before, after))
    assert all(change.fields for change in diff.changes)


@given(PLAIN, PLAIN)
@FEW
def test_removed_parts_are_equal_on_both_sides(before: Any, after: Any) -> None:
    left, right = align({"x": before}, {"x": after})
    assert same(left, right) == same(before, after)


def rule(port: int) -> dict[str, Any]:
    return {"ports": [{"port": port, "protocol": "TCP"}]}


def policy(*ports: int) -> Object:
    return resource("NetworkPolicy", "a") | {"spec": {"egress": [rule(port) for port in ports]}}


def test_a_rule_inserted_into_a_policy_is_one_addition() -> None:
    (added,) = fields(policy(4317, 5432), policy(4000, 4317, 5432))
    assert (added.action, added.path, added.after) == ("added", "spec.egress[new 1]", rule(4000))


def test_a_removed_source_of_a_volume_is_one_removal() -> None:
    before, after = (
        resource("X", projected={"sources": [{"secret": {"name": name}} for name in names]}) for names in ("abc", "bc")
    )
    assert fields(before, after) == [FieldChange("deleted", "projected.sources[gone 1]", {"secret": {"name": "a"}})]


def test_one_rule_that_changed_is_shown_as_its_change() -> None:
    changes = fields(policy(4317, 5432), policy(4317, 9000))
    assert [change.action for change in changes] == ["deleted", "added"]
    assert all(change.path.startswith("spec.egress[changed].ports") for change in changes)


def test_unchanged_objects_count_for_dangers_too() -> None:
    deny = resource("NetworkPolicy", "deny", spec={"podSelector": {}, "policyTypes": ["Ingress"]})
    own = resource("NetworkPolicy", "own", spec={"podSelector": {}, "policyTypes": ["Ingress"]})
    pods = deployment(namespace="a")
    for remaining, expected in (([pods, deny], []), ([pods], ["network-opened"]), ([], [])):
        (gone,) = compare("dev", manifests([own]), Manifests(), Objects([*remaining, pruning("output/dev/a")])).changes
        assert [danger.word for danger in gone.dangers] == expected


def test_rules_in_another_order_or_twice_are_one_change() -> None:
    (moved,) = fields(policy(4317, 5432), policy(5432, 4317))
    assert (moved.path, moved.before, moved.after) == ("spec.egress[order]", "0 1", "1 0")
    (twice,) = fields(policy(4317), policy(4317, 4317))
    assert (twice.path, twice.before, twice.after) == ("spec.egress[order]", "0", "0 0")
