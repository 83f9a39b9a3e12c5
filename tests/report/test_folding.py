"""The same change in several environments is shown once."""

from __future__ import annotations

from floe_compiler.model.objects import ObjectId
from floe_compiler.report.dangers import Danger
from floe_compiler.report.diff import Action, EnvironmentDiff, FieldChange, ObjectChange
from floe_compiler.report.folding import folded


def change(environment: str, name: str, replicas: int = 3, action: Action = "changed") -> ObjectChange:
    fields = (FieldChange("changed", "spec.replicas", 1, replicas),) if action == "changed" else ()
    dangers = (Danger("scale-down", "fewer"),) if replicas == 0 else ()
    return ObjectChange(
        action, ObjectId("apps", "Deployment", "sales", name), f"output/{environment}/x", fields, dangers
    )


def test_only_equal_changes_are_folded() -> None:
    dev, prod = (EnvironmentDiff(name, (change(name, "web"), change(name, name))) for name in ("dev", "prod"))
    changes = folded([dev, prod, EnvironmentDiff("test", (change("test", "web", 4),))])
    assert {(joined.name, joined.environments) for joined in changes} == {
        *(("web", names) for names in (("dev", "prod"), ("test",))),
        ("dev", ("dev",)),
        ("prod", ("prod",)),
    }


def test_dangers_come_first_then_deletions() -> None:
    changes = (change("dev", "a"), change("dev", "b", action="deleted"), change("dev", "c", 0))
    assert [joined.name for joined in folded([EnvironmentDiff("dev", changes)])] == ["c", "b", "a"]
