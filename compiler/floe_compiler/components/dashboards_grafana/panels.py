"""The panels of dashboards, in Grafana's JSON, and their arrangement in rows.

Sources: the types of grafana/grafana-foundation-sdk, which Grafana generates from its own schemas. The tests hold all
dashboards against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from floe_compiler.model.operations import PanelUnit

Json = dict[str, Any]

METRICS_UID, TRACES_UID = "metrics", "traces"
METRICS = {"type": "prometheus", "uid": METRICS_UID}
TRACES = {"type": "jaeger", "uid": TRACES_UID}

COLUMNS = 24
"""The width of Grafana's grid."""

UNITS: Mapping[PanelUnit, str] = {
    "number": "short",
    "ratio": "percentunit",
    "seconds": "s",
    "bytes": "bytes",
    "per second": "cps",
    "bytes per second": "Bps",
}

GREEN, ORANGE, RED = "green", "orange", "red"

Steps = tuple[tuple[float | None, str], ...]
"""Colors from a value on; the first step has no value."""

BAD_IF_ANY: Steps = ((None, GREEN), (1, RED))
SUSPECT_IF_ANY: Steps = ((None, GREEN), (1, ORANGE), (5, RED))
GOOD_IF_ALL: Steps = ((None, RED), (0.5, ORANGE), (1, GREEN))
FULL: Steps = ((None, GREEN), (0.8, ORANGE), (0.95, RED))
NEUTRAL: Steps = ((None, "blue"),)


class Query(NamedTuple):
    """A PromQL query, and the name of its series."""

    expression: str
    legend: str = ""


class Box(msgspec.Struct, frozen=True):
    """A panel without a place: its size on the grid, and its JSON."""

    width: int
    height: int
    body: Json


class Row(msgspec.Struct, frozen=True):
    """A row of a dashboard: its title, and its panels from left to right, in as many lines as they need."""

    title: str
    boxes: tuple[Box, ...]


def arranged(rows: Iterable[Row]) -> list[Json]:
    """Return the panels of all rows with their places and numbers. Rows without panels are left out."""
    panels: list[Json] = []
    top = 0
    for row in rows:
        if not row.boxes:
            continue
        panels.append(_placed({"type": "row", "title": row.title, "collapsed": False, "panels": []}, 0, top, 24, 1))
        top += 1
        left = tallest = 0
        for box in row.boxes:
            if left + box.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            panels.append(_placed(box.body, left, top, box.width, box.height))
            left, tallest = left + box.width, max(tallest, box.height)
        top += tallest
    return [{"id": number, **panel} for number, panel in enumerate(panels, start=1)]


def _placed(body: Json, left: int, top: int, width: int, height: int) -> Json:
    return {**body, "gridPos": {"h": height, "w": width, "x": left, "y": top}}


def stat(
    title: str, query: str, steps: Steps, *, unit: PanelUnit = "number", description: str = "", link: str = ""
) -> Box:
    """Return a tile with the present value of a query, in the color of its step. The tile may lead to a dashboard."""
    body = {
        **_panel("stat", title, description),
        "fieldConfig": _fields(unit, steps, links=[_link(title, link)] if link else []),
        "options": {
            "colorMode": "background",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": "value",
        },
        "targets": [_target("A", Query(query), instant=True)],
    }
    return Box(4, 4, body)


