"""Only text files inside the repository are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from floe_compiler.load.text_file import control_characters, invisible, read_file, visible
from floe_compiler.model.layout import MOST_BYTES
from floe_compiler.model.span import Span


def problems(root: Path, file: str) -> list[str]:
    text, diagnostics = read_file(root, file)
    assert (text is None) == any(found.severity == "error" for found in diagnostics)
    return [f"{found.span} {found.rule.code} {found.message}" for found in diagnostics]


def test_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "domains").mkdir()
    (tmp_path / "domains/sales.yaml").write_bytes("name: é\n".encode())
    assert read_file(tmp_path, "domains/sales.yaml") == ("name: é\n", [])


def test_line_breaks_of_windows_are_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\r\nb: 2\r\n")
    assert read_file(tmp_path, "a.yaml") == ("a: 1\nb: 2\n", [])


def test_byte_order_mark_is_taken_away_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    text, (warning,) = read_file(tmp_path, "a.yaml")
    assert text == "a: 1\n"
    assert (warning.rule.code, warning.severity) == ("L005", "warning")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: 1\nb: \xff\n", "a.yaml:2:4 L004 byte 0xff is not UTF-8"),
        ("a: é".encode("latin-1"), "a.yaml:1:4 L004 byte 0xe9 is not UTF-8"),
        ("é: a".encode() + b"\xe2\x82", "a.yaml:1:5 L004 byte 0xe2 is not UTF-8"),
        ("a: 1\n".encode("utf-16"), "a.yaml:1:1 L004 byte 0xff is not UTF-8"),
        (b"a: 1\nb: x\x00y\n", "a.yaml:2:5 L006 invisible control character U+0000"),
        (b"a: x\ry\n", "a.yaml:1:5 L006 invisible control character U+000D"),
        ("a: x\u2028y\n".encode(), "a.yaml:1:5 L006 invisible control character U+2028"),
        ("a: \u202ex\n".encode(), "a.yaml:1:4 L006 invisible control character U+202E"),
    ],
)
def test_bytes_that_are_no_plain_text(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    assert problems(tmp_path, "a.yaml") == [problem]


def test_each_control_character_is_reported_at_its_first_place() -> None:
    found = control_characters("\x00a\n\x01\x02\x01", "f")
    assert [one.span for one in found] == [Span("f", 1, 1), Span("f", 2, 1), Span("f", 2, 2)]
    assert [one.message.partition(",")[2] for one in found] == ["", " 2 times in this file", ""]


def test_line_breaks_of_old() -> None:
    (found,) = control_characters("a: 1\rb: 2\r", "f")
    assert found.hint == "save the file with LF line breaks"


@pytest.mark.parametrize("one", ["\u00a0", "\u00ad", "\u200b", "\u200d", "\u202f", "\u2060", "\u3000"])
def test_invisible_characters_have_names(one: str) -> None:
    name = f"U+{ord(one):04X}"
    assert invisible(f"sche{one}dule") == (4, name)
    assert visible(f"sche{one}dule") == f"sche<{name}>dule"


def test_what_is_visible_stays() -> None:
    assert invisible("é “a” 日") is None
    assert visible("é “a” 日") == "é “a” 日"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    assert problems(tmp_path, "none.yaml") == ["none.yaml:1:1 L001 the file does not exist"]
    assert problems(tmp_path, "folder") == ["folder:1:1 L001 the file is not a regular file"]
    assert problems(tmp_path, "pipe") == ["pipe:1:1 L001 the file is not a regular file"]
    assert problems(tmp_path, "loop")[0].startswith("loop:1:1 L001 the file cannot be read")
    assert problems(tmp_path, "a\0b")[0].startswith("a\0b:1:1 L001 the file cannot be read")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, *_: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    (tmp_path / "a.yaml").write_text("a: 1\n")
    monkeypatch.setattr("floe_compiler.load.text_file.open", refuse, raising=False)
    assert problems(tmp_path, "a.yaml") == ["a.yaml:1:1 L001 the file cannot be read: Permission denied"]


def test_files_outside_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (tmp_path / "outside.yaml").write_text("a: 1\n")
    (root / "link.yaml").symlink_to("../outside.yaml")
    (root / "folder").symlink_to(tmp_path)
    for file in ("link.yaml", "folder/outside.yaml", "../outside.yaml", str(tmp_path / "outside.yaml"), "../none.yaml"):
        assert problems(root, file) == [f"{file}:1:1 L002 the file lies outside the repository"]


def test_links_inside_the_repository_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    assert read_file(tmp_path, "b.yaml") == ("a: 1\n", [])


def test_large_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * MOST_BYTES)
    assert problems(tmp_path, "a.yaml") == []
    (tmp_path / "a.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    assert problems(tmp_path, "a.yaml") == ["a.yaml:1:1 L003 the file has 5,000,001 bytes"]
