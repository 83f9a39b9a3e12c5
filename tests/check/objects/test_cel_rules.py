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
    return [(show_path(one.path), one.message) for one in rules.violations(value, schema)]


@pytest.mark.parametrize(
    ("rule", "properties", "good", "bad"),
    [
        ("self.min <= self.max", {"min": {"type": "integer"}, "max": {"type": "integer"}}, (1, 2), (2, 1)),
        ("has(self.min) != has(self.max)", {"min": TEXT, "max": TEXT}, ("x", None), ("x", "y")),
        ("self.min.matches('^[a-z]+$')", {"min": TEXT}, ("ab", None), ("a1", None)),
        # A number without a fraction is a number all the same.
        ("self.min * 1.5 > 2.0", {"min": {"type": "number"}}, (2, None), (1, None)),
        ("duration(self.min) > duration('1m')", {"min": {**TEXT, "format": "duration"}}, ("2m", None), ("30s", None)),
        ("self.?min.orValue('x') == 'x'", {"min": TEXT}, (None, None), ("y", None)),
        ("[1, 2].isSorted() && self.min.sum() == 3", {"min": {"type": "array"}}, ([1, 2], None), ([1], None)),
        ("self.min.size() == 2", {"min": TEXT}, ("äö", None), ("äöü", None)),
        ("self.min.split('/')[1].lowerAscii() == 'b'", {"min": TEXT}, ("a/B", None), ("a/C", None)),
        ("self.min.all(x, self.min.exists_one(y, y == x))", {"min": LIST}, (["a"], None), (["a", "a"], None)),
        ("isQuantity(self.min)", {"min": TEXT}, ("1Gi", None), ("1GB", None)),
        ("isIP(self.min) || isCIDR(self.min)", {"min": TEXT}, ("10.0.0.0/8", None), ("10.0.0.0/33", None)),
        ("isIP(self.min)", {"min": TEXT}, ("::1", None), ("fe80::1%eth0", None)),
        ("isURL(self.min)", {"min": TEXT}, ("https://a.b:80/c?d#e", None), ("a.b/c", None)),
        ("isURL(self.min)", {"min": TEXT}, ("/path with spaces", None), ("https://a:b:c/", None)),
        ("isURL(self.min) && url(self.min).getScheme() == 'https'", {"min": TEXT}, ("https://a", None), ("ftp://a", None)),
        ("url(self.min).getHostname() == '::1'", {"min": TEXT}, ("https://x:y@[::1]:80/", None), ("https://[::2]", None)),
        ("url(self.min).getPort() in ['', '443']", {"min": TEXT}, ("https://a", None), ("https://a:80", None)),
        ("url(self.min).getHost() == 'a:1'", {"min": TEXT}, ("x://a:1/b", None), ("x://a:2/b", None)),
        ("url(self.min).getEscapedPath() == '/a%20b'", {"min": TEXT}, ("x://a/a b", None), ("x://a/ab", None)),
        ("url(self.min).getQuery()['k'] == ['a', 'b']", {"min": TEXT}, ("/?k=a&k=b", None), ("/?k=a", None)),
        ("quantity(self.min).isLessThan(quantity(self.max))", {"min": TEXT, "max": TEXT}, ("1500m", "2"), ("1Gi", "1G")),
        ("quantity(self.min).sub(quantity('1')).add(20) == quantity('20')", {"min": TEXT}, ("1000m", None), ("2", None)),
        ("quantity(self.min).sub('2').sign() < 0", {"min": TEXT}, ("1", None), ("2", None)),
        ("quantity(self.min).isInteger()", {"min": TEXT}, ("2k", None), ("1500m", None)),
        ("ip(self.min).family() == 4 && cidr('10.0.0.0/8').containsIP(self.min)", {"min": TEXT}, ("10.1.2.3", None), ("11.0.0.1", None)),
        ("cidr(self.min).masked() == cidr(self.min)", {"min": TEXT}, ("10.0.0.0/8", None), ("10.0.0.1/8", None)),
        ("cidr(self.min).ip() == ip('10.0.0.1')", {"min": TEXT}, ("10.0.0.1/8", None), ("10.0.0.2/8", None)),
        ("cidr('10.0.0.0/8').containsCIDR(self.min)", {"min": TEXT}, ("10.1.0.0/16", None), ("0.0.0.0/0", None)),
        ("!format.dns1123Label().validate(self.min).hasValue()", {"min": TEXT}, ("a-b", None), ("a.b", None)),
        ("!format.dns1123Subdomain().validate(self.min).hasValue()", {"min": TEXT}, ("a.b", None), ("a..b", None)),
        ("!format.dns1035LabelPrefix().validate(self.min).hasValue()", {"min": TEXT}, ("ab-", None), ("1b-", None)),
        ("!format.qualifiedName().validate(self.min).hasValue()", {"min": TEXT}, ("a.b/C_d", None), ("a/b/c", None)),
        ("!format.labelValue().validate(self.min).hasValue()", {"min": TEXT}, ("", None), ("a b", None)),
        ("!format.uuid().validate(self.min).hasValue()", {"min": TEXT}, ("123e4567-e89b-12d3-a456-426614174000", None), ("1-2", None)),
        ("!format.date().validate(self.min).hasValue()", {"min": TEXT}, ("2024-02-29", None), ("2023-02-29", None)),
        ("!format.datetime().validate(self.min).hasValue()", {"min": TEXT}, ("2024-02-29T01:02:03Z", None), ("2024-02-29", None)),
        ("!format.byte().validate(self.min).hasValue()", {"min": TEXT}, ("YQ==", None), ("Y", None)),
        ("['a', ')'].all(x, !format.uri().validate(self.min + (x == ')' ? '' : x)).hasValue())", {"min": TEXT}, ("/", None), ("b", None)),
        ("format.uri().validate(self.min).orValue([]).size() == 0", {"min": TEXT}, ("/", None), ("b", None)),
    ],
)  # fmt: skip
def test_a_rule_is_evaluated(rule: str, properties: dict[str, Any], good: Any, bad: Any) -> None:
    schema = ruled(rule, properties)
    for values, expected in ((good, []), (bad, [("", "is wrong")])):
        value = {name: one for name, one in zip(("min", "max"), values, strict=True) if one is not None}
        assert refused(schema, value) == expected


