"""The models of semantic layers: what they name must exist, once, and say where its data comes from.

A domain's models are one whole, over all of its files. The rules are those of Cube's compiler (`CubeValidator.js`,
`CubeSymbols.js`, `YamlCompiler.js` of @cubejs-backend/schema-compiler 1.7.43). What only SQL says, such as a column or
a reference in braces, is left to Cube.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.nested_fields import at
from floe_compiler.model.sources import DomainSource
from floe_compiler.resolve.layers import Layer, Merged, merge
from floe_compiler.resolve.rules import DUPLICATE_NAME, NO_SQL, UNKNOWN_REFERENCE, UNSERVED_MODEL
from floe_compiler.resolve.semantic_schema import SEMANTIC_MODEL, camel
from floe_compiler.resolve.validation import check_structure

SLOT = "semantic_layer"

INCLUDED = ("measures", "dimensions", "segments", "hierarchies")
"""The lists of what a view may include."""

MEMBERS = (*INCLUDED, "pre_aggregations")
"""The lists of what belongs to a cube, whose names must differ."""

Kind = Literal["cubes", "views"]


class Model(msgspec.Struct, frozen=True):
    """A cube or a view, and where it is written."""

    document: Document
    kind: Kind
    path: DataPath
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.data["name"])

    def has(self, key: str) -> bool:
        """Return whether it has a key, in either spelling."""
        return any(self.data.get(spelling) is not None for spelling in (key, camel(key)))

    def items(self, key: str) -> Iterator[tuple[DataPath, Mapping[str, Any]]]:
        """Yield the items of a list with their paths; the list's key may have either spelling."""
        for spelling in dict.fromkeys((key, camel(key))):
            for index, item in enumerate(self.data.get(spelling) or ()):
                yield (*self.path, spelling, index), item


def check_models(source: DomainSource, findings: Findings) -> None:
    """Report what is wrong with the models of a domain."""
    documents = [document for _, document in sorted(source.models.items()) if _is_sound(document, findings)]
    models = [model for document in documents for model in _models(document)]
    _check_distinct(((model.document, (*model.path, "name")) for model in models), findings)
    known = {model.name: model for model in reversed(models)}  # of those with one name, the first
    for model in models:
        places = ((model.document, (*path, "name")) for members in MEMBERS for path, _ in model.items(members))
        _check_distinct(places, findings, f" in {model.name}")
        _check_sql(model, findings)
        _check_references(model, known, findings)


def check_served(source: DomainSource, merged: Merged, findings: Findings) -> None:
    """Report models of a domain whose merged documents, for one environment, choose no semantic layer."""
    if source.models and at(merged.data, (SLOT,)) is None:
        document = next(iter(source.models.values()))
        findings.add(
            UNSERVED_MODEL,
            "the domain has models, but no semantic layer serves them",
            document.span(()),
            hint=f"set `{SLOT}: {{type: cube}}` in {source.document.file}, or remove the folder",
        )


def _is_sound(document: Document, findings: Findings) -> bool:
    """Tell whether a file has the right structure, and report it if not.

    One that was read has; but `explain` varies what was read.
    """
    return not check_structure(SEMANTIC_MODEL, merge([Layer(document.file, document.data, document)]), (), findings)


def _models(document: Document) -> Iterator[Model]:
    kinds: tuple[Kind, Kind] = ("cubes", "views")
    for kind in kinds:
        for index, data in enumerate(document.data.get(kind) or ()):
            yield Model(document, kind, (kind, index), data)


def _check_distinct(places: Iterable[tuple[Document, DataPath]], findings: Findings, among: str = "") -> None:
    """Report each name that an earlier place has, too."""
    first: dict[str, tuple[Document, DataPath]] = {}
    for document, path in places:
        name = str(_value(document, path))
        other = first.setdefault(name, (document, path))
        if other != (document, path):
            findings.add(
                DUPLICATE_NAME,
                f'there are two with the name "{name}"{among or " among the cubes and views of the domain"}',
                document.span(path),
                hint="rename one of them",
                related=[Related(other[0].span(other[1]), "the other one is here")],
            )


def _value(document: Document, path: DataPath) -> Any:
    value = document.data
    for step in path:
        value = value[step]
    return value


