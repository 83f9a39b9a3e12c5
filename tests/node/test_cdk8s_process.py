"""The JavaScript of cdk8s is unpacked safely, and a process that fails is a finding, not a traceback."""

from __future__ import annotations

import errno
import io
import multiprocessing
import tarfile
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.node import cdk8s_process

CHART: dict[str, Any] = {
    "namespace": "sales",
    "labels": {},
    "annotation": "wave",
    "objects": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}],
    "included": [],
    "dependencies": [],
}


EXPECTED = [{"objects": [{"at": 0, "namespace": "sales", "labels": {}, "annotations": {}}]}]
"""What cdk8s answers about the chart."""


@pytest.fixture(autouse=True)
def _a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "_idle", None)


def archive_of(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2
            archive.addfile(member, io.BytesIO(b"{}"))
    return path


def failure_of(chart: dict[str, Any]) -> Diagnostic:
    with pytest.raises(StageFailed) as raised:
        cdk8s_process.run_cdk8s([chart])
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.rule is cdk8s_process.CDK8S_FAILED
    assert "--force-reinstall" in diagnostic.hint
    return diagnostic


def script(folder: Path, text: str) -> Path:
    path = folder / "driver.js"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["package/../../../../evil.js", "/evil.js", "package/lib/../../../../../evil.js"])
def test_a_path_out_of_the_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    archive = archive_of(tmp_path / "a.tgz", name)
    monkeypatch.setattr(cdk8s_process, "_archive", lambda _package: archive)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert "has a file outside its own folder" in failure_of(CHART).message
    assert not list(tmp_path.rglob("evil.js"))


def test_a_link_in_an_archive_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "elsewhere.js"
    script.write_text("throw new Error('followed');")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        link = tarfile.TarInfo("package/index.js")
        link.type, link.linkname = tarfile.SYMTYPE, str(script)
        archive.addfile(link)
    monkeypatch.setattr(cdk8s_process, "_archive", lambda _package: tmp_path / "a.tgz")

    assert "Cannot find module 'cdk8s'" in failure_of(CHART).message


def test_an_archive_with_longer_names_than_it_reads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(tmp_path / "a.tgz", f"package/{'x' * 300}.js")
    monkeypatch.setattr(cdk8s_process, "_archive", lambda _package: archive)

    assert "has an entry of the unknown type" in failure_of(CHART).message


