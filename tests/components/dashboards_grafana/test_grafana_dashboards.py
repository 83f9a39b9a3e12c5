"""The dashboards: whether Grafana and Prometheus accept them, where their links lead, and what each shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import promql_parser
import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import built_in
from floe_compiler.components.dashboards_grafana import platform, queries
from floe_compiler.components.dashboards_grafana.component import component_dashboard
from floe_compiler.components.dashboards_grafana.frame import LONGEST_UID, component_uid
from floe_compiler.components.dashboards_grafana.panels import Query, Row, arranged, lines
from floe_compiler.components.orchestrator_airflow.monitoring import RUNS as AIRFLOW
from floe_compiler.components.orchestrator_dagster.monitoring import RUNS as DAGSTER
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.mesh_facts import ScrapeTarget
from floe_compiler.model.operations import Panel, RunMetrics
from floe_compiler.pipeline import compile_mesh
from grafana_mesh import (
    FOLDER,
    compiled,
    dashboards,
    evaluated,
    expressions,
    files,
    installed,
    manifests,
    measured_mesh,
    panels,
    targets,
)
from grafana_types import hold
from pipeline.mesh_of_three import Recorder
from small_mesh import PRODUCT
from tables import table
from third_party_monitor import AGENT, HISTORY

METRICS, TRACES = {"type": "prometheus", "uid": "metrics"}, {"type": "jaeger", "uid": "traces"}
WITH_METRICS = {
    *("polaris", "minio", "otel-collector", "jaeger", "marquez", "grafana", "monitor", AGENT, HISTORY),
    *("dagster-metrics", "dagster-postgresql", "marquez-postgresql", "polaris-postgresql"),
}
UIDS = ("floe-overview", "floe-domain", "floe-product", *map(component_uid, sorted(WITH_METRICS)))
EVERY = table("uid", UIDS)


def titles(uid: str) -> list[str]:
    return [panel["title"] for panel in dashboards()[uid]["panels"]]


def links(part: Any) -> Iterator[str]:
    """Yield the addresses of all links in a part of a dashboard."""
    if isinstance(part, dict):
        if isinstance(part.get("url"), str):
            yield part["url"]
        for value in part.values():
            yield from links(value)
    elif isinstance(part, list):
        for value in part:
            yield from links(value)


def test_platform_domains_products_and_each_component_with_metrics_have_a_dashboard() -> None:
    assert set(dashboards()) == set(UIDS)


@EVERY
def test_prometheus_understands_every_query(uid: str) -> None:
    promql = [*expressions(dashboards()[uid])]
    assert len(promql) > 5
    for expression in promql:
        promql_parser.parse(evaluated(expression))


@table("component", built_in(), ids=lambda component: f"{component.slot}-{component.type}")
def test_prometheus_understands_what_components_declare(component: Any) -> None:
    """Components that the mesh of these tests does not have count, too."""
    module = __import__(component.build.__module__, fromlist=["PANELS"])
    for panel in getattr(module, "PANELS", ()):
        promql_parser.parse(panel.query.replace("$target", 'job="x"').replace("$interval", "2m"))


@EVERY
def test_grafana_knows_every_field(uid: str) -> None:
    hold(dashboards()[uid])


@pytest.mark.parametrize(
    ("key", "value"), [("textMode", "values"), ("colourMode", "background"), ("orientation", "upright")]
)
def test_fields_that_grafana_does_not_know_are_found(key: str, value: str) -> None:
    wrong = json.loads(json.dumps(dashboards()["floe-overview"]))
    wrong["panels"][1]["options"][key] = value
    with pytest.raises(AssertionError):
        hold(wrong)


@EVERY
def test_the_uid_is_short_and_readable(uid: str) -> None:
    dashboard = dashboards()[uid]
    assert dashboard["uid"] == uid
    assert re.fullmatch(r"[a-z0-9-]+", uid)
    assert len(uid) <= LONGEST_UID
    assert dashboard["title"]
    assert dashboard["schemaVersion"] == 41
    assert dashboard["editable"] is False, "the next change in Git would overwrite one made by hand"


@EVERY
def test_panels_fit_side_by_side(uid: str) -> None:
    occupied: set[tuple[int, int]] = set()
    panels_ = dashboards()[uid]["panels"]
    assert [panel["id"] for panel in panels_] == [*range(1, len(panels_) + 1)]
    for panel in panels_:
        place = panel["gridPos"]
        cells = {(place["x"] + column, place["y"] + down) for column in range(place["w"]) for down in range(place["h"])}
        assert not cells & occupied, panel["title"]
        assert max(column for column, _ in cells) < 24, panel["title"]
        occupied |= cells


@EVERY
def test_every_panel_queries_a_provisioned_data_source(uid: str) -> None:
    (sources,) = [manifest for manifest in manifests() if manifest["metadata"]["name"] == "grafana-datasources"]
    provisioned = yaml.load(sources["data"]["platform.yaml"], yaml.CSafeLoader)["datasources"]
    known = [{"type": source["type"], "uid": source["uid"]} for source in provisioned]
    assert known == [METRICS, TRACES]
    for panel, target in targets(dashboards()[uid]):
        assert panel["datasource"] in known
        assert target["datasource"] == panel["datasource"]


@EVERY
def test_variables_in_queries_and_links_are_defined(uid: str) -> None:
    dashboard = dashboards()[uid]
    defined = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$([a-z]\w*)", " ".join([*expressions(dashboard), *links(dashboard)])))
    assert used <= defined
    assert len(defined) == len(dashboard["templating"]["list"])


@EVERY
def test_every_link_leads_to_a_dashboard_with_its_variables(uid: str) -> None:
    urls = [url for url in links(dashboards()[uid]) if url]
    assert urls
    for url in urls:
        parts = urlsplit(url)
        if parts.path == "/explore":
            (pane,) = json.loads(parse_qs(parts.query)["panes"][0]).values()
            assert pane["queries"][0]["datasource"] == TRACES
        else:
            target = dashboards()[parts.path.removeprefix("/d/")]
            defined = {f"var-{variable['name']}" for variable in target["templating"]["list"]}
            assert {name for name in parse_qs(parts.query) if name.startswith("var-")} <= defined


def test_the_overview_leads_to_each_component_and_to_the_domains_and_these_to_their_products() -> None:
    of_overview = {urlsplit(url).path for url in links(dashboards()["floe-overview"])}
    assert {f"/d/{component_uid(job)}" for job in WITH_METRICS} <= of_overview
    assert any(
        url.startswith("/d/floe-domain?var-namespace=${__data.fields.") for url in links(dashboards()["floe-overview"])
    )
    assert any(
        url.startswith("/d/floe-product?var-namespace=$namespace&var-product=${__data.fields.")
        for url in links(dashboards()["floe-domain"])
    )


def test_every_object_is_small_enough() -> None:
    """The API server takes ConfigMaps of at most 1 MiB; that would take hundreds of panels."""
    sizes = [len(text) for path, text in files().items() if path.startswith(f"{FOLDER}/configmap_grafana")]
    assert len(sizes) == len(dashboards()) + 3
    assert max(sizes) < 100_000


def test_a_component_of_another_package_gets_a_dashboard_without_declaring_panels() -> None:
    panel_titles = titles(component_uid(AGENT))
    assert panel_titles[0] == "Now"
    assert {"Servers up", "CPU, in cores", "Memory", "Replicas", "Restarts", "Duration"} <= {*panel_titles}
    assert AGENT not in panel_titles, "it declares no panels, so it has no row"


def test_declared_panels_get_their_own_row() -> None:
    panel_titles = titles(component_uid("monitor"))
    assert panel_titles[panel_titles.index("monitor") + 1] == "Findings"
    (panel,) = [panel for panel in panels(dashboards()[component_uid("monitor")]) if panel["title"] == "Findings"]
    assert panel["targets"][0]["expr"] == (
        'sum by (kind) (rate(vigil_findings_total{job="monitor",namespace=~"$namespace"}[$__rate_interval]))'
    )
    assert panel["targets"][0]["legendFormat"] == "{{kind}}"
    assert panel["fieldConfig"]["defaults"]["unit"] == "cps"


def test_one_dashboard_shows_the_same_job_in_all_namespaces() -> None:
    (variable,) = dashboards()[component_uid(AGENT)]["templating"]["list"]
    assert (variable["query"], variable["multi"], variable["hide"]) == ("floe-sales-domain", True, 2)


def target(namespace: str, workload: str, *own: Panel) -> ScrapeTarget:
    server = service_endpoint(workload, namespace, "cluster.local", (Port("metrics", 9090),))
    return ScrapeTarget(namespace, "web", server, "/metrics", panels=own)


def test_targets_with_one_job_share_their_panels_and_pods() -> None:
    panel = Panel("Requests", "sum(rate(x_total{$target}[$interval]))")
    dashboard = component_dashboard("web", [target("sales", "api", panel), target("finance", "web", panel)])
    body = json.loads(dashboard.text)
    assert [panel["title"] for panel in body["panels"]].count("Requests") == 1
    assert body["templating"]["list"][0]["query"] == "finance,sales"
    assert body["templating"]["list"][0]["hide"] == 0
    assert "(api|web)-((" in " ".join(expressions(body))


@pytest.mark.parametrize(
    ("pod", "belongs"),
    [
        ("marquez-6bfd8c9d5f-x2x9z", True),
        ("marquez-0", True),
        ("marquez-x2x9z", True),
        ("marquez-web-6bfd8c9d5f-x2x9z", False),
        ("marquez-postgresql-0", False),
        ("other-0", False),
        ("marquez", False),
    ],
)
def test_pods_of_workloads_with_longer_names_do_not_match(pod: str, belongs: bool) -> None:
    assert bool(re.fullmatch(queries.pods_of(["marquez"]), pod)) is belongs


@pytest.mark.parametrize(
    ("job", "uid"),
    [
        ("polaris", "floe-component-polaris"),
        ("dagster-webserver", "floe-component-dagster-webserver"),
        ("Web", "floe-component-web-"),
        ("a.b", "floe-component-a-b-"),
        ("a-component-with-a-long-name", "floe-component-a-component-with-"),
    ],
)
def test_jobs_have_readable_addresses(job: str, uid: str) -> None:
    assert re.fullmatch(f"{uid}([0-9a-f]{{8}})?" if uid.endswith("-") else uid, component_uid(job))
    assert len(component_uid(job)) <= LONGEST_UID


def test_similar_job_names_get_different_uids() -> None:
    jobs = ["a.b", "a-b", "a_b", "A-b", "a-component-with-a-very-long-name-1", "a-component-with-a-very-long-name-2"]
    assert len({component_uid(job) for job in jobs}) == len(jobs)


def test_a_panel_must_select_its_own_series() -> None:
    with pytest.raises(ValueError, match=r'panel "Requests" does not select \{\$target\}'):
        Panel("Requests", "sum(rate(requests_total[5m]))")


def test_an_edit_of_a_product_compiles_its_domain_and_no_dashboard(tmp_path: Path) -> None:
    with installed(tmp_path):
        root, (before, first) = measured_mesh(tmp_path), compiled()
        text = (root / PRODUCT).read_text(encoding="utf-8")
        (root / PRODUCT).write_text(text.replace("orders", "returns"), encoding="utf-8")
        (root / PRODUCT).rename(root / "domains/sales/products/returns.yaml")
        second = Recorder(first)
        after = dict(compile_mesh(root, cache=second).files)
    assert second.compiled == {"dev/floe-sales-domain", "dev/floe-platform"}, (
        "the catalog has a client for each product"
    )
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert any("returns" in path for path in changed)
    assert not [path for path in changed if "grafana" in path]


def test_without_traces_no_link_leads_to_them() -> None:
    for dashboard in (platform.domain(("a",), (), with_traces=False), platform.product(("a",), (), with_traces=False)):
        assert "jaeger" not in dashboard.text
        assert "/explore" not in dashboard.text
    assert "Latest traces of its steps" in titles("floe-product")


SAYS = RunMetrics(took='last_run{of="prefect",$target}', failed='failures{of="prefect",$target}')


def test_metrics_of_runs_are_on_the_dashboards() -> None:
    known = [DAGSTER, AIRFLOW, SAYS]
    overview = platform.overview("all", ("a",), (), known, with_traces=False)
    domain, product = (make(("a",), known, with_traces=False) for make in (platform.domain, platform.product))
    for dashboard, metrics in (
        (overview, ("dagster_runs_failed", "airflow_dagrun_duration_failed", "failures")),
        (domain, ("dagster_last_run", "airflow_dagrun_duration", "last_run", "failures", "airflow_ti_running")),
        (product, ("dagster_last_success", "airflow_dagrun_duration_success", "last_run")),
    ):
        assert [name for name in metrics if f"{name}" not in dashboard.text] == []
        assert "$target" not in dashboard.text
    assert 'failures{of=\\"prefect\\",namespace=~\\"$mesh\\"}' in overview.text


def test_without_metrics_of_runs_no_panel_is_empty() -> None:
    assert "Runs failed, last hour" in titles("floe-overview")
    generated = (
        platform.overview("all", ("a",), (), (), with_traces=False),
        *(make(("a",), (), with_traces=False) for make in (platform.domain, platform.product)),
    )
    for dashboard in generated:
        assert "Runs failed, last hour" not in dashboard.text
        assert "Last run took" not in dashboard.text
        queries = [evaluated(query) for query in expressions(json.loads(dashboard.text))]
        assert all(queries)
        assert all(promql_parser.parse(query) for query in queries)


def test_rows_break_lines_and_empty_ones_are_left_out() -> None:
    box = lines("chart", Query("up"))
    places = [panel["gridPos"] for panel in arranged([Row("a", (box,) * 4), Row("b", ()), Row("c", (box,))])]
    assert [(place["x"], place["y"]) for place in places] == [
        (0, 0), (0, 1), (8, 1), (16, 1), (0, 9), (0, 17), (0, 18),
    ]  # fmt: skip


@pytest.mark.parametrize("uid", ["floe-overview", "floe-domain", "floe-product", component_uid("monitor")])
def test_render_matches_the_snapshot(uid: str, snapshot: SnapshotAssertion) -> None:
    assert json.dumps(dashboards()[uid], indent=1) == snapshot
