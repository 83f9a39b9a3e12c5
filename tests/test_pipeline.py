"""How the stages are run together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.load.digests import input_digests
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.overlay import kustomize
from floe_compiler.pipeline import compile_mesh, explain_file
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, small_mesh


def two_environments(root: Path, changes: dict[str, Any] | None = None) -> Path:
    """Make the small mesh with a second environment, `qa`, in a cluster of its own."""
    small_mesh(root, {MANIFEST: changes or {}})
    text = (root / ENVIRONMENT).read_text(encoding="utf-8").replace("name: dev", "name: qa").replace("kind\n", "qa\n")
    (root / "overlays/qa").mkdir()
    (root / "overlays/qa/environment.yaml").write_text(text, encoding="utf-8")
    return root


def test_only_selected_environments_are_compiled(tmp_path: Path) -> None:
    two_environments(tmp_path)
    every, selected = compile_mesh(tmp_path), compile_mesh(tmp_path, ("qa",))
    assert [rendered.environment for rendered in every.environments] == ["dev", "qa"]
    assert [rendered.environment for rendered in selected.environments] == ["qa"]
    assert set(selected.files) == {path for path in every.files if path.startswith("output/qa/")}
    assert all(selected.files[path] == every.files[path] for path in selected.files)
    assert every.digests == input_digests(read_inputs(tmp_path))
    assert selected.digests == {"qa": every.digests["qa"]}


def test_digest_and_compilation_read_the_same_files(tmp_path: Path) -> None:
    """Inputs may change while a run compiles: each is read once, for the digest and for the output."""
    small_mesh(tmp_path, {})
    read = read_inputs(tmp_path)
    before = compile_mesh(tmp_path, input_files=read)
    product = tmp_path / "domains/sales/products/orders.yaml"
    product.write_text(product.read_text(encoding="utf-8").replace("1.0.0", "1.0.1"), encoding="utf-8")
    after = compile_mesh(tmp_path, input_files=read)
    assert after.digests == before.digests == input_digests(read)
    assert dict(after.files) == dict(before.files)
    assert compile_mesh(tmp_path).digests != before.digests
    assert dict(compile_mesh(tmp_path).files) != dict(before.files)


def test_every_object_has_a_file_in_its_namespaces_folder_and_delivery_a_separate_one(tmp_path: Path) -> None:
    compiled = compile_mesh(small_mesh(tmp_path, {}))
    assert len(compiled.files) == len(compiled.environments[0].objects)
    folders = {path.split("/")[2] for path in compiled.files}
    assert folders == {"_cluster", "_delivery", "floe-platform", "floe-sales-domain"}
    assert {Path(path).name.split("_")[0] for path in compiled.files if "/_delivery/" in path} == {
        "application.argoproj.io",
        "appproject.argoproj.io",
    }


def test_errors_of_one_environment_do_not_hide_those_of_the_next(tmp_path: Path) -> None:
    two_environments(tmp_path, {"quota": {"cpu": "1m"}})
    with pytest.raises(StageFailed) as failed:
        compile_mesh(tmp_path)
    environments = {
        diagnostic.subject.split(":")[0] for diagnostic in failed.value.diagnostics if diagnostic.severity == "error"
    }
    assert environments == {"dev, qa"}


def test_warnings_of_all_stages_are_kept(tmp_path: Path) -> None:
    small_mesh(tmp_path, {})
    path = tmp_path / DOMAIN
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (tmp_path / "base").mkdir()
    unread = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "floe-platform"}}
    (tmp_path / "base/unread.yaml").write_text(yaml.safe_dump(unread), encoding="utf-8")
    (tmp_path / "base/kustomization.yaml").write_text("resources: [unread.yaml]\n", encoding="utf-8")
    (tmp_path / "overlays/dev/kustomization.yaml").write_text("resources: [../../base]\n", encoding="utf-8")
    codes = {diagnostic.rule.code for diagnostic in compile_mesh(tmp_path).warnings}
    assert {"L005", "C043"} <= codes


def test_progress_names_the_stages_in_order(tmp_path: Path) -> None:
    steps: list[str] = []
    compile_mesh(small_mesh(tmp_path, {}), progress=steps.append)
    assert steps == ["reading", "resolving", "compiling", "checking"]


@pytest.mark.parametrize(
    "file", ["output/dev", "output/prod/floe-platform/x.yaml", "output/dev/floe-platform/x.yaml", MANIFEST, ""]
)
def test_only_files_of_the_output_are_explained(tmp_path: Path, file: str) -> None:
    assert explain_file(small_mesh(tmp_path, {}), file) is None


def test_unapplied_patches_are_not_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_mesh(tmp_path, {})
    patch = "- target: {kind: CronJob}\n  patch: '[{op: add, path: /spec/suspend, value: true}]'\n"
    (tmp_path / "base").mkdir()
    (tmp_path / "base/kustomization.yaml").write_text(f"patches:\n{patch}", encoding="utf-8")
    monkeypatch.setattr(kustomize, "SECONDS", 0)
    with pytest.raises(StageFailed) as failed:
        compile_mesh(tmp_path)
    assert [diagnostic.rule.code for diagnostic in failed.value.diagnostics] == ["K002"]
