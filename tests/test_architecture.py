"""The layers of the package, read from its own imports; what a run may load; and the size of things."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from floe_compiler.check import registry as check_registry
from floe_compiler.commands.verbs import VERBS
from floe_compiler.link import registry as link_registry
from python_source import statements

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


def imports(module: Path) -> Iterator[str]:
    """Yield the full names that a module imports, wherever in it."""
    for node in statements(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0 or RUNS_ELSEWHERE in module.parents, f"{module} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@cache
def own_imports(module: Path) -> list[tuple[str, ...]]:
    """Return what a module imports of this package, as the parts of the name below `floe_compiler`."""
    found = (tuple(name.split(".")) for name in imports(module))
    return [below for top, *rest in found if top == "floe_compiler" and (below := tuple(rest))]


def test_every_part_of_the_package_has_its_place() -> None:
    assert {part_of(module) for module in MODULES} == {*MAY_IMPORT, "__init__"}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_layers(part: str) -> None:
    found = {
        (str(module.relative_to(PACKAGE)), below[0])
        for module in MODULES
        if part_of(module) == part
        for below in own_imports(module)
        if below[0] != part and below[0] not in MAY_IMPORT[part]
    }
    assert not found, f"{part} may import {sorted(MAY_IMPORT[part])}"


def test_components_do_not_know_each_other() -> None:
    modules = [module for module in MODULES if part_of(module) == "components"]
    owners = {module: module.relative_to(PACKAGE / "components").parts[0].removesuffix(".py") for module in modules}
    assert len(set(owners.values())) > 10
    assert [
        (module.name, below)
        for module, owner in owners.items()
        for below in own_imports(module)
        if below[0] == "components" and below[1] != owner
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
    (tmp_path / "module.py").write_text(places)
    assert [*imports(tmp_path / "module.py")] == ["a1", "a2", "a3", "b1", "b2", "b3", "b4", "c1", "c2.d", "d1", "e1"]


@pytest.mark.parametrize("stage", [check_registry, link_registry])
def test_rules_do_not_know_each_other(stage: ModuleType) -> None:
    """Rules of a stage share helpers; no rule module imports another."""
    rules = {module.__name__ for module in stage.MODULES}
    assert len(rules) > 5
    for module in stage.MODULES:
        names = [*imports(Path(module.__file__))]
        assert {*names, *(name.rpartition(".")[0] for name in names)} & rules == set(), module.__name__


@pytest.mark.parametrize("stage", [check_registry, link_registry])
def test_every_module_with_rules_is_registered_and_has_tests_of_its_own(stage: ModuleType) -> None:
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


def test_every_component_has_tests_of_its_own() -> None:
    folder = PACKAGE / "components"
    components = {path.stem for path in folder.glob("[!_]*.py")}
    components |= {path.parent.name for path in folder.glob("*/__init__.py")}
    tested = {path.stem.removeprefix("test_") for path in (TESTS / "components").rglob("test_*.py")}
    assert components - tested == set()


def test_every_verb_has_tests_of_its_own() -> None:
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
    assert loaded("import floe_compiler.cli") & HEAVY == set()


def test_a_run_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    shutil.copytree(TESTS / "meshes/small", tmp_path / "mesh")
    product = tmp_path / "mesh/domains/sales/products/orders.yaml"
    script = "import sys; from floe_compiler.cli import main; main(['--quiet', *sys.argv[1:]])"
    options = ("--root", str(tmp_path / "mesh"), "--cache", str(tmp_path / "cache"))  # with nothing that others know
    first = loaded(script, *options)
    assert first & {"cdk8s", "deepdiff", "jsii"} == set(), "a first run needs none of these either"
    assert first >= {"pydantic", "yaml", *NOT_AFTER_EDITS}, "otherwise this test sees nothing"
    product.write_text(product.read_text().replace("orders:1.0.0", "orders:1.0.1"))
    assert loaded(script, *options) & NOT_AFTER_EDITS == set()
    assert loaded(script, *options) & HEAVY == set()
