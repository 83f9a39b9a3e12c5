"""A file is replaced atomically; links and leftovers at its path are not followed or kept."""

import os
import stat
from pathlib import Path

import pytest

from floe_compiler.write.commit import write_file


def test_a_file_is_created_with_its_folders_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a/b/x.yaml"
    for text in ("ä\n", "other\n", ""):
        stat_result = write_file(str(path), text)
        assert path.read_text(encoding="utf-8") == text
        assert (stat_result.st_ino, stat_result.st_size, stat_result.st_ctime_ns) == (
            path.stat().st_ino,
            len(text.encode()),
            path.stat().st_ctime_ns,
        )
    assert list(path.parent.iterdir()) == [path]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("link", [False, True])
def test_a_leftover_or_a_link_instead_of_the_temporary_file_is_removed(tmp_path: Path, link: bool) -> None:
    precious, temporary = tmp_path / "precious", tmp_path / ".x.yaml.tmp"
    precious.write_text("precious")
    if link:
        temporary.symlink_to(precious)
    else:
        temporary.write_text("half of it")
    write_file(str(tmp_path / "x.yaml"), "new\n")
    assert (tmp_path / "x.yaml").read_text() == "new\n"
    assert not (tmp_path / "x.yaml").is_symlink()
    assert precious.read_text() == "precious"
    assert not temporary.exists()


def test_a_link_instead_of_the_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "x.yaml").symlink_to(tmp_path / "precious")
    write_file(str(tmp_path / "x.yaml"), "new\n")
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "x.yaml").is_symlink()


def test_a_partial_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    write_file(str(tmp_path / "x.yaml"), "more than three\n")
    assert (tmp_path / "x.yaml").read_text() == "more than three\n"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(str(tmp_path / "x.yaml"), "old\n")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space") as raised:
        write_file(str(tmp_path / "x.yaml"), "new\n")
    assert raised.value.filename == str(tmp_path / "x.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["x.yaml"]
    assert (tmp_path / "x.yaml").read_text() == "old\n"
