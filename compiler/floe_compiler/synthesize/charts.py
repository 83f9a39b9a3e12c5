"""The chart of a unit: namespace, common labels, and dependencies between its objects."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from floe_compiler.kit.delivery import SYNC_WAVE
from floe_compiler.kit.labels import chart_labels
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.settings import Settings
from floe_compiler.synthesize.construct_tree import ChartInput, completed
from floe_compiler.synthesize.dependencies import dependencies
from floe_compiler.synthesize.unit import Unit

WAVE = ("metadata", "annotations", SYNC_WAVE)
"""Argo CD's annotation for the sync wave of an object."""


def chart_of(settings: Settings, objects: tuple[Object, ...], namespace: str = "") -> ChartInput:
    """Return the chart of some objects; their dependencies are derived from their references."""
    needs = dependencies(objects, namespace)
    return ChartInput(settings.site, namespace, objects, chart_labels(settings), needs)


def unit_chart(settings: Settings, namespace: str, unit: Unit) -> ChartInput:
    """Return the chart of a namespace, with the start order of its controllers."""
    chart = chart_of(settings, unit.objects, namespace)
    return replace(
        chart,
        dependencies=(*chart.dependencies, *unit.starts),
        waved=unit.waved,
        included=unit.included,
        origins=dict(unit.origins),
    )


def without_cdk8s(settings: Settings, objects: Iterable[Object], namespace: str = "") -> tuple[Object, ...]:
    """Return objects with the namespace and labels of their chart, but without waves, order and validation.

    It is for `explain`, which renders a unit hundreds of times for one object.
    """
    labels = chart_labels(settings)
    return tuple(completed(manifest, identify(manifest, namespace).namespace, labels) for manifest in objects)
