"""The causes of a value are correct and complete, with the lines that determine it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components import registry
from floe_compiler.explain import explain, question
from floe_compiler.explain.attempts import Unchecked, Valid
from floe_compiler.explain.reduction import reduced
from floe_compiler.explain.variations import closed_words, differences, scalars, variations
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.explanation import Cause, Explanation
from floe_compiler.model.nested_fields import with_value
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.resolve import resolve
from floe_compiler.resolve.schemas import plain_schemas
from floe_compiler.synthesize.charts import without_cdk8s
from floe_compiler.synthesize.delivery import delivery_objects
from floe_compiler.synthesize.unit import render_unit
from plans import plan_environment
from resolve.samples import document

REGISTRY = registry()
HEAD = {"apiVersion": "floe.dev/v1"}
MANIFEST = document(
    "m.yaml",
    {
        **HEAD,
        "kind": "PlatformManifest",
        "metadata": {"name": "acme", "version": "1.0.0", "owner": "@acme/platform"},
        "images": {"registry": "ghcr.io/acme"},
        "orchestrator": {"type": "kubernetes"},
        "compute": {"type": "duckdb", "threads": 4},
        "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
        "delivery": {"type": "argocd", "repository": "https://example.com/x.git"},
    },
)
ENVIRONMENT = document(
    "e.yaml",
    {
        **HEAD,
        "kind": "Environment",
        "metadata": {"name": "dev", "owner": "@acme/platform"},
        "cluster": {"name": "kind"},
        "storage_class": "standard",
        "platform": {"images": {"registry": "ghcr.io/dev"}},
        "domains": {"sales": {"quota": {"pods": 20}}, "other": {"quota": {"pods": 30}}},
    },
)


def domain(name: str, *inputs: str) -> DomainSource:
    product = {
        **HEAD,
        "kind": "DataProduct",
        "metadata": {"name": "orders", "version": "1.4.2", "owner": f"@acme/{name}"},
        "image": "sales/orders:1.4.2",
        "schedule": {"cron": "0 6 * * *"},
        "inputs": [{"product": "orders", "output": "table", "domain": upstream} for upstream in inputs],
        "outputs": [{"name": "table"}],
        "steps": [{"name": "transform", "type": "dbt", "select": ["daily"]}],
    }
    own = {**HEAD, "kind": "Domain", "metadata": {"name": name, "owner": f"@acme/{name}"}}
    return DomainSource(document(f"{name}.yaml", own), {"orders": document(f"{name}/orders.yaml", product)})


SOURCES = Sources(
    MANIFEST,
    {"dev": ENVIRONMENT},
    {"sales": domain("sales", "other"), "other": domain("other"), "third": domain("third")},
)
SALES = "floe-sales-domain"


def objects(sources: Sources) -> dict[str, Object]:
    plans, _ = resolve(sources, REGISTRY, ("dev",))
    return {
        str(identify(manifest)): manifest
        for plan in plan_environment(plans[0])
        if plan.unit.scope in ("sales", "platform")
        for manifest in without_cdk8s(plan.unit.settings, render_unit(plan).objects, plan.unit.namespace)
    }


OBJECTS = objects(SOURCES)


@cache
def explained(name: str) -> Explanation:
    """Return the explanation of an object as it is rendered."""
    return counted(name)[0]


@cache
def counted(name: str) -> tuple[Explanation, int, int]:
    """Return the explanation of an object, and how often it was rendered, with what is valid and unchecked."""
    attempts: Counter[str] = Counter()

    class CountedValid(Valid):
        def __init__(self, *inputs: Any) -> None:
            attempts["valid"] += 1
            super().__init__(*inputs)

    class CountedUnchecked(Unchecked):
        def __init__(self, *inputs: Any) -> None:
            attempts["unchecked"] += 1
            super().__init__(*inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(question, "Valid", CountedValid)
        patch.setattr(question, "Unchecked", CountedUnchecked)
        return explained_as(OBJECTS[name]), attempts["valid"], attempts["unchecked"]


def explained_as(
    final: Object, patches: tuple[Patch, ...] = (), only: Callable[[Span | None], bool] | None = None
) -> Explanation:
    return explain(SOURCES, REGISTRY, "dev", final, patches, "m.yaml:8:3", only=only)


def causes(name: str) -> dict[str, list[str]]:
    """Return the causes by the path of the value, as the written path or in words."""
    return {
        ".".join(str(step) for step in path): [cause.description for cause in values]
        for path, _, values in explained(name).values
    }


@pytest.mark.parametrize(
    ("name", "valid", "unchecked"),
    [
        (f"CronJob.batch {SALES}/orders", 70, 190),
        (f"NetworkPolicy.networking.k8s.io {SALES}/orders", 120, 160),
        (f"Namespace {SALES}", 30, 150),
    ],
)
def test_an_object_is_rendered_a_few_times(name: str, valid: int, unchecked: int) -> None:
    """It is what `explain` takes its time for; if it needs to be more, then say why in the commit."""
    _, counted_valid, counted_unchecked = counted(name)
    assert 0 < counted_valid <= valid
    assert 0 < counted_unchecked <= unchecked


ALIKE = {f"LimitRange {SALES}/limits", f"NetworkPolicy.networking.k8s.io {SALES}/default-deny"}
"""What follows from inputs as the quota, or as the other policies."""


@pytest.mark.parametrize(
    "name",
    [
        name if SALES in name and name not in ALIKE else pytest.param(name, marks=pytest.mark.thorough)
        for name in OBJECTS
    ],
)
def test_every_scalar_has_a_cause(name: str) -> None:
    explanation = explained(name)
    assert {path: value for path, value, _ in explanation.values} == dict(scalars(OBJECTS[name]))
    for path, _, causes_ in explanation.values:
        assert causes_, path
        assert len(set(causes_)) == len(causes_), path


def place_of_span(span: Span) -> tuple[Document, DataPath]:
    every = [MANIFEST, ENVIRONMENT, *(source.document for source in SOURCES.domains.values())]
    every += [product for source in SOURCES.domains.values() for product in source.products.values()]
    return next((document_, path) for document_ in every for path, place in document_.values.items() if place == span)


def with_document(changed: Document) -> Sources:
    domains = {
        name: DomainSource(
            changed if source.document.file == changed.file else source.document,
            {key: changed if each.file == changed.file else each for key, each in source.products.items()},
        )
        for name, source in SOURCES.domains.items()
    }
    environment = changed if changed.file == ENVIRONMENT.file else ENVIRONMENT
    return Sources(changed if changed.file == MANIFEST.file else MANIFEST, {"dev": environment}, domains)


def effects_of(span: Span, name: str) -> list[frozenset[DataPath]]:
    """Return what changes in an object with each other value at a place that the language allows."""
    document_, path = place_of_span(span)
    differing = []
    for other in variations(dict(scalars(document_.data))[path], closed_words(plain_schemas(REGISTRY))):
        try:
            after = objects(with_document(replace(document_, data=with_value(document_.data, path, other))))
        except (StageFailed, ValueError):
            continue
        differing.append(differences(OBJECTS[name], after.get(name, {})))
    return differing


@pytest.mark.parametrize(
    "name", [f"CronJob.batch {SALES}/orders", f"ResourceQuota {SALES}/quota", f"Namespace {SALES}"]
)
def test_changing_a_cause_changes_the_value(name: str) -> None:
    named = 0
    for path, _, causes_ in explained(name).values:
        for cause in causes_:
            if cause.span:
                named += 1
                assert any(path in effect for effect in effects_of(cause.span, name)), f"{cause} of {path}"
    assert named


def test_values_follow_from_their_lines() -> None:
    by_path = causes(f"CronJob.batch {SALES}/orders")
    container = "spec.jobTemplate.spec.template.spec.containers.0"
    assert by_path["spec.schedule"] == ["schedule.cron"]
    assert set(by_path[f"{container}.image"]) == {"platform.images.registry", "image"}
    assert by_path["spec.timeZone"] == ["default of schedule.time_zone (product)"]
    assert by_path["spec.jobTemplate.spec.backoffLimit"] == ["default of retries (product)"]
    assert "default of timeout (product)" in by_path["spec.jobTemplate.spec.activeDeadlineSeconds"]
    assert by_path[f"{container}.securityContext.readOnlyRootFilesystem"] == ["fixed by the component or the compiler"]
    assert by_path["spec.concurrencyPolicy"] == ["default of orchestrator.concurrency (kubernetes)"]
    assert by_path["metadata.labels.app.kubernetes.io/part-of"] == ["metadata.name"]


def test_a_quota_follows_from_its_domain_or_its_default() -> None:
    by_path = causes(f"ResourceQuota {SALES}/quota")
    assert by_path["spec.hard.pods"] == ["domains.sales.quota.pods"]
    assert by_path["spec.hard.requests.storage"] == [
        "default of quota.storage (platform)",
        "default of scale (environment)",
    ]


def test_objects_of_the_delivery_tool_follow_from_its_settings() -> None:
    name = "Application.argoproj.io argocd/acme-dev-sales-domain"
    plans, _ = resolve(SOURCES, REGISTRY, ("dev",))
    final = next(manifest for manifest in delivery_objects(plans[0].delivery_plan()) if str(identify(manifest)) == name)
    by_path = {path: [cause.description for cause in values] for path, _, values in explained_as(final).values}
    assert by_path["spec", "source", "repoURL"] == ["delivery.repository"]
    assert by_path["spec", "source", "targetRevision"] == ["default of delivery.revision (platform)"]
    assert by_path["spec", "destination", "server"] == ["default of cluster.server (environment)"]
    assert by_path["metadata", "name"] == by_path["spec", "project"] == ["metadata.name"], (
        "it is named after the platform"
    )


def test_what_has_no_default_of_its_own_is_named_where_it_counts() -> None:
    by_path = causes(f"NetworkPolicy.networking.k8s.io {SALES}/allow-dns")
    assert by_path["spec.egress.0.ports.0.port"] == [
        "default of cluster.dns.preset (environment)",
        "default of cluster.dns.ports (environment)",
    ]


def test_what_a_value_overrode_is_reported() -> None:
    values = {path: causes_ for path, _, causes_ in explained(f"CronJob.batch {SALES}/orders").values}
    path = ("spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "image")
    cause = next(cause for cause in values[path] if cause.description == "platform.images.registry")
    assert cause.overrides == (('"ghcr.io/acme"', MANIFEST.span(("images", "registry"))),)
    assert cause.span == ENVIRONMENT.span(("platform", "images", "registry"))


def test_what_a_patch_changed_is_due_to_it() -> None:
    name = f"CronJob.batch {SALES}/orders"
    pod = ("spec", "jobTemplate", "spec", "template", "spec")
    before = OBJECTS[name]
    containers = before["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    container = {"name": "side", "image": "side:1"}
    final = with_value(before, ("spec", "suspend"), True)
    final = with_value(final, (*pod, "containers"), [container, *containers])
    final = with_value(final, (*pod, "restartPolicy"), None)
    final["spec"]["jobTemplate"]["spec"]["template"]["spec"].pop("restartPolicy")
    final["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "0", "team": "x"}
    suspend, team, side, policy = (Span("base/patch.yaml", line) for line in (7, 5, 9, 8))
    values = {
        "spec.suspend": suspend,
        "metadata.annotations.team": team,
        ".".join((*pod, "containers[side]")): side,
        ".".join((*pod, "restartPolicy")): policy,
    }
    place = Span("base/patch.yaml", 4)
    product = SOURCES.domains["sales"].products["orders"]
    asked = {product.span(("image",)), product.span(("schedule", "cron"))}
    explanation = explained_as(final, (Patch(place, values),), asked.__contains__)
    assert explanation.patches == (place,)
    by_path = {path: causes_ for path, _, causes_ in explanation.values}
    assert by_path["spec", "suspend"] == (Cause("patched", suspend),)
    assert by_path["metadata", "annotations", "team"] == (Cause("patched", team),)
    assert by_path[*pod, "containers", 0, "image"] == (Cause("patched", side),)
    assert "image" in [cause.description for cause in by_path[*pod, "containers", 1, "image"]]
    assert by_path["spec", "schedule"][0].description == "schedule.cron"
    (wave,) = by_path["metadata", "annotations", "argocd.argoproj.io/sync-wave"]
    assert wave == Cause("follows from what starts before it in its namespace")
    assert explanation.removed == ((".".join((*pod, "restartPolicy")), policy),)


def test_what_follows_from_a_patch_of_something_else_is_not_patched() -> None:
    name = f"CronJob.batch {SALES}/orders"
    final = with_value(OBJECTS[name], ("metadata", "annotations"), {"hash": "x"})
    by_path = {path: causes_ for path, _, causes_ in explained_as(final, only=lambda _: False).values}
    assert by_path["metadata", "annotations", "hash"] == (Cause("follows from a patch"),)


def test_what_nobody_renders_is_due_to_who_asked_for_it() -> None:
    own: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "elsewhere"}}
    for _, _, causes_ in explained_as(own).values:
        assert causes_ == (Cause("comes from m.yaml:8:3"),)


def test_a_domain_is_rendered_with_those_that_it_reads_and_no_others() -> None:
    sources_ = reduced(SOURCES, "dev", "sales")
    assert list(sources_.domains) == ["other", "sales"]
    assert list(reduced(SOURCES, "dev", "third").domains) == ["third"]
    assert sources_.environments["dev"].data["domains"].keys() == {"sales", "other"}
    assert reduced(SOURCES, "dev", "third").environments["dev"].data["domains"] == {}
    assert ENVIRONMENT.data["domains"].keys() == {"sales", "other"}, "nothing is changed in place"


def test_shared_services_are_rendered_for_a_few_domains() -> None:
    domains = {f"d{number}": domain(f"d{number}") for number in range(9)}
    many = replace(
        SOURCES, domains=domains, environments={"dev": replace(ENVIRONMENT, data={**ENVIRONMENT.data, "domains": {}})}
    )
    assert list(reduced(many, "dev", "platform").domains) == ["d0", "d1", "d2"]


def test_the_few_domains_come_with_those_that_they_read() -> None:
    domains = {f"d{number}": domain(f"d{number}") for number in range(9)} | {"d1": domain("d1", "d7")}
    many = replace(
        SOURCES, domains=domains, environments={"dev": replace(ENVIRONMENT, data={**ENVIRONMENT.data, "domains": {}})}
    )
    sources_ = reduced(many, "dev", "platform")
    assert list(sources_.domains) == ["d0", "d1", "d2", "d7"]
    assert resolve(sources_, REGISTRY, ("dev",))[0], "they are complete"


def other_with_readers() -> DomainSource:
    """Return a domain whose readers an object is rendered without: that is no mistake."""
    own = SOURCES.domains["other"]
    product = own.products["orders"]
    outputs = [{"name": "table", "readers": ["sales", "third/orders"]}]
    return replace(own, products={"orders": document(product.file, {**product.data, "outputs": outputs})})


@cache
def refined() -> tuple[Sources, Object, dict[DataPath, tuple[Cause, ...]]]:
    """Return documents of which many say something of one CronJob, it, and its causes by the path of the value."""
    policy = {"priority_classes": ["low"], "runtime_classes": ["gvisor"], "tolerations": [{"key": "gpu"}]}
    said = {"schedule": {"cron": "0 7 * * *"}, "steps": {"transform": {"variables": {"DEPTH": "three"}}}}
    domains = {**ENVIRONMENT.data["domains"], "sales": {"products": {"orders": said}}}
    lines = {"other": {"orders": "sales/orders:1.0.0"}, "sales": {"orders": "sales/orders:1.5.0"}}
    metadata = {"name": "dev", "owner": "@acme/platform"}
    images = document("i.yaml", {**HEAD, "kind": "ProductImages", "metadata": metadata, "images": lines})
    sales, placement = domain("sales"), {"jobs": {"tolerations": [{"key": "gpu"}], "priority_class": "low"}}
    own = document("sales.yaml", {**sales.document.data, "placement": placement})
    orders = {**sales.products["orders"].data, "placement": {"runtime_class": "gvisor"}}
    source = DomainSource(own, {"orders": document("sales/orders.yaml", orders)})
    sources = Sources(
        document("m.yaml", {**MANIFEST.data, "domain_policy": policy}),
        {"dev": document("e.yaml", {**ENVIRONMENT.data, "domains": domains})},
        {**SOURCES.domains, "sales": source, "other": other_with_readers()},
        images={"dev": images},
    )
    final = objects(sources)[f"CronJob.batch {SALES}/orders"]
    explanation = explain(sources, REGISTRY, "dev", final, (), "")
    return sources, final, {path: causes for path, _, causes in explanation.values}


POD = ("spec", "jobTemplate", "spec", "template", "spec")


def test_what_a_policy_limits_or_a_lock_holds_has_its_cause() -> None:
    """Another value would be refused, but it is still this one that counts."""
    _, _, by_path = refined()
    causes = {path[5:]: [cause.description for cause in values] for path, values in by_path.items() if path[:5] == POD}
    assert causes["runtimeClassName",] == ["placement.runtime_class"]
    assert causes["priorityClassName",] == [
        "placement.jobs.priority_class",
        "default of placement.priority_class (product)",
    ]
    assert causes["tolerations", 0, "key"] == ["placement.jobs.tolerations[0].key"]


def test_what_an_environment_says_of_a_product_is_named_with_what_it_beats() -> None:
    sources, final, by_path = refined()
    environment, images, own = sources.environments["dev"], sources.images["dev"], sources.domains["sales"]
    product = own.products["orders"]
    image = next(
        cause for cause in by_path[*POD, "containers", 0, "image"] if cause.description != "platform.images.registry"
    )
    assert (image.description, image.span) == ("images.sales.orders", images.span(("images", "sales", "orders")))
    assert image.overrides == (('"sales/orders:1.4.2"', product.span(("image",))),)
    (cron,) = by_path["spec", "schedule"]
    assert cron.span == environment.span(("domains", "sales", "products", "orders", "schedule", "cron"))
    assert cron.overrides == (('"0 6 * * *"', product.span(("schedule", "cron"))),)
    container = final["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    index = next(number for number, variable in enumerate(container["env"]) if variable["name"] == "DEPTH")
    (depth,) = by_path[*POD, "containers", 0, "env", index, "value"]
    assert depth.description == "domains.sales.products.orders.steps.transform.variables.DEPTH"
