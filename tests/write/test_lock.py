"""Two runs never write at once, a killed run leaves no lock behind, and Git does not see any of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.write.lock import cache_folder, locked

HOLDER = """
import sys, time
from pathlib import Path
from floe_compiler.write.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_until_the_first_ends_even_by_a_kill(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(StageFailed) as failed, locked(tmp_path):
                pass
        finally:
            holder.kill()
    [found] = failed.value.diagnostics
    assert found.rule.code == "W009"
    assert f"process {holder.pid}" in found.message
    with locked(tmp_path):
        pass


def test_the_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            pass


def test_the_cache_folder_hides_itself_from_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with locked(tmp_path):
        pass
    status = subprocess.run(["git", "-C", str(tmp_path), "status", "--porcelain"], check=True, capture_output=True)
    assert status.stdout == b""


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".floe_cache").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StageFailed) as failed:
        cache_folder(tmp_path)
    assert failed.value.diagnostics[0].rule.code == "W010"
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (cache_folder(tmp_path) / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError), locked(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "precious"
