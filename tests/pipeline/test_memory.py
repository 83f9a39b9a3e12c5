"""A further environment takes hardly any memory: what is known of one is forgotten before the next one is read.

What is alive is counted, as memory differs from machine to machine.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bench.mesh import ENVIRONMENTS, write_mesh
from floe_compiler.cache.recent import Recent
from floe_compiler.cache.store import Memory
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.codec import encode
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.file_digests import FileDigest, FileDigests
from floe_compiler.model.files import sha256
from floe_compiler.model.mesh_files import MeshFiles
from floe_compiler.model.plan import DeclaredUnit
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.unit_result import UnitBody, UnitHead
from floe_compiler.pipeline import silent
from floe_compiler.pipeline.compilation import CompiledEnvironment, files_of
from floe_compiler.pipeline.environments import Mesh, all_tasks, unit_tasks
from floe_compiler.pipeline.headers import FEW
from floe_compiler.pipeline.resolving import read_mesh
from floe_compiler.pipeline.results import Results
from floe_compiler.pipeline.selection import NOTHING
from floe_compiler.pipeline.units import BODIES, HEADS, Task
from floe_compiler.pipeline.workers import ThisProcess
from floe_compiler.write.look import Look
from floe_compiler.write.output import write_output
from floe_compiler.write.stats import FileStat

NAME = "0" * 64
DIGESTS = dict.fromkeys(ENVIRONMENTS, "1" * 64)


def alive(*kinds: type) -> list[Any]:
    """Return the values of these kinds that something refers to."""
    gc.collect()
    return [value for value in gc.get_objects() if isinstance(value, kinds)]


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    root = tmp_path_factory.mktemp("mesh")
    write_mesh(root, FEW + 1)
    return read_mesh(read_inputs(root), (), NOTHING, silent, Memory(), ThisProcess())[0]


def test_what_units_declare_is_not_in_memory_until_they_are_compiled(mesh: Mesh) -> None:
    assert len(mesh.headers) > FEW * len(ENVIRONMENTS)
    before = {id(value) for value in alive(UnitFacts, DeclaredUnit)}  # of other tests
    (header, *_) = mesh.headers.values()
    unit = header.unit()
    assert [value for value in alive(DeclaredUnit) if id(value) not in before] == [unit], "they can be counted"
    assert not [header for header in mesh.headers.values() if isinstance(header.declared, bytes | DeclaredUnit)]


def test_the_facts_of_one_environment_are_known_at_a_time(mesh: Mesh) -> None:
    before = {id(value) for value in alive(UnitFacts)}
    seen = set()
    tasks = unit_tasks(mesh, mesh.inputs())
    for task in tasks:
        if task.delivery:  # the last of its environment
            own = {facts.key.environment for facts in alive(UnitFacts) if id(facts) not in before}
            assert own == {task.key.environment}
            seen |= own
    assert seen == {*ENVIRONMENTS}


def recalled(mesh: Mesh) -> Results:
    """Return results that were all compiled by an earlier run, each with one file."""
    store = Memory()
    for task in _tasks(mesh):
        text = f"{task.key.environment}/{task.key.namespace}\n"
        path = f"output/{task.key.environment}/{task.key.namespace or 'cluster'}/x.yaml"
        files = FileDigests.of([FileDigest(path, sha256(text.encode()))])
        store.put(HEADS, task.content, encode(UnitHead(task.key.namespace, files, "")))
        store.put(BODIES, task.content, encode(UnitBody((text,), {}, {}, ())))
    results = Results(Recent(store, NAME, (HEADS,)), _NoCompiler(), lambda inputs: all_tasks(mesh, inputs))  # type: ignore[arg-type]
    results.add(mesh.inputs(), _tasks(mesh))
    return results


def _tasks(mesh: Mesh) -> Iterator[Task]:
    return (replace(task, declared=None) for task in all_tasks(mesh, mesh.inputs()))


class _NoCompiler:
    def compile(self, _inputs: object, tasks: list[Task]) -> Iterator[Any]:
        assert not tasks
        return iter(())


def test_the_files_of_one_environment_are_known_at_a_time(
    mesh: Mesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {id(value) for value in alive(UnitHead, Look, FileStat)}
    results = recalled(mesh)
    files = files_of(
        tuple(CompiledEnvironment(name, results.of(name), results.body) for name in ENVIRONMENTS), Findings()
    )
    asked: list[str] = []
    read = MeshFiles.of_environment

    def noted(self: MeshFiles, name: str) -> Any:
        asked.append(name)
        known = [value for value in alive(UnitHead, Look) if id(value) not in before]
        assert {value.environment for value in known if isinstance(value, Look)} <= {name}
        assert not [value for value in known if isinstance(value, UnitHead)]
        return read(self, name)

    monkeypatch.setattr(MeshFiles, "of_environment", noted)
    for number in range(2):  # the second time, there are stats of all files
        asked.clear()
        written = write_output(tmp_path, files, DIGESTS, Memory())
        assert len(written.create) == (0 if number else len(files))
        assert asked == [*ENVIRONMENTS] * (1 if number else 2)
    assert not [value for value in alive(UnitHead, Look) if id(value) not in before]
