"""The layers of the package, read from its own imports; what a run may load; and the size of things."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from floe_compiler.check import registry as check_registry
from floe_compiler.cli import main
from floe_compiler.commands.verbs import VERBS
from floe_compiler.link import registry as link_registry
from small_mesh import PRODUCT, small_mesh

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "compiler" / "floe_compiler"
MODULES = sorted(PACKAGE.rglob("*.py"))

STAGES = {"load", "resolve", "declare", "derive", "synthesize", "overlay", "charts", "check", "link", "write"}

MAY_IMPORT = {
    "model": set(),
    "cache": {"model"},
    "kit": {"model"},
    "components": {"model", "kit"},
    "load": {"model"},
    "resolve": {"model"},  # gets the registry of components as a value
    "declare": {"model"},  # gets what runs cdk8s constructs as a value
    "derive": {"model"},
    "node": {"model"},
    "synthesize": {"model", "kit", "node"},
    "overlay": {"model"},  # gets the YAML reader as a value
    "charts": {"model", "kit"},
    "check": {"model"},
    "link": {"model"},
    "write": {"model"},  # gets the cache as a value
    "report": {"model"},
    "explain": {"model", "resolve", "declare", "derive", "synthesize"},  # asks what other inputs would make
    "promotion": {"model", "resolve"},
    "publish": {"model"},
    "start": {"model"},
    "pipeline": {*STAGES, "model", "cache", "components", "explain", "node"},
    "commands": {
        *STAGES,
        *("model", "cache", "components", "explain", "node", "pipeline", "promotion", "publish", "report", "start"),
    },
    "cli": {"model", "commands", "report"},
    "program": {"commands", "cli"},
}
"""For each part of the package, the other parts whose modules it may import. Stages never import each other."""

HEAVY = {"cdk8s", "cryptography", "deepdiff", "jsii", "jsonschema", "jsonschema_rs", "pydantic", "ruamel", "yaml"}

NOT_AFTER_EDITS = {
    "floe_compiler.link.registry",
    "floe_compiler.resolve.schemas",
    "floe_compiler.synthesize.delivery",
}
"""What a first run needs, and not one after an edit of a product that changes nothing between namespaces."""

LONGEST = 320

RUNS_ELSEWHERE = PACKAGE / "components/orchestrator_dagster/elector"
"""A package that runs in a container, where it has another name."""


def part_of(module: Path) -> str:
    """Return the part of the package that a module belongs to: its folder, or its own name."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def graph(folder: Path) -> dict[Path, list[Path]]:
    """Return the modules below a folder that packages are in, each with those that it imports, wherever in it.

    As ruff reads them: it parses all in the time in which Python would parse a tenth.
    """
    done = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "analyze", "graph", "."],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return {
        folder / name: [folder / imported for imported in imports] for name, imports in json.loads(done.stdout).items()
    }


@cache
def own_imports() -> dict[Path, list[Path]]:
    """Return the modules of the package, each with the others of it that it imports."""
    imports = graph(PACKAGE.parent)
    assert imports.keys() == {*MODULES}
    return imports


def test_every_part_of_the_package_has_its_place() -> None:
    assert {part_of(module) for module in MODULES} == {*MAY_IMPORT, "__init__"}


def test_stages_import_only_lower_layers() -> None:
    wrong = {
        f"{module.relative_to(PACKAGE)} imports {imported.relative_to(PACKAGE)}"
        for module, imports in own_imports().items()
        for imported in imports
        if part_of(imported) not in ("__init__", part_of(module), *MAY_IMPORT.get(part_of(module), ()))
    }
    assert wrong == set()


def test_modules_are_imported_by_their_whole_names() -> None:
    relative = re.compile(r"^\s*from \.", re.MULTILINE)
    relative_imports = {module for module in MODULES if relative.search(module.read_text(encoding="utf-8"))}
    assert {module for module in relative_imports if RUNS_ELSEWHERE not in module.parents} == set()
    assert relative_imports, "otherwise this test sees nothing"


