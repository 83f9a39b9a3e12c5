"""A graph is the same graph in each format, whatever its names are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.graph import Edge, Graph, Node, graph
from floe_compiler.report.graph_formats import as_json, dot, mermaid

GRAPH = graph(
    {Node("a/x", "x", "a"), Node("a/y", 'y "1" #2', "a"), Node("b/x", "x", "b"), Node("z", "z")},
    {Edge("a/x", "b/x", "80"), Edge("a/x", "b/x", "443"), Edge("a/y", "z"), Edge("a/y", "nowhere")},
)


def test_an_edge_to_a_missing_node_is_not_drawn() -> None:
    assert {edge.target for edge in GRAPH.edges} == {"b/x", "z"}


def test_a_graph_is_rendered_as_mermaid() -> None:
    assert mermaid(GRAPH).splitlines() == [
        "flowchart LR",
        '  n3["z"]',
        '  subgraph g1["a"]',
        '    n0["x"]',
        '    n1["y #quot;1#quot; #35;2"]',
        "  end",
        '  subgraph g2["b"]',
        '    n2["x"]',
        "  end",
        '  n0 -->|"443, 80"| n2',
        "  n1 --> n3",
    ]


def test_a_graph_is_rendered_as_json() -> None:
    document = json.loads(as_json(GRAPH))
    assert document["format"] == 1
    assert document["nodes"][1] == {"key": "a/y", "label": 'y "1" #2', "group": "a"}
    assert {"source": "a/y", "target": "z", "label": ""} in document["edges"]


def test_a_part_of_a_graph_includes_the_ends_of_its_edges() -> None:
    assert [node.key for node in GRAPH.around(frozenset({"b"})).nodes] == ["a/x", "b/x"]
    assert GRAPH.around(frozenset({"a"})) == GRAPH


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)


@given(st.lists(TEXT, min_size=2, max_size=5, unique=True))
def test_text_never_ends_the_quotes(names: list[str]) -> None:
    graph_ = graph({Node(name, name, names[0]) for name in names}, {Edge(names[0], names[1], names[0])})
    for line in mermaid(graph_).splitlines():
        assert line.count('"') in (0, 2), line
    for line in dot(graph_).splitlines()[4:]:  # after how it looks
        quoted = re.findall(r'"(?:[^"\\]|\\.)*"', line)
        assert '"' not in re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        assert all(text[1:-1].replace('\\"', '"').replace("\\\\", "\\") in names for text in quoted)


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
def test_graphviz_draws_it() -> None:
    svg = subprocess.run(["dot", "-Tsvg"], input=dot(GRAPH), capture_output=True, text=True, check=True).stdout
    titles = re.findall(r"<title>(.*?)</title>", svg)
    assert {"a/x&#45;&gt;b/x", "a/y&#45;&gt;z", "cluster_1", "cluster_2"} <= {*titles}


def test_the_largest_graph_is_only_text() -> None:
    nodes = {Node(f"n/{number}", str(number), "n") for number in range(10_000)}
    assert mermaid(Graph(tuple(sorted(nodes)), ())).count("\n") == 10_003
