"""The JSON Schema of a file of a semantic layer's models: cubes and views, as Cube reads them.

Source: `CubeValidator.js` and `YamlCompiler.js` of @cubejs-backend/schema-compiler 1.7.43. Cube refuses keys of a cube
or view that it does not know, and reads each in two spellings, `sql_table` and `sqlTable`. What stands deeper, such as
the parts of a pre-aggregation, is left to Cube, except the names and types of members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.schema_words import PATTERN_HINT

Schema = dict[str, Any]

NAME: Schema = {
    "type": "string",
    "pattern": "^[_a-zA-Z][_a-zA-Z0-9]*$",
    PATTERN_HINT: 'use letters, digits and "_", no digit first',
    "examples": ["orders"],
}
TEXT: Schema = {"type": "string"}
SWITCH: Schema = {"type": "boolean"}
ANYTHING: Schema = {}

NOT_OFFERED = "doNotSuggest"
"""The keyword of what editors accept but do not offer."""

MEANINGS = {
    "cubes": "The cubes: tables with the measures and dimensions that can be asked for.",
    "views": "The views: parts of cubes that are joined for those who ask.",
    "name": "The name, by which queries and other models refer to it.",
    "extends": "The cube or view whose members and settings it takes over.",
    "title": "What user interfaces show instead of the name.",
    "description": "What it means, for those who use it.",
    "sql": "The SQL of it. `{CUBE}` stands for the cube itself.",
    "sql_table": "The table that the cube is about, instead of `sql`.",
    "sql_alias": "A shorter name in generated SQL and in names of tables, where the name is too long for the database.",
    "data_source": "The data source that its SQL runs in. Default: `default`.",
    "public": "Whether it can be asked for from outside. Default: true.",
    "shown": "The former name of `public`.",
    "meta": "Any information for programs that read the models.",
    "refresh_key": "How Cube finds out that the data has changed.",
    "joins": "How the cube is joined with others.",
    "relationship": "How many rows of one cube belong to how many of the other.",
    "measures": "What is computed from many rows, such as a count or a sum.",
    "dimensions": "What rows are grouped and filtered by.",
    "segments": "Filters with a name.",
    "pre_aggregations": "Summaries that Cube computes ahead, and keeps.",
    "hierarchies": "Orders of dimensions to drill down along.",
    "access_policy": "Which groups may see which members and rows.",
    "type": "What kind of value it is, or how it is computed.",
    "join_path": "The cube, or the way to it along joins: `orders.customers`.",
    "includes": "The members to take over from it; `*`: all.",
    "excludes": "The members to leave out.",
    "prefix": "Whether the names of members begin with the name of the cube.",
    "alias": "Another name for it in the view.",
    "view_groups": "Groups of views, for user interfaces.",
    "folders": "Groups of members, for user interfaces.",
    "calendar": "Whether the cube is a calendar: a table of days, for units of time of your own.",
}
"""What keys mean, for editors."""

RELATIONSHIPS = ("many_to_one", "one_to_many", "one_to_one", "belongs_to", "has_many", "has_one")
DIMENSION_TYPES = ("string", "number", "boolean", "time", "geo", "switch")
MEASURE_TYPES = (
    *("count", "count_distinct", "count_distinct_approx", "sum", "avg", "min", "max", "number", "string", "boolean"),
    *("time", "number_agg", "rank"),
)


def camel(key: str) -> str:
    """Return the other spelling of a key or type: `sql_table` -> `sqlTable`."""
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), key)


def _keys(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas by key, in both spellings of each; editors offer only the first."""
    properties: dict[str, Schema] = {}
    for key, schema in schemas.items():
        described = {**schema, "description": MEANINGS[key]} if key in MEANINGS else schema
        properties |= {camel(key): {**described, NOT_OFFERED: True}, key: described}
    return properties


def _one_of(words: Iterable[str]) -> Schema:
    return {
        "type": "string",
        "enum": list(dict.fromkeys(spelling for word in words for spelling in (word, camel(word)))),
    }


def _mapping(schemas: Mapping[str, Schema], required: Iterable[str], *, closed: bool) -> Schema:
    other = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": _keys(schemas), "required": list(required), **other}


def _list(items: Schema) -> Schema:
    """Return the schema of a list; where Cube expects one, it takes a key without a value for an empty one."""
    return {"anyOf": [{"type": "array", "items": items}, {"type": "null"}]}


def _members(schemas: Mapping[str, Schema] | None = None, *required: str) -> Schema:
    return _list(_mapping({"name": NAME, **(schemas or {})}, ("name", *required), closed=False))


_COMMON: Mapping[str, Schema] = {
    "name": NAME,
    "extends": TEXT,
    "title": TEXT,
    "description": TEXT,
    "sql_alias": TEXT,
    "data_source": TEXT,
    "public": SWITCH,
    "shown": SWITCH,
    "rewrite_queries": SWITCH,
    "meta": ANYTHING,
    "refresh_key": {"type": "object"},
    "joins": _list(
        _mapping(
            {"name": NAME, "sql": TEXT, "relationship": _one_of(RELATIONSHIPS)},
            ("name", "sql", "relationship"),
            closed=True,
        )
    ),
    "measures": _members({"type": _one_of(MEASURE_TYPES)}, "type"),
    "dimensions": _members({"type": _one_of(DIMENSION_TYPES)}, "type"),
    "segments": _members({"sql": TEXT}, "sql"),
    "pre_aggregations": _members(),
    "hierarchies": _members(),
    "access_policy": {"type": "array"},
}
_CUBE = _mapping({**_COMMON, "sql": TEXT, "sql_table": TEXT, "calendar": SWITCH}, ("name",), closed=True)
_JOINED = _mapping(
    {
        "join_path": TEXT,
        "prefix": SWITCH,
        "split": SWITCH,
        "alias": TEXT,
        "includes": {
            "anyOf": [
                {"type": "string", "const": "*"},
                {
                    "type": "array",
                    "items": {"anyOf": [TEXT, _mapping({"name": NAME, "alias": NAME}, ("name",), closed=False)]},
                },
            ]
        },
        "excludes": {"type": "array", "items": TEXT},
    },
    ("join_path", "includes"),
    closed=True,
)
_VIEW = _mapping(
    {
        **_COMMON,
        "cubes": _list(_JOINED),
        "folders": {"type": "array"},
        "default_filters": {"type": "array"},
        "view_group": TEXT,
        "view_groups": {"type": "array", "items": TEXT},
    },
    ("name",),
    closed=True,
)

SEMANTIC_MODEL: Schema = {
    "description": "Models of a domain's semantic layer, as Cube reads them: cubes and views.",
    "type": "object",
    "properties": {
        "cubes": _list(_CUBE) | {"description": MEANINGS["cubes"]},
        "views": _list(_VIEW) | {"description": MEANINGS["views"]},
        "view_groups": _list({"type": "object"}) | {"description": MEANINGS["view_groups"]},
    },
    "additionalProperties": False,
}