def _check_sql(model: Model, findings: Findings) -> None:
    """Report a cube, and members, that do not say where their data comes from."""
    if model.kind == "views":
        return
    document = model.document
    if model.has("sql") and model.has("sql_table"):
        message = f"cube {model.name} has both `sql_table` and `sql`"
        findings.add(NO_SQL, message, document.span((*model.path, "sql")), hint="leave only one of them")
    elif not (model.has("sql") or model.has("sql_table") or model.has("extends")):
        hint = "add `sql_table:` with the name of a table, or `sql:` with a query"
        findings.add(NO_SQL, f"cube {model.name} has no table", document.span((*model.path, "name")), hint=hint)
    for members, needed in (("measures", _measure_needs_sql), ("dimensions", _dimension_needs_sql)):
        for path, member in model.items(members):
            if needed(member):
                message = f"{members.removesuffix('s')} {member['name']} of {model.name} has no `sql`"
                hint = "add `sql:` with a column or an expression"
                findings.add(NO_SQL, message, document.span((*path, "name")), hint=hint)


def _measure_needs_sql(measure: Mapping[str, Any]) -> bool:
    return measure["type"] not in ("count", "rank") and not _any(measure, "sql", "case", "multi_stage")


def _dimension_needs_sql(dimension: Mapping[str, Any]) -> bool:
    return dimension["type"] != "switch" and not _any(dimension, "sql", "case", "latitude", "longitude")


def _any(member: Mapping[str, Any], *keys: str) -> bool:
    return any(member.get(spelling) is not None for key in keys for spelling in (key, camel(key)))


def _check_references(model: Model, known: Mapping[str, Model], findings: Findings) -> None:
    """Report cubes and members that a model names, but that do not exist."""

    def exists(name: str | None, path: DataPath) -> bool:
        """Tell whether a model exists, and report it if not; None is a name that is not known."""
        if name is None or name in known:
            return name is not None
        shown = f'{show_path(path)}: the domain has no cube or view "{name}"'
        findings.add(UNKNOWN_REFERENCE, shown, model.document.span(path), hint=did_you_mean(name, known))
        return False

    if model.has("extends"):
        exists(_plain(model.data["extends"]), (*model.path, "extends"))
    for path, join in model.items("joins"):
        exists(_plain(join["name"]), (*path, "name"))
    for path, joined in model.items("cubes"):
        key = "join_path" if "join_path" in joined else camel("join_path")
        steps = _plain(joined[key])
        existing = [exists(step, (*path, key)) for step in steps.split(".")] if steps else [False]
        if steps and all(existing):
            _check_included(model, joined, path, known[steps.rpartition(".")[2]], known, findings)


def _check_included(
    view: Model,
    joined: Mapping[str, Any],
    path: DataPath,
    cube: Model,
    known: Mapping[str, Model],
    findings: Findings,
) -> None:
    """Report members that a view includes, but that the cube does not have."""
    members = _members(cube, known)
    if members is None or joined["includes"] == "*":
        return
    for index, item in enumerate(joined["includes"]):
        place: DataPath = (*path, "includes", index, *(() if isinstance(item, str) else ("name",)))
        name = item if isinstance(item, str) else item["name"]
        if _plain(name) and name not in members:
            message = f'cube {cube.name} has no member "{name}"'
            related = [Related(cube.document.span((*cube.path, "name")), "the cube is here")]
            hint = did_you_mean(name, members)
            findings.add(UNKNOWN_REFERENCE, message, view.document.span(place), hint=hint, related=related)


def _members(cube: Model, known: Mapping[str, Model]) -> set[str] | None:
    """Return the names of a cube's members, with those that it inherits; None if they are not known, as in a view."""
    members: set[str] = set()
    seen: set[str] = set()
    current: Model | None = cube
    while current is not None and current.kind == "cubes":
        members |= {str(member["name"]) for kind in INCLUDED for _, member in current.items(kind)}
        seen.add(current.name)
        if not current.has("extends"):
            return members
        base = _plain(current.data["extends"])
        current = known.get(base) if base and base not in seen else None
    return None


def _plain(reference: str) -> str | None:
    """Return the name in a reference, with or without braces; None if a template makes it."""
    if "{{" in reference or "{%" in reference:
        return None
    inner = reference.strip()
    return inner[1:-1].strip() if inner.startswith("{") and inner.endswith("}") else inner
