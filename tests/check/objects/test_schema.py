"""Objects against schemas."""

from __future__ import annotations

from check.samples import resource, sample
from floe_compiler.check.objects.schema import check
from floe_compiler.model.objects import identify
from floe_compiler.model.rendered import VERSION
from floe_compiler.model.span import Span

POLARIS = "Deployment.apps floe-platform/polaris"


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["livenesProbe"] = {}
    place = "spec.template.spec.containers[polaris].livenesProbe"
    assert platform.findings(check) == [("C001", POLARIS, f"{place} is not a known key")]
    assert platform.hints(check) == ['did you mean "livenessProbe"?']


def test_a_value_of_another_type_is_refused_without_showing_it() -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["replicas"] = "hunter2"
    assert platform.findings(check) == [("C001", POLARIS, "spec.replicas must be an integer")]


def test_a_value_of_neither_type_is_refused() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["resources"]["limits"]["cpu"] = True
    place = "spec.template.spec.containers[polaris].resources.limits.cpu"
    assert platform.findings(check) == [("C001", POLARIS, f"{place} must be a number or a string")]


def test_a_missing_key_is_named() -> None:
    platform = sample()
    del platform["Deployment/polaris"]["spec"]["selector"]
    assert platform.findings(check) == [("C001", POLARIS, "spec.selector is missing")]


def test_a_custom_resource_is_checked_by_its_published_schema() -> None:
    platform = sample()
    platform["ExternalSecret/polaris-db"]["spec"]["refreshIntervall"] = "1h"
    platform["ExternalSecret/polaris-db"]["metadata"]["lables"] = {}
    name = "ExternalSecret.external-secrets.io floe-platform/polaris-db"
    assert platform.findings(check) == [
        ("C001", name, "spec.refreshIntervall is not a known key"),
        ("C001", name, "metadata.lables is not a known key"),
    ]


def test_a_custom_resource_is_checked_by_the_definition_that_the_environment_renders() -> None:
    platform = sample()
    properties = {"spec": {"type": "object", "properties": {"size": {"type": "integer", "nullable": True}}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"kind": "Toy", "plural": "toys"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    platform.add(resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "toys.example.com", "", spec=spec))
    toy = platform.add(resource("example.com/v1", "Toy", "bear", spec={"size": 1}))
    assert platform.findings(check) == []
    toy["spec"] = {"size": "big", "colour": "brown"}
    assert platform.findings(check) == [
        ("C001", "Toy.example.com floe-platform/bear", "spec.size must be an integer"),
        ("C001", "Toy.example.com floe-platform/bear", "spec.colour is not a known key"),
    ]


def test_a_kind_without_a_schema_is_a_warning() -> None:
    platform = sample()
    platform.add(resource("example.com/v1", "Toy", "bear", spec={"size": 1}))
    assert platform.findings(check) == [
        ("C002", "Toy.example.com floe-platform/bear", "example.com/v1 Toy has no known schema")
    ]


def test_a_removed_kind_of_kubernetes_is_left_to_another_rule() -> None:
    platform = sample()
    platform["CronJob/backup"]["apiVersion"] = "batch/v1beta1"
    platform.add(resource("v1", "Configmap", "settings", data={}))
    assert platform.findings(check) == []


def test_an_object_without_a_version_is_refused() -> None:
    platform = sample()
    del platform["ConfigMap/polaris"]["apiVersion"]
    assert platform.findings(check) == [
        ("C001", "ConfigMap floe-platform/polaris", "the object needs apiVersion and kind")
    ]


def test_an_object_without_a_kind_is_refused() -> None:
    platform = sample()
    del platform["ConfigMap/polaris"]["kind"]
    assert platform.findings(check) == [("C001", " floe-platform/polaris", "the object needs apiVersion and kind")]


def test_a_kubernetes_version_without_schemas_is_an_error() -> None:
    platform = sample()
    platform.facts["kubernetes_version"] = "1.99"
    assert platform.findings(check) == [], "only the unit of delivery reports it"
    application = platform.add(resource("v1", "ConfigMap", "application", "argocd"))
    platform.facts["delivery"] = frozenset({identify(application)})
    platform.facts["origins"] = {VERSION: Span("platform-manifest.yaml", 9, 3)}
    (diagnostic,) = platform.diagnostics(check)
    assert (diagnostic.rule.code, diagnostic.subject) == ("C003", "prod: kubernetes")
    assert (diagnostic.message, str(diagnostic.span)) == (
        "no schemas for Kubernetes 1.99",
        "platform-manifest.yaml:9:3",
    )
    platform.facts["kubernetes_version"] = "1.34.2"
    assert platform.findings(check) == []


def test_the_schemas_are_those_of_the_environments_version() -> None:
    platform = sample()
    platform.add(resource("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "x", "", spec={}))
    platform.facts["kubernetes_version"] = "1.31"
    assert [code for code, _, _ in platform.findings(check)] == ["C001"]
    platform.facts["kubernetes_version"] = "1.32"
    assert platform.findings(check) == []
