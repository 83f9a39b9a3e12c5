"""The index can be read by people and sha256sum, merged by Git, and never has paths outside its environment."""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.files import sha256
from floe_compiler.write.index import (
    index_lines,
    index_path,
    indexed_environments,
    parse_index,
    read_index,
    render_index,
)

A, B = sha256(b"a"), sha256(b"b")

HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
PATHS = st.text("abc%_.-/", min_size=1, max_size=20).map(lambda name: f"output/dev/{name}")


@given(st.frozensets(st.tuples(PATHS, HASHES)), st.randoms())
@FEW
def test_a_written_index_is_read_back_without_known_lines(entries: frozenset[tuple[str, str]], random: Random) -> None:
    findings = Findings()
    text = render_index(entries)
    known = {entry for entry in sorted(entries) if random.random() < 0.5}
    assert parse_index("dev", text, findings, set(index_lines(known))) == entries - known
    assert not findings.diagnostics


def test_lines_are_sorted_and_one_file_is_one_line() -> None:
    lines = render_index([("output/dev/b", B), ("output/dev/a", A)]).splitlines()
    assert lines[0].startswith("# floe-compile index 1")
    assert lines[1:] == [f"{A}  output/dev/a", f"{B}  output/dev/b"]


def test_a_merge_conflict_gives_the_lines_of_both_sides() -> None:
    findings = Findings()
    text = f"# floe-compile index 1\n<<<<<<< HEAD\n{A}  output/dev/x\n=======\n{B}  output/dev/x\n>>>>>>> other\n"
    assert parse_index("dev", text, findings) == {("output/dev/x", A), ("output/dev/x", B)}
    assert not findings.diagnostics


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "not a hash and a path"),
        (f"{A}  output/prod/x", "not a file of environment dev"),
        (f"{A}  /etc/passwd", "not a file of environment dev"),
        (f"{A[:-1]}  output/dev/x", "not a hash and a path"),
        ("# floe-compile index 2", "format 2"),
    ],
)
def test_invalid_lines_are_reported_by_number(line: str, message: str) -> None:
    findings = Findings()
    parse_index("dev", f"# floe-compile index 1\n{line}\n", findings)
    [diagnostic] = findings.diagnostics
    assert diagnostic.rule.code == "W007"
    assert message in diagnostic.message
    assert str(diagnostic.span) == "output/.floe/dev.index:2:1"


def test_indexes_are_found_by_environment(tmp_path: Path) -> None:
    assert indexed_environments(tmp_path) == ()
    for name in ("prod.index", "dev.index", ".dev.index.tmp", "notes.txt"):
        (tmp_path / "output/.floe").mkdir(parents=True, exist_ok=True)
        (tmp_path / "output/.floe" / name).touch()
    assert indexed_environments(tmp_path) == ("dev", "prod")
    assert read_index(tmp_path, "staging") is None


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_sha256sum_reads_it(tmp_path: Path) -> None:
    (tmp_path / "output/dev").mkdir(parents=True)
    (tmp_path / "output/dev/x").write_text("a")
    (tmp_path / "index").write_text(render_index([("output/dev/x", A)]))
    command = ["sha256sum", "--check", "--strict", "index"]
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "output/dev/x").write_text("b")
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 1


def test_the_index_is_where_argo_cd_and_flux_do_not_look() -> None:
    assert index_path("dev") == "output/.floe/dev.index"
