"""Which settings of a component are shown with their defaults by scale, and which values they have."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from floe_compiler.model.fields import Memory, Storage
from floe_compiler.model.inputs import DatabaseChoice, Input, Replicas, ResourceSettings
from floe_compiler.report.scaled_settings import ScaledSetting, scaled_settings

SMALL: dict[str, Any] = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
LARGE: dict[str, Any] = {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "2Gi"}}


class Web(Input):
    """A part."""

    replicas: Replicas = 2
    title: str = "home"


class Config(Input):
    """A component."""

    address: str
    web: Web = Web()
    resources: ResourceSettings = Field(default_factory=lambda: ResourceSettings.model_validate(SMALL))
    volume: Storage = "1Gi"
    heap: Memory = "1Gi"
    threads: int = 1
    database: DatabaseChoice | None = None


def values_by_path(**profiles: Any) -> dict[str, tuple[str, ...]]:
    return {scaled_setting.path: scaled_setting.values for scaled_setting in scaled_settings(Config, profiles)}


def test_resources_replicas_and_volumes_are_shown_at_every_scale() -> None:
    small = "100m 128Mi → 1 1Gi"
    assert values_by_path() == {
        "web.replicas": ("2", "2", "2"),
        "resources": (small, small, small),
        "volume": ("1Gi", "1Gi", "1Gi"),
    }


def test_whatever_differs_between_scales_is_shown() -> None:
    settings = values_by_path(
        light={"threads": 4, "web": {"title": "small"}}, heavy={"resources": LARGE, "web": {"replicas": 5}}
    )
    assert settings["threads"] == ("4", "1", "1")
    assert settings["web.title"] == ("small", "home", "home")
    assert settings["web.replicas"] == ("2", "2", "5")
    assert settings["resources"][2] == "2 1Gi → 4 2Gi"
    assert "heap" not in settings


def test_resources_of_other_components_are_shown_only_where_they_differ() -> None:
    always = {"type": "postgresql"}
    assert not any(
        path.startswith("database")
        for path in values_by_path(light={"database": always}, medium={"database": always}, heavy={"database": always})
    )
    assert values_by_path(heavy={"database": always})["database.type"] == ("-", "-", "postgresql")


def test_settings_are_listed_by_prefix() -> None:
    (first, *_) = scaled_settings(Web, {"heavy": {"replicas": 3}}, prefix="slot.web", with_unscaled=True)
    assert first == ScaledSetting("slot.web.replicas", ("2", "2", "3"))
    assert len(scaled_settings(Web, {}, with_unscaled=True)) == 2
