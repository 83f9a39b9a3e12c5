"""A mesh of three domains in two environments, and a cache that tells which of its units were compiled."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from floe_compiler.cache import documents, recent
from floe_compiler.cache.store import Cache, Memory
from floe_compiler.model.codec import decode
from floe_compiler.model.unit_header import UnitHeader
from floe_compiler.model.unit_result import UnitHead
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay import cached_results
from floe_compiler.pipeline import cached_trees, known_objects, reading
from floe_compiler.pipeline.headers import KIND as HEADERS
from floe_compiler.pipeline.units import HEADS

MANIFEST = "platform-manifest.yaml"
SALES = "domains/sales/domain.yaml"
ORDERS = "domains/sales/products/orders.yaml"
DEV = "overlays/dev/environment.yaml"
QA = "overlays/qa/environment.yaml"
DEV_IMAGES = "overlays/dev/images.yaml"
DEV_OVERLAY = "overlays/dev/kustomization.yaml"
DEV_PATCH = "overlays/dev/finance-quota.yaml"
DEV_NOTE = "overlays/dev/note.yaml"
CLASS = "base/priority-class.yaml"
BASE = "base/kustomization.yaml"

OF_CONTENTS = frozenset(
    (documents.KIND, reading.COMPONENTS, reading.SCHEMAS, known_objects.KIND, cached_trees.KIND, cached_results.KIND)
)
"""The kinds of entries that each follow from one text, or from objects as they are rendered."""

CLUSTER, DELIVERY, PLATFORM = "", "_delivery", "floe-platform"
DOMAINS = ("finance", "marketing", "sales")

Data = dict[str, Any]


def namespace(domain: str) -> str:
    """Return the namespace of a domain."""
    return f"floe-{domain}-domain"


def every_unit(environment: str) -> set[str]:
    """Return all units of an environment, as the recorder names them."""
    return {f"{environment}/{name}" for name in (CLUSTER, DELIVERY, PLATFORM, *map(namespace, DOMAINS))}


def document(kind: str, name: str, **fields: Any) -> Data:
    """Return an authored document."""
    version = {"version": "1.0.0"} if kind in ("PlatformManifest", "DataProduct") else {}
    return {
        "apiVersion": "floe.dev/v1",
        "kind": kind,
        "metadata": {"name": name, "owner": "team@acme.example", **version},
        **fields,
    }


def domain(name: str, **fields: Any) -> Data:
    """Return a domain."""
    return document("Domain", name, **fields)


def product(name: str, **fields: Any) -> Data:
    """Return a product that writes a table of its name."""
    return {
        **document("DataProduct", name),
        "image": f"acme/{name}:1.0.0",
        "schedule": {"cron": "0 6 * * *"},
        "outputs": [{"name": name}],
        "steps": [{"name": "transform", "type": "dbt"}],
        **fields,
    }


def environment(name: str, **fields: Any) -> Data:
    """Return an environment with a cluster of its name."""
    return document("Environment", name, **{"cluster": {"name": name}, "storage_class": "standard", **fields})


def images(**lines: str) -> str:
    """Return the images of dev, a line for each domain; they differ from what the files of the products say."""
    fields = {
        "finance": "{costs: acme/costs:1.1.0}",
        "marketing": "{}",
        "sales": "{orders: acme/orders:1.1.0}",
        **lines,
    }
    return (
        to_yaml(document("ProductImages", "dev"))
        + "images:\n"
        + "".join(f"  {domain}: {fields[domain]}\n" for domain in fields if fields[domain])
    )


def dev(
    finance: str = "{pods: 70}", sales: str = "{pods: 80}", costs: str = "{}", orders: str = "{}", **fields: Any
) -> str:
    """Return the environment dev, with what it says of domains at its end, a line for each.

    `finance` and `sales` are the quotas of these domains (empty: nothing is said), `costs` and `orders` their products.
    """
    domains_ = (("finance", finance, f"costs: {costs}"), ("sales", sales, f"orders: {orders}"))
    lines = (f"  {name}: {{quota: {quota_}, products: {{{of}}}}}\n" for name, quota_, of in domains_ if quota_)
    return to_yaml(environment("dev", **fields)) + "domains:\n" + "".join(lines)


def kustomization(resources: list[str], *patches: Data) -> Data:
    """Return a kustomization."""
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return {**head, "resources": resources, "patches": list(patches)}


def labelled(kind: str, label: str, **target: str) -> Data:
    """Return a patch that gives objects a label."""
    patch = f"- op: add\n  path: /metadata/labels/{label}\n  value: data\n"
    return {"target": {"kind": kind, **target}, "patch": patch}


def overlay(*patches: Data) -> Data:
    """Return what dev makes of the generated objects: its own patches, and these."""
    allowed = "- op: add\n  path: /spec/clusterResourceWhitelist/-\n  value: {group: apiextensions.k8s.io, kind: '*'}\n"
    crds = {"target": {"kind": "AppProject", "name": "acme-dev-cluster"}, "patch": allowed}
    return kustomization(["../../base", "note.yaml"], crds, *patches)


def config_map(name: str, **metadata: str) -> Data:
    """Return an object that somebody wrote by hand."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"note": "one"}}


