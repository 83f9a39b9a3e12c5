"""The stages of a run, in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from floe_compiler.cache.store import Cache, Memory
from floe_compiler.load.digests import compiler_digest, input_digests
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.pipeline.resolving import read_documents, read_mesh, read_sources
from floe_compiler.pipeline.workers import ThisProcess, Workers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from floe_compiler.model.explanation import Explanation
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.pipeline.selection import Omitted, Selection

Progress = Callable[[str], None]


def silent(_message: str) -> None:
    """Ignore a progress message."""


def compile_mesh(
    root: Path,
    environments: tuple[str, ...] = (),
    progress: Progress = silent,
    *,
    domains: tuple[str, ...] = (),
    cache: Cache | None = None,
    workers: Workers | None = None,
    input_files: InputFiles | None = None,
    meanwhile: Callable[[], object] | None = None,
    file: str = "",
) -> Compilation:
    """Return what the repository at `root` compiles to, for the environments and domains named (default: all).

    If some are named, others may be wrong: they are left out, with a warning. With domains, the result has only the
    files of their namespaces.

    Args:
        root: The repository. Nothing is written to it.
        environments: The names of environments.
        domains: The names of domains.
        progress: Called with what is being done.
        cache: Results of earlier runs (default: none).
        workers: Compile many units (default: this process).
        input_files: The files among the inputs, if they are already read.
        meanwhile: Called while the run waits for another program, if it does.
        file: The path of an output file, if only that is asked for: its unit is compiled alone, and nothing is linked.

    Raises StageFailed with all errors of the first stage that has any.
    """
    from floe_compiler.pipeline.selection import Selection, without_others

    store, workers = cache or Memory(), workers or ThisProcess()
    files = input_files or read_inputs(root)
    selection = Selection(environments, domains, file)
    compiled, warnings = without_others(
        selection,
        sorted(path.name for path in (root / "domains").glob("*")),
        lambda omitted: _compiled(root, selection, omitted, files, progress, store, workers, meanwhile),
    )
    return replace(compiled, warnings=(*warnings, *compiled.warnings))


def _compiled(
    root: Path,
    selection: Selection,
    omitted: Omitted,
    input_files: InputFiles,
    progress: Progress,
    store: Cache,
    workers: Workers,
    meanwhile: Callable[[], object] | None,
) -> Compilation:
    """Compile the repository without the environments and domains that are left out. Raises StageFailed."""
    from floe_compiler.cache.documents import KIND as DOCUMENTS
    from floe_compiler.cache.recent import Recent
    from floe_compiler.model.codec import digest_of
    from floe_compiler.model.repeated_findings import once_for_each_kind
    from floe_compiler.model.sites import environment_of
    from floe_compiler.pipeline.compilation import Compilation, chosen_namespaces
    from floe_compiler.pipeline.compiled_units import linked_units, unit_of_file
    from floe_compiler.pipeline.environments import all_tasks
    from floe_compiler.pipeline.headers import KIND as HEADERS
    from floe_compiler.pipeline.results import Results
    from floe_compiler.pipeline.unit_compiler import UnitCompiler
    from floe_compiler.pipeline.units import HEADS
    from floe_compiler.resolve.acceptances import unneeded, without_accepted

    def waiting() -> None:
        if meanwhile:
            meanwhile()
        if not selection.file:
            import_module("floe_compiler.pipeline.linking")  # needed next

    def at_written(findings: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
        from floe_compiler.pipeline.causes import at_written_values
        from floe_compiler.pipeline.reading import cached_schemas

        progress("looking for what is written")
        sources, components, _ = read_documents(input_files, store, ThisProcess(), omitted)
        return at_written_values(findings, sources, components, cached_schemas(components, store, compiler_digest()))

    recent = Recent(store, digest_of(str(root.resolve())), (DOCUMENTS, HEADERS, HEADS))
    mesh, warnings = read_mesh(input_files, selection.environments, omitted, progress, recent, workers)
    progress("compiling")
    chosen = chosen_namespaces(mesh.frames, selection.domains)
    compiler = UnitCompiler(mesh.frames, mesh.facts, store, workers, progress, waiting)
    results = Results(recent, compiler, partial(all_tasks, mesh))
    try:
        if selection.file:
            compiled, files, linked = unit_of_file(mesh, results, selection.file, at_written)
        else:
            compiled, files, linked = linked_units(mesh, results, omitted, chosen, progress, at_written)
    except StageFailed as failed:
        raise StageFailed(once_for_each_kind(without_accepted(failed.diagnostics, mesh.accepted))) from None
    recent.keep()
    environments = set(map(environment_of, mesh.frames))
    digests = {name: digest for name, digest in input_digests(input_files).items() if name in environments}
    reportable = (*warnings, *linked)
    is_whole = not (selection.environments or selection.domains or selection.file)
    needless = unneeded(reportable, mesh.accepted) if is_whole else ()
    reported = once_for_each_kind(without_accepted(reportable, mesh.accepted))
    return Compilation(compiled, files, digests, (*reported, *needless), chosen, dict(results.compiled))


def explain_file(
    root: Path,
    file: str,
    progress: Progress = silent,
    *,
    cache: Cache | None = None,
    workers: Workers | None = None,
    input_files: InputFiles | None = None,
    recall: bool = False,
    look: Callable[[str], None] | None = None,
) -> Explanation | None:
    """Return where each value of an output file comes from, with its text; None if the inputs compile to no such file.

    `file` is the path from `output/` on, `input_files` the files among the inputs, if they are already read. With
    `recall`, an explanation from the cache will do. `look` is given the text first, and may raise an error of its own.
    Raises StageFailed.
    """
    from floe_compiler.pipeline.explaining import explain_files

    cache = cache or Memory()
    environment = file.split("/")[1] if file.count("/") > 1 else ""
    input_files = input_files or read_inputs(root)
    sources, _ = read_sources(input_files, cache)
    if environment not in sources.environments:
        return None
    compiled = compile_mesh(root, (environment,), progress, cache=cache, input_files=input_files, file=file)
    if file not in compiled.files:
        return None
    if look:
        look(compiled.files[file])
    progress("varying what is written")
    ((_, explanation),) = explain_files(input_files, compiled, [file], cache=cache, workers=workers, recall=recall)
    return explanation
