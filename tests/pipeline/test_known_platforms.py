"""Parts of an earlier resolution are known again as long as only domains differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.load import git_folder
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.object_memory import ObjectMemory, remembering
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.known_platforms import KnownPlatforms
from floe_compiler.pipeline.resolving import read_sources
from small_mesh import ENVIRONMENT, PRODUCT, small_mesh


def resolve_part(mesh: Path, part: str = "shared", served: str = "orders", *, keep: bool = True) -> object:
    """Return a part of the resolution, which is an object of its own whenever it is made."""
    sources, _ = read_sources(read_inputs(mesh), Memory())
    known = KnownPlatforms(sources)
    answer = known.get((part, "dev"), lambda: served, object)
    if keep:
        known.keep()
    return answer


def edit(mesh: Path, file: str) -> None:
    """Move all that is in a file by a line."""
    (mesh / file).write_text("# moved\n" + (mesh / file).read_text())


def test_shared_services_stay_cached_after_an_edit_of_a_domain(tmp_path: Path) -> None:
    mesh = small_mesh(tmp_path, {})
    with remembering():
        first = resolve_part(mesh)
        edit(mesh, PRODUCT)
        assert resolve_part(mesh) is first
        assert resolve_part(mesh, served="returns") is not first
        assert resolve_part(mesh, part="merged") is not first
        edit(mesh, ENVIRONMENT)
        assert resolve_part(mesh) is not first, "its places are others"


def test_other_platforms_are_resolved_again(tmp_path: Path) -> None:
    mesh = small_mesh(tmp_path, {})
    with remembering():
        assert resolve_part(mesh, keep=False) is not resolve_part(mesh)
        assert resolve_part(mesh, part="sales") is not resolve_part(mesh, part="sales")
    assert resolve_part(mesh) is not resolve_part(mesh)


def test_a_resolution_with_warnings_is_not_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = small_mesh(tmp_path, {})
    with remembering() as memory:
        with monkeypatch.context() as patched:
            patched.setattr(git_folder, "path_in_git", lambda _: None)
            assert [warning.rule.code for warning in compile_mesh(mesh).warnings] == ["R021"]
        assert not _remembered(memory)
        assert not compile_mesh(mesh).warnings
        assert _remembered(memory) == [("merged", "dev"), ("shared", "dev")]


def _remembered(memory: ObjectMemory) -> list[object]:
    questions = (question for question, _ in memory.from_facts if isinstance(question, tuple))
    return sorted(question[1] for question in questions if question[0] is KnownPlatforms)
