"""Archives: their bytes are fixed, and common programs read them."""

from __future__ import annotations

import gzip as reader
import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from floe_compiler.publish.archive import gzip, tar

FILES = {"output/dev/b.yaml": b"two\n", "output/dev/a.yaml": b"one\n", f"output/dev/{'x' * 150}.yaml": b""}


def test_the_bytes_are_fixed() -> None:
    """Another digest here means that every published artifact gets another digest, with no change of its content."""
    archive = gzip(tar(FILES))
    assert hashlib.sha256(archive).hexdigest() == "61e5f0693a8481aa6d3e00f6ce89a34c398d57121dddcb1070fffc72883a6088"
    assert gzip(tar(dict(reversed(FILES.items())))) == archive


def test_entries_are_sorted_and_independent_of_the_machine() -> None:
    with tarfile.open(fileobj=io.BytesIO(tar(FILES))) as archive:
        entries = archive.getmembers()
        contents = {entry.name: archive.extractfile(entry).read() for entry in entries}  # type: ignore[union-attr]
    assert [entry.name for entry in entries] == sorted(FILES)
    assert contents == FILES
    assert {(entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime, entry.mode) for entry in entries} == {
        (0, 0, "", "", 0, 0o644)
    }


@pytest.mark.parametrize("size", [0, 1, 0xFFFF, 0x10000, 3 * 0xFFFF, 200_001])
def test_other_libraries_read_the_archive(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert reader.decompress(gzip(content)) == content


def test_the_program_tar_unpacks_it(tmp_path: Path) -> None:
    subprocess.run(["tar", "-xzf", "-"], input=gzip(tar(FILES)), cwd=tmp_path, check=True)
    assert {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.yaml")} == FILES
