"""Only regular files are read; nothing is followed or waited for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_compiler.model.plain_files import NotPlain, TooLarge, link_in, read_below, read_plain


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize("content", [b"", b"text", b"x" * 3_000_000], ids=len)
def test_a_file_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert read_plain(tmp_path / "file") == content
    assert read_below(tmp_path, "file", len(content)) == content


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        Path.mkdir,
        a_socket,
        lambda path: path.symlink_to("file"),
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("nowhere"),
    ],
    ids=["pipe", "folder", "socket", "link", "device", "broken link"],
)
def test_only_regular_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object]
) -> None:
    (tmp_path / "file").write_text("text")
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    make(Path("other"))
    with pytest.raises(NotPlain, match="Not a regular file"):
        read_plain("other")
    with pytest.raises(NotPlain):
        read_below(tmp_path, "other")


def test_a_device_is_not_read() -> None:
    with pytest.raises(NotPlain):
        read_plain("/dev/zero")


def test_missing_and_too_large_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_plain(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"12345")
    with pytest.raises(TooLarge) as raised:
        read_plain(tmp_path / "file", 4)
    assert raised.value.size == 5


def test_a_path_through_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_text("text")
    (tmp_path / "a/link").symlink_to("b")
    (tmp_path / "root").symlink_to("a")
    assert link_in(tmp_path, "a/b/file") == ""
    assert link_in(tmp_path, "a/link/file") == "a/link"
    assert link_in(tmp_path, "a/none/file") == ""
    assert link_in(tmp_path / "root", "b/file") == "", "where the root is does not matter"
    assert read_below(tmp_path / "root", "b/file") == b"text"
    with pytest.raises(NotPlain):
        read_below(tmp_path, "a/link/file")
