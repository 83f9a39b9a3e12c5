"""Trims published schemas of custom resources to what the compiler's check needs of them.

`python tests/trim_schemas.py CATALOG` writes each file of the schemas' folder anew from the file of the same name in
CATALOG, a copy of github.com/datreeio/CRDs-catalog, whose names are in lower case.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "compiler" / "floe_compiler" / "check" / "objects" / "custom_resources" / "schemas"

Schema = dict[str, Any]

_DROPPED = {
    "description",
    "example",
    "externalDocs",
    "title",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
}
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_BELOW = ("items", "additionalProperties", "not")
_LISTS = ("allOf", "anyOf", "oneOf")
_WORTH_SHARING = 100
_WIDTH = 120


def main(catalog: Path) -> None:
    """Write each schema anew from the catalog's file."""
    for path in sorted(FOLDER.glob("*/*.json")):
        source = catalog / path.parent.name / path.name.lower()
        path.write_text(show(share(trim_root(json.loads(source.read_text("utf-8"))))) + "\n", "utf-8")


def trim_root(schema: Schema) -> Schema:
    """Return a published schema without what only people, other programs, or controllers need."""
    trimmed = trim(schema)
    trimmed["properties"].pop("status", None)  # a controller writes it, nobody else
    return trimmed


def trim(schema: Schema) -> Schema:
    """Return a schema without its texts and what the catalog has put in."""
    fields = {key: value for key, value in schema.items() if key not in _DROPPED}
    if fields.get("additionalProperties") is False and "properties" in fields:
        del fields["additionalProperties"]  # the catalog's; no CustomResourceDefinition may have both
    if fields.get("x-kubernetes-int-or-string") and fields.get("anyOf") == _INT_OR_STRING:
        del fields["anyOf"]
    return _map(fields, lambda _, below: trim(below))


def share(schema: Schema) -> Schema:
    """Return a schema with the parts that it repeats under `$defs`, each named by the property that has it first."""
    uses: Counter[str] = Counter()
    names: dict[str, str] = {}

    def count(name: str, part: Schema) -> Schema:
        text = _text(part)
        uses[text] += 1
        if uses[text] == 1:  # what lies in a repeated part is not repeated by that
            names[text] = name
            _map(part, count, name)
        return part

    count("", schema)
    shared: dict[str, str] = {}
    for text, name in names.items():
        if uses[text] > 1 and len(text) >= _WORTH_SHARING and "default" not in json.loads(text):
            shared[text] = _free(name, shared.values())

    def refer(_: str, part: Schema) -> Schema:
        text = _text(part)
        return {"$ref": f"#/$defs/{shared[text]}"} if text in shared else _map(part, refer)

    definitions = {name: _map(json.loads(text), refer) for text, name in shared.items()}
    return _map(schema, refer) | ({"$defs": definitions} if definitions else {})


def _free(name: str, used_names: Collection[str]) -> str:
    numbered = (f"{name}{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free not in used_names)


def _map(schema: Schema, change: Callable[[str, Schema], Schema], name: str = "") -> Schema:
    """Return a schema with each schema directly below it changed.

    `change` gets the name of the property that a schema describes; `name` is the one that `schema` does.
    """
    changed = dict(sorted(schema.items()))
    if "properties" in changed:
        changed["properties"] = {below: change(below, part) for below, part in sorted(changed["properties"].items())}
    for key in _BELOW:
        if isinstance(changed.get(key), dict):
            changed[key] = change(name, changed[key])
    for key in _LISTS:
        if key in changed:
            changed[key] = [change(name, part) for part in changed[key]]
    return changed


def _text(schema: Schema) -> str:
    return json.dumps(schema, sort_keys=True)


def show(value: Any, indent: str = "", before: int = 0) -> str:
    """Return JSON with sorted keys, where whatever fits on a line stands on one; `before` is what precedes it there."""
    line = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if not isinstance(value, dict) or len(indent) + before + len(line) < _WIDTH:
        return line
    inner = indent + " "
    entries = (f"{inner}{json.dumps(key)}: {show(value[key], inner, len(key) + 4)}" for key in sorted(value))
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
