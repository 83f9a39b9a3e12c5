"""The units of a run compiled: all of them, linked, or only the unit of one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.overlay import failures_once
from floe_compiler.pipeline.compilation import CompiledEnvironment, files_of
from floe_compiler.pipeline.environments import Mesh, cluster_tasks, unit_tasks, with_definitions
from floe_compiler.pipeline.results import Results

if TYPE_CHECKING:
    from floe_compiler.model.files import FileSet
    from floe_compiler.pipeline.selection import Omitted
    from floe_compiler.pipeline.unit_compiler import Inputs

AtWritten = Callable[[Iterable[Diagnostic]], Iterable[Diagnostic]]
"""Returns the errors about rendered objects with the place of what is written."""


def linked_units(
    mesh: Mesh,
    results: Results,
    omitted: Omitted,
    chosen: Mapping[str, tuple[str, ...]] | None,
    progress: Callable[[str], None],
    at_written: AtWritten,
) -> tuple[tuple[CompiledEnvironment, ...], FileSet, tuple[Diagnostic, ...]]:
    """Return the compiled environments, their files (those of the `chosen` namespaces), and warnings.

    Raises StageFailed.
    """
    inputs = _with_cluster_units(mesh, results)
    results.add(inputs, unit_tasks(mesh, inputs))
    from floe_compiler.pipeline.linking import delivered_whole, link_environments

    progress("checking")
    compiled, linked = link_environments(results, inputs, mesh.compiler, omitted, at_written)
    clashes = Findings()
    files = files_of(compiled, clashes, chosen)
    clashes.finish()
    return compiled, files, (*linked, *delivered_whole(mesh, files, results.cache))


def unit_of_file(
    mesh: Mesh, results: Results, file: str, at_written: AtWritten
) -> tuple[tuple[CompiledEnvironment, ...], FileSet, tuple[Diagnostic, ...]]:
    """Return the environments with the unit of one file, and the files of that unit: nothing is linked.

    The path most often names the namespace. If that does not have the file, as a ClusterRole, all are compiled. Raises
    StageFailed with the errors of what is compiled.
    """
    inputs = _with_cluster_units(mesh, results)
    tasks = tuple(unit_tasks(mesh, inputs))
    named = [task for task in tasks if task.key.namespace in file]
    compiled: tuple[CompiledEnvironment, ...] = ()
    for some in (named, [task for task in tasks if task not in named]):
        results.add(inputs, some)
        _finish(results, at_written)
        compiled = tuple(
            CompiledEnvironment(name, results.of(name), results.body, environment.cluster)
            for name, environment in inputs.items()
        )
        if any(environment.has(file) for environment in compiled):
            break
    return compiled, files_of(compiled, Findings()), ()


def _with_cluster_units(mesh: Mesh, results: Results) -> Inputs:
    """Compile the units without a namespace, and return the inputs of the others."""
    inputs = mesh.inputs()
    results.add(inputs, cluster_tasks(mesh, inputs))
    written = {name: head.definitions for name in inputs for head in results.of(name).values()}
    return with_definitions(mesh, inputs, {name: written.get(name, ()) for name in inputs})


def _finish(results: Results, at_written: AtWritten) -> None:
    """Raise StageFailed with the findings of the first stage that has an error, as the link would."""
    Findings(results.diagnostics["synthesize"]).finish()
    Findings([*failures_once(results.diagnostics["overlay"])]).finish()
    checked = Findings(results.diagnostics["check"])
    if checked.failed:
        raise StageFailed(at_written(checked.diagnostics))
