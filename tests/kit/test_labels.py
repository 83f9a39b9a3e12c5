"""Labels: they distinguish each workload's pods from all others, and all values are valid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.kit.labels import (
    access_labels,
    chart_labels,
    common_labels,
    selector,
    template_labels,
    version_label,
)
from floe_compiler.model.names import check_label_key, check_label_value
from kit.samples import DATABASE, OUTSIDE, instance
from support import DEVELOPMENT

PART_OF = {"app.kubernetes.io/part-of": "acme", "app.kubernetes.io/managed-by": "floe-compile"}


def test_a_selector_names_the_application_its_scope_and_the_workload() -> None:
    assert selector(instance(scope="sales", name="dagster"), "dagster-daemon") == {
        "app.kubernetes.io/name": "dagster",
        "app.kubernetes.io/instance": "sales-dagster",
        "app.kubernetes.io/component": "dagster-daemon",
    }


def test_pod_templates_have_their_selector_labels_and_that_of_the_platform() -> None:
    instance_ = instance()
    assert chart_labels(DEVELOPMENT) == PART_OF
    assert template_labels(instance_, "web") == selector(instance_, "web") | PART_OF


def test_objects_without_a_workload_have_the_label_of_the_environment() -> None:
    assert common_labels(DEVELOPMENT, "network") == {
        "app.kubernetes.io/name": "acme",
        "app.kubernetes.io/instance": "dev",
        "app.kubernetes.io/component": "network",
    }


NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES)
@FEW
def test_every_valid_name_gives_valid_labels(scope: str, name: str) -> None:
    for value in template_labels(instance(scope=scope, name=name), name).values():
        check_label_value(value)


def test_long_names_stay_distinct() -> None:
    long = "d" * 40
    first = selector(instance(scope=long, name="s" * 39 + "a"), "web")
    second = selector(instance(scope=long, name="s" * 39 + "b"), "web")
    assert first["app.kubernetes.io/instance"] != second["app.kubernetes.io/instance"]
    assert len(first["app.kubernetes.io/instance"]) == 63


def test_a_name_that_just_fits_is_not_cut() -> None:
    value = selector(instance(scope="d" * 31, name="s" * 31), "web")["app.kubernetes.io/instance"]
    assert value == "d" * 31 + "-" + "s" * 31


def test_callers_have_a_label_for_each_platform_server_that_they_call() -> None:
    labels = access_labels([DATABASE, OUTSIDE, DATABASE])
    assert labels == {"access.floe.dev/db": "true"}
    assert all(check_label_key(key) for key in labels)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/acme/server:1.2.3", "1.2.3"),
        ("ghcr.io/acme/server:v1.7.0_build", "v1.7.0_build"),
        ("ghcr.io/acme/server:1.0-", "1.0"),
        ("ghcr.io/acme/server:" + "1" * 100, "1" * 63),
        ("ghcr.io/acme/server:" + "1" * 62 + "--2", "1" * 62),
    ],
)
def test_the_version_label_is_the_tag_cut_to_the_length_of_a_label(image: str, version: str) -> None:
    assert version_label(image) == {"app.kubernetes.io/version": version}
    check_label_value(version)


@pytest.mark.parametrize("image", ["docker.io/acme/server", f"docker.io/acme/server@sha256:{'a' * 64}"])
def test_an_image_without_a_tag_has_no_version_label(image: str) -> None:
    assert version_label(image) == {}
