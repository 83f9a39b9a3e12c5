"""One output file, as `explain` asks for it: its unit is compiled alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation
from small_mesh import small_mesh

ORDERS = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"
NAMESPACE = "output/dev/_cluster/namespace_floe-sales-domain.yaml"
DELIVERED = "output/dev/_delivery/application.argoproj.io_small-dev-sales-domain.yaml"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_mesh(tmp_path_factory.mktemp("mesh"), {})


@pytest.fixture(scope="module")
def full(mesh: Path) -> Compilation:
    return compile_mesh(mesh, ("dev",))


@pytest.mark.parametrize(("file", "compiled_count"), [(ORDERS, 2), (NAMESPACE, 2), (DELIVERED, 2)])
def test_one_file_is_the_same_as_in_the_whole_mesh(
    file: str, compiled_count: int, mesh: Path, full: Compilation
) -> None:
    """The units: that of objects without a namespace, and its own."""
    compiled = compile_mesh(mesh, ("dev",), file=file)
    assert compiled.files[file] == full.files[file]
    assert compiled.digests == full.digests
    assert compiled.compiled_units == {"dev": compiled_count}


def test_a_missing_file_is_searched_in_all_units(mesh: Path, full: Compilation) -> None:
    compiled = compile_mesh(mesh, ("dev",), file=f"{ORDERS}x")
    assert [*compiled.files] == [*full.files]


def test_only_errors_of_its_own_namespace_are_reported(tmp_path: Path) -> None:
    root = small_mesh(tmp_path, {})
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: floe-sales-domain, labels: {a: '-'}}\n"
    (root / "base").mkdir(exist_ok=True)
    (root / "base" / "kustomization.yaml").write_text("resources: [x.yaml]\n", encoding="utf-8")
    (root / "base" / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root, ("dev",), file=ORDERS)
    with pytest.raises(StageFailed) as of_all:
        compile_mesh(root, ("dev",))
    assert [diagnostic.rule.code for diagnostic in failed.value.diagnostics] == [
        diagnostic.rule.code for diagnostic in of_all.value.diagnostics
    ]
    assert compile_mesh(root, ("dev",), file=DELIVERED).files[DELIVERED]


def test_its_result_is_cached_for_the_whole_mesh(mesh: Path, full: Compilation) -> None:
    cache = Memory()
    compile_mesh(mesh, ("dev",), cache=cache, file=ORDERS)
    then = compile_mesh(mesh, ("dev",), cache=cache)
    assert then.compiled_units["dev"] == full.compiled_units["dev"] - 2
    assert dict(then.files) == dict(full.files)