def priority_class(value: int = 1000) -> Data:
    """Return an object without a namespace."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "mesh"},
        "value": value,
    }


def quota(pods: str = "50") -> Data:
    """Return a patch of one domain's quota."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota", "namespace": namespace("finance")},
        "spec": {"hard": {"count/jobs.batch": pods}},
    }


def manifest(**fields: Any) -> Data:
    """Return the platform: a catalog with a store, products run by CronJobs."""
    return {
        **document("PlatformManifest", "acme"),
        "images": {"registry": "ghcr.io"},
        "quota": {"cpu": "40", "memory": "80Gi", "pods": 60, "storage": "200Gi"},
        "orchestrator": {"type": "kubernetes"},
        "compute": {"type": "duckdb"},
        "storage": {"type": "minio"},
        "catalog": {"type": "polaris"},
        "secrets": {"type": "generated"},
        "delivery": {"type": "argocd", "repository": "https://git.acme.example/mesh.git"},
        **fields,
    }


def files() -> Mapping[str, Data | str]:
    """Return the documents of the mesh: marketing reads what sales writes; finance has a patch in dev."""
    return {
        MANIFEST: manifest(),
        SALES: domain("sales"),
        ORDERS: product("orders"),
        "domains/marketing/domain.yaml": domain("marketing"),
        "domains/marketing/products/campaigns.yaml": product(
            "campaigns", inputs=[{"domain": "sales", "product": "orders", "output": "orders"}]
        ),
        "domains/finance/domain.yaml": domain("finance"),
        "domains/finance/products/costs.yaml": product("costs"),
        DEV: dev(),
        DEV_IMAGES: images(),
        QA: environment("qa"),
        BASE: kustomization(["priority-class.yaml"]),
        CLASS: priority_class(),
        DEV_OVERLAY: overlay({"path": "finance-quota.yaml"}),
        DEV_PATCH: quota(),
        DEV_NOTE: config_map("note", namespace=namespace("sales")),
    }


def write(root: Path, documents: Mapping[str, Data | str | None]) -> Path:
    """Write files below `root`: documents as YAML, text as it is; None removes one, or a folder."""
    for file, fields in documents.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if fields is None:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        else:
            path.write_text(fields if isinstance(fields, str) else to_yaml(fields), encoding="utf-8")
    return root


class Recorder:
    """A cache that knows what another one does, and what was put into it since."""

    def __init__(self, known: Cache | None = None) -> None:
        self._known = known or Memory()
        self._new = Memory()
        self.put_entries: list[tuple[str, bytes]] = []

    def get(self, kind: str, key: str) -> bytes | None:
        """Return what is kept here or in the other."""
        entry = self._new.get(kind, key)
        return self._known.get(kind, key) if entry is None else entry

    def put(self, kind: str, key: str, data: bytes) -> bool:
        """Keep an entry here."""
        self.put_entries.append((kind, data))
        return self._new.put(kind, key, data)

    @property
    def resolved(self) -> set[str]:
        """Return the scopes that were resolved and declared, such as `dev/sales`."""
        headers = (decode(data, UnitHeader) for kind, data in self.put_entries if kind == HEADERS)
        return {f"{header.facts.key.environment}/{header.scope}" for header in headers if header}

    @property
    def compiled(self) -> set[str]:
        """Return the units that were rendered, patched and checked, such as `dev/floe-sales-domain`."""
        heads = (decode(data, UnitHead) for kind, data in self.put_entries if kind == HEADS)
        return {f"{_environment(head)}/{head.unit}" for head in heads if head}

    @property
    def read(self) -> int:
        """Return the number of documents that were parsed."""
        return sum(kind == "documents" for kind, _ in self.put_entries)


class Anew(Recorder):
    """A cache that knows what another one was given, and what that knew of contents before.

    So what was recalled of units is declared, rendered and linked anew; other programs have nothing to do again.
    """

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder._new)
        self._before = recorder._known

    def get(self, kind: str, key: str) -> bytes | None:
        """Return what is kept here or in the other; of what that knew, only contents."""
        if kind == recent.KIND:  # all that the last run used is in it, whoever had made that
            return None
        entry = super().get(kind, key)
        return self._before.get(kind, key) if entry is None and kind in OF_CONTENTS else entry


def _environment(head: UnitHead) -> str:
    return head.files.paths[0].split("/")[1]
