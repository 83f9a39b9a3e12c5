"""The cached state only saves time: losing or damaging it does no harm."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from floe_compiler.cache.store import Memory
from floe_compiler.model.codec import encode
from floe_compiler.write.state import Compiled, encoded_stats, recall, remember, with_written
from floe_compiler.write.stats import FileStat

X = FileStat(1, 2, 3, 4, "a" * 64)
Y = FileStat(5, 6, 7, 8, "b" * 64)
LATER = 10**18
DEV = Compiled("1" * 64, "2" * 64, 3, encoded_stats({"output/dev/a": {"x.yaml": X}, "output/dev/b": {"x.yaml": X}}))
PROD = Compiled("1" * 64, "2" * 64, 3, encoded_stats({"output/prod/a": {"y.yaml": X}}))


def recalled(store: Memory, root: Path) -> list[Compiled | None]:
    return [recall(store, root, name) for name in ("dev", "prod")]


def test_environments_are_remembered_for_one_checkout(tmp_path: Path) -> None:
    store = Memory()
    assert recalled(store, tmp_path / "one") == [None, None]
    remember(store, tmp_path / "one", "dev", DEV)
    remember(store, tmp_path / "one", "prod", PROD)
    assert recalled(store, tmp_path / "one") == [DEV, PROD]
    assert recalled(store, tmp_path / "other") == [None, None]


def test_a_checkout_is_known_by_any_path(tmp_path: Path) -> None:
    store = Memory()
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "root")
    remember(store, tmp_path / "root", "dev", DEV)
    assert recall(store, tmp_path / "link", "dev") == DEV


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", encode(["1"]), encode(["1", "2", "three", b""]), encode([DEV]), encode({"dev": DEV})]
)
def test_a_damaged_entry_is_none(tmp_path: Path, content: bytes) -> None:
    store = Memory()
    remember(store, tmp_path, "dev", DEV)
    [(kind, key)] = store._entries
    store.put(kind, key, content)
    assert recall(store, tmp_path, "dev") is None


def test_damaged_stats_are_none() -> None:
    assert Compiled("1", "2", 3, b"\xff").stats == {}


def test_an_environment_is_remembered_by_itself(tmp_path: Path) -> None:
    store, other = Memory(), replace(PROD, encoded_stats=encoded_stats({}))
    remember(store, tmp_path, "dev", DEV)
    remember(store, tmp_path, "prod", PROD)
    remember(store, tmp_path, "prod", other)
    assert recalled(store, tmp_path) == [DEV, other]


def test_what_was_written_has_new_stats_and_the_rest_stays() -> None:
    written = {"output/dev/a/y.yaml": Y, "output/dev/new/y.yaml": Y}
    assert replace(DEV, encoded_stats=with_written(DEV.encoded_stats, written, LATER)).stats == {
        "output/dev/a": {"x.yaml": X, "y.yaml": Y},
        "output/dev/b": {"x.yaml": X},
        "output/dev/new": {"y.yaml": Y},
    }
    assert with_written(DEV.encoded_stats, {}, LATER) is DEV.encoded_stats
