"""`floe-compile rollout` lists which rings have which changes; a change that ends in the manifest changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.folder import opened
from floe_compiler.cli import main
from floe_compiler.pipeline import compile_mesh
from small_mesh import DOMAIN, MANIFEST, SMALL, small_mesh

QUOTA = {"pods": 60}
STEPS = {"steps": {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}}}


def mesh(root: Path, reached: str = "canary", **manifest: Any) -> Path:
    """Make a mesh with three domains in two rings, of which one has its own quota, and a change of quota and steps."""
    change = {
        "description": "Room for larger steps",
        "reached": reached,
        "settings": {"quota": QUOTA, "orchestrator": {"type": "kubernetes", **STEPS}},
    }
    rollout = {
        "rings": [{"name": "canary", "domains": ["sales"]}, {"name": "everyone"}],
        "changes": {"larger-steps": change},
    }
    small_mesh(root, {MANIFEST: {"rollout": rollout, **manifest}})
    for name, more in (("finance", ""), ("hr", "quota: {pods: 55}\n")):
        folder = root / "domains" / name
        folder.mkdir()
        text = (SMALL / DOMAIN).read_text(encoding="utf-8").replace("sales", name)
        (folder / "domain.yaml").write_text(text + more, encoding="utf-8")
    return root


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    root = mesh(tmp_path, "everyone")

    def call(*words: str) -> tuple[str, str]:
        assert main(["rollout", "--root", str(root), *words]) == 0
        return capsys.readouterr()

    return call


def test_each_ring_of_each_environment_is_listed(run: Any, tmp_path: Path) -> None:
    out, err = run()
    at = next(n for n, line in enumerate((tmp_path / MANIFEST).read_text().splitlines(), 1) if "larger-steps" in line)
    assert out == (
        f"larger-steps: Room for larger steps (platform-manifest.yaml:{at}:7)\n"
        "  dev  canary    has it    sales\n"
        "       everyone  has it    finance, hr\n"
        "      hr has its own quota.pods: domains/hr/domain.yaml:6:15\n"
        "\n"
    )
    assert err == "floe-compile: 1 under way, 1 of them in all rings\n"


def test_json_has_the_same(run: Any) -> None:
    out, _ = run("--format", "json")
    (change,) = json.loads(out)["changes"]
    own = [{"domain": "hr", "setting": "quota.pods", "place": "domains/hr/domain.yaml:6:15"}]
    assert change["environments"] == {
        "dev": [
            {"ring": "canary", "hasIt": True, "domains": ["sales"], "own": []},
            {"ring": "everyone", "hasIt": True, "domains": ["finance", "hr"], "own": own},
        ]
    }


def test_a_mesh_without_a_rollout_has_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_mesh(tmp_path, {})
    assert main(["rollout", "--root", str(tmp_path)]) == 0
    message = "no change is under way: platform-manifest.yaml has none under `rollout`"
    assert capsys.readouterr() == ("", f"floe-compile: {message}\n")


def compiled(root: Path) -> tuple[Mapping[str, str], list[str]]:
    """Return what a mesh compiles to, and the codes of warnings."""
    with opened(None, root) as cache:
        compiled_ = compile_mesh(root, cache=cache)
    return dict(compiled_.files), [diagnostic.rule.code for diagnostic in compiled_.warnings]


def test_a_change_affects_only_reached_rings_and_ending_it_changes_nothing(tmp_path: Path) -> None:
    begun, _ = compiled(mesh(tmp_path / "begun", "canary"))
    reached, warnings = compiled(mesh(tmp_path / "reached", "everyone"))
    before, _ = compiled(mesh(tmp_path / "before", rollout=None))
    ended, silent = compiled(
        mesh(tmp_path / "ended", rollout=None, quota=QUOTA, orchestrator={"type": "kubernetes", **STEPS})
    )
    changed = {path for path in begun if begun[path] != before.get(path)}
    assert {path.split("/")[2] for path in changed} == {"floe-sales-domain"}
    own = {path: text for path, text in ended.items() if "-domain" in path}  # the platform has a quota of its own
    assert {path: reached[path] for path in own} == own
    assert (warnings, silent) == (["R143"], [])