def test_an_error_of_node_is_reported_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "DRIVER", script(tmp_path, "throw new TypeError('broken');"))

    assert failure_of(CHART).message == "TypeError: broken"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("hello", "JSON is malformed"),
        ("\\377", "JSON is malformed"),
        ("", "Input data was truncated"),
        ("null", "got `null`"),
        ("[]", "0 answers instead of 1"),
        ("[{}, {}]", "2 answers instead of 1"),
        ("[1]", "Expected `object`"),
        ('[{"objects": [1]}]', "Expected `object`"),
        ('[{"objects": [{"at": 0}]}]', "missing required field"),
        ('[{"failures": [{"at": "x", "message": []}]}]', "Expected `int`"),
    ],
)
def test_an_invalid_answer_is_reported(
    answer: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell says it, as that starts in no time."""
    monkeypatch.setattr(cdk8s_process, "DRIVER", script(tmp_path, f"printf '{answer}'"))
    monkeypatch.setattr(cdk8s_process, "find_node", lambda: "/bin/sh")

    assert message in failure_of(CHART).message


def test_a_process_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "DRIVER", script(tmp_path, "setInterval(() => {}, 1000);"))
    monkeypatch.setattr(cdk8s_process, "SECONDS", 0.2)

    assert failure_of(CHART).message == "cdk8s did not finish within 0.2 seconds"


def test_a_missing_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "PACKAGES", ("cdk8s", "no_such_package"))

    assert failure_of(CHART).message == (
        "the Python package no_such_package has 0 archives of JavaScript instead of one"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("file", ["node_modules/cdk8s/package.json", "include.yaml"])
def test_a_full_disk_is_said_to_be_one(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(tempfile.TemporaryDirectory[str]):
        def __init__(self, **options: Any) -> None:
            super().__init__(dir=tmp_path, **options)
            Path(self.name, file).parent.mkdir(parents=True, exist_ok=True)
            Path(self.name, file).symlink_to("/dev/full")

    monkeypatch.setattr("tempfile.TemporaryDirectory", Full)
    text, head = "kind: A\n", {"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}
    with pytest.raises(OSError, match="No space left on device") as raised:
        cdk8s_process.run_cdk8s([{**CHART, "included": [{"text": text, "objects": [head]}]}])
    assert raised.value.errno == errno.ENOSPC
    assert str(raised.value.filename).startswith(f"{tmp_path}/floe-compile-")
    assert [*tmp_path.iterdir()] == [], "nothing is left behind"


def test_a_process_that_the_system_stops_is_named_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "DRIVER", script(tmp_path, "process.kill(process.pid, 'SIGKILL');"))

    assert failure_of(CHART).message.startswith("the system stopped Node.js (SIGKILL)")


def test_nothing_is_left_behind_and_the_home_folder_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", "/nonexistent")

    assert cdk8s_process.run_cdk8s([CHART]) == EXPECTED
    assert not list(tmp_path.iterdir())


def test_a_process_can_be_started_before_there_are_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with cdk8s_process.Cdk8s() as cdk8s:
        cdk8s.start()
        cdk8s.stop()
        assert not list(tmp_path.iterdir())
        cdk8s.start()
        cdk8s.start()
        assert cdk8s.run([CHART]) == EXPECTED
        assert not list(tmp_path.iterdir())
        assert cdk8s.run([CHART, CHART]) == [*EXPECTED, *EXPECTED], "a second time, with a process of its own"
        cdk8s.start()
    assert not list(tmp_path.iterdir())


def test_an_unused_process_may_fail_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "PACKAGES", ("no_such_package",))
    with cdk8s_process.Cdk8s() as cdk8s:
        cdk8s.start()
    with cdk8s_process.Cdk8s() as cdk8s:
        cdk8s.start()
        with pytest.raises(StageFailed):
            cdk8s.run([CHART])


def test_a_process_may_be_kept_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folders: list[Path] = []
    with cdk8s_process.reusing_process():
        with cdk8s_process.reusing_process():
            for _ in range(3):
                assert cdk8s_process.run_cdk8s([CHART]) == EXPECTED
                folders += tmp_path.iterdir()
        assert [*tmp_path.iterdir()] == folders[:1], "until the outermost block ends"
        with cdk8s_process.Cdk8s() as first, cdk8s_process.Cdk8s() as second:
            assert first.run([CHART]) == second.run([CHART, CHART])[:1] == EXPECTED
            folders += tmp_path.iterdir()
        assert len(folders) == 4
        assert len(set(folders)) == 1
    assert not list(tmp_path.iterdir())


def test_a_kept_process_that_ended_or_failed_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with cdk8s_process.reusing_process():
        failure_of({"namespace": None})  # a chart without objects stops it
        assert not list(tmp_path.iterdir())
        assert cdk8s_process.run_cdk8s([CHART]) == EXPECTED
        idle = cdk8s_process._idle
        assert idle
        assert idle._process
        idle._process.node.kill()
        idle._process.node.wait()
        assert cdk8s_process.run_cdk8s([CHART]) == EXPECTED
    assert not list(tmp_path.iterdir())


def test_a_forked_process_leaves_a_kept_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with cdk8s_process.reusing_process():
        assert cdk8s_process.run_cdk8s([CHART]) == EXPECTED
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
            assert pool.submit(cdk8s_process.run_cdk8s, [CHART]).result() == EXPECTED
        assert len(list(tmp_path.iterdir())) == 1
        assert cdk8s_process.run_cdk8s([CHART]) == EXPECTED
    assert not list(tmp_path.iterdir())
