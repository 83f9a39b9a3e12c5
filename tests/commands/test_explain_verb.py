"""`floe-compile explain` shows where values of the output come from."""

import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from small_mesh import ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, explained_once: None) -> Path:
    """Return a mesh, compiled, whose environment overrides what the manifest says."""
    changes: dict[str, dict[str, Any]] = {
        MANIFEST: {"compute": {"type": "duckdb", "threads": 4}},
        ENVIRONMENT: {"platform": {"compute": {"threads": 2}}},
    }
    root = small_mesh(tmp_path_factory.mktemp("mesh"), changes)
    assert main(["compile", "--quiet", "--root", str(root)]) == 0
    return root


@pytest.fixture
def mesh(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return it as the working folder."""
    monkeypatch.chdir(compiled)
    return compiled


def test_a_value_is_traced_to_its_line(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{CRON_JOB}:spec.schedule"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "CronJob.batch floe-sales-domain/orders"
    assert 'spec.schedule: "0 6 * * *"' in lines
    assert any(line.startswith(f"    {PRODUCT}:9:") for line in lines)


def test_overridden_values_are_reported(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profiles = "output/dev/floe-sales-domain/configmap_dbt-profiles.yaml"
    assert main(["explain", f"{profiles}:data"]) == 0
    text = capsys.readouterr().out
    assert f"    {ENVIRONMENT}:" in text
    assert f"        overrides 4 of {MANIFEST}:" in text


def test_an_explanation_is_printed_as_json(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{CRON_JOB}:spec.schedule", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["object"] == "CronJob.batch floe-sales-domain/orders"
    (value,) = document["values"]
    assert (value["path"], value["value"]) == ("spec.schedule", "0 6 * * *")
    assert value["causes"][0]["at"].startswith(f"{PRODUCT}:9:")


POD = "spec.jobTemplate.spec.template.spec"


@pytest.mark.parametrize(
    "path", [f"{POD}.containers[transform].image", f"{POD}.containers[0].image", f"{POD}.containers[transform]"]
)
def test_a_path_may_be_written_as_differences_and_errors_do(
    path: str, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", f"{CRON_JOB}:{path}"]) == 0
    assert f"{POD}.containers[transform].image: " in capsys.readouterr().out


@pytest.mark.parametrize("path", ['data["profiles.yml"]', "data.profiles.yml", "data"])
def test_a_key_with_dots_may_be_written_with_and_without_quotes(
    path: str, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", f"output/dev/floe-sales-domain/configmap_dbt-profiles.yaml:{path}"]) == 0
    assert 'data["profiles.yml"]: ' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("output/dev/floe-sales-domain/nothing.yaml", "is not a file that the inputs compile to"),
        ("output/test/floe-sales-domain/nothing.yaml", "is not a file that the inputs compile to"),
        ("output/dev/floe-sales-domain/cronjob_orders.yaml", f'did you mean "{CRON_JOB}"?'),
        (f"{CRON_JOB}:spec.scheduel", 'has nothing at spec.scheduel; did you mean "spec.schedule"?'),
    ],
)
def test_a_missing_object_is_wrong_usage(
    place: str, message: str, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", place]) == 2
    assert message in capsys.readouterr().err


def test_a_file_may_be_named_as_in_the_header_of_a_diff(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{CRON_JOB.removeprefix('output/')}:spec.schedule"]) == 0
    assert 'spec.schedule: "0 6 * * *"' in capsys.readouterr().out


@pytest.mark.parametrize(("folder", "way"), [("domains/sales", "../.."), ("output", "./..")])
def test_a_file_may_be_named_from_a_folder_below(
    folder: str, way: str, mesh: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert main(["explain", f"{way}/{CRON_JOB}:spec.schedule"]) == 0
    assert main(["explain", f"{mesh}/{CRON_JOB}:spec.schedule"]) == 0
    assert capsys.readouterr().out.count('spec.schedule: "0 6 * * *"') == 2


def test_a_colon_inside_the_name_of_the_file_is_not_a_separator(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"C:/acme/{CRON_JOB}:spec.schedule"]) == 2
    assert f"C:/acme/{CRON_JOB} is not a file" in capsys.readouterr().err


def test_what_a_patch_changes_and_removes_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, explained_once: None
) -> None:
    monkeypatch.chdir(small_mesh(tmp_path, {}))
    operations = (
        "    - {op: remove, path: /spec/jobTemplate/metadata}\n    - {op: replace, path: /spec/suspend, value: true}\n"
    )
    patch = f"patches:\n- target: {{kind: CronJob}}\n  patch: |-\n{operations}"
    Path("overlays/dev/kustomization.yaml").write_text(patch, encoding="utf-8")
    assert main(["explain", f"{CRON_JOB}:spec.suspend"]) == 0
    shown = capsys.readouterr().out
    assert "\n  changed by the patch overlays/dev/kustomization.yaml:3:10\n" in shown
    assert "\nspec.suspend: true\n    overlays/dev/kustomization.yaml:5:49: patched\n" in shown
    place, at = "spec.jobTemplate.metadata.labels.app.kubernetes.io/name", "overlays/dev/kustomization.yaml:4:26"
    assert main(["explain", f"{CRON_JOB}:{place}"]) == 0
    assert f"\n{place}: (none)\n    {at}: removed by a patch\n" in capsys.readouterr().out
    assert main(["explain", f"{CRON_JOB}:{place}", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["removed"] == [{"path": place, "at": at}]
    assert found["patches"] == ["overlays/dev/kustomization.yaml:3:10"]
