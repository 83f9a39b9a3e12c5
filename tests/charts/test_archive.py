"""Archives of charts: their files, and files that must never be unpacked."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable

import pytest

from chart_mesh import WEB, encoded, packed
from floe_compiler.charts import archive
from floe_compiler.charts.archive import BadChart, checked, unpacked, version_of
from floe_compiler.model.charts import ChartVersion
from floe_compiler.model.layout import MOST_BYTES


def with_member(change: Callable[[tarfile.TarInfo], None], content: bytes = b"") -> bytes:
    """Return an archive with a chart, and a member that is made with `change`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, data in encoded(WEB).items():
            member = tarfile.TarInfo(f"web/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        member = tarfile.TarInfo("web/templates/more.yaml")
        member.size = len(content)
        change(member)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def named(name: str) -> Callable[[tarfile.TarInfo], None]:
    def change(member: tarfile.TarInfo) -> None:
        member.name = name

    return change


def typed(type_: bytes, target: str = "") -> Callable[[tarfile.TarInfo], None]:
    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname = type_, target

    return change


def test_a_chart_is_unpacked() -> None:
    files = unpacked(packed({**WEB, ".helmignore": "x", "templates/.hidden.yaml": "x"}))
    assert files == dict(sorted(encoded(WEB).items())), "hidden files are left out"
    assert version_of(files) == ChartVersion("web", "1.0.0")


def test_a_path_may_begin_with_a_dot_and_a_slash() -> None:
    assert unpacked(packed(WEB, top="./web/")).keys() == WEB.keys()


@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (with_member(named("web/../../outside.yaml")), "may lead out"),
        (with_member(named("/etc/cron.d/x")), "at its top"),
        (with_member(named("../x/y")), "at its top"),
        (with_member(named("web//etc/x")), "may lead out"),
        (with_member(named("web/templates\\..\\..\\x.yaml")), "may lead out"),
        (with_member(named("web/templates/a\nb.yaml")), "may lead out"),
        (with_member(named("web/templates/C:x.yaml")), "may lead out"),
        (with_member(named("web/templates/aux.yaml")), "not every file system"),
        (with_member(named("web/" + "a" * 220)), "not every file system"),
        (with_member(named("web/templates/SERVICE.yaml")), "one file on some file systems"),
        (with_member(named("other/x.yaml")), "2 folders at its top"),
        (with_member(typed(tarfile.SYMTYPE, "/etc/passwd")), "is a link"),
        (with_member(typed(tarfile.LNKTYPE, "web/Chart.yaml")), "is a link"),
        (with_member(typed(tarfile.CHRTYPE)), "special file"),
        (with_member(typed(tarfile.FIFOTYPE)), "special file"),
        (b"no archive", "not a packed chart"),
        (packed(WEB)[:200], "not a packed chart"),
        (gzip.compress(b"plain text"), "not a packed chart"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_dangerous_archives_are_refused(archive: bytes, problem: str) -> None:
    with pytest.raises(BadChart, match=problem):
        version_of(unpacked(archive))


def test_a_file_that_fills_a_disk_is_refused_before_it_is_read() -> None:
    for size in (MOST_BYTES + 1, 10**12):
        member = tarfile.TarInfo("web/values.yaml")
        member.size = size
        with pytest.raises(BadChart, match="a file may have"):
            unpacked(gzip.compress(member.tobuf()))


def test_many_files_that_fill_a_disk_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_IN_ALL", 1000)
    with pytest.raises(BadChart, match="more than 1,000 bytes"):
        unpacked(packed({**WEB, "a": "x" * 600, "b": "x" * 600}))
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    with pytest.raises(BadChart, match="more than 3 files"):
        checked({str(number): b"" for number in range(4)})


@pytest.mark.parametrize(
    ("chart", "problem"),
    [
        (None, "no Chart.yaml"),
        ("[", "no YAML"),
        ("name: web\n", "its version is missing"),
        ("name: ../web\nversion: 1.0.0\n", "its name is ../web"),
        ("name: web\nversion: ../1\n", "its version is ../1"),
        ("name: web\nversion: 1.0.0\ndependencies: [{name: common}]\n", "depends on: common"),
    ],
)
def test_an_archive_without_a_chart_is_refused(chart: str | None, problem: str) -> None:
    files = {} if chart is None else {"Chart.yaml": chart.encode()}
    with pytest.raises(BadChart, match=problem):
        version_of(files)


@pytest.mark.parametrize("path", ["charts/common/Chart.yaml", "charts/common-1.2.3.tgz"])
def test_a_dependency_may_be_a_folder_or_packed(path: str) -> None:
    chart_yaml = b"name: web\nversion: 1.0.0\ndependencies: [{name: common}]\n"
    assert version_of({"Chart.yaml": chart_yaml, path: b""}).name == "web"
