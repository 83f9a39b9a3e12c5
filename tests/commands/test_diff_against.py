"""`floe-compile diff --against` compares an environment with YAML of others: what runs, or what helm renders."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from api_server import MISSING, api_server
from floe_compiler.cli import main
from floe_compiler.commands import diff_against
from floe_compiler.overlay.kustomize import find_kustomize
from floe_compiler.pipeline import compile_mesh
from small_mesh import small_mesh

CRON = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"

Diff = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_mesh(tmp_path_factory.mktemp("mesh"), {})


@pytest.fixture(scope="module")
def compiled(root: Path) -> dict[str, Any]:
    return {
        path: yaml.load(text, yaml.CSafeLoader)
        for path, text in compile_mesh(root).files.items()
        if path.endswith(".yaml")
    }


@pytest.fixture
def diff(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Diff:
    def run(objects: Any, *arguments: str) -> tuple[int, str, str]:
        manifest_file = tmp_path / "given.yaml"
        manifest_file.write_text(objects if isinstance(objects, str) else yaml.safe_dump_all(objects), encoding="utf-8")
        capsys.readouterr()
        code = main(["diff", "--root", str(root), "--against", str(manifest_file), *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err.replace(str(manifest_file), "FILE")

    return run


def test_equal_objects_are_not_a_difference(diff: Diff, compiled: dict[str, Any]) -> None:
    code, text, summary = diff(compiled.values())
    assert (code, text) == (0, "")
    assert summary == "floe-compile: dev: 0 only in FILE (-), 0 different (~), 0 only compiled (+)\n"


def test_a_list_of_kubectl_is_expanded(diff: Diff, compiled: dict[str, Any]) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": list(compiled.values())}
    assert diff(json.dumps(listed))[1] == ""


def test_missing_added_and_changed_objects_are_shown(diff: Diff, compiled: dict[str, Any]) -> None:
    cron = compiled[CRON]
    rescheduled = {**cron, "spec": {**cron["spec"], "schedule": "1 2 3 4 5"}}
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old", "namespace": "floe-sales-domain"}}
    code, text, summary = diff([rescheduled, extra])
    assert code == 0
    assert "dev/floe-sales-domain\n  - ConfigMap old\n  ~ CronJob.batch orders\n" in text
    assert f'~ spec.schedule: "1 2 3 4 5" -> "{cron["spec"]["schedule"]}"' in text
    assert "  + NetworkPolicy.networking.k8s.io orders\n" in text
    assert "floe-platform" not in text, "nothing is known of other namespaces"
    assert summary.startswith("floe-compile: dev: 1 only in FILE (-), 1 different (~), ")
    assert "objects left out, of whose namespaces FILE has nothing" in summary


def test_additional_objects_in_the_cluster_are_not_dangers(diff: Diff) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "a", "namespace": "floe-platform"},
    }
    text = diff([claim])[1]
    assert "- PersistentVolumeClaim a" in text
    assert "!" not in text


def test_a_value_of_a_secret_is_never_shown(diff: Diff) -> None:
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "floe-platform"}}
    secret = {**head, "stringData": {"password": "hunter2"}}
    for form in ("text", "json", "markdown"):
        assert "hunter2" not in "".join(map(str, diff([secret], "--format", form)))


def test_differences_are_printed_as_json_and_markdown(diff: Diff) -> None:
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old", "namespace": "floe-platform"}}
    (environment,) = json.loads(diff([extra], "--format", "json")[1])["environments"]
    assert environment["environment"] == "dev"
    assert environment["totals"]["deleted"] == 1
    assert "old" in diff([extra], "--format", "markdown")[1]


def test_a_folder_or_standard_input_may_be_compared(
    root: Path,
    tmp_path: Path,
    compiled: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number, manifest in enumerate(compiled.values()):
        (tmp_path / f"{number}.yml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    (tmp_path / "README.md").write_text("not: [yaml", encoding="utf-8")
    assert main(["diff", "--root", str(root), "--against", str(tmp_path)]) == 0
    assert "0 only compiled" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(yaml.safe_dump_all(compiled.values())))
    assert main(["diff", "--root", str(root), "--against", "-"]) == 0
    assert "0 only in standard input (-), 0 different (~), 0 only compiled (+)" in capsys.readouterr().err


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_standard_input_that_is_not_text_is_refused(
    errors: str, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfea\0"), encoding="utf-8", errors=errors))
    assert main(["diff", "--root", str(root), "--against", "-"]) == 2
    assert capsys.readouterr().err == "floe-compile: standard input cannot be read: it is not UTF-8 text\n"


def test_standard_input_that_is_too_long_is_not_cut(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "kind: List\nitems: []\n---\nkind: List\nitems: []\n"
    monkeypatch.setattr(diff_against, "MOST", len(text))
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["diff", "--root", str(root), "--against", "-"]) == 0
    monkeypatch.setattr(diff_against, "MOST", len(text) - 1)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    capsys.readouterr()
    assert main(["diff", "--root", str(root), "--against", "-"]) == 2
    assert "standard input has more than 45 characters; compare a few namespaces" in capsys.readouterr().err


def test_standard_input_that_is_closed(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["diff", "--root", str(root), "--against", "-"]) == 2
    assert "standard input is closed; pipe objects into it" in capsys.readouterr().err


def test_a_list_of_nothing_is_that_nothing_runs(diff: Diff) -> None:
    assert diff([{"apiVersion": "v1", "kind": "List", "items": []}])[0] == 0


@pytest.mark.real
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_defaults_of_a_real_api_server_are_not_a_difference(
    diff: Diff, compiled: dict[str, Any], tmp_path: Path
) -> None:
    """Every object is applied, and read back as `kubectl get -o yaml` shows it."""
    kinds = "cronjobs,configmaps,networkpolicies,resourcequotas,limitranges,serviceaccounts,services,deployments"
    (tmp_path / "server").mkdir()
    with api_server(tmp_path / "server") as server:
        known = [value for value in compiled.values() if "argoproj" not in value["apiVersion"]]
        server.apply(sorted(known, key=lambda item: item["kind"] != "Namespace"))
        command = [find_kustomize()[0], "--kubeconfig", str(server.kubeconfig(tmp_path / "config"))]
        command += ["get", kinds, "--all-namespaces", "--output", "yaml"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "managedFields" in listed or "resourceVersion" in listed
    text = diff(listed)[1]
    assert "~" not in text
    assert "+" not in text


@pytest.mark.parametrize(
    ("source", "arguments", "message"),
    [
        ("a: [", (), "FILE is not YAML: line 2: "),
        ("", (), "FILE has no object of Kubernetes; did what was to write it fail?"),
        ("error: 1", (), "FILE has no object of Kubernetes"),
        ("", ("HEAD",), "give either --against, or a revision or --from-output"),
        ("", ("--from-output",), "give either --against, or a revision or --from-output"),
        ("", ("--format", "github"), "--format github is for changes of a pull request"),
    ],
)
def test_wrong_usage_is_refused(source: str, arguments: tuple[str, ...], message: str, diff: Diff) -> None:
    code, _, error = diff(source, *arguments)
    assert code == 2
    assert message in error


def test_a_missing_file_and_several_environments_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh = small_mesh(tmp_path, {})
    assert main(["diff", "--root", str(mesh), "--against", "gone.yaml"]) == 2
    assert "there is no gone.yaml" in capsys.readouterr().err
    (mesh / "overlays/prod").mkdir()
    text = (mesh / "overlays/dev/environment.yaml").read_text(encoding="utf-8")
    (mesh / "overlays/prod/environment.yaml").write_text(text.replace("name: dev", "name: prod"), encoding="utf-8")
    assert main(["diff", "--root", str(mesh), "--against", "gone.yaml"]) == 2
    assert "--against compares one environment; name it: --env dev" in capsys.readouterr().err
