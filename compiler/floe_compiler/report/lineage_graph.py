"""Which data products read whose tables, as the documents say."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.document import Document
from floe_compiler.model.graph import Edge, Graph, Node, graph
from floe_compiler.model.sources import Sources


def lineage(sources: Sources) -> Graph:
    """Return the data products, by domain; an arrow leads from a product to those that read a table of it."""
    products = [
        (domain, name, product)
        for domain, source in sources.domains.items()
        for name, product in source.products.items()
    ]
    nodes = {Node(f"{domain}/{name}", name, domain) for domain, name, _ in products}
    edges = {
        Edge(f"{owner}/{read}", f"{domain}/{name}", table)
        for domain, name, product in products
        for owner, read, table in _inputs(domain, product)
    }
    return graph(nodes, edges)


def _inputs(domain: str, product: Document) -> Iterator[tuple[str, str, str]]:
    """Yield domain, product and output of each table that a product reads."""
    for product_input in product.data.get("inputs") or ():
        yield str(product_input.get("domain") or domain), str(product_input["product"]), str(product_input["output"])
