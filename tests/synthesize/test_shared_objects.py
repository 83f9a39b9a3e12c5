"""Objects that two units of an environment render."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from check.samples import resource
from floe_compiler.check import check_unit
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.synthesize.shared_objects import shared_objects

HERE = Span("platform-manifest.yaml", 9, 3)
VOLUME = resource("v1", "PersistentVolume", "shared", "")
SETTINGS = resource("v1", "ConfigMap", "settings", "sales")
NAME = "PersistentVolume shared"


def clashes(units: dict[str, Iterable[Object]]) -> list[Diagnostic]:
    rendered = {
        name: Rendered("dev", ObjectSet.of(objects), namespace=name, origins={NAME: HERE})
        for name, objects in units.items()
    }
    summaries = {name: check_unit(unit, ()).summary for name, unit in rendered.items()}
    return list(shared_objects("dev", summaries, lambda name: Places.of(rendered[name])))


def test_a_cluster_scoped_object_may_come_from_one_namespace_only() -> None:
    (clash,) = clashes({"sales": [VOLUME], "platform": [VOLUME]})
    assert (clash.rule.code, clash.subject, clash.span) == ("S002", f"dev: {NAME}", HERE)
    assert clash.message == f"{NAME} is rendered for platform and for sales"
    assert clash.hint == "rename one of the two"


@pytest.mark.parametrize("other_unit", ["platform", "zoo"])
def test_an_object_may_not_be_rendered_by_two_units(other_unit: str) -> None:
    (clash,) = clashes({"sales": [SETTINGS], other_unit: [SETTINGS]})
    assert clash.message == f"ConfigMap sales/settings is rendered for sales and for {other_unit}"


def test_hand_written_objects_are_named_by_their_folders() -> None:
    (clash,) = clashes({"": [VOLUME], "sales": [VOLUME]})
    assert clash.message == f"{NAME} is rendered for base/ and overlays/ and for sales"


def test_different_objects_do_not_clash() -> None:
    assert (
        clashes({"": [VOLUME], "sales": [SETTINGS], "platform": [resource("v1", "ConfigMap", "settings", "x")]}) == []
    )
