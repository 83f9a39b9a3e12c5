"""Steps that select nothing are found once all units are known, from little data."""

from __future__ import annotations

import pytest

from floe_compiler.model.objects import ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.overlay import apply_overlay, dead_steps
from overlay.overlay_mesh import Mesh, as_message, config_map, deployment, split_units

FILE = "base/kustomization.yaml"
LABEL = "- target: {{kind: {kind}, name: {name}}}\n  patch: '[{{op: add, path: /metadata/labels, value: {{a: b}}}}]'\n"
OBJECTS = [config_map("a", "sales"), deployment("web", "ops"), config_map("settings", "ops")]


def test_a_step_is_used_if_it_matches_in_any_unit(mesh: Mesh) -> None:
    mesh.write(
        {FILE: "patches:\n" + LABEL.format(kind="ConfigMap", name="a") + LABEL.format(kind="Deployment", name="web")}
    )
    overlay = mesh.overlay()
    units = apply_overlay(overlay, split_units(Rendered("dev", ObjectSet.of(OBJECTS))))

    hits = units["sales"].hits | units["ops"].hits

    assert units["sales"].hits != units["ops"].hits
    assert dead_steps(overlay, hits, lambda: pytest.fail("asked for manifests")) == ()
    assert [step.span for step in dead_steps(overlay, units["ops"].hits, lambda: OBJECTS)] == [overlay.steps[0].span]


def test_the_hint_is_the_same_for_objects_before_and_after_patches(mesh: Mesh) -> None:
    mesh.write(
        {
            FILE: "patches:\n"
            + LABEL.format(kind="ConfigMap", name=".*")
            + LABEL.format(kind="ConfigMap", name="setings")
        }
    )
    overlay = mesh.overlay()
    units = apply_overlay(overlay, split_units(Rendered("dev", ObjectSet.of(OBJECTS))))
    hits = {step for unit in units.values() for step in unit.hits}
    patched = [manifest for unit in units.values() for manifest in unit.rendered.objects]

    (before,) = dead_steps(overlay, hits, lambda: OBJECTS)
    (after,) = dead_steps(overlay, hits, lambda: patched)

    assert before == after
    assert before.subject == "dev: all objects"
    assert as_message(before) == (
        f"K017 {FILE}:5:10: the patch matches nothing: kind=ConfigMap name=setings (nearest match: kind=ConfigMap"
        " name=settings; if only other environments have it, move the entry to their overlays)"
    )