def lines(
    title: str,
    *queries: Query,
    unit: PanelUnit = "number",
    width: int = 8,
    stacked: bool = False,
    bars: bool = False,
    description: str = "",
) -> Box:
    """Return a chart of queries over time: lines, filled and stacked lines, or stacked bars."""
    custom = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 80 if bars else 25 if stacked else 8,
        "lineWidth": 1,
        "showPoints": "never",
        "stacking": {"group": "A", "mode": "normal" if stacked or bars else "none"},
    }
    body = {
        **_panel("timeseries", title, description),
        "fieldConfig": {"defaults": {"custom": custom, "min": 0, "unit": UNITS[unit]}, "overrides": []},
        "options": {
            "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": _targets(queries, instant=False),
    }
    return Box(width, 8, body)


def states(title: str, query: Query, *, width: int = 12) -> Box:
    """Return the history of values that are 0 (down) or 1 (up), a line for each series."""
    mapping = {
        "type": "value",
        "options": {
            "0": {"color": RED, "index": 0, "text": "down"},
            "1": {"color": GREEN, "index": 1, "text": "up"},
        },
    }
    defaults = {"custom": {"fillOpacity": 70, "lineWidth": 0}, "mappings": [mapping], "max": 1, "min": 0}
    body = {
        **_panel("state-timeline", title, ""),
        "fieldConfig": {"defaults": {**defaults, "thresholds": _thresholds(GOOD_IF_ALL)}, "overrides": []},
        "options": {"mergeValues": True, "rowHeight": 0.8, "showValue": "never", "tooltip": {"mode": "single"}},
        "targets": _targets((query,), instant=False),
    }
    return Box(width, 8, body)


class Column(NamedTuple):
    """A column of a table: its title, the query with a value for each row, and how the values are shown."""

    title: str
    query: str
    unit: PanelUnit = "number"
    steps: Steps = NEUTRAL


def table(title: str, key: str, heading: str, columns: Sequence[Column], *, link: str, description: str = "") -> Box:
    """Return a table with a row for each value of the label `key`; the first column has it, and leads to `link`."""
    names = [chr(ord("A") + number) for number in range(len(columns))]
    overrides = [
        {
            "matcher": {"id": "byName", "options": column.title},
            "properties": [
                {"id": "unit", "value": UNITS[column.unit]},
                {"id": "thresholds", "value": _thresholds(column.steps)},
                {"id": "custom.cellOptions", "value": {"type": "color-text"}},
            ],
        }
        for column in columns
    ]
    opens = {
        "matcher": {"id": "byName", "options": heading},
        "properties": [{"id": "links", "value": [_link(heading, link)]}],
    }
    organized = {
        "excludeByName": {"Time": True},
        "indexByName": {key: 0, **{f"Value #{name}": place for place, name in enumerate(names, start=1)}},
        "renameByName": {key: heading}
        | {f"Value #{name}": column.title for name, column in zip(names, columns, strict=True)},
    }
    body = {
        **_panel("table", title, description),
        "fieldConfig": {
            "defaults": {"custom": {"align": "auto", "filterable": False}, "thresholds": _thresholds(NEUTRAL)},
            "overrides": [opens, *overrides],
        },
        "options": {"cellHeight": "sm", "showHeader": True, "sortBy": [{"desc": False, "displayName": heading}]},
        "targets": [
            {**_target(name, Query(column.query), instant=True), "format": "table"}
            for name, column in zip(names, columns, strict=True)
        ],
        "transformations": [{"id": "merge", "options": {}}, {"id": "organize", "options": organized}],
    }
    return Box(COLUMNS, 8, body)


def traces(title: str, service: str) -> Box:
    """Return the latest traces of a service, or of the service that a variable names."""
    body = {
        "type": "table",
        "title": title,
        "datasource": TRACES,
        "fieldConfig": {"defaults": {"custom": {"align": "auto", "filterable": False}}, "overrides": []},
        "options": {"cellHeight": "sm", "showHeader": True},
        "targets": [{"refId": "A", "datasource": TRACES, "queryType": "search", "service": service, "limit": 20}],
    }
    return Box(COLUMNS, 8, body)


def _panel(kind: str, title: str, description: str) -> Json:
    return {
        "type": kind,
        "title": title,
        "datasource": METRICS,
        **({"description": description} if description else {}),
    }


def _fields(unit: PanelUnit, steps: Steps, links: list[Json]) -> Json:
    defaults = {"color": {"mode": "thresholds"}, "links": links, "thresholds": _thresholds(steps), "unit": UNITS[unit]}
    return {"defaults": defaults, "overrides": []}


def _thresholds(steps: Steps) -> Json:
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in steps]}


def _link(title: str, url: str) -> Json:
    return {"title": title, "url": url, "targetBlank": False}


def _targets(queries: Iterable[Query], *, instant: bool) -> list[Json]:
    return [_target(chr(ord("A") + number), query, instant=instant) for number, query in enumerate(queries)]


def _target(name: str, query: Query, *, instant: bool) -> Json:
    return {
        "refId": name,
        "datasource": METRICS,
        "expr": query.expression,
        "legendFormat": query.legend or "__auto",
        **({"instant": True} if instant else {}),
    }
