"""What editors show of the input files, by a real YAML language server and the schemas that `init` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from editor_program import CURSOR, NEEDS_SERVER, Diagnostic, Editor, editor
from floe_compiler.cli import main
from floe_compiler.load.authored import KINDS
from floe_compiler.start.repository import EDITED

pytestmark = [NEEDS_SERVER, pytest.mark.real]


class Shown(NamedTuple):
    """What is shown of a kind of document."""

    path: str
    wrong: str
    """An end of the document with a wrong value, which is between two marks."""
    message: str
    prefix: str
    """An end of the document with the cursor where a key or value is asked for."""
    offered: str
    hovered: str
    """An end of the document with the cursor in a key."""
    explained: str


M = CURSOR
SHOWN = {
    "PlatformManifest": Shown(
        "platform-manifest.yaml",
        f"observability: {{lineage: {{type: {M}marqez{M}}}}}\n",
        'Value is not accepted. Valid values: "marquez".',
        f"observability:\n  metrics:\n    type: {M}",
        "prometheus-operator",
        f"quo{M}ta:\n  pods: 10\n",
        "The quota of each namespace.",
    ),
    "Environment": Shown(
        "overlays/dev/environment.yaml",
        f"production: {M}sometimes{M}\n",
        'Incorrect type. Expected "boolean".',
        f"ingress:\n  type: {M}",
        "gateway",
        f"ingr{M}ess:\n  type: gateway\n",
        "The interfaces that are opened to users outside the cluster",
    ),
    "ProductImages": Shown(
        "overlays/dev/images.yaml",
        f"images: {{sales: {{orders: {M}7{M}}}}}\n",
        'Incorrect type. Expected "string".',
        f"ima{M}",
        "images",
        f"ima{M}ges: {{}}\n",
        "By domain and product: the image",
    ),
    "Domain": Shown(
        "domains/sales/domain.yaml",
        f"orchestrator: {{type: {M}dagstr{M}}}\n",
        'Value is not accepted. Valid values: "airflow", "dagster", "kubernetes".',
        f"orchestrator:\n  executor: {M}",  # its type is in the manifest
        "celery",
        f"orch{M}estrator:\n",
        "dagster: Dagster runs the domain's data products.",
    ),
    "DataProduct": Shown(
        "domains/sales/products/orders.yaml",
        f"run_by: {M}cron{M}\n",
        "Value is not accepted. Valid values:",
        f"run_by: {M}",
        "orchestrator",
        f"inp{M}uts: []\n",
        "Tables of other products that it reads.",
    ),
    "SemanticModel": Shown(
        "domains/sales/semantic/orders.yaml",
        f"cubes:\n  - name: orders\n    public: {M}nope{M}\n",
        'Incorrect type. Expected "boolean".',
        "cubes:\n  - name: orders\n    measures:\n      - name: number\n        type: " + M,
        "count_distinct",
        f"cubes:\n  - name: orders\n    sql_ta{M}ble: orders\n",
        "The table that the cube is about",
    ),
}
HEADS = {
    "ProductImages": "apiVersion: floe.dev/v1\nkind: ProductImages\nmetadata: {name: dev, owner: a@example.com}\n",
    "SemanticModel": "",
}
"""Beginnings of files that `init` does not write."""

COMPLETE = {"ProductImages": "images: {}\n", "SemanticModel": "cubes: []\n"}
"""What completes them."""

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mesh") / "acme"
    assert main(["init", str(root), "--yes", "--storage", "none", "--environments", "dev", "--domain", "sales"]) == 0
    return root


@pytest.fixture(scope="module")
def opened(mesh: Path) -> Iterator[Editor]:
    with editor(mesh) as opened_editor:
        yield opened_editor


def head(mesh: Path, kind: str) -> str:
    """Return a document of a kind, as `init` writes it, without the line that names its schema."""
    file = mesh / SHOWN[kind].path
    return file.read_text().partition("\n")[2] if file.exists() else HEADS[kind]


@every_kind
def test_a_new_mesh_has_no_errors(kind: str, mesh: Path, opened: Editor) -> None:
    assert opened.diagnostics(SHOWN[kind].path, head(mesh, kind) + COMPLETE.get(kind, "")) == ()


@every_kind
def test_a_wrong_value_is_underlined(kind: str, mesh: Path, opened: Editor) -> None:
    sample = SHOWN[kind]
    _, value, _ = sample.wrong.split(M)
    (diagnostic,) = opened.diagnostics(sample.path, head(mesh, kind) + sample.wrong.replace(M, ""))
    assert diagnostic.underlined == value
    assert diagnostic.message.startswith(sample.message)


@every_kind
def test_an_unknown_key_is_underlined(kind: str, mesh: Path, opened: Editor) -> None:
    diagnostics = opened.diagnostics(SHOWN[kind].path, head(mesh, kind) + COMPLETE.get(kind, "") + "colour: red\n")
    assert diagnostics == (Diagnostic("colour", "Property colour is not allowed."),)


@every_kind
def test_keys_and_values_are_completed(kind: str, mesh: Path, opened: Editor) -> None:
    sample = SHOWN[kind]
    assert sample.offered in opened.completions(sample.path, head(mesh, kind) + sample.prefix)


@every_kind
def test_every_key_that_is_offered_is_explained(kind: str, opened: Editor) -> None:
    offered = opened.completions(SHOWN[kind].path, "# nothing yet\n" + M)
    assert len(offered) >= 3
    unexplained = [
        key for key, manifest in offered.items() if manifest["kind"] == PROPERTY and not manifest.get("documentation")
    ]
    assert unexplained == []


PROPERTY = 10
"""What the protocol calls the completion of a key."""


@every_kind
def test_a_key_is_explained(kind: str, mesh: Path, opened: Editor) -> None:
    sample = SHOWN[kind]
    assert sample.explained in opened.hover(sample.path, head(mesh, kind) + sample.hovered)


def test_keys_below_a_type_are_completed_and_each_type_is_explained(mesh: Path, opened: Editor) -> None:
    path, begin = SHOWN["Domain"].path, head(mesh, "Domain")
    assert "concurrency" in opened.completions(path, f"{begin}orchestrator:\n  type: kubernetes\n  {M}")
    assert "executor" not in opened.completions(path, f"{begin}orchestrator:\n  type: kubernetes\n  {M}")
    assert "`dagster`: Dagster runs" in opened.hover(path, f"{begin}orchestrator:\n  ty{M}pe: dagster\n")


def test_keys_of_a_chart_are_completed(mesh: Path, opened: Editor) -> None:
    path, begin = SHOWN["Domain"].path, head(mesh, "Domain")
    assert {"version", "values"} <= opened.completions(path, f"{begin}charts:\n  redis:\n    {M}").keys()


def test_keys_below_a_type_in_another_file_are_completed(mesh: Path, opened: Editor) -> None:
    begin = head(mesh, "Environment") + "domains:\n  sales:\n    orchestrator:\n"
    path = SHOWN["Environment"].path
    offered = opened.completions(path, f"{begin}      {M}")
    assert offered["scheduler"]["documentation"] == "Schedules, the order of steps, and their pods."
    assert "resources" in opened.completions(path, f"{begin}      scheduler:\n        {M}")
    assert opened.diagnostics(path, f"{begin}      executor: kubernetes\n") == ()
    (diagnostic,) = opened.diagnostics(path, f"{begin}      executor: sidecar\n")
    assert diagnostic.underlined == "sidecar"


def test_a_vendored_parent_may_be_incomplete(opened: Editor) -> None:
    text = (
        "apiVersion: floe.dev/v1\nkind: PlatformManifest\nmetadata: {name: a, owner: a@example.com, version: 1.0.0}\n"
    )
    assert opened.diagnostics("vendor/base/platform-manifest.yaml", text) == ()
    assert opened.diagnostics("platform-manifest.yaml", text) != ()


def test_one_spelling_of_a_key_of_cube_is_offered_and_both_are_accepted(opened: Editor) -> None:
    path, cube = SHOWN["SemanticModel"].path, "cubes:\n  - name: orders\n    "
    offered = opened.completions(path, cube + M)
    assert "sql_table" in offered
    assert "sqlTable" not in offered
    assert opened.diagnostics(path, f"{cube}sqlTable: orders\n") == ()


def test_the_first_line_of_each_file_is_enough(mesh: Path, tmp_path: Path) -> None:
    """Other editors have no settings.json, but the same server."""
    assert main(["new", "product", "legal/cases", "--root", str(mesh)]) == 0
    files = [path for kind, sample in SHOWN.items() for path in mesh.glob(next(iter(EDITED[schema(kind)])))]
    assert len(files) >= 6
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "schemas").symlink_to(mesh / "schemas")
    with editor(bare) as opened_editor:
        for file in files:
            diagnostics = opened_editor.diagnostics(
                file.relative_to(mesh).as_posix(), file.read_text() + "colour: red\n"
            )
            assert [diagnostic.underlined for diagnostic in diagnostics] == ["colour"], file


def schema(kind: str) -> str:
    from floe_compiler.commands.schema import FOLDER, file_name

    return f"{FOLDER}/{file_name(kind)}"


def test_settings_are_those_of_vs_code(mesh: Path) -> None:
    assert json.loads((mesh / ".vscode/settings.json").read_text()) == {"yaml.schemas": EDITED}
