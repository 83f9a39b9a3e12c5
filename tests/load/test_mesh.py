"""Files become sources: each has one document of the right kind, and all errors are reported together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from floe_compiler.components import registry
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.schemas import plain_schemas

SMALL = Path(__file__).parents[1] / "meshes" / "small"
SCHEMAS = plain_schemas(registry())


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
    return tmp_path


def loaded(root: Path) -> Sources:
    return load(read_inputs(root), SCHEMAS)[0]


def problems(root: Path) -> dict[str, str]:
    with pytest.raises(StageFailed) as failed:
        load(read_inputs(root), SCHEMAS)
    return {f"{diagnostic.span}: {diagnostic.rule.code}": diagnostic.message for diagnostic in failed.value.diagnostics}


def test_documents_are_named_after_their_paths(mesh: Path) -> None:
    (mesh / "domains/ops").mkdir()
    text = (mesh / "domains/sales/domain.yaml").read_text(encoding="utf-8")
    (mesh / "domains/ops/domain.yaml").write_text(text, encoding="utf-8")
    sources = loaded(mesh)
    assert sources.manifest.data["metadata"]["name"] == "small"
    assert list(sources.environments) == ["dev"]
    assert list(sources.domains) == ["ops", "sales"]
    assert list(sources.domains["sales"].products) == ["orders"]
    assert sources.domains["ops"].products == {}
    assert str(sources.manifest.span(("metadata", "name"))) == "platform-manifest.yaml:4:9"


def test_problems_of_all_files_are_reported_together(mesh: Path) -> None:
    (mesh / "platform-manifest.yaml").write_text("apiVersion: floe.dev/v1\nkind: PlatformManifest\n", encoding="utf-8")
    (mesh / "domains/sales/domain.yaml").write_text("- a\n", encoding="utf-8")
    (mesh / "domains/sales/products/orders.yaml").write_text("# nothing\n", encoding="utf-8")
    (mesh / "overlays/dev/environment.yaml").write_bytes(b"\xff")
    (mesh / "domains/sales/stray.yaml").write_text("", encoding="utf-8")
    codes = {problem.rpartition(": ")[0].split(":")[0]: problem.rpartition(": ")[2] for problem in problems(mesh)}
    assert codes == {
        "platform-manifest.yaml": "L105",
        "domains/sales/domain.yaml": "L103",
        "domains/sales/products/orders.yaml": "L104",
        "overlays/dev/environment.yaml": "L004",
        "domains/sales/stray.yaml": "L102",
    }


@pytest.mark.parametrize(
    ("head", "start"),
    [
        ("kind: Domain\n", "apiVersion is missing, but domains/sales/domain.yaml must be a Domain of floe.dev/v1"),
        ("apiVersion: floe.dev/v2\nkind: Domain\n", 'apiVersion is "floe.dev/v2", but'),
        ("apiVersion: floe.dev/v1\nkind: DataProduct\n", 'kind is "DataProduct", but'),
        ("apiVersion: floe.dev/v1\nkind: [Domain]\n", "kind is \"['Domain']\", but"),
    ],
)
def test_a_document_of_another_kind_is_refused(mesh: Path, head: str, start: str) -> None:
    (mesh / "domains/sales/domain.yaml").write_text(head, encoding="utf-8")
    ((place, message),) = problems(mesh).items()
    assert place.endswith("L103")
    assert message.startswith(start)


def test_an_environment_has_the_right_article(mesh: Path) -> None:
    (mesh / "overlays/dev/environment.yaml").write_text("apiVersion: floe.dev/v1\nkind: Domain\n", encoding="utf-8")
    assert "must be an Environment of" in next(iter(problems(mesh).values()))


def test_two_documents_in_one_file_are_refused(mesh: Path) -> None:
    text = (mesh / "domains/sales/domain.yaml").read_text(encoding="utf-8")
    (mesh / "domains/sales/domain.yaml").write_text(f"{text}---\n{text}", encoding="utf-8")
    assert list(problems(mesh).values()) == ["domains/sales/domain.yaml holds 2 documents"]


def test_a_missing_manifest_is_an_error(mesh: Path) -> None:
    (mesh / "platform-manifest.yaml").unlink()
    assert list(problems(mesh)) == ["platform-manifest.yaml:1:1: L101"]


def test_a_product_of_a_domain_that_cannot_be_read_is_still_checked(mesh: Path) -> None:
    (mesh / "domains/sales/domain.yaml").write_text("a: [\n", encoding="utf-8")
    with (mesh / "domains/sales/products/orders.yaml").open("a", encoding="utf-8") as stream:
        stream.write("more: 1\n")
    files = {place.split(":")[0] for place in problems(mesh)}
    assert files == {"domains/sales/domain.yaml", "domains/sales/products/orders.yaml"}


def test_a_mesh_with_warnings_is_loaded(mesh: Path) -> None:
    path = mesh / "domains/sales/domain.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    sources, warnings = load(read_inputs(mesh), SCHEMAS)
    assert [warning.rule.code for warning in warnings] == ["L005"]
    assert sources.domains["sales"].document.data["metadata"]["name"] == "sales"


def test_models_have_the_format_of_the_program_that_reads_them(mesh: Path) -> None:
    folder = mesh / "domains/sales/semantic"
    folder.mkdir()
    (folder / "orders.yaml").write_text("cubes:\n  - name: orders\n    sql_table: orders\n", encoding="utf-8")
    models = loaded(mesh).domains["sales"].models
    assert list(models) == ["orders"]
    assert str(models["orders"].span(("cubes", 0, "name"))) == "domains/sales/semantic/orders.yaml:2:11"
    (folder / "orders.yaml").write_text('cubes:\n  - {name: a, sql: "postgres://u:hunter2@db/x"}\n', encoding="utf-8")
    assert [place.rpartition(" ")[2] for place in problems(mesh)] == ["L106"]


def test_secrets_are_looked_for_in_every_document(mesh: Path) -> None:
    with (mesh / "domains/sales/products/orders.yaml").open("a", encoding="utf-8") as stream:
        stream.write("    variables: {DB_PASSWORD: hunter2}\n")
    assert [place.rpartition(" ")[2] for place in problems(mesh)] == ["L106"]
