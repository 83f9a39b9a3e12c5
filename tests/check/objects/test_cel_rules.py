"""Rules in CEL of custom resources."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import resource, sample
from floe_compiler.check.objects.custom_resources.cel_rules import rules_of, unevaluated
from floe_compiler.check.objects.schema import check
from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.model.document import show_path
from floe_compiler.model.kubernetes_schemas import kubernetes_schemas
from tables import table

TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}


def ruled(rule: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "x-kubernetes-validations": [{"rule": rule, "message": "is wrong", **more}],
    }


def refused(schema: dict[str, Any], value: Any) -> list[tuple[str, str]]:
    rules = rules_of(schema, schema)
    assert rules is not None
    return [(show_path(violation.path), violation.message) for violation in rules.violations(value, schema)]


@table(
    "rule, properties, good, bad",
    [
        ("self.min <= self.max", {"min": {"type": "integer"}, "max": {"type": "integer"}}, (1, 2), (2, 1)),
        ("has(self.min) != has(self.max)", {"min": TEXT, "max": TEXT}, ("x", None), ("x", "y")),
        ("self.min.matches('^[a-z]+$')", {"min": TEXT}, ("ab", None), ("a1", None)),
        # A number without a fraction is still a number.
        ("self.min * 1.5 > 2.0", {"min": {"type": "number"}}, (2, None), (1, None)),
        ("duration(self.min) > duration('1m')", {"min": {**TEXT, "format": "duration"}}, ("2m", None), ("30s", None)),
        ("self.?min.orValue('x') == 'x'", {"min": TEXT}, (None, None), ("y", None)),
        ("[1, 2].isSorted() && self.min.sum() == 3", {"min": {"type": "array"}}, ([1, 2], None), ([1], None)),
        ("self.min.size() == 2", {"min": TEXT}, ("äö", None), ("äöü", None)),
        ("self.min.split('/')[1].lowerAscii() == 'b'", {"min": TEXT}, ("a/B", None), ("a/C", None)),
        ("self.min.all(x, self.min.exists_one(y, y == x))", {"min": LIST}, (["a"], None), (["a", "a"], None)),
        ("isQuantity(self.min)", {"min": TEXT}, ("1Gi", None), ("1GB", None)),
        ("isIP(self.min) || isCIDR(self.min)", {"min": TEXT}, ("10.0.0.0/8", None), ("10.0.0.0/33", None)),
    ],
)  # fmt: skip
def test_a_rule_is_evaluated(rule: str, properties: dict[str, Any], good: Any, bad: Any) -> None:
    schema = ruled(rule, properties)
    for values, expected in ((good, []), (bad, [("", "is wrong")])):
        value = {name: number for name, number in zip(("min", "max"), values, strict=True) if number is not None}
        assert refused(schema, value) == expected


@table(
    "rule, good, bad",
    [
        ("isIP(self.min)", "::1", "fe80::1%eth0"),
        ("isURL(self.min)", "https://a.b:80/c?d#e", "a.b/c"),
        ("isURL(self.min)", "/path with spaces", "https://a:b:c/"),
        ("isURL(self.min) && url(self.min).getScheme() == 'https'", "https://a", "ftp://a"),
        ("url(self.min).getHostname() == '::1'", "https://x:y@[::1]:80/", "https://[::2]"),
        ("url(self.min).getPort() in ['', '443']", "https://a", "https://a:80"),
        ("url(self.min).getHost() == 'a:1'", "x://a:1/b", "x://a:2/b"),
        ("url(self.min).getEscapedPath() == '/a%20b'", "x://a/a b", "x://a/ab"),
        ("url(self.min).getQuery()['k'] == ['a', 'b']", "/?k=a&k=b", "/?k=a"),
        ("quantity(self.min).isLessThan(quantity('2'))", "1500m", "2Gi"),
        ("quantity(self.min).sub(quantity('1')).add(20) == quantity('20')", "1000m", "2"),
        ("quantity(self.min).sub('2').sign() < 0", "1", "2"),
        ("quantity(self.min).isInteger()", "2k", "1500m"),
        ("ip(self.min).family() == 4 && cidr('10.0.0.0/8').containsIP(self.min)", "10.1.2.3", "11.0.0.1"),
        ("cidr(self.min).masked() == cidr(self.min)", "10.0.0.0/8", "10.0.0.1/8"),
        ("cidr(self.min).ip() == ip('10.0.0.1')", "10.0.0.1/8", "10.0.0.2/8"),
        ("cidr('10.0.0.0/8').containsCIDR(self.min)", "10.1.0.0/16", "0.0.0.0/0"),
        ("!format.dns1123Label().validate(self.min).hasValue()", "a-b", "a.b"),
        ("!format.dns1123Subdomain().validate(self.min).hasValue()", "a.b", "a..b"),
        ("!format.dns1035LabelPrefix().validate(self.min).hasValue()", "ab-", "1b-"),
        ("!format.qualifiedName().validate(self.min).hasValue()", "a.b/C_d", "a/b/c"),
        ("!format.labelValue().validate(self.min).hasValue()", "", "a b"),
        ("!format.uuid().validate(self.min).hasValue()", "123e4567-e89b-12d3-a456-426614174000", "1-2"),
        ("!format.date().validate(self.min).hasValue()", "2024-02-29", "2023-02-29"),
        ("!format.datetime().validate(self.min).hasValue()", "2024-02-29T01:02:03Z", "2024-02-29"),
        ("!format.byte().validate(self.min).hasValue()", "YQ==", "Y"),
        ("['a', ')'].all(x, !format.uri().validate(self.min + (x == ')' ? '' : x)).hasValue())", "/", "b"),
        ("format.uri().validate(self.min).orValue([]).size() == 0", "/", "b"),
    ],
)
def test_a_function_of_kubernetes_is_evaluated(rule: str, good: str, bad: str) -> None:
    schema = ruled(rule, {"min": TEXT})
    assert refused(schema, {"min": good}) == []
    assert refused(schema, {"min": bad}) == [("", "is wrong")]


def test_a_rule_applies_to_the_value_at_its_place() -> None:
    pool = ruled("self.size > 0", {"size": {"type": "integer"}}, fieldPath=".size")
    lists = {"type": "object", "properties": {"pools": {"type": "array", "items": pool}}}
    maps = {"type": "object", "properties": {"pools": {"type": "object", "additionalProperties": pool}}}
    assert refused(lists, {"pools": [{"size": 1}, {"size": 0}]}) == [("pools[1].size", "is wrong")]
    assert refused(maps, {"pools": {"a": {"size": 0}}}) == [("pools.a.size", "is wrong")]


def test_a_rule_may_be_behind_a_reference() -> None:
    schema = {"properties": {"pool": {"$ref": "#/$defs/pool"}}, "$defs": {"pool": ruled("self.a == 'x'", {"a": TEXT})}}
    assert refused(schema, {"pool": {"a": "y"}}) == [("pool", "is wrong")]


@pytest.mark.parametrize(
    ("name", "in_rule"), [("a-b", "a__dash__b"), ("namespace", "__namespace__"), ("a.b", "a__dot__b")]
)
def test_names_are_escaped(name: str, in_rule: str) -> None:
    schema = ruled(f"self.{in_rule} == 'x'", {name: TEXT})
    assert refused(schema, {name: "x"}) == []
    assert refused(schema, {name: "y"}) == [("", "is wrong")]


def test_a_missing_value_that_a_rule_reads_is_an_error() -> None:
    assert refused(ruled("self.a == 'x'", {"a": TEXT}), {}) == [("", "lacks a, which a rule reads: self.a == 'x'")]


def test_transition_rules_do_not_apply_to_new_objects() -> None:
    schema = ruled("self.a == oldSelf.a", {"a": TEXT})
    assert refused(schema, {"a": "x"}) == []
    assert not list(unevaluated(schema))


@pytest.mark.parametrize("rule", ["semver(self.a).major() == 1", "self.a.find('x') == ''", "self.a =="])
def test_a_rule_that_cannot_be_evaluated_is_reported_and_refuses_nothing(rule: str) -> None:
    schema = ruled(rule, {"a": TEXT})
    assert refused(schema, {"a": "y"}) == []
    assert list(unevaluated({"type": "object", "properties": {"spec": schema}})) == [(("spec",), rule)]


def test_no_message_has_a_value_of_the_object() -> None:
    schema = ruled("self.a == 'x'", {"a": TEXT}, message="", messageExpression="'not ' + self.a")
    assert refused(schema, {"a": "hunter2"}) == [("", "does not keep the rule: self.a == 'x'")]


def definition(schema: dict[str, Any]) -> dict[str, Any]:
    root = {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}}
    names = {"kind": "Toy", "plural": "toys"}
    version = {"name": "v1", "served": True, "storage": True, "schema": root}
    return {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}


def test_an_object_is_checked_by_its_definition_after_defaulting() -> None:
    platform = sample()
    schema = ruled("self.size < 3", {"size": {"type": "integer", "default": 2}})
    spec = definition(schema)
    platform.add(resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "toys.example.com", "", spec=spec))
    toy = platform.add(resource("example.com/v1", "Toy", "bear", spec={}))
    assert platform.findings(check) == []
    toy["spec"]["size"] = 3
    assert platform.findings(check) == [("C001", "Toy.example.com floe-platform/bear", "spec is wrong")]


def test_a_rule_that_takes_too_long_refuses_nothing() -> None:
    schema = ruled("self.a.all(a, self.a.all(b, self.a.all(c, a + b + c != 'xyz')))", {"a": LIST})
    assert refused(schema, {"a": ["x"] * 10}) == []
    assert refused(schema, {"a": ["x", "y", "z"]}) == [("", "is wrong")]
    assert refused(schema, {"a": ["x"] * 100 + ["y", "z"]}) == []


def test_a_rule_that_ends_with_another_error_refuses_nothing() -> None:
    assert refused(ruled("self.a > duration('1m')", {"a": {**TEXT, "format": "duration"}}), {"a": "30s"}) == []


def test_rules_that_are_not_evaluated_are_reported_once_for_each_definition() -> None:
    platform = sample()
    schema = ruled("self.a.find('x') == 'x'", {"a": TEXT, "b": ruled("format.named('date').hasValue()", {"c": TEXT})})
    spec = definition(schema)
    platform.add(resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "toys.example.com", "", spec=spec))
    message = "the rule self.a.find('x') == 'x' of spec, and 1 more of its rules, cannot be evaluated"
    assert [(code, text) for code, _, text in platform.findings(check)] == [("C019", message)]


def test_published_rules_are_evaluated() -> None:
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    spec = {"interval": "1h", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "x"}}
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "x"},
        "spec": spec,
    }
    release["spec"] = {"interval": "1h"}
    (violation,) = Schemas(kubernetes, ()).violations(release)
    assert (show_path(violation.path), violation.message) == ("spec", "either chart or chartRef must be set")
