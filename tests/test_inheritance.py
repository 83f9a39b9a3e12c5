"""A manifest and its parents mean the same as one manifest with all their settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.cache.store import Memory
from floe_compiler.load.parents import digest_of_manifest
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.pipeline import compile_mesh
from floe_compiler.resolve.layers import leaves
from pipeline.mesh_of_three import Recorder
from small_mesh import MANIFEST, small_mesh

Data = dict[str, Any]

WHOLE: Data = {
    "orchestrator": {"type": "kubernetes"},
    "compute": {"type": "duckdb", "threads": 3},
    "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
    "delivery": {"type": "argocd", "repository": "https://github.com/acme/x.git", "revision": "release"},
    "quota": {"cpu": "6", "pods": 44},
    "images": {"registry": "ghcr.io/acme", "mirrors": {"docker.io": "ghcr.io/mirror"}},
    "placement": {"jobs": {"node_selector": {"pool": "batch"}}},
}
WEAKER: Data = {
    "compute": {"threads": 9},
    "secrets": {"store": {"name": "other"}},
    "delivery": {"repository": "https://github.com/acme/other.git", "revision": "other"},
    "quota": {"cpu": "9", "pods": 99},
    "images": {"registry": "ghcr.io/other", "mirrors": {"docker.io": "ghcr.io/other"}},
    "placement": {"jobs": {"node_selector": {"pool": "other"}}},
}
"""Other values of the same settings."""

LEAVES = dict(leaves(WHOLE))
OTHERS = dict(leaves(WEAKER))


def nested(values: Mapping[DataPath, Any]) -> Data:
    result: Data = {}
    for path, value in values.items():
        parent = result
        for step in path[:-1]:
            parent = parent.setdefault(str(step), {})
        parent[str(path[-1])] = value
    return result


def mesh(root: Path, manifests: Sequence[Data]) -> Path:
    """Return the small mesh with these manifests, the topmost first; the last one is that of the mesh."""
    small_mesh(root, {MANIFEST: {**dict.fromkeys(WHOLE), "locks": None}})
    own = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    folder, below = root, []
    for number in range(len(manifests) - 1, 0, -1):
        folder = folder / "vendor" / f"p{number}"
        folder.mkdir(parents=True)
        below.append(folder)
    content = b""
    for number, data in enumerate(manifests):
        is_own = number == len(manifests) - 1
        metadata = own["metadata"] if is_own else {"name": f"p{number + 1}", "version": "1.0.0", "owner": "@acme/x"}
        link = {"extends": {"path": f"vendor/p{number}", "digest": digest_of_manifest(content)}} if number else {}
        document = {**{key: own[key] for key in ("apiVersion", "kind")}, "metadata": metadata, **link, **data}
        content = json.dumps(document, indent=1).encode()
        target = (
            root
            if is_own
            else root.joinpath(*(f"vendor/p{number_}" for number_ in range(len(manifests) - 1, number, -1)))
        )
        (target / MANIFEST).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return dict(compile_mesh(mesh(tmp_path_factory.mktemp("whole"), [WHOLE])).files)


PLACES = st.fixed_dictionaries({path: st.integers(0, 2) for path in LEAVES})


@settings(max_examples=settings().max_examples // 6, suppress_health_check=[HealthCheck.too_slow])
@given(places=PLACES, weaker=st.sets(st.sampled_from(sorted(OTHERS)), max_size=4))
def test_any_manifest_of_a_chain_may_set_a_value_and_the_nearest_wins(
    places: Mapping[DataPath, int],
    weaker: set[DataPath],
    expected: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    parts: list[dict[DataPath, Any]] = [{}, {}, {}]
    for path, value in LEAVES.items():
        parts[places[path]][path] = value
        for above in range(places[path]) if path in weaker else ():
            parts[above][path] = OTHERS[path]
    root = mesh(tmp_path_factory.mktemp("mesh"), [nested(part) for part in parts])
    assert dict(compile_mesh(root).files) == expected


@pytest.mark.parametrize("depth", [1, 8])
def test_a_parent_with_the_same_values_or_none_changes_nothing(
    depth: int, expected: Mapping[str, str], tmp_path: Path
) -> None:
    assert dict(compile_mesh(mesh(tmp_path / "same", [WHOLE] * (depth + 1))).files) == expected
    assert dict(compile_mesh(mesh(tmp_path / "nothing", [*[{}] * depth, WHOLE])).files) == expected
    assert dict(compile_mesh(mesh(tmp_path / "all", [WHOLE, *[{}] * depth])).files) == expected


def test_another_type_drops_settings_of_the_parent_for_the_former_type(tmp_path: Path) -> None:
    flux = {"delivery": {"type": "flux", "repository": "https://github.com/acme/x.git"}}
    files = compile_mesh(mesh(tmp_path, [WHOLE, flux])).files
    assert any("kustomization.kustomize" in path for path in files)
    assert "release" not in "".join(files.values())


def test_a_value_that_no_manifest_sets_is_missing_in_the_mesh(tmp_path: Path) -> None:
    parent = {key: value for key, value in WHOLE.items() if key != "secrets"}
    with pytest.raises(StageFailed) as failed:
        compile_mesh(mesh(tmp_path, [parent, {}]))
    (diagnostic,) = failed.value.diagnostics
    assert (diagnostic.rule.code, diagnostic.message, diagnostic.span and diagnostic.span.file) == (
        "R002",
        "secrets is missing",
        "platform-manifest.yaml",
    )


@pytest.mark.parametrize(
    "identity",
    [
        {"locks": ["compute.threads"]},
        {"accepted_warnings": [{"rule": "C005", "about": "x", "reason": "y"}]},
        {"limits": {"quota.pods": {"most": 99}}},
    ],
)
def test_metadata_of_a_parent_are_not_inherited(identity: Data, expected: Mapping[str, str], tmp_path: Path) -> None:
    compiled = compile_mesh(mesh(tmp_path, [{**WHOLE, **identity}, {}]))
    assert dict(compiled.files) == expected
    assert compiled.warnings == ()


def test_a_parent_is_part_of_the_keys_of_the_cache(tmp_path: Path) -> None:
    cache = Recorder(Memory())
    compile_mesh(mesh(tmp_path / "first", [WHOLE, {}, {}]), cache=cache)
    again = Recorder(cache)
    compile_mesh(tmp_path / "first", cache=again)
    assert (again.resolved, again.compiled) == (set(), set())
    for number, parents in enumerate(
        ([{**WHOLE, "quota": {"cpu": "6", "pods": 45}}, {}, {}], [WHOLE, {"quota": {"pods": 45}}, {}])
    ):
        changed = Recorder(cache)
        compiled = compile_mesh(mesh(tmp_path / f"{number}", parents), cache=changed)
        assert changed.resolved == {"dev/platform", "dev/sales"}
        assert changed.compiled >= {"dev/floe-platform", "dev/floe-sales-domain"}
        assert 'pods: "45"' in compiled.files["output/dev/floe-sales-domain/resourcequota_quota.yaml"]
