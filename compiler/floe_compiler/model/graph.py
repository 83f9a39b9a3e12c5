"""A graph to be drawn: who calls whom, who reads whose tables, what starts after what."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Node(msgspec.Struct, frozen=True, order=True):
    """Something that is drawn: pods, a data product, a server outside. `group` is its box; empty if it is in none."""

    key: str
    label: str
    group: str = ""


class Edge(msgspec.Struct, frozen=True, order=True):
    """An arrow between two nodes, named by their keys."""

    source: str
    target: str
    label: str = ""


class Graph(msgspec.Struct, frozen=True):
    """Nodes and the arrows between them, both sorted."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def around(self, groups: frozenset[str]) -> Graph:
        """Return the nodes of some groups, the arrows from or to one of them, and what is at the other ends."""
        own = {node.key for node in self.nodes if node.group in groups}
        edges = tuple(edge for edge in self.edges if {edge.source, edge.target} & own)
        keys = own.union(*({edge.source, edge.target} for edge in edges))
        return Graph(tuple(node for node in self.nodes if node.key in keys), edges)

    def folded(self) -> Graph:
        """Return a node for each group, and the arrows between these; what is in no group stays as it is."""
        box = {node.key: node.group or node.key for node in self.nodes}
        nodes = {Node(node.group, node.group) if node.group else node for node in self.nodes}
        edges = {
            Edge(box[edge.source], box[edge.target], label)
            for edge in self.edges
            for label in edge.label.split(", ")
            if box[edge.source] != box[edge.target]
        }
        return graph(nodes, edges)


def joined(graphs: Mapping[str, Graph]) -> Graph:
    """Return the graphs of several clusters as one: the names of groups begin with that of the cluster.

    Keys that begin with a slash have the name of their cluster already.
    """

    def of(cluster: str, name: str) -> str:
        return name[1:] if name.startswith("/") else f"{cluster}/{name}"

    nodes: set[Node] = set()
    edges: set[Edge] = set()
    for cluster, part in graphs.items():
        nodes |= {Node(of(cluster, node.key), node.label, of(cluster, node.group)) for node in part.nodes}
        edges |= {Edge(of(cluster, edge.source), of(cluster, edge.target), edge.label) for edge in part.edges}
    return graph(nodes, edges)


def graph(nodes: set[Node], edges: set[Edge]) -> Graph:
    """Return the graph of these nodes and of the arrows between them."""
    keys = {node.key for node in nodes}
    return Graph(tuple(sorted(nodes)), tuple(sorted(edge for edge in edges if {edge.source, edge.target} <= keys)))
