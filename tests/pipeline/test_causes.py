"""Errors about rendered objects point at what is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from explain.test_explain import ENVIRONMENT, MANIFEST, REGISTRY, SOURCES
from floe_compiler.explain.attempts import Valid
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule, StageFailed
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.pipeline import causes, compile_mesh
from floe_compiler.pipeline.causes import at_written_values
from floe_compiler.resolve.slots import Registry
from small_mesh import ENVIRONMENT as ENVIRONMENT_FILE
from small_mesh import small_mesh

RULE = Rule("C998", "x", "x")
ASKED_AT = Span(MANIFEST.file, 1, 1)
PODS = ENVIRONMENT.span(("domains", "sales", "quota", "pods"))
QUOTA = Diagnostic(RULE, "spec.hard.pods is wrong", ASKED_AT, "dev: ResourceQuota floe-sales-domain/quota", "hint")


def placed(*findings: Diagnostic) -> list[Diagnostic]:
    return [*at_written_values(findings, SOURCES, REGISTRY)]


def test_an_error_points_at_the_written_value_and_names_the_origin_of_the_object() -> None:
    (placed_,) = placed(QUOTA)
    assert placed_ == replace(QUOTA, span=PODS, related=(Related(ASKED_AT, "rendered for this"),))


def test_an_origin_on_the_same_line_is_not_repeated() -> None:
    above = Span(PODS.file, PODS.line, 1)
    (placed_,) = placed(replace(QUOTA, span=above))
    assert (placed_.span, placed_.related) == (PODS, ())


@pytest.mark.parametrize(
    "finding",
    [
        replace(QUOTA, span=Span("overlays/dev/kustomization.yaml", 1, 1)),
        replace(QUOTA, span=None),
        replace(QUOTA, message="it is wrong"),
        replace(QUOTA, subject="dev: pods of CronJob x"),
        replace(QUOTA, subject="prod: ResourceQuota floe-sales-domain/quota"),
        replace(QUOTA, rule=Rule("C999", "x", "x", "warning")),
    ],
)
def test_other_findings_are_unchanged(finding: Diagnostic) -> None:
    assert placed(finding) == [finding]


def test_of_many_findings_the_first_are_looked_up_and_the_others_follow_if_they_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[ObjectId] = []

    def found_at(*_: object) -> Span:
        looked_up.append(next(argument for argument in _ if isinstance(argument, ObjectId)))
        return PODS

    monkeypatch.setattr(causes, "written_place", found_at)
    many = [replace(QUOTA, subject=f"dev: ResourceQuota floe-{letter}-domain/quota") for letter in "edcba"]
    assert {diagnostic.span for diagnostic in placed(*many)} == {PODS}
    assert [identity.namespace for identity in looked_up] == ["floe-a-domain", "floe-b-domain"]
    another_message = replace(
        QUOTA, message="spec.hard.pods is wronger", subject="dev: ResourceQuota floe-z-domain/quota"
    )
    monkeypatch.setattr(causes, "MOST", 2)
    assert placed(*many, another_message)[-1].span == ASKED_AT, "nothing is known of another message"


PRODUCTS = ("floe-a-domain/one", "floe-a-domain/two", "floe-a-domain/three")


def of_products(subjects: Iterable[str] = PRODUCTS) -> list[Diagnostic]:
    """Return the same finding about objects that documents of their own ask for."""
    files = [document.file for document in SOURCES.domains["sales"].products.values()]
    asking = [Span(files[number % len(files)], number + 1, 1) for number, _ in enumerate(subjects)]
    return [
        replace(QUOTA, span=asked_at, subject=f"dev: CronJob.batch {subject}")
        for asked_at, subject in zip(asking, subjects, strict=True)
    ]


@pytest.mark.parametrize(
    ("place", "subjects", "follows"),
    [
        (PODS, PRODUCTS, True),
        (PODS, (*PRODUCTS[:2], "floe-z-domain/three"), False),
        (of_products()[0].span, PRODUCTS, False),
        (None, PRODUCTS, False),
    ],
    ids=["of the domain", "of another domain", "of a product", "unknown"],
)
def test_an_object_of_several_documents_has_its_place_in_the_shared_one(
    place: Span | None, subjects: tuple[str, ...], follows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "written_place", lambda *_: place)
    *_, last = of_products(subjects)
    assert (
        next(diagnostic for diagnostic in placed(*of_products(subjects)) if diagnostic.subject == last.subject).span
        == PODS
    ) is follows


def test_schemas_of_the_inputs_are_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take longer than a whole run that has them from its cache."""
    monkeypatch.setattr("floe_compiler.explain.question.plain_schemas", lambda _: pytest.fail("made again"))
    root = small_mesh(tmp_path, {ENVIRONMENT_FILE: {"domains": {"sales": {"quota": {"cpu": "10m"}}}}})
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root)
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.span
    assert diagnostic.span.file == ENVIRONMENT_FILE


def test_the_environment_is_resolved_once_for_all_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[str] = []

    def noted(sources: Sources, registry: Registry, site: str, *others: Any) -> Valid:
        if sources is SOURCES:  # and not documents that were reduced to what an object may follow from
            resolved.append(site)
        return Valid(sources, registry, site, *others)

    for module in ("explain.question", "pipeline.causes"):
        monkeypatch.setattr(f"floe_compiler.{module}.Valid", noted)
    placed(QUOTA, replace(QUOTA, message="spec.hard.pods is wronger"))
    assert resolved == ["dev"]
