"""Files that would steer Argo CD, Flux or kustomize are errors wherever these would obey them."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.write.output import check_output
from floe_compiler.write.steering import obeyed_by
from write.tree import DIGESTS, files, is_current, place, tree, write_output

IN_FOLDERS = {
    "kustomization.yaml": "Flux",
    "kustomization.yml": "Flux",
    "Kustomization": "Flux",
    ".sourceignore": "Flux",
    ".krmignore": "kustomize",
    ".argocd-source.yaml": "Argo CD",
    ".argocd-source-floe-dev-sales.yaml": "Argo CD",
    "Chart.yaml": "Argo CD",
    "MyChart.yaml": "Argo CD",
    "admin.jsonnet": "Argo CD",
    "admin.json": "Argo CD",
}
FOLDERS = ("output/dev/a", "output/dev/a/below", "output/dev/a/.hidden", "output/dev/_cluster", "output/dev/_delivery")


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", IN_FOLDERS)
def test_steering_files_in_a_delivered_folder_are_errors(tmp_path: Path, folder: str, name: str) -> None:
    compiled = files(a__x="text", _cluster__x="text", _delivery__x="text")
    write_output(tmp_path, compiled)
    assert is_current(tmp_path, DIGESTS)
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / name).write_text("anything")
    before = tree(tmp_path)
    assert not is_current(tmp_path, DIGESTS)
    for run in (write_output, check_output):
        with pytest.raises(StageFailed) as failed:
            run(tmp_path, compiled, DIGESTS)
        (diagnostic,) = failed.value.diagnostics
        assert (diagnostic.rule.code, place(diagnostic)) == ("W021", f"{folder}/{name}")
        assert f"with it, {IN_FOLDERS[name]} applies something else" in diagnostic.message
    assert tree(tmp_path) == before


@pytest.mark.parametrize("folder", ["output", "output/dev"])
def test_patterns_of_flux_hold_for_all_folders_below(tmp_path: Path, folder: str) -> None:
    write_output(tmp_path, files(a__x="text"))
    (tmp_path / folder / ".sourceignore").write_text("*.yaml")
    assert not is_current(tmp_path, DIGESTS)
    with pytest.raises(StageFailed) as failed:
        check_output(tmp_path, files(a__x="text"), DIGESTS)
    assert [(diagnostic.rule.code, place(diagnostic)) for diagnostic in failed.value.diagnostics] == [
        ("W021", f"{folder}/.sourceignore")
    ]


@pytest.mark.parametrize(
    "path",
    [
        "output/Kustomization",
        "output/dev/kustomization.yaml",
        "output/dev/a/kustomization.kustomize.toolkit.fluxcd.io_sales.yaml",
        "output/dev/a/widget.acme.io_chart.yaml",
        "output/dev/a/notes.txt",
        "output/dev/a/.DS_Store",
        "output/dev/a/.gitkeep",
    ],
)
def test_files_that_no_tool_obeys_are_accepted(path: str) -> None:
    """Folders above those that are delivered may be built by hand, as by `kubectl apply -k`."""
    assert obeyed_by(path) == ""
