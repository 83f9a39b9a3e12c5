"""A patch restarts the pods that it changes, and only when it does: the hash of a configuration has one meaning."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from floe_compiler.cache.store import Memory
from floe_compiler.model.configuration import CONFIG_HASH
from floe_compiler.model.nested_fields import at
from floe_compiler.pipeline import compile_mesh

MESH = Path(__file__).parents[1] / "golden" / "queued"
PATCH = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
patches:
- target: {kind: Deployment, name: airflow-scheduler}
  patch: |-
    - op: add
      path: /metadata/annotations
      value: {team: data}
"""


def hashes(files: Mapping[str, str]) -> dict[str, str]:
    """Return the hash of each pod template that has one."""
    place = ("spec", "template", "metadata", "annotations", CONFIG_HASH)
    manifests = {
        path: at(yaml.load(text, yaml.CSafeLoader), place) for path, text in files.items() if path.endswith(".yaml")
    }
    return {path: value for path, value in manifests.items() if value}


def test_a_first_patch_restarts_only_what_it_changes(tmp_path: Path) -> None:
    """Airflow's processes read some files of ConfigMaps that have more."""
    shutil.copytree(MESH, tmp_path, dirs_exist_ok=True)
    cache = Memory()
    before = hashes(compile_mesh(tmp_path, cache=cache).files)
    (tmp_path / "overlays/dev/kustomization.yaml").write_text(PATCH)
    patched = compile_mesh(tmp_path, cache=cache).files
    assert "team: data" in patched["output/dev/floe-sales-domain/deployment.apps_airflow-scheduler.yaml"]
    assert hashes(patched) == before
    assert len(before) > 8
