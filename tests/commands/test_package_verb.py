"""`floe-compile package --helm` writes the charts of what is current, and says how to install them; or nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_compiler.cli import main
from small_mesh import small_mesh

FOLDERS = {"small-dev-cluster": "default", "small-dev-platform": "floe-platform"}
DOMAIN = "small-dev-sales-domain"
Package = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = small_mesh(tmp_path_factory.mktemp("mesh"), {})
    assert main(["compile", "--root", str(root), "--quiet"]) == 0
    return root


@pytest.fixture
def package(compiled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Package:
    """Return the verb with further words, which writes into a folder `charts`."""

    def run(*words: str, root: Path = compiled) -> tuple[int, str, str]:
        capsys.readouterr()
        arguments = ["package", "--helm", "--env", "dev", "--root", str(root), "--to", str(tmp_path / "charts"), *words]
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_folder_is_a_chart_in_the_order_of_installation(package: Package, tmp_path: Path) -> None:
    code, out, err = package("--version", "1.4.0")
    charts = tmp_path / "charts"
    lines = [
        f"helm upgrade --install {name} {charts}/{name}-1.4.0.tgz --namespace {namespace} --wait --timeout 15m"
        for name, namespace in {**FOLDERS, DOMAIN: "floe-sales-domain"}.items()
    ]
    assert (code, out.splitlines(), err) == (0, lines, "")
    assert sorted(contents(charts)) == [f"{name}-1.4.0.tgz" for name in (*FOLDERS, DOMAIN)]


def test_without_a_version_it_follows_from_the_content(package: Package, tmp_path: Path) -> None:
    package()
    first = contents(tmp_path / "charts")
    assert package("--no-cache")[0] == 0
    assert contents(tmp_path / "charts") == first
    assert all("-0.0.0-sha" in name for name in first)


def test_a_stale_output_is_refused(package: Package, compiled: Path, tmp_path: Path) -> None:
    root = tmp_path / "mesh"
    shutil.copytree(compiled, root)
    next((root / "output").rglob("serviceaccount_orders.yaml")).unlink()
    code, out, err = package(root=root)
    assert (code, out) == (1, "")
    assert "output: error[W012]: " in err
    assert not (tmp_path / "charts").exists()


def test_objects_that_helm_cannot_install_are_reported_with_their_file(
    package: Package, compiled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "mesh"
    shutil.copytree(compiled, root)
    hook = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: floe-sales-domain\n  annotations:\n"
        "    argocd.argoproj.io/hook: SyncFail\n    floe.dev/used-by: a test\ndata: {a: b}\n"
    )
    (root / "base").mkdir(exist_ok=True)
    (root / "base/kustomization.yaml").write_text("resources: [a.yaml]\n", encoding="utf-8")
    (root / "base/a.yaml").write_text(hook, encoding="utf-8")
    (root / "overlays/dev/kustomization.yaml").write_text("resources: [../../base]\n", encoding="utf-8")
    assert main(["compile", "--root", str(root), "--quiet"]) == 0, capsys.readouterr().err
    code, out, err = package(root=root)
    assert (code, out) == (1, "")
    place = "output/dev/floe-sales-domain/configmap_a.yaml:1:1"
    assert f"{place}: error[P003]: it is a hook of Argo CD's phase SyncFail, and Helm has none like it" in err
    assert "hint: make it a PreSync or PostSync hook, or an object without the annotation" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--version", "1.4"), '--version "1.4": Helm takes versions such as 1.4.0 or 1.4.0-rc.1'),
        (("--version", "v1.4.0"), '--version "v1.4.0": Helm takes versions'),
        (("--version", "1.04.0"), '--version "1.04.0": Helm takes versions'),
        (("--env", "dew"), 'there is no environment "dew"; did you mean "dev"?'),
    ],
)
def test_wrong_usage_is_refused(package: Package, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    code, out, err = package(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert not (tmp_path / "charts").exists()


def test_foreign_files_in_the_output_are_refused(package: Package, compiled: Path) -> None:
    folder = compiled / "output/dev"
    code, _, err = package("--to", str(folder))
    assert (code, err) == (
        2,
        f"floe-compile: --to {folder}: output/ has compiled files only; name another folder\n",
    )


def test_the_format_is_required(compiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "--env", "dev", "--root", str(compiled)]) == 2
    assert "required: --helm" in capsys.readouterr().err


def test_a_folder_that_cannot_be_created_is_reported(package: Package, tmp_path: Path) -> None:
    (tmp_path / "charts").write_text("a file", encoding="utf-8")
    code, _, err = package()
    assert code == 1
    assert re.match(rf"{tmp_path}/charts/\S+: error\[W011\]: cannot be read or written", err)
