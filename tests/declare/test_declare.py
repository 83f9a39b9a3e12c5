"""Components declare their facts once, before anything is rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from floe_compiler.declare import declare
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import Quota
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Component, Context, ResolvedUnit
from floe_compiler.model.span import Span
from kit.samples import instance, workload
from products import CATALOG, STORE
from resolve.samples import component
from support import DEVELOPMENT

NAMESPACE = "floe-platform"
PARTS = Parts(workloads=(workload(),))


def resolved(*components: Component[Any]) -> ResolvedUnit:
    contexts = tuple((component_, Context(instance(name=component_.type))) for component_ in components)
    return ResolvedUnit(DEVELOPMENT, "platform", NAMESPACE, "@acme/platform", contexts, Quota(), Span("q.yaml"))


def no_constructs(_build: Callable[[Any], None], _namespace: str, _label: str) -> tuple[Object, ...]:
    raise AssertionError("only components with constructs pay for cdk8s in Python")


def test_each_component_is_built_once_in_its_context() -> None:
    built: list[Context[Any]] = []

    def build(context: Context[Any]) -> Parts:
        built.append(context)
        return PARTS

    component_ = component("test", "server", build=build)
    unit = declare(resolved(component_, replace(component_, type="other")), no_constructs)
    assert [context.instance.name for context in built] == ["server", "other"]
    assert [declared.instance for declared in unit.instances] == [context.instance for context in built]
    assert {declared.parts for declared in unit.instances} == {PARTS}
    assert (unit.namespace, unit.scope, unit.owner) == (NAMESPACE, "platform", "@acme/platform")
    assert unit.quota_origin == Span("q.yaml")


def test_the_secrets_of_a_capability_belong_to_the_declaration() -> None:
    giving = replace(component("test", "server", build=lambda _: PARTS), provides=lambda _: (CATALOG, STORE))
    (declared,) = declare(resolved(giving), no_constructs).instances
    assert {secret.name for secret in declared.secrets} >= {"minio-warehouse", "polaris-client-sales-customer-360"}
    assert list(declared.secrets) == sorted(declared.secrets)


def test_constructs_are_run_for_the_namespace_and_under_the_components_name() -> None:
    drawn: list[object] = []

    def run(build: Callable[[Any], None], namespace: str, label: str) -> tuple[Object, ...]:
        build("the chart")
        return ({"kind": "Route", "metadata": {"name": label, "namespace": namespace}},)

    component_ = component("test", "server", build=lambda _: PARTS)
    drawing = replace(component_, constructs=lambda chart, context: drawn.append((chart, context.instance.name)))
    (declared,) = declare(resolved(drawing), run).instances
    assert drawn == [("the chart", "server")]
    assert declared.objects[0]["metadata"] == {"name": declared.instance.label(), "namespace": NAMESPACE}


def test_completions_wait_for_the_facts_of_all_namespaces() -> None:
    component_ = component("test", "server", build=lambda _: PARTS)
    late = replace(component_, completes=lambda _, __: Parts())
    assert declare(resolved(component_, late), no_constructs).incomplete
    assert not declare(resolved(component_), no_constructs).incomplete
