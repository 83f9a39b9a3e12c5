"""In a service mesh, a server knows the accounts of its callers in other namespaces."""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.derive import derive
from floe_compiler.derive.mesh_callers import mesh_callers
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Container, Identity, OperatedPods, Parts, Pod, Resources, Task, Workload
from floe_compiler.model.inputs import Quota
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit, Instance
from floe_compiler.model.service_mesh import ServiceMesh
from floe_compiler.model.unit_facts import MeshCall, UnitFacts, unit_facts
from floe_compiler.model.units import UnitKey
from support import DEVELOPMENT, changed

MESHED = changed(DEVELOPMENT, cluster={"mesh": ServiceMesh("ambient", "istio-system")})
CATALOG = service_endpoint("catalog", "floe-platform", "cluster.local", (Port("http", 8181), Port("dns", 53, "UDP")))
OWN = service_endpoint("db", "floe-sales", "cluster.local", (Port("sql", 5432),))
RESOURCES = Resources("10m", "16Mi", "100m", "64Mi")


def pod(*calls: object, account: str = "") -> Pod:
    container = Container("main", "ghcr.io/acme/main:1.0.0", RESOURCES)
    return Pod((container,), Identity(1000, 1000, 1000), calls=calls, account=account)  # type: ignore[arg-type]


def unit(parts: Parts, *, meshed: bool = True) -> DeclaredUnit:
    settings = MESHED if meshed else DEVELOPMENT
    instance = Instance("slot", "type", "name", "sales", "floe-sales", None, settings)  # type: ignore[type-var]
    return DeclaredUnit(settings, "sales", "floe-sales", "team", Quota(), (DeclaredInstance(instance, parts),))


PARTS = Parts(
    workloads=(Workload("web", pod(CATALOG, OWN)),),
    tasks=(Task("load", pod(CATALOG, account="products"), 60),),
    operated=(OperatedPods("cluster", (("cluster", "cluster"),), RESOURCES, calls=(CATALOG.only("http"),)),),
)


def test_calls_of_other_namespaces_have_the_account_of_the_pod_and_only_tcp() -> None:
    assert unit_facts(unit(PARTS)).mesh_calls == tuple(
        MeshCall("floe-platform", "catalog", 8181, account) for account in ("cluster", "products", "web")
    )
    assert unit_facts(unit(PARTS, meshed=False)).mesh_calls == ()


def facts(namespace: str, *calls: MeshCall) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), mesh_calls=calls)


def test_a_server_knows_its_callers_by_port_in_any_order_of_units() -> None:
    sales = facts("sales", MeshCall("platform", "catalog", 8181, "web"), MeshCall("platform", "catalog", 8181, "load"))
    finance = facts("finance", MeshCall("platform", "catalog", 8182, "web"))
    expected = {"platform": {"catalog": {8181: ("sales/load", "sales/web"), 8182: ("finance/web",)}}}
    assert mesh_callers([sales, finance]) == mesh_callers([finance, sales]) == expected


def test_only_the_unit_of_the_server_depends_on_an_account_of_another_namespace() -> None:
    sales = facts("sales", MeshCall("platform", "catalog", 8181, "web"))
    platform, finance = facts("platform"), facts("finance")
    more = replace(sales, mesh_calls=(*sales.mesh_calls, MeshCall("platform", "catalog", 8181, "new")))
    before, after = derive([sales, platform, finance]), derive([more, platform, finance])
    assert [key.namespace for key in before if before[key] != after[key]] == ["platform"]
