"""The settings of a component that decide how much of a cluster it takes, at each scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

import msgspec
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from floe_compiler.model.fields import Storage
from floe_compiler.model.inputs import ResourceSettings, Scale

SCALES: tuple[Scale, ...] = get_args(Scale)
ABSENT = "-"
REPLICAS = "replicas"
_VOLUME = FieldInfo.from_annotation(Storage)


class ScaledSetting(msgspec.Struct, frozen=True):
    """A setting, and its default at each scale, in the order of `SCALES`."""

    path: str
    values: tuple[str, ...]


class _Setting(msgspec.Struct, frozen=True):
    """A setting at one scale. `size` tells that it is one of resources, replicas and volumes."""

    value: str
    size: bool


def scaled_settings(
    model: type[BaseModel], profiles: Mapping[str, Mapping[str, Any]], *, prefix: str = "", with_unscaled: bool = False
) -> tuple[ScaledSetting, ...]:
    """Return the settings of a model whose defaults differ between the scales, and its resources, replicas and volumes.

    Args:
        model: The model of the settings.
        profiles: Its defaults by scale (`Component.profiles`).
        prefix: The path of the settings.
        with_unscaled: Whether all other settings are returned, too.
    """
    by_scale = [dict(_top(model, profiles.get(scale, {}), prefix)) for scale in SCALES]
    paths = dict.fromkeys(path for settings in by_scale for path in settings)
    scaled = []
    for path in paths:
        settings = [settings.get(path) for settings in by_scale]
        values = tuple(setting.value if setting else ABSENT for setting in settings)
        if with_unscaled or len({*values}) > 1 or any(setting and setting.size for setting in settings):
            scaled.append(ScaledSetting(path, values))
    return tuple(scaled)


def _top(model: type[BaseModel], profile: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, _Setting]]:
    """Yield the settings with a default. Required ones have none, so the model as a whole may not be valid."""
    for name, field in model.model_fields.items():
        if name in profile:
            annotated: Any = Annotated[field.annotation, field]
            value = TypeAdapter[Any](annotated).validate_python(profile[name])
        elif field.is_required():
            continue
        else:
            value = field.get_default(call_default_factory=True)
        yield from _settings(_below(prefix, name), value, field, sized=True)


def _settings(path: str, value: Any, field: FieldInfo, *, sized: bool) -> Iterator[tuple[str, _Setting]]:
    if isinstance(value, ResourceSettings):
        yield path, _Setting(_amounts(value), sized)
    elif isinstance(value, BaseModel):
        # What is chosen by its type, such as a database, is a component with settings of its own.
        sized = sized and "type" not in type(value).model_fields
        for name, below in type(value).model_fields.items():
            yield from _settings(_below(path, name), getattr(value, name), below, sized=sized)
    else:
        size = path.rpartition(".")[2] == REPLICAS or _is_volume(field)
        yield path, _Setting(ABSENT if value is None else str(value), sized and size)


def _is_volume(field: FieldInfo) -> bool:
    return (field.annotation, field.metadata, field.examples) == (
        _VOLUME.annotation,
        _VOLUME.metadata,
        _VOLUME.examples,
    )


def _amounts(settings: ResourceSettings) -> str:
    requests, limits = settings.requests, settings.limits
    return f"{requests.cpu} {requests.memory} → {limits.cpu} {limits.memory}"


def _below(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
