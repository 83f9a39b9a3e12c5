"""Vendored charts: only files with the digest in the lock are rendered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chart_mesh import WEB, chart_mesh, encoded, run_verb
from floe_compiler.charts.vendored import Locked, digest_of_chart, read_lock
from floe_compiler.model.charts import ChartVersion

FOLDER = "vendor/charts/web/1.0.0"
LOCK = "vendor/charts/charts.lock"


def test_the_digest_is_of_paths_and_contents_and_not_of_line_breaks() -> None:
    files = encoded(WEB)
    digest = digest_of_chart(files)
    assert digest == digest_of_chart(dict(reversed(files.items())))
    assert digest == digest_of_chart({path: text.replace(b"\n", b"\r\n") for path, text in files.items()})
    assert digest != digest_of_chart({**files, "values.yaml": b"replicas: 2\n"})
    assert digest != digest_of_chart({("a" if path == "values.yaml" else path): text for path, text in files.items()})


def test_a_line_of_the_lock_reads_back() -> None:
    digest = f"sha256:{'0' * 64}"
    for locked in (
        Locked(ChartVersion("web", "1.0.0"), digest),
        Locked(ChartVersion("web", "1.0.0"), digest, "oci://ghcr.io/acme/web"),
        Locked(ChartVersion("web", "1.0.0"), digest, "oci://ghcr.io/acme/web", digest),
    ):
        (chart,) = read_lock(locked.text().encode())
        assert (chart.chart, chart.digest, chart.source, chart.archive) == (
            locked.chart,
            locked.digest,
            locked.source,
            locked.archive,
        )
    assert read_lock(b"<<<<<<< HEAD\nnonsense\n") == ()
    assert read_lock(None) == ()


def edit(path: str, text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")

    return change


def link(root: Path) -> None:
    (root / f"{FOLDER}/templates/more.yaml").symlink_to("/etc/hostname")


def remove(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).unlink()


@pytest.mark.parametrize(
    ("change", "rule", "message_part"),
    [
        (edit(f"{FOLDER}/values.yaml", "replicas: 9\n"), "H004", "is locked to another digest"),
        (edit(f"{FOLDER}/templates/more.yaml", ""), "H004", "is locked to another digest"),
        (remove(f"{FOLDER}/templates/service.yaml"), "H004", "is locked to another digest"),
        (link, "H004", f"{FOLDER}/templates/more.yaml is not a plain file"),
        (remove(LOCK), "H003", "the chart web 1.0.0 is not locked"),
        (edit(LOCK, ""), "H003", "the chart web 1.0.0 is not locked"),
    ],
)
def test_a_chart_that_differs_from_its_lock_is_refused(
    change: Callable[[Path], None], rule: str, message_part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = chart_mesh(tmp_path)
    change(root)
    code, text = run_verb(root, capsys)
    assert code == 1
    assert f"error[{rule}]: " in text
    assert message_part in text
    assert text.count("error[") == 1
    assert "platform-manifest.yaml:" in text.partition(f"error[{rule}]")[0]


def test_a_missing_version_is_reported_with_the_existing_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = chart_mesh(tmp_path, entry={"version": "1.0.1"})
    code, text = run_verb(root, capsys)
    assert code == 1
    assert "error[H003]: the chart web 1.0.1 is not in vendor/charts/" in text
    assert "floe-compile vendor oci://<registry>/web --version 1.0.1" in text
    assert "web 1.0.0" in text


@pytest.mark.parametrize(
    "schema",
    [
        '{"$ref": "https://acme.example/values.json"}',
        '{"properties": {"a": {"$ref": "file:///etc/passwd"}}}',
        '{"allOf": [{"$ref": "other.json#/x"}]}',
        '{"$schema": "https://acme.example/meta.json"}',
    ],
)
def test_a_remote_schema_of_values_is_refused(schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = chart_mesh(tmp_path, {"values.schema.json": schema})
    code, text = run_verb(root, capsys)
    assert code == 1
    assert "error[H015]: vendor/charts/web/1.0.0/values.schema.json refers to " in text


def test_a_chart_without_an_entry_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = chart_mesh(tmp_path)
    manifest = root / "platform-manifest.yaml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8")
        .replace('"charts"', '"limits"')
        .partition('"limits"')[0]
        .rstrip()
        .rstrip(",")
        + "}"
    )
    code, text = run_verb(root, capsys, "compile")
    assert code == 0
    assert "warning[H016]: no entry of charts uses web 1.0.0" in text
    assert "vendor/charts/web/1.0.0/Chart.yaml:1:1" in text
