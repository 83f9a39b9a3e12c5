"""Two runs never write at once, and locks leave nothing behind, even if a run is killed."""

import errno
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.write.lock import lock_file, locked

HOLDER = """
import sys, time
from pathlib import Path
from floe_compiler.write.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def refused(root: Path) -> list[str]:
    """Return the codes with which the lock is refused."""
    try:
        with locked(root):
            return []
    except StageFailed as failed:
        return [diagnostic.rule.code for diagnostic in failed.diagnostics]


def test_a_second_run_is_refused_until_the_first_ends_even_by_a_kill(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            assert refused(tmp_path) == ["W009"]
        finally:
            holder.kill()
    assert refused(tmp_path) == []


def test_the_lock_can_be_taken_again_and_leaves_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            assert refused(tmp_path) == ["W009"]
    assert list(tmp_path.iterdir()) == []
    assert not lock_file(tmp_path).exists()


def test_one_repository_is_locked_by_any_path(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "root")
    with locked(tmp_path / "root"):
        assert refused(tmp_path / "link") == ["W009"]
        assert refused(tmp_path) == []


def test_where_folders_cannot_be_locked_a_file_elsewhere_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fcntl.flock

    def as_on_nfs(file: int, operation: int) -> None:
        if fcntl.fcntl(file, fcntl.F_GETFL) & 3 == 0:  # open for reading only
            raise OSError(errno.EBADF, "Bad file descriptor")
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", as_on_nfs)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = tmp_path / "root"
    root.mkdir()
    with locked(root):
        assert refused(root) == ["W009"]
    assert refused(root) == []
    assert list(root.iterdir()) == []
    assert lock_file(root).parent == tmp_path
    lock_file(root).unlink()
    (tmp_path / "precious").write_text("precious")
    lock_file(root).symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic link"), locked(root):
        pass


def test_a_folder_that_does_not_exist_is_not_locked_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "missing"):
        pass
