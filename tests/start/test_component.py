"""The package that `floe-compile new component` begins: its own tests, ruff and mypy accept it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from floe_compiler.cli import main

SLOTS = ("portal", "observability.data_profiles", "orchestrator")
"""A new one, one in a group, and an existing one whose components run in domains."""

ONE_NODE = """
import pytest
from floe_compiler.node.cdk8s_process import reusing_process

@pytest.fixture(scope="session", autouse=True)
def one_node():
    with reusing_process():
        yield
"""
"""A plugin of pytest that starts Node.js once for all tests."""

ROOT = Path(__file__).parents[2]


def begun(root: Path, slot: str) -> Path:
    assert main(["new", "component", "back-stage", "--slot", slot, "--root", str(root)]) == 0
    (folder,) = root.iterdir()
    return folder


def install(package: Path, site: Path) -> None:
    """Write a package's metadata beside it, as an editable installation does."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    folder = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in named.items())
        for group, named in project["entry-points"].items()
    )
    (folder / "entry_points.txt").write_text(points)


def succeeds(folder: Path, *command: str, path: Sequence[Path] = ()) -> str:
    """Run a tool of Python in a folder, with packages that can be imported; return what it prints."""
    # It asks for pytest alone, and options of whoever runs this are not about it.
    only_pytest = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    environment = {**os.environ, **only_pytest, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Return a package for each of the slots."""
    return [begun(tmp_path_factory.mktemp("work"), slot) for slot in SLOTS]


def test_generated_tests_pass(packages: Sequence[Path], tmp_path: Path) -> None:
    """All in one process, as its start takes most of the time."""
    site = tmp_path / "site"
    for package in packages:
        install(package, site)
    (site / "one_node.py").write_text(ONE_NODE)
    options = ("-v", "-p", "one_node", "-p", "no:cacheprovider", "-W", "error")
    printed = succeeds(tmp_path, "pytest", *options, *map(str, packages), path=(site, *packages))
    for package in packages:
        module = f"test_{package.name.replace('-', '_')}.py::"
        assert len([line for line in printed.splitlines() if module in line and " PASSED" in line]) == 3, module


def test_generated_code_passes_ruff(packages: Sequence[Path], tmp_path: Path) -> None:
    """Each has its own style in its pyproject.toml."""
    succeeds(tmp_path, "ruff", "check", "--no-cache", *map(str, packages))
    succeeds(tmp_path, "ruff", "format", "--no-cache", "--check", *map(str, packages))


def test_generated_code_passes_mypy(packages: Sequence[Path]) -> None:
    """The cache is that of this repository, as both are checked with the same settings."""
    succeeds(packages[0], "mypy", "--cache-dir", str(ROOT / ".mypy_cache"), path=[ROOT / "compiler"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backstage",), "new component backstage: say what it fills, such as --slot portal"),
        (("Back", "--slot", "portal"), '"Back" is not a DNS label'),
        (("polaris", "--slot", "catalog"), "there is a component polaris in the slot catalog; choose another name"),
        (("backstage", "--slot", "Portal"), '--slot Portal: use letters a to z, digits and "_"'),
        (("backstage", "--slot", "a.b.c"), '--slot a.b.c: use letters a to z, digits and "_"'),
        (("backstage", "--slot", "quota"), "--slot quota: quota is another key of a manifest"),
        (("backstage", "--slot", "images.scan"), "--slot images.scan: images is another key of a manifest"),
        (("backstage", "--slot", "catalog.x"), "--slot catalog.x: catalog is a slot, and nothing below it can be one"),
        (("backstage", "--slot", "observability.logs"), "--slot observability.logs: its components run on nodes"),
        (("backstage", "--slot", "observability"), "--slot observability: slots are below it"),
    ],
)
def test_invalid_names_of_components_are_refused(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "component", *words, "--root", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"floe-compile: {message}")
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = begun(tmp_path, "portal") / "README.md"
    file.write_text("mine\n")
    assert main(["new", "component", "back-stage", "--slot", "portal", "--root", str(tmp_path)]) == 2
    assert "portal-back-stage exists" in capsys.readouterr().err
    assert file.read_text() == "mine\n"


def test_a_slot_that_has_no_components_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "domain", "sales", "--slot", "portal", "--root", str(tmp_path)]) == 2
    assert "--slot is for a new component, not for a new domain" in capsys.readouterr().err


def test_values_that_only_its_author_knows_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun(tmp_path, "portal")
    out = capsys.readouterr().out
    assert "portal-back-stage/portal_back_stage.py:14: its image, with registry and exact tag" in out
