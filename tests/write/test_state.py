"""The cached state only saves time: losing or damaging it does no harm."""

from pathlib import Path

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.codec import encode
from floe_compiler.write.state import Compiled, known_stats, recall, remember, stats_of
from floe_compiler.write.stats import FileStat

X = FileStat(1, 2, 3, 4, "a" * 64)
DEV = Compiled.of("1" * 64, "2" * 64, 3, {"output/dev/a": {"x.yaml": X}})
PROD = Compiled.of("1" * 64, "2" * 64, 3, {"output/prod/a": {"y.yaml": X}})
BOTH = ("dev", "prod")


def test_environments_are_remembered_for_one_checkout(tmp_path: Path) -> None:
    store = Memory()
    assert recall(store, tmp_path / "one", BOTH) == {}
    remember(store, tmp_path / "one", {"dev": DEV, "prod": PROD})
    assert recall(store, tmp_path / "one", BOTH) == {"dev": DEV, "prod": PROD}
    assert recall(store, tmp_path / "other", BOTH) == {}


def test_a_checkout_is_known_by_any_path(tmp_path: Path) -> None:
    store = Memory()
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "root")
    remember(store, tmp_path / "root", {"dev": DEV})
    assert recall(store, tmp_path / "link", BOTH) == {"dev": DEV}


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", encode(["1"]), encode(["1", "2", "three", b""]), encode([DEV]), encode({"dev": DEV})]
)
def test_a_damaged_entry_is_ignored(tmp_path: Path, content: bytes) -> None:
    store = Memory()
    remember(store, tmp_path, {"dev": DEV})
    [(kind, key)] = store._entries
    store.put(kind, key, content)
    assert recall(store, tmp_path, BOTH) == {}


def test_damaged_stats_are_ignored() -> None:
    assert Compiled("1", "2", 3, b"\xff").stats == {}


def test_each_environment_is_remembered_separately(tmp_path: Path) -> None:
    store = Memory()
    remember(store, tmp_path, {"dev": DEV, "prod": PROD})
    remember(store, tmp_path, {"prod": PROD.with_stats({})})
    assert recall(store, tmp_path, BOTH) == {"dev": DEV, "prod": PROD.with_stats({})}
    assert recall(store, tmp_path, ("dev",)) == {"dev": DEV}


def test_stats_are_joined_and_split_by_environment() -> None:
    stats = {folder: dict(files) for folder, files in known_stats({"dev": DEV, "prod": PROD}).items()}
    assert stats == {**DEV.stats, **PROD.stats}
    assert stats_of(stats, "prod") == PROD.stats


def test_entries_of_another_run_are_kept(tmp_path: Path) -> None:
    store = Memory()
    remember(store, tmp_path, {"dev": DEV})
    remember(store, tmp_path, {"prod": PROD})
    assert recall(store, tmp_path, BOTH) == {"dev": DEV, "prod": PROD}
