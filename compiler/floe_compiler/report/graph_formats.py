"""Graphs as text: for Mermaid (GitHub and GitLab draw it), for Graphviz, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from floe_compiler.model.graph import Edge, Graph, Node
from floe_compiler.report.json_text import json_text

_FONT = 'fontname="Helvetica,Arial,sans-serif"'
_LOOKS = (
    f'  graph [rankdir=LR, ranksep=1, style=rounded, color="#c3cad6", bgcolor=white, {_FONT}]',
    f'  node [shape=box, style="rounded,filled", fillcolor="#eaf0fd", color="#8296bd", {_FONT}]',
    f'  edge [color="#5d6879", fontcolor="#2f5fd0", fontsize=10, arrowsize=0.7, {_FONT}]',
)
"""Boxes that differ from their groups, and labels that differ from names, for pictures with hundreds of arrows."""


def mermaid(graph: Graph) -> str:
    """Return a flowchart (mermaid.js.org/syntax/flowchart.html)."""
    names = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}

    def boxes() -> Iterator[str]:
        for number, (group, nodes) in enumerate(_grouped(graph)):
            indent = "    " if group else "  "
            if group:
                yield f"  subgraph g{number}[{_quoted(group)}]"
            yield from (f"{indent}{names[node.key]}[{_quoted(node.label)}]" for node in nodes)
            if group:
                yield "  end"

    def arrows() -> Iterator[str]:
        for edge, label in _joined(graph.edges):
            middle = f"-->|{_quoted(label)}|" if label else "-->"
            yield f"  {names[edge.source]} {middle} {names[edge.target]}"

    return _text("flowchart LR", *boxes(), *arrows())


def dot(graph: Graph) -> str:
    """Return a graph for `dot` of Graphviz (graphviz.org/doc/info/lang.html)."""

    def boxes() -> Iterator[str]:
        for number, (group, nodes) in enumerate(_grouped(graph)):
            if group:
                yield f"  subgraph cluster_{number} {{"
                yield f"    label={_escaped(group)}"
            yield from (f"    {_escaped(node.key)} [label={_escaped(node.label)}]" for node in nodes)
            if group:
                yield "  }"

    arrows = (
        f"  {_escaped(edge.source)} -> {_escaped(edge.target)}" + (f" [label={_escaped(label)}]" if label else "")
        for edge, label in _joined(graph.edges)
    )
    return _text("digraph {", *_LOOKS, *boxes(), *arrows, "}")


def as_json(graph: Graph) -> str:
    """Return the nodes and edges; `format` is the version of this form."""
    return json_text({"format": 1, **msgspec.to_builtins(graph)})


RENDERERS: Mapping[str, Callable[[Graph], str]] = {"mermaid": mermaid, "dot": dot, "json": as_json}


def _grouped(graph: Graph) -> Iterable[tuple[str, list[Node]]]:
    groups: dict[str, list[Node]] = {}
    for node in graph.nodes:
        groups.setdefault(node.group, []).append(node)
    return sorted(groups.items())


def _joined(edges: Iterable[Edge]) -> Iterable[tuple[Edge, str]]:
    """Return one of the arrows between the same two nodes, with the labels of all."""
    labels: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        labels.setdefault((edge.source, edge.target), []).append(edge)
    return [(same[0], ", ".join(sorted({edge.label for edge in same} - {""}))) for same in labels.values()]


def _quoted(text: str) -> str:
    """Return text for Mermaid, which takes entities instead of escapes."""
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'


def _escaped(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"
