"""What the report says, as plain data: the page's program reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from floe_compiler.model.graph import Graph
from floe_compiler.model.listed_secrets import ListedSecret
from floe_compiler.report.danger_groups import can_be_undone
from floe_compiler.report.dangers import WORDS
from floe_compiler.report.diff import ACTIONS, EnvironmentDiff
from floe_compiler.report.folding import FoldedChange, folded
from floe_compiler.report.page.inventory import Table, table
from floe_compiler.report.secrecy import hide_in_text
from floe_compiler.report.secret_list import source_of
from floe_compiler.report.terminal import visible

MOST_LINES = 400
"""The number of edited lines of one file that are shown."""

Reasons = Mapping[str, Sequence[tuple[str, str]]]
"""What objects follow from, as places and texts, by the paths of their files."""


class EditedFile(msgspec.Struct, frozen=True):
    """An input that was edited: its path, and the number, the sign (`-` or `+`) and the text of each edited line."""

    file: str
    lines: Sequence[tuple[int, str, str]]


class Contents(msgspec.Struct, frozen=True):
    """What the report is about."""

    title: str
    compared: str
    """What the objects are compared with, as text."""

    diffs: Sequence[EnvironmentDiff]
    reasons: Reasons
    edits: Sequence[EditedFile]
    secrets: Mapping[str, Sequence[ListedSecret]]
    connections: Mapping[str, Graph]
    lineage: Graph
    tables: Sequence[Table]
    objects: Mapping[str, Sequence[tuple[str, ...]]]
    """Kind, namespace, name and file of every object, by environment."""


def page_data(contents: Contents) -> Mapping[str, Any]:
    """Return the data of the page. Secrets are hidden in all texts that people have written."""
    names = list(contents.objects)
    changes = folded(contents.diffs)
    all_dangers = dict.fromkeys(danger for change in changes for danger in change.dangers)
    dangers = {danger: at for at, danger in enumerate(sorted(all_dangers, key=can_be_undone))}
    texts = {text: at for at, text in enumerate(dict.fromkeys(text for change in changes for text in change.fields))}
    totals = {diff.environment: [diff.total(action) for action in ACTIONS] for diff in contents.diffs}
    names += sorted(totals.keys() - contents.objects.keys())  # environments that were removed
    secrets = table(
        "secrets",
        "Secrets",
        ("secret", "namespace", "keys", "comes from", "read by"),
        ([_secret(secret) for secret in contents.secrets.get(name, ())] for name in names),
    )
    objects = table(
        "objects",
        "Objects",
        ("object", "kind", "namespace", "file"),
        (contents.objects.get(name, ()) for name in names),
    )
    return {
        "format": 1,
        "compared": contents.compared,
        "environments": names,
        "totals": [totals.get(name, [0, 0, 0]) for name in names],
        "edits": [_edit(edit) for edit in contents.edits],
        "dangers": [
            {"word": danger.word, "meaning": WORDS.get(danger.word, ""), "sentence": visible(danger.sentence)}
            for danger in dangers
        ],
        "texts": list(texts),
        "changes": [
            [
                change.action,
                change.kind + (f".{change.group}" if change.group else ""),
                change.namespace,
                change.name,
                [names.index(name) for name in change.environments],
                [dangers[danger] for danger in change.dangers],
                [texts[text] for text in change.fields],
                [object_change.file for _, object_change in change.changes],
                [list(reason) for reason in _reasons(change, contents.reasons)],
            ]
            for change in changes
        ],
        "tables": [_packed(listing) for listing in (secrets, *contents.tables, objects)],
        "connections": [_graph(contents.connections.get(name, Graph((), ()))) for name in names],
        "lineage": _graph(contents.lineage),
    }


def _reasons(change: FoldedChange, reasons: Reasons) -> Sequence[tuple[str, str]]:
    return next(
        (reasons[object_change.file] for _, object_change in change.changes if object_change.file in reasons), ()
    )


def _edit(edit: EditedFile) -> Mapping[str, Any]:
    lines = [(number, sign, visible(hide_in_text(text))) for number, sign, text in edit.lines[:MOST_LINES]]
    return {"file": edit.file, "lines": lines, "more": max(0, len(edit.lines) - MOST_LINES)}


def _secret(secret: ListedSecret) -> tuple[str, ...]:
    keys = ", ".join(key.name for key in secret.keys)
    return secret.name, secret.namespace, keys, source_of(secret), ", ".join(secret.read_by)


def _packed(listing: Table) -> Mapping[str, Any]:
    return {"key": listing.key, "title": listing.title, "columns": listing.columns, "rows": listing.rows}


def _graph(graph: Graph) -> Mapping[str, Any]:
    numbers = {node.key: at for at, node in enumerate(graph.nodes)}
    edges: dict[tuple[int, int], list[str]] = {}
    for edge in graph.edges:
        edges.setdefault((numbers[edge.source], numbers[edge.target]), []).append(edge.label)
    return {
        "nodes": [(node.key, node.label, node.group) for node in graph.nodes],
        "edges": [(*ends, ", ".join(filter(None, labels))) for ends, labels in edges.items()],
    }


def to_explain(changes: Iterable[FoldedChange], most: int, files: Iterable[str]) -> list[str]:
    """Return the files of those changed objects that are worth an explanation: of each change one, the first ones."""
    compiled = set(files)
    first_files = (
        next((object_change.file for _, object_change in change.changes if object_change.file in compiled), "")
        for change in changes
    )
    return [file for file in first_files if file][:most]
