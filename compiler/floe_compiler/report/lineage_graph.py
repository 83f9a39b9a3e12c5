"""Which data products read whose tables, as the documents say."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.document import Document
from floe_compiler.model.graph import Edge, Graph, Node, graph
from floe_compiler.model.sources import Sources


def lineage(sources: Sources) -> Graph:
    """Return the data products, by domain; an arrow leads from a product to those that read a table of it."""
    products = [
        (domain, name, one) for domain, source in sources.domains.items() for name, one in source.products.items()
    ]
    nodes = {Node(f"{domain}/{name}", name, domain) for domain, name, _ in products}
    edges = {
        Edge(f"{owner}/{read}", f"{domain}/{name}", table)
        for domain, name, one in products
        for owner, read, table in _inputs(domain, one)
    }
    return graph(nodes, edges)


def _inputs(domain: str, product: Document) -> Iterator[tuple[str, str, str]]:
    """Yield domain, product and output of each table that a product reads."""
    for one in product.data.get("inputs") or ():
        yield str(one.get("domain") or domain), str(one["product"]), str(one["output"])
