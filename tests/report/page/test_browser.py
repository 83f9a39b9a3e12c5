"""The page in a real browser: Chromium, driven by puppeteer-core.

Both are looked for where `FLOE_CHROMIUM` and `NODE_PATH` say.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.graph import Edge, Graph, Node
from floe_compiler.model.objects import ObjectId
from floe_compiler.report.dangers import Danger
from floe_compiler.report.diff import EnvironmentDiff, FieldChange, ObjectChange
from floe_compiler.report.page.contents import Contents, EditedFile, page_data
from floe_compiler.report.page.inventory import tables
from floe_compiler.report.page.render import render_page

OBJECTS = 10_000
HOSTILE = "<img src=x onerror=document.title=1>"


def _browser() -> str:
    return os.environ.get("FLOE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""


def _page() -> str:
    changes = tuple(
        ObjectChange(
            "changed",
            ObjectId("apps", "Deployment", f"team-{number % 40}", f"server-{number}"),
            f"output/prod/team-{number % 40}/deployment.apps_server-{number}.yaml",
            (FieldChange("changed", "spec.replicas", 1, number),),
            (Danger("scale-down", HOSTILE),) if number % 100 == 0 else (),
        )
        for number in range(OBJECTS)
    )
    nodes = tuple(Node(f"team-{at // 30}/{at}", f"server-{at}", f"team-{at // 30}") for at in range(1200))
    edges = tuple(Edge(nodes[at].key, nodes[(7 * at + 31) % 1200].key, "8080") for at in range(1200))
    names = [*(f"server-{number}" for number in range(OBJECTS - 1)), "needle"]
    contents = Contents(
        "acme",
        "compared with HEAD (0123456789ab)",
        [EnvironmentDiff("prod", changes)],
        {changes[0].file: [("domains/sales/domain.yaml:3:1", "replicas")]},
        [EditedFile("domains/sales/domain.yaml", [(3, "+", HOSTILE)])],
        {},
        {"prod": Graph(nodes, edges)},
        Graph((), ()),
        tables([[]]),
        {"prod": [(name, "deployment.apps", "team-1", f"team-1/{name}.yaml") for name in names]},
    )
    return render_page("acme", page_data(contents))


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return what a browser sees at the width of a desk and, in the dark, of a phone."""
    if not _browser() or not shutil.which("node"):
        pytest.skip("no Chromium (FLOE_CHROMIUM, or on the PATH), or no node")
    if subprocess.run(["node", "-e", "require('puppeteer-core')"], check=False, capture_output=True).returncode:
        pytest.skip("node does not find puppeteer-core (NODE_PATH)")
    folder = tmp_path_factory.mktemp("page")
    (folder / "page.html").write_text(_page(), encoding="utf-8")
    done = subprocess.run(
        ["node", Path(__file__).with_name("browser.cjs"), _browser(), (folder / "page.html").as_uri(), folder],
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    screens: list[dict[str, Any]] = json.loads(done.stdout)
    return screens


@pytest.mark.real
def test_the_page_works_at_any_width_and_in_the_dark(screens: list[dict[str, Any]]) -> None:
    desk, phone = screens
    for screen in (desk, phone):
        assert screen["said"] == [], "no error, and nothing that the policy of the page refuses"
        assert [url for url in screen["asked"] if not url.startswith("file:")] == []
        assert [name for name, view in screen["views"].items() if view["overflow"] > 0] == []
        assert list(screen["views"]) == [
            *("Changes", "Graph", "Secrets", "Images", "Routes", "Grants", "Alerts", "Quotas", "Policies", "Objects"),
        ]
        assert HOSTILE in screen["views"]["Changes"]["text"], "as text"
    assert desk["background"] != phone["background"]


@pytest.mark.real
def test_only_what_is_on_the_screen_is_drawn(screens: list[dict[str, Any]]) -> None:
    for screen in screens:
        assert 10 < screen["views"]["Objects"]["rows"] < 100
        assert max(view["elements"] for view in screen["views"].values()) < 5000
        assert screen["views"]["Graph"]["boxes"] == 40, "namespaces first"


@pytest.mark.real
def test_the_search_finds_one_object_of_ten_thousand(screens: list[dict[str, Any]]) -> None:
    for screen in screens:
        (row,) = screen["found"]
        assert row.startswith("needle")


@pytest.mark.real
def test_touch_targets_are_large_enough(screens: list[dict[str, Any]]) -> None:
    _, phone = screens
    assert {name: view["lowest"] for name, view in phone["views"].items() if view["lowest"] < 44} == {}


@pytest.mark.real
def test_the_current_place_is_always_visible(screens: list[dict[str, Any]]) -> None:
    for screen in screens:
        assert [name for name, view in screen["views"].items() if not view["current"]] == [], "the chosen view"
        assert screen["followed"] == {"box": True, "connections": True}, "the box that an edge leads to"
        assert screen["unfolded"], "a search folds nothing"
