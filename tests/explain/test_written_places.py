"""The written value that an error of a rendered object points at."""

from __future__ import annotations

from typing import Any

import pytest

from explain.test_explain import ENVIRONMENT, REGISTRY, SOURCES, with_document
from floe_compiler.explain.written_places import written_place
from floe_compiler.model.objects import parse_object_id
from floe_compiler.model.span import Span
from resolve.samples import document


def place_of(place: str, path: str, environment: str = "dev") -> Span | None:
    identity = parse_object_id(place)
    assert identity is not None
    return written_place(SOURCES, REGISTRY, environment, identity, path)


QUOTA = "ResourceQuota floe-sales-domain/quota"
RUN = "CronJob.batch floe-sales-domain/orders"
PODS: tuple[Any, ...] = ("domains", "sales", "quota", "pods")


def test_a_value_rendered_unchanged_has_its_place() -> None:
    assert place_of(QUOTA, "spec.hard.pods") == ENVIRONMENT.span(PODS)
    schedule = SOURCES.domains["sales"].products["orders"].span(("schedule", "cron"))
    assert place_of(RUN, "spec.schedule") == schedule


def test_a_variable_has_its_place() -> None:
    product = SOURCES.domains["sales"].products["orders"]
    steps = [{**product.data["steps"][0], "variables": {"DEPTH": "37"}}]
    changed = document("sales/orders.yaml", {**product.data, "steps": steps})
    sources = with_document(changed)
    identity = parse_object_id(RUN)
    assert identity is not None
    path = "spec.jobTemplate.spec.template.spec.containers[transform].env[DEPTH]"
    span = written_place(sources, REGISTRY, "dev", identity, path)
    assert span == changed.span(("steps", 0, "variables", "DEPTH"))


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (QUOTA, "spec.hard.nothing"),
        (RUN, "spec.suspend"),
        ("CronJob.batch floe-sales-domain/nothing", "spec.schedule"),
    ],
)
def test_values_that_are_not_written_have_no_place(place: str, path: str) -> None:
    assert place_of(place, path) is None


def test_an_equal_value_elsewhere_is_not_the_place() -> None:
    assert place_of(RUN, "spec.jobTemplate.spec.template.metadata.labels.floe.dev/product") is None
