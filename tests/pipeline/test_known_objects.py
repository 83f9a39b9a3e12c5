"""After an edit, only the objects that it changes are written as text again."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.pipeline import compile_mesh, units
from small_mesh import PRODUCT, small_mesh


def test_only_changed_objects_are_serialised_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered_names: list[str] = []

    def recorded(manifest: Object) -> str:
        rendered_names.append(str(identify(manifest)))
        return to_yaml(manifest)

    monkeypatch.setattr(units, "to_yaml", recorded)
    root, cache = small_mesh(tmp_path, {}), Memory()
    before = compile_mesh(root, cache=cache).files
    assert len(rendered_names) == len(before)
    rendered_names.clear()
    text = (root / PRODUCT).read_text()
    (root / PRODUCT).write_text(text.replace("0 6 * * *", "0 7 * * *"))
    after = compile_mesh(root, cache=cache).files
    assert rendered_names == ["CronJob.batch floe-sales-domain/orders"]
    assert dict(after) == dict(compile_mesh(root).files)