def test_components_do_not_know_each_other() -> None:
    modules = [module for module in MODULES if part_of(module) == "components"]
    owners = {module: module.relative_to(PACKAGE / "components").parts[0].removesuffix(".py") for module in modules}
    assert len(set(owners.values())) > 10
    assert [
        (module.name, imported.name)
        for module, owner in owners.items()
        for imported in own_imports()[module]
        if owners.get(imported, owner) != owner
    ] == []


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    places = """
if a: import a1
elif b: import a2
else: import a3
try: import b1
except OSError: import b2
else: import b3
finally: import b4
with a:
    for b in c:
        while d: import c1
    else: from c2 import d
match a:
    case 1: import d1
class A:
    async def b(self):
        def c(): import e1
"""
    names = ["a1", "a2", "a3", "b1", "b2", "b3", "b4", "c1", "c2", "d1", "e1"]
    for name in names:
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "module.py").write_text(places)
    assert graph(tmp_path)[tmp_path / "module.py"] == [tmp_path / f"{name}.py" for name in names]


@pytest.mark.parametrize("stage", [check_registry, link_registry])
def test_rules_do_not_know_each_other(stage: ModuleType) -> None:
    """Rules of a stage share helpers; no rule module imports another."""
    rules = {Path(module.__file__) for module in stage.MODULES}
    assert len(rules) > 5
    assert [(rule.name, imported.name) for rule in rules for imported in own_imports()[rule] if imported in rules] == []


@pytest.mark.parametrize("stage", [check_registry, link_registry])
def test_every_module_with_rules_is_registered_and_has_its_own_tests(stage: ModuleType) -> None:
    listed = {Path(module.__file__) for module in stage.MODULES}
    folder = PACKAGE / stage.__name__.split(".")[1]
    assert {path for path in folder.rglob("*.py") if "\nRULES = (" in path.read_text(encoding="utf-8")} == listed
    tests = {TESTS / path.relative_to(PACKAGE).parent / f"test_{path.name}" for path in listed}
    assert {path for path in tests if not path.is_file()} == set()


def test_modules_are_short() -> None:
    lengths = {str(path.relative_to(PACKAGE)): path.read_bytes().count(b"\n") for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_folder_of_the_package_has_tests() -> None:
    parts = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert {part for part in parts if not any((TESTS / part).rglob("test_*.py"))} == set()


def test_every_component_has_its_own_tests() -> None:
    folder = PACKAGE / "components"
    components = {path.stem for path in folder.glob("[!_]*.py")}
    components |= {path.parent.name for path in folder.glob("*/__init__.py")}
    tested = {path.stem.removeprefix("test_") for path in (TESTS / "components").rglob("test_*.py")}
    assert components - tested == set()


def test_every_verb_has_its_own_tests() -> None:
    tested = {path.stem for path in (TESTS / "commands").glob("test_*.py")}
    assert {verb for verb in VERBS if f"test_{verb.replace('-', '_')}_verb" not in tested} == set()


def loaded(script: str, *arguments: str) -> set[str]:
    """Return the modules that a script has loaded at its end, in a Python of its own; of others, the top-level ones."""
    script += "\nimport json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True, timeout=120
    )
    modules = json.loads(done.stderr)
    return {name if name.startswith("floe_compiler.") else name.split(".")[0] for name in modules}


def test_the_command_line_itself_loads_nothing_heavy() -> None:
    assert loaded("from floe_compiler.cli import main; main(['--help'])") & HEAVY == set()


@pytest.mark.git
def test_a_run_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    """That a first run does without cdk8s is seen where it is compared with other runs (`test_determinism.py`)."""
    mesh = small_mesh(tmp_path / "mesh", {})
    options = ("--quiet", "--root", str(mesh))
    assert main([*options]) == 0
    script = "import sys; from floe_compiler.cli import main; main(sys.argv[1:])"
    assert {name for name in NOT_AFTER_EDITS if find_spec(name) is None} == set()
    (mesh / PRODUCT).write_text((mesh / PRODUCT).read_text().replace("orders:1.0.0", "orders:2.0.0-as-here"))  # only
    edited = loaded(script, *options)
    assert "floe_compiler.pipeline" in edited, "otherwise this test sees nothing"
    assert edited & NOT_AFTER_EDITS == set()
    assert loaded(script, *options) & HEAVY == set()
