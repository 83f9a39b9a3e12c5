"""A renamed product or domain writes other tables, and leaves its data where it is."""

import json

import pytest

from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.report.diff import compare
from report.samples import manifests, resource

SALES = {"domain": "sales", "product": "orders", "output": "rows"}


def program(kind: str, namespace: str, name: str, image: str, variables: dict[str, str]) -> Object:
    env = [{"name": key, "value": value} for key, value in variables.items()]
    pod = {"spec": {"containers": [{"name": "load", "image": image, "env": env}]}}
    spec = {"jobTemplate": {"spec": {"template": pod}}} if kind == "CronJob" else {"template": pod}
    return resource(kind, name, namespace, spec=spec)


def product(domain: str, product: str, output: str, image: str = "ghcr.io/a/b:1.0.0") -> Object:
    variables = {
        "FLOE_DOMAIN": domain,
        "FLOE_PRODUCT": product,
        f"FLOE_OUTPUT_{output.upper()}": f"{domain}.{product}__{output}",
        "FLOE_INPUT_X": f"{domain}.x__y",
    }
    return program("CronJob", f"floe-{domain}", product, image, variables)


def space(domain: str) -> Object:
    return resource("Namespace", f"floe-{domain}", "")


def moved(before: list[Object], after: list[Object]) -> list[str]:
    changes = compare("dev", manifests(before), manifests(after)).changes
    return [danger.sentence for change in changes for danger in change.dangers if danger.word == "data-moved"]


OLD = "the data stays in table sales.orders__rows"


@pytest.mark.parametrize(
    ("new", "table"),
    [
        (product("sales", "orders", "lines"), "sales.orders__lines"),
        (product("sales", "purchases", "rows"), "sales.purchases__rows"),
        (product("sales", "purchases", "rows", "ghcr.io/a/b:2.0.0"), "sales.purchases__rows"),
    ],
)
def test_a_renamed_output_or_product_writes_another_table(new: Object, table: str) -> None:
    assert moved([product(**SALES)], [new]) == [f"uses table {table}, but {OLD}"]


def test_a_renamed_domain_has_other_tables_and_other_volumes() -> None:
    def domain(name: str) -> list[Object]:
        server = program("StatefulSet", f"floe-{name}", "postgresql", "postgres:17.5", {})
        server["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
        return [space(name), product(name, "orders", "rows"), server]

    assert moved(domain("sales"), domain("trade")) == [
        f"uses table trade.orders__rows, tables of domain trade, but {OLD}, tables of domain sales",
        "uses volumes of floe-trade/postgresql, but the data stays in volumes of floe-sales/postgresql",
    ]


def test_a_product_that_moves_to_another_domain_is_reported() -> None:
    assert moved([product(**SALES)], [product("trade", "orders", "rows")]) == [
        f"uses table trade.orders__rows, tables of domain trade, but {OLD}, tables of domain sales"
    ]


def test_tables_in_pods_of_dagster_are_found() -> None:
    def server(name: str, output: str) -> Object:
        run = json.dumps({"env": [{"name": f"FLOE_OUTPUT_{output.upper()}", "value": f"sales.{name}__{output}"}]})
        return program("Deployment", "floe-sales", f"code-{name}", "ghcr.io/a/b:1.0.0", {"CONTEXT": run})

    old = server("orders", "rows")
    assert moved([old], [server("orders", "lines")]) == [f"uses table sales.orders__lines, but {OLD}"]
    assert moved([old], [server("trades", "rows")]) == [f"uses table sales.trades__rows, but {OLD}"]


def test_tables_in_pods_of_airflow_are_found() -> None:
    def pods(domain: str, name: str, image: str = "ghcr.io/a/b:1.0.0") -> Object:
        pod = program(
            "CronJob", domain, name, image, {"FLOE_PRODUCT": name, "FLOE_OUTPUT_ROWS": f"{domain}__{name}.rows"}
        )
        text = to_yaml({"apiVersion": "v1", "kind": "Pod", **pod["spec"]["jobTemplate"]["spec"]["template"]})
        return resource("ConfigMap", f"step-pods-{name}", f"floe-{domain}", data={"load.yaml": text})

    old = pods("sales", "orders")
    assert moved([old], [pods("sales", "trades")]) == [
        "uses table sales__trades.rows, but the data stays in table sales__orders.rows"
    ]
    renamed = pods("trade", "orders", "ghcr.io/trade/b:1.0.0")
    assert moved([space("sales"), old], [space("trade"), renamed]) == [
        "uses table trade__orders.rows, but the data stays in table sales__orders.rows"
    ]


def test_a_renamed_product_without_a_catalog_is_reported() -> None:
    def job(name: str) -> Object:
        variables = {"FLOE_DOMAIN": "sales", "FLOE_PRODUCT": name, "OPENLINEAGE_NAMESPACE": "acme.sales"}
        return program("CronJob", "floe-sales", name, "ghcr.io/a/b:1.0.0", variables)

    assert moved([job("orders")], [job("trades")]) == [
        "uses tables of product trades, but the data stays in tables of product orders"
    ]
    assert moved([job("orders")], [job("orders"), job("trades")]) == []


def test_a_platform_of_another_name_starts_a_new_lineage() -> None:
    before, after = (
        program("CronJob", "floe-sales", "orders", "a:1.0.0", {"OPENLINEAGE_NAMESPACE": f"{name}.sales"})
        for name in ("acme", "other")
    )
    assert moved([before], [after]) == ["uses lineage of other.sales, but the data stays in lineage of acme.sales"]


def test_a_renamed_domain_leaves_clusters_of_operators_and_backups_behind() -> None:
    def domain(name: str) -> list[Object]:
        cluster = resource(
            "Cluster", "dagster", f"floe-{name}", spec={"imageName": "a/b:17", "storage": {"size": "1Gi"}}
        )
        backup = program(
            "CronJob", f"floe-{name}", "backup-dagster", "a/c:1", {"DESTINATION": f"acme/floe-{name}", "FLOE": "x"}
        )
        backup["metadata"]["labels"] = {"floe.dev/backup": "dagster"}
        return [space(name), cluster, backup]

    assert moved(domain("sales"), domain("trade")) == [
        "uses volumes of floe-trade/dagster, but the data stays in volumes of floe-sales/dagster",
        "backups go to acme/floe-trade, but the earlier ones stay in acme/floe-sales",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([product(**SALES)], [product("sales", "purchases", "rows", "ghcr.io/a/other:1.0.0")]),
        ([product(**SALES)], [product("sales", "purchases", "lines")]),
        ([product(**SALES)], [product("trade", "purchases", "rows")]),
        ([product(**SALES)], []),
        ([], [product(**SALES)]),
        ([product(**SALES)], [product(**SALES), product("sales", "purchases", "rows")]),
    ],
)
def test_another_product_is_not_a_rename(before: list[Object], after: list[Object]) -> None:
    assert moved(before, after) == []


def test_another_input_moves_no_data() -> None:
    before, after = (
        program("CronJob", "floe-sales", "orders", "a:1.0.0", {"FLOE_INPUT_A": table}) for table in ("x.y__a", "x.z__a")
    )
    assert moved([before], [after]) == []
