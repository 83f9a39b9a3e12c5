"""Results that are kept for the next run."""

from __future__ import annotations

from pathlib import Path

from floe_compiler.write.memory import Memory


def test_a_result_is_there_for_the_next_run(tmp_path: Path) -> None:
    Memory(tmp_path, "builds").remember("a1", "wörter")
    assert Memory(tmp_path, "builds").recall("a1") == "wörter"
    assert Memory(tmp_path, "builds").recall("b2") is None
    assert Memory(tmp_path, "others").recall("a1") is None
    assert (tmp_path / ".floe_cache/.gitignore").read_text() == "*\n"


def test_what_a_run_has_no_use_for_goes(tmp_path: Path) -> None:
    first = Memory(tmp_path, "builds")
    for key in ("old", "read", "unused"):
        first.remember(key, "x")
    first.forget_unused()
    second = Memory(tmp_path, "builds")
    second.recall("read")
    second.remember("new", "y")
    second.forget_unused()
    assert sorted(path.name for path in (tmp_path / ".floe_cache/builds").iterdir()) == ["new", "read"]


def test_nowhere_to_keep_anything_is_no_error(tmp_path: Path) -> None:
    (tmp_path / ".floe_cache").write_text("in the way")
    memory = Memory(tmp_path, "builds")
    memory.remember("a1", "x")
    assert memory.recall("a1") is None
    memory.forget_unused()


def test_no_link_leads_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "outside/builds").mkdir(parents=True)
    (tmp_path / "outside/builds/precious").touch()
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.floe_cache").symlink_to(tmp_path / "outside")
    memory = Memory(tmp_path / "root", "builds")
    memory.remember("a1", "x")
    memory.forget_unused()
    assert [path.name for path in (tmp_path / "outside/builds").iterdir()] == ["precious"]


def test_what_is_no_text_is_not_known(tmp_path: Path) -> None:
    Memory(tmp_path, "builds").remember("a1", "x")
    (tmp_path / ".floe_cache/builds/a1").write_bytes(b"\xff")
    assert Memory(tmp_path, "builds").recall("a1") is None
