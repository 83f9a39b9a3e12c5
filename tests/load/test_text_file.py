"""Only text files inside the repository are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.text_file import control_characters, invisible, read_text, visible
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "base").mkdir()
    return tmp_path


def problems(root: Path, file: str) -> list[str]:
    text, diagnostics = read_text(read_inputs(root), file)
    assert (text is None) == any(diagnostic.severity == "error" for diagnostic in diagnostics)
    return [f"{diagnostic.span} {diagnostic.rule.code} {diagnostic.message}" for diagnostic in diagnostics]


def test_text_is_read(root: Path) -> None:
    (root / "base/sales.yaml").write_bytes("name: é\n".encode())
    assert read_text(read_inputs(root), "base/sales.yaml") == ("name: é\n", [])


def test_line_breaks_of_windows_are_line_breaks(root: Path) -> None:
    (root / "base/a.yaml").write_bytes(b"a: 1\r\nb: 2\r\n")
    assert read_text(read_inputs(root), "base/a.yaml") == ("a: 1\nb: 2\n", [])


def test_a_byte_order_mark_is_removed_with_a_warning(root: Path) -> None:
    (root / "base/a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    text, (warning,) = read_text(read_inputs(root), "base/a.yaml")
    assert text == "a: 1\n"
    assert (warning.rule.code, warning.severity) == ("L005", "warning")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: 1\nb: \xff\n", "base/a.yaml:2:4 L004 byte 0xff is not UTF-8"),
        ("a: é".encode("latin-1"), "base/a.yaml:1:4 L004 byte 0xe9 is not UTF-8"),
        ("é: a".encode() + b"\xe2\x82", "base/a.yaml:1:5 L004 byte 0xe2 is not UTF-8"),
        ("a: 1\n".encode("utf-16"), "base/a.yaml:1:1 L004 byte 0xff is not UTF-8"),
        (b"a: 1\nb: x\x00y\n", "base/a.yaml:2:5 L006 invisible control character U+0000"),
        (b"a: x\ry\n", "base/a.yaml:1:5 L006 invisible control character U+000D"),
        ("a: x\u2028y\n".encode(), "base/a.yaml:1:5 L006 invisible control character U+2028"),
        ("a: \u202ex\n".encode(), "base/a.yaml:1:4 L006 invisible control character U+202E"),
    ],
)
def test_binary_files_are_refused(root: Path, data: bytes, problem: str) -> None:
    (root / "base/a.yaml").write_bytes(data)
    assert problems(root, "base/a.yaml") == [problem]


def test_each_control_character_is_reported_at_its_first_place() -> None:
    diagnostics = control_characters("\x00a\n\x01\x02\x01", "f")
    assert [diagnostic.span for diagnostic in diagnostics] == [Span("f", 1, 1), Span("f", 2, 1), Span("f", 2, 2)]
    assert [diagnostic.message.partition(",")[2] for diagnostic in diagnostics] == ["", " 2 times in this file", ""]


def test_old_mac_line_breaks_are_refused() -> None:
    (diagnostic,) = control_characters("a: 1\rb: 2\r", "f")
    assert diagnostic.hint == "save the file with LF line breaks"


@pytest.mark.parametrize("character", ["\u00a0", "\u00ad", "\u200b", "\u200d", "\u202f", "\u2060", "\u3000"])
def test_invisible_characters_have_names(character: str) -> None:
    name = f"U+{ord(character):04X}"
    assert invisible(f"sche{character}dule") == (4, name)
    assert visible(f"sche{character}dule") == f"sche<{name}>dule"


def test_visible_characters_are_accepted() -> None:
    assert invisible("é “a” 日") is None
    assert visible("é “a” 日") == "é “a” 日"


def test_unreadable_files_are_reported(root: Path) -> None:
    (root / "base/folder").mkdir()
    os.mkfifo(root / "base/pipe")
    assert problems(root, "base/none.yaml") == ["base/none.yaml:1:1 L001 the file does not exist"]
    assert problems(root, "base/folder") == ["base/folder:1:1 L001 the file is not a regular file"]
    assert problems(root, "base/pipe") == ["base/pipe:1:1 L001 the file is not a regular file"]
    assert problems(root, "../outside.yaml") == ["../outside.yaml:1:1 L001 the file does not exist"]
    assert problems(root, "base/a\0b") == ["base/a\0b:1:1 L001 the file does not exist"]


def test_a_file_without_permission_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, _most: int) -> None:
        raise PermissionError(13, "Permission denied", path)

    (root / "base/a.yaml").write_text("a: 1\n")
    monkeypatch.setattr("floe_compiler.load.input_tree.read_plain", refuse)
    assert problems(root, "base/a.yaml") == ["base/a.yaml:1:1 L001 the file cannot be read: Permission denied"]


@pytest.mark.parametrize("to", ["a.yaml", "../outside.yaml", "nowhere", "link.yaml", "/dev/zero", "."])
def test_links_are_never_followed(root: Path, to: str) -> None:
    (root / "outside.yaml").write_text("a: 1\n")
    (root / "base/a.yaml").write_text("a: 1\n")
    (root / "base/link.yaml").symlink_to(to)
    assert problems(root, "base/link.yaml") == ["base/link.yaml:1:1 L002 base/link.yaml is a symbolic link"]


def test_files_behind_a_link_are_not_read(root: Path) -> None:
    (root / "elsewhere").mkdir()
    (root / "elsewhere/a.yaml").write_text("a: 1\n")
    (root / "domains").symlink_to("elsewhere")
    assert problems(root, "domains/a.yaml") == ["domains/a.yaml:1:1 L002 domains is a symbolic link"]


def test_large_files_are_refused(root: Path) -> None:
    (root / "base/a.yaml").write_bytes(b"#" * MOST_BYTES)
    assert problems(root, "base/a.yaml") == []
    (root / "base/a.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    assert problems(root, "base/a.yaml") == ["base/a.yaml:1:1 L003 the file has 5,000,001 bytes"]
