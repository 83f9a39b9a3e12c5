"""The snapshot sees every file that a delivery tool would, and never follows a link."""

import os
import time
from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.files import sha256
from floe_compiler.write import snapshot as snapshots
from floe_compiler.write.snapshot import output_folders, take_snapshot


def write_all(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_files_have_the_hash_of_their_bytes(tmp_path: Path) -> None:
    write_all(tmp_path, "output/dev/a/x.yaml", "output/dev/y.txt", "output/prod/z.yaml")
    snapshot = take_snapshot(tmp_path, ["dev", "missing"], Findings())
    assert snapshot.hashes == {path: sha256(path.encode()) for path in ("output/dev/a/x.yaml", "output/dev/y.txt")}
    assert snapshot.folders == {"output/dev", "output/dev/a"}


def test_line_endings_changed_by_git_are_noticed(tmp_path: Path) -> None:
    write_all(tmp_path, "output/dev/x.yaml", "output/dev/y.yaml", "output/dev/z.yaml")
    (tmp_path / "output/dev/y.yaml").write_bytes(b"a: 1\r\nb: 2\r\n")
    (tmp_path / "output/dev/z.yaml").write_bytes(b"a: 1\n<<<<<<< ours\nb: 2\n=======\nb: 3\n>>>>>>> theirs\n")
    snapshot = take_snapshot(tmp_path, ["dev"], Findings())
    assert snapshot.with_line_feeds == {"output/dev/y.yaml": sha256(b"a: 1\nb: 2\n")}
    assert snapshot.conflicts == {"output/dev/z.yaml": 2}


def later(patch: pytest.MonkeyPatch) -> None:
    """Let the clock run ahead, so that all files are old enough."""
    moment = time.time_ns() + 10**10
    patch.setattr(time, "time_ns", lambda: moment)


def test_a_known_file_is_not_read_again_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path, "output/dev/a/x.yaml", "output/dev/a/y.yaml", "output/dev/z.yaml")
    later(monkeypatch)
    first = take_snapshot(tmp_path, ["dev"], Findings())
    assert first.learned
    assert {folder: set(files) for folder, files in first.stats.items()} == {
        "output/dev": {"z.yaml"},
        "output/dev/a": {"x.yaml", "y.yaml"},
    }
    monkeypatch.setattr(snapshots, "sha256", lambda _: "read")
    again = take_snapshot(tmp_path, ["dev"], Findings(), first.stats)
    assert (again.hashes, again.stats, again.learned) == (first.hashes, first.stats, False)
    (tmp_path / "output/dev/a/x.yaml").write_text("changed")
    write_all(tmp_path, "output/dev/a/new.yaml")
    changed = take_snapshot(tmp_path, ["dev"], Findings(), first.stats)
    assert {path for path, state in changed.hashes.items() if state == "read"} == {
        "output/dev/a/x.yaml",
        "output/dev/a/new.yaml",
    }
    assert changed.learned
    assert set(take_snapshot(tmp_path, ["dev"], Findings()).hashes.values()) == {"read"}


def test_a_file_that_is_too_young_is_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path, "output/dev/x.yaml")
    changed = (tmp_path / "output/dev/x.yaml").stat().st_ctime_ns
    monkeypatch.setattr(time, "time_ns", lambda: changed + 1)
    snapshot = take_snapshot(tmp_path, ["dev"], Findings())
    assert (snapshot.stats, snapshot.learned) == ({"output/dev": {}}, False)


def test_line_endings_changed_by_git_are_noticed_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path, "output/dev/x.yaml", "output/dev/y.yaml")
    (tmp_path / "output/dev/x.yaml").write_bytes(b"a: 1\r\n")
    (tmp_path / "output/dev/y.yaml").write_bytes(b"<<<<<<< ours\n")
    later(monkeypatch)
    known = take_snapshot(tmp_path, ["dev"], Findings()).stats
    again = take_snapshot(tmp_path, ["dev"], Findings(), known)
    assert list(again.with_line_feeds) == ["output/dev/x.yaml"]
    assert list(again.conflicts) == ["output/dev/y.yaml"]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_replaced_known_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    write_all(tmp_path, "output/dev/x.yaml", "elsewhere.yaml")
    later(monkeypatch)
    known = take_snapshot(tmp_path, ["dev"], Findings()).stats
    path = tmp_path / "output/dev/x.yaml"
    path.unlink()
    make = {"link": lambda: path.symlink_to(tmp_path / "elsewhere.yaml"), "pipe": lambda: os.mkfifo(path)}
    make.get(kind, path.mkdir)()
    findings = Findings()
    snapshot = take_snapshot(tmp_path, ["dev"], findings, known)
    assert snapshot.hashes == {}
    assert [diagnostic.subject for diagnostic in findings.diagnostics] == (
        [] if kind == "folder" else ["output/dev/x.yaml"]
    )


def test_hidden_files_count_only_if_a_tool_would_apply_them(tmp_path: Path) -> None:
    write_all(tmp_path, "output/dev/.DS_Store", "output/dev/.hidden.json", "output/dev/.hidden.yaml")
    assert list(take_snapshot(tmp_path, ["dev"], Findings()).hashes) == ["output/dev/.hidden.yaml"]


def test_temporary_files_of_an_interrupted_run_are_leftovers(tmp_path: Path) -> None:
    write_all(tmp_path, "output/dev/.x.yaml.tmp", "output/.floe/.dev.index.tmp", "output/dev/.editor.tmp")
    snapshot = take_snapshot(tmp_path, ["dev"], Findings())
    assert snapshot.leftovers == ["output/.floe/.dev.index.tmp", "output/dev/.x.yaml.tmp"]
    assert not snapshot.hashes


@pytest.mark.parametrize("place", ["output", "output/.floe", "output/dev", "output/dev/a", "output/dev/x.yaml"])
def test_links_are_refused_and_not_followed(tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    write_all(tmp_path, "elsewhere/dev/secret.yaml", "elsewhere/secret.yaml")
    link = tmp_path / "repo" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere if "." not in link.name[1:] else elsewhere / "secret.yaml")
    findings = Findings()
    assert not take_snapshot(tmp_path / "repo", ["dev"], findings).hashes
    assert [(diagnostic.rule.code, diagnostic.subject) for diagnostic in findings.diagnostics] == [("W010", place)]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "output/dev").mkdir(parents=True)
    os.mkfifo(tmp_path / "output/dev/x.yaml")
    findings = Findings()
    take_snapshot(tmp_path, ["dev"], findings)
    assert [diagnostic.subject for diagnostic in findings.diagnostics] == ["output/dev/x.yaml"]


def test_output_folders_are_the_environments(tmp_path: Path) -> None:
    assert output_folders(tmp_path) == ()
    write_all(tmp_path, "output/prod/x.yaml", "output/dev/x.yaml", "output/.floe/dev.index", "output/readme.txt")
    assert output_folders(tmp_path) == ("dev", "prod")
