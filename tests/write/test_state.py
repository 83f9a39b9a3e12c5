"""What is remembered is only ever a shortcut: losing or spoiling it does no harm."""

from pathlib import Path

import pytest

from floe_compiler.write.state import Compiled, recall, remember

DEV = Compiled("1" * 64, "2" * 64, 3)


def test_environments_are_remembered_beside_each_other(tmp_path: Path) -> None:
    assert recall(tmp_path) == {}
    remember(tmp_path, {"prod": DEV})
    remember(tmp_path, {"dev": DEV})
    assert recall(tmp_path) == {"dev": DEV, "prod": DEV}


@pytest.mark.parametrize("content", [b"", b"dev 1\n", b"dev 1 2 three\n", b"\xff\xfe"])
def test_a_spoilt_memory_is_none(tmp_path: Path, content: bytes) -> None:
    remember(tmp_path, {"dev": DEV})
    (tmp_path / ".floe_cache/inputs").write_bytes(content)
    assert recall(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / ".floe_cache").write_text("in the way")
    remember(tmp_path, {"dev": DEV})
    assert recall(tmp_path) == {}
