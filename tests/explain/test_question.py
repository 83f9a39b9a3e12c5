"""How an object is rendered from varied documents."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from explain.test_explain import ENVIRONMENT, MANIFEST, OBJECTS, REGISTRY, SALES, SOURCES, objects
from floe_compiler.explain import explain, question
from floe_compiler.explain.attempts import Valid
from floe_compiler.explain.documents import with_document
from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import Setting
from floe_compiler.model.explanation import Cause
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.sources import Sources
from floe_compiler.synthesize.unit import render_unit
from plans import plan_environment
from resolve.samples import document

CRON_JOB = f"CronJob.batch {SALES}/orders"


def question_of(name: str, sources: Sources = SOURCES) -> Question:
    return Question(sources, REGISTRY, "dev", identify(OBJECTS[name]))


@pytest.mark.parametrize("name", [name for name in OBJECTS if SALES in name])
def test_rendering_only_a_part_gives_the_same_object(name: str) -> None:
    """A change of everything that it follows from is seen, too."""
    asked_question, changed = (
        question_of(name),
        replace(SOURCES, manifest=document("m.yaml", {**MANIFEST.data, **RENAMED})),
    )
    assert asked_question.baseline == OBJECTS[name]
    assert asked_question.render(changed) == objects(changed)[name]


RENAMED: dict[str, Any] = {
    "metadata": {"name": "other", "version": "1.0.0", "owner": "@acme/platform"},
    "images": {"registry": "ghcr.io/other"},
}


def test_an_object_is_explained_despite_unrelated_errors() -> None:
    asked_question = question_of(CRON_JOB)
    wrong = document("m.yaml", {**MANIFEST.data, "delivery": {"type": "argocd", "repository": 3}})
    assert asked_question.may_change(replace(SOURCES, manifest=wrong)), (
        "nothing is known of a manifest that cannot be read"
    )
    environment = {**ENVIRONMENT.data, "domains": {"sales": {"orchestrator": {"type": "kubernetes", "wrong": 1}}}}
    refused = replace(SOURCES, environments={"dev": document("e.yaml", environment)})
    assert asked_question.may_change(refused)
    assert not question_of(f"Namespace {SALES}").may_change(refused), "it does not follow from the orchestrator"


def test_a_namespace_that_nothing_changes_is_not_rendered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is rendered, that fails here, and so the object may be another one."""
    asked_question = question_of(f"NetworkPolicy.networking.k8s.io {SALES}/orders")
    monkeypatch.delattr(question, "render_part")
    delivery = {"delivery": {**MANIFEST.data["delivery"], "revision": "other"}}
    for changed, is_rendered in ((delivery, False), (RENAMED, True)):
        manifest = document("m.yaml", {**MANIFEST.data, **changed})
        assert asked_question.may_change(replace(asked_question.sources, manifest=manifest)) is is_rendered


def test_changes_private_to_another_namespace_render_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It declares something else then, but the object only follows from its facts."""
    asked_question = question_of(f"NetworkPolicy.networking.k8s.io {SALES}/orders")
    monkeypatch.delattr(question, "render_part")
    product = asked_question.sources.domains["other"].products["orders"]
    changed = replace(product, data={**product.data, "image": "other/orders:2.0.0"})
    assert not asked_question.may_change(with_document(asked_question.sources, changed))


def test_another_object_of_the_namespace_is_not_the_same_one_with_another_name() -> None:
    """The dashboards of Dagster's database were taken for those of Airflow's, where there are both."""
    asked_question = question_of(CRON_JOB)
    renamed: Object = {**OBJECTS[CRON_JOB], "metadata": {**OBJECTS[CRON_JOB]["metadata"], "name": "sales"}}
    assert asked_question._picked([renamed], "orders", "sales") == renamed
    asked_question._names = frozenset({ObjectId("batch", "CronJob", SALES, "sales")})
    assert asked_question._picked([renamed], "orders", "sales") is None


def test_a_product_that_others_read_cannot_be_disabled() -> None:
    """Those that read it may be in domains that are left out when its namespace is rendered."""
    causes_ = {}
    for plan in plan_environment(Valid(SOURCES, REGISTRY, "dev").plan):
        if plan.unit.scope == "third":  # nobody reads it, nor sales
            continue
        for manifest in render_unit(plan).objects:
            identity = identify(manifest, plan.unit.namespace)
            if identity.kind == "CronJob":
                final = with_namespace(manifest, identity.namespace)
                explanation = explain(SOURCES, REGISTRY, "dev", final, (), "", only=lambda span: span is None)
                causes_[plan.unit.scope] = [
                    cause.description for cause in {p: c for p, _, c in explanation.values}["kind",]
                ]
    enabled = "default of enabled (product)"
    assert enabled in causes_["sales"]
    assert enabled not in causes_["other"], "sales reads it"


def with_namespace(manifest: Object, namespace: str) -> Object:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def test_another_type_drops_settings_of_the_former_type_in_stronger_layers() -> None:
    manifest = document("m.yaml", {**MANIFEST.data, "catalog": {"type": "polaris", "replicas": 2}})
    environment: dict[str, Any] = {
        "platform": {"catalog": {"realm": "x"}, "images": {"registry": "r"}},
        "domains": {"sales": {"catalog": {"realm": "y"}}},
    }
    refined = document("e.yaml", {**ENVIRONMENT.data, **environment})
    setting = Setting("m.yaml", ("catalog", "type"), "polaris", Cause("x"), stronger=STRONGER)
    *_, changed = setting.variants(Sources(manifest, {"dev": refined}, {}), "rest")
    assert changed.manifest.data["catalog"] == {"type": "rest"}
    assert changed.environments["dev"].data["platform"] == {"images": {"registry": "r"}}
    assert changed.environments["dev"].data["domains"] == {"sales": {}}
    # A layer that chooses a type of its own does not follow from the weaker one.
    chosen = document("e.yaml", {**ENVIRONMENT.data, "platform": {"catalog": {"type": "rest", "url": "https://x"}}})
    *_, changed = setting.variants(Sources(manifest, {"dev": chosen}, {}), "glue")
    assert changed.environments["dev"] == chosen


STRONGER = (("e.yaml", ("platform", "catalog", "type")), ("e.yaml", ("domains", "sales", "catalog", "type")))
