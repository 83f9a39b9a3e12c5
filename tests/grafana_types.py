"""Whether JSON is what Grafana's own types describe: no unknown keys, and no other values than those of its lists."""

from __future__ import annotations

import json
import typing
from enum import Enum
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard

PLUGINS: dict[str, Any] = {
    "stat": stat,
    "state-timeline": statetimeline,
    "table": table,
    "timeseries": timeseries,
}


def hold(dashboard: dict[str, Any]) -> None:
    """Hold a dashboard against Grafana's types; raise AssertionError with the place of what is unknown."""
    _hold(Dashboard, dashboard, dashboard["uid"])
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        plugin, place = PLUGINS[panel["type"]], f"{dashboard['uid']}: {panel['title']}"
        _hold(plugin.Options, panel["options"], place)
        if custom := panel["fieldConfig"]["defaults"].get("custom"):
            _hold(plugin.FieldConfig, custom, place)
        for target in panel["targets"]:
            if "expr" in target:
                _hold(prometheus.Dataquery, target, place)


def _hold(model: Any, data: dict[str, Any], place: str) -> None:
    parsed = model.from_json(data)
    _within(data, json.loads(json.dumps(parsed, cls=JSONEncoder)), place)
    _listed(parsed, place)


def _within(part: Any, original: Any, place: str) -> None:
    """Raise AssertionError if something of a part is not in the whole."""
    if isinstance(part, dict):
        for key, value in part.items():
            assert key in original, f"{place}.{key} is unknown"
            _within(value, original[key], f"{place}.{key}")
    elif isinstance(part, list):
        assert len(part) == len(original), place
        for number, (value, original_item) in enumerate(zip(part, original, strict=True)):
            _within(value, original_item, f"{place}[{number}]")
    else:
        assert part == original, place


def _listed(value_: Any, place: str) -> None:
    """Raise AssertionError if a value is not one that its type lists."""
    for name, hint in typing.get_type_hints(type(value_)).items():
        value = getattr(value_, name, None)
        for type_ in typing.get_args(hint) or (hint,):
            if isinstance(type_, type) and issubclass(type_, Enum) and value is not None:
                assert value in [*type_, *(member.value for member in type_)], f"{place}.{name} is {value}"
        for part in value if isinstance(value, list) else [value]:
            if type(part).__module__.startswith("grafana_foundation_sdk"):
                _listed(part, f"{place}.{name}")
