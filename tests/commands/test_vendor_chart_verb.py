"""`floe-compile vendor` fetches a Helm chart, copies its files and locks them, or does nothing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from chart_mesh import NEEDS_HELM, WEB, chart_mesh, packed, run_verb
from floe_compiler.charts.vendored import digest_of_chart, read_lock
from small_mesh import small_mesh

FOLDER, LOCK = "vendor/charts/web/1.0.0", "vendor/charts/charts.lock"
NEWER = {**WEB, "Chart.yaml": WEB["Chart.yaml"].replace("version: 1.0.0", "version: 1.1.0")}


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    return small_mesh(tmp_path / "mesh", {})


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "web-1.0.0.tgz"
    path.write_bytes(packed({**WEB, ".helmignore": "*.md\n"}))
    return path


def test_a_packed_chart_is_vendored(mesh: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(mesh)
    code, text = run_verb(mesh, capsys, "vendor", str(archive))
    assert code == 0
    copied = {path.removeprefix(f"{FOLDER}/"): content for path, content in files(mesh).items() if path not in before}
    lock = copied.pop(LOCK)
    assert copied == {path: content.encode() for path, content in WEB.items()}
    (locked,) = read_lock(lock)
    assert locked.digest == digest_of_chart(copied)
    assert locked.archive == f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
    assert str(mesh.parent) not in lock.decode(), "no path of this machine"
    assert text == (
        f"{FOLDER}: 5 files of the chart web 1.0.0\n  digest: {locked.digest}\n"
        "use it in platform-manifest.yaml or a domain.yaml: charts: {web: {version: 1.0.0}}\n"
    )


def test_a_folder_is_vendored(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, text in WEB.items():
        (tmp_path / "web" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "web" / path).write_text(text, encoding="utf-8")
    assert run_verb(mesh, capsys, "vendor", str(tmp_path / "web"))[0] == 0
    (locked,) = read_lock((mesh / LOCK).read_bytes())
    assert (locked.digest, locked.archive) == (digest_of_chart({k: v.encode() for k, v in WEB.items()}), "")
    (tmp_path / "web/templates/link.yaml").symlink_to("/etc/hostname")
    code, text = run_verb(mesh, capsys, "vendor", str(tmp_path / "web"))
    assert code == 2
    assert "templates/link.yaml cannot be read: Not a regular file" in text


def test_versions_are_kept_beside_each_other(mesh: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_verb(mesh, capsys, "vendor", str(archive))
    archive.write_bytes(packed(NEWER))
    assert run_verb(mesh, capsys, "vendor", str(archive))[0] == 0
    lines = (mesh / LOCK).read_text(encoding="utf-8").splitlines()
    assert [line.split("  ")[1] for line in lines] == ["web/1.0.0", "web/1.1.0"]
    assert (mesh / FOLDER).is_dir()


def test_the_same_version_replaces_the_copy(mesh: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_verb(mesh, capsys, "vendor", str(archive))
    (mesh / FOLDER / "templates/old").mkdir()
    (mesh / FOLDER / "templates/old/gone.yaml").write_text("", encoding="utf-8")
    archive.write_bytes(packed({**WEB, "values.yaml": "replicas: 2\n"}))
    assert run_verb(mesh, capsys, "vendor", str(archive))[0] == 0
    assert (mesh / FOLDER / "values.yaml").read_text(encoding="utf-8") == "replicas: 2\n"
    assert not (mesh / FOLDER / "templates/old").exists()
    assert len(read_lock((mesh / LOCK).read_bytes())) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed({**WEB, "../../../escaped.yaml": "x"}), "is not vendored: the path ../../../escaped.yaml may lead out"),
        (b"nonsense", "is not vendored: it is not a packed chart"),
    ],
)
def test_a_bad_archive_writes_nothing(
    content: bytes, message: str, mesh: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(mesh.parent)
    archive.write_bytes(content)
    code, text = run_verb(mesh, capsys, "vendor", str(archive))
    assert code == 2
    assert message in text
    assert "Traceback" not in text
    assert {path for path in files(mesh.parent) if path not in before} == set()


def test_a_link_in_the_way_is_refused(mesh: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = mesh.parent / "outside"
    outside.mkdir()
    (mesh / "vendor").symlink_to(outside)
    code, text = run_verb(mesh, capsys, "vendor", str(archive))
    assert (code, "vendor is a symbolic link" in text) == (2, True)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version", "1.1.0"], "has version 1.0.0, not 1.1.0"),
        (["--name", "other"], "--name is for parents"),
    ],
)
def test_contradictory_options_are_refused(
    arguments: list[str], message: str, mesh: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run_verb(mesh, capsys, "vendor", str(archive), *arguments)
    assert code == 2
    assert message in text


def test_a_version_is_refused_for_a_parent(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run_verb(mesh, capsys, "vendor", str(mesh.parent), "--version", "1.0.0")
    assert (code, "--version is for charts" in text) == (2, True)


@pytest.fixture
def repository(tmp_path: Path, archive: Path) -> Iterator[str]:
    """Return the URL of a repository of charts, which a server here has."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "web-1.0.0.tgz").write_bytes(archive.read_bytes())
    entry = {"name": "web", "version": "1.0.0", "apiVersion": "v2", "urls": ["web-1.0.0.tgz"]}
    index = {"apiVersion": "v1", "entries": {"web": [entry]}, "generated": "2026-01-01T00:00:00Z"}
    (folder / "index.yaml").write_text(yaml.safe_dump(index), encoding="utf-8")

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@NEEDS_HELM
@pytest.mark.real
def test_a_chart_of_a_repository_is_vendored(mesh: Path, repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"{repository}/web"
    code, text = run_verb(mesh, capsys, "vendor", url, "--version", "1.0.0")
    assert code == 0, text
    (locked,) = read_lock((mesh / LOCK).read_bytes())
    assert locked.source == url
    code, text = run_verb(mesh, capsys, "vendor", url, "--version", "9.9.9")
    assert code == 2
    assert text.startswith(f"floe-compile: helm cannot fetch {url}: ")
    code, text = run_verb(mesh, capsys, "vendor", f"{repository}/web-1.0.0.tgz")
    assert code == 0


@NEEDS_HELM
@pytest.mark.real
def test_a_login_in_a_url_is_never_shown_or_stored(
    mesh: Path, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "hunter2"
    url = repository.replace("http://", f"http://me:{secret}@")
    assert run_verb(mesh, capsys, "vendor", f"{url}/web")[0] == 0
    _, text = run_verb(mesh, capsys, "vendor", f"{url}/nothing")
    assert secret not in text + (mesh / LOCK).read_text(encoding="utf-8")


@NEEDS_HELM
@pytest.mark.real
def test_a_vendored_chart_compiles(tmp_path: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = chart_mesh(tmp_path / "compiled")
    (root / LOCK).unlink()
    assert run_verb(root, capsys, "vendor", str(archive))[0] == 0
    assert run_verb(root, capsys, "compile")[0] == 0