def test_it_is_evaluated_where_it_stands() -> None:
    pool = ruled("self.size > 0", {"size": {"type": "integer"}}, fieldPath=".size")
    lists = {"type": "object", "properties": {"pools": {"type": "array", "items": pool}}}
    maps = {"type": "object", "properties": {"pools": {"type": "object", "additionalProperties": pool}}}
    assert refused(lists, {"pools": [{"size": 1}, {"size": 0}]}) == [("pools[1].size", "is wrong")]
    assert refused(maps, {"pools": {"a": {"size": 0}}}) == [("pools.a.size", "is wrong")]


def test_a_rule_may_lie_behind_a_reference() -> None:
    schema = {"properties": {"pool": {"$ref": "#/$defs/pool"}}, "$defs": {"pool": ruled("self.a == 'x'", {"a": TEXT})}}
    assert refused(schema, {"pool": {"a": "y"}}) == [("pool", "is wrong")]


@pytest.mark.parametrize(
    ("name", "in_rule"), [("a-b", "a__dash__b"), ("namespace", "__namespace__"), ("a.b", "a__dot__b")]
)
def test_names_are_escaped(name: str, in_rule: str) -> None:
    schema = ruled(f"self.{in_rule} == 'x'", {name: TEXT})
    assert refused(schema, {name: "x"}) == []
    assert refused(schema, {name: "y"}) == [("", "is wrong")]


def test_a_value_that_a_rule_reads_must_be_there() -> None:
    assert refused(ruled("self.a == 'x'", {"a": TEXT}), {}) == [("", "lacks a, which a rule reads: self.a == 'x'")]


def test_rules_about_changes_do_not_apply_to_what_is_new() -> None:
    schema = ruled("self.a == oldSelf.a", {"a": TEXT})
    assert refused(schema, {"a": "x"}) == []
    assert not list(unevaluated(schema))


@pytest.mark.parametrize("rule", ["semver(self.a).major() == 1", "self.a.find('x') == ''", "self.a =="])
def test_what_cannot_be_evaluated_is_named_and_refuses_nothing(rule: str) -> None:
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


def test_an_object_is_held_against_the_rules_of_its_definition_with_its_defaults() -> None:
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


def test_what_is_not_evaluated_is_told_once_for_each_definition() -> None:
    platform = sample()
    schema = ruled("self.a.find('x') == 'x'", {"a": TEXT, "b": ruled("format.named('date').hasValue()", {"c": TEXT})})
    spec = definition(schema)
    platform.add(resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "toys.example.com", "", spec=spec))
    message = "the rule self.a.find('x') == 'x' of spec, and 1 more of its rules, cannot be evaluated"
    assert [(code, found) for code, _, found in platform.findings(check)] == [("C019", message)]


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
    (found,) = Schemas(kubernetes, ()).violations(release)
    assert (show_path(found.path), found.message) == ("spec", "either chart or chartRef must be set")
