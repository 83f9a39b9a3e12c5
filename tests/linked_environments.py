"""Three clusters with four domains, linked in each way and in each service mesh.

Shared services and finance stand in one cluster, sales and support in another, marketing in a third. Each domain reads
what another one writes, in another cluster.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from floe_compiler.cache.folder import opened
from floe_compiler.pipeline import compile_mesh
from mesh_reader import Tree, read
from meshed_environments import MESHES, Delivery, Kind

Linking = Literal["gateway", "mcs", "istio", "linkerd"]
LINKS: Mapping[Linking, Any] = {
    "gateway": {"type": "gateway", "class": "eg", "issuer": "acme-internal"},
    "mcs": {"type": "mcs"},
    "istio": {"type": "istio"},
    "linkerd": {"type": "linkerd"},
}
RUNS = {"shared": ("platform", "finance"), "us-east": ("sales", "support"), "eu-west": ("marketing",)}
PODS = {"shared": "10.16.0.0/16", "us-east": "10.17.0.0/16", "eu-west": "10.18.0.0/16"}
"""The addresses of the pods of each cluster, which the links of MCS use."""

GATEWAY = "203.0.113.0/28"
"""Where the gateway of the cluster `shared` is, whichever it is."""

MARQUEZ, POLARIS, COLLECTOR = ("marquez", 5000), ("polaris", 8181), ("otel-collector", 4317)
"""The servers that other clusters call, with the ports of their pods."""

CONTROLLER = "envoy-gateway-system"
PRODUCTS = {"finance": ("costs", "marketing", "campaigns"), "support": ("tickets", "finance", "costs")}
"""Further products beside those of the golden mesh: domain, product, and the domain and product that it reads."""

_GOLDEN = Path(__file__).parent / "golden" / "clusters"


@cache
def files(
    links: Linking, mesh: Kind | None, delivery: Delivery = "argocd", *, tls: bool = False, inside: bool = False
) -> Mapping[str, str]:
    """Return the output by path; raise what compiling raises.

    With `tls`, servers have certificates. `inside` says that the controller of Gateways is in the mesh.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "mesh"
        shutil.copytree(_GOLDEN, root, ignore=shutil.ignore_patterns("output", "istio"))
        for domain, product in PRODUCTS.items():
            _add(root / "domains" / domain, domain, *product)
        manifest = root / "platform-manifest.yaml"
        manifest.write_text(manifest.read_text().replace("type: argocd", f"type: {delivery}"))
        file = root / "overlays/prod/environment.yaml"
        document = yaml.safe_load(file.read_text())
        document["clusters"] = [_cluster(cluster_, links, mesh, inside=inside) for cluster_ in document["clusters"]]
        more = {"tls": {"issuer": "acme"}} if tls else {}
        file.write_text(json.dumps(document | {"links": LINKS[links]} | more))
        with opened(None) as kept:
            return dict(compile_mesh(root, cache=kept).files)


def _add(folder: Path, domain: str, product: str, read: str, table: str) -> None:
    """Write a domain with a product that reads a table of another domain's product of that name."""
    (folder / "products").mkdir(parents=True)
    head = {"apiVersion": "floe.dev/v1", "metadata": {"name": domain, "owner": f"@acme/{domain}"}}
    domain_ = {"kind": "Domain", "orchestrator": {"type": "kubernetes"}}
    (folder / "domain.yaml").write_text(json.dumps({**head, **domain_}))
    text = (_GOLDEN / "domains/sales/products/orders.yaml").read_text()
    own = yaml.safe_load(text.replace("sales", domain).replace("orders", product))
    own["inputs"] = [{"domain": read, "product": table, "output": table}]
    (folder / f"products/{product}.yaml").write_text(json.dumps(own))


def _cluster(cluster_: Mapping[str, Any], links: Linking, mesh: Kind | None, *, inside: bool) -> Mapping[str, Any]:
    """Return a cluster as the environment declares it."""
    name = cluster_["name"]
    reached = {"cidr": PODS[name] if links == "mcs" else GATEWAY}
    if links == "gateway":
        reached["domain"] = f"{name}.mesh.acme.example"
    own = {key: value for key, value in cluster_.items() if key not in ("reached_at", "ingress_namespace")}
    return {
        **own,
        "runs": [*RUNS[name]],
        **({"mesh": MESHES[mesh] | ({"namespaces": [CONTROLLER]} if inside else {})} if mesh else {}),
        **({"reached_at": reached} if links == "mcs" or name == "shared" else {}),
        **({"ingress_namespace": CONTROLLER} if links == "gateway" else {}),
    }


@cache
def trees(links: Linking, mesh: Kind | None, *, tls: bool = False, inside: bool = False) -> Mapping[str, Tree]:
    """Return what is applied to each cluster, with Argo CD."""
    domains: dict[str, list[Any]] = {name: [] for name in RUNS}
    for path, text in files(links, mesh, tls=tls, inside=inside).items():
        cluster = path.split("/")[2]
        if cluster in domains:
            domains[cluster].append(read(text))
    return {name: Tree(objects) for name, objects in domains.items()}
