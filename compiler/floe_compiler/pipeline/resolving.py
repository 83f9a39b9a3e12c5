"""The first stages of a run: what the inputs say, which units follow, and what each declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.load.digests import compiler_digest
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.layout import CHARTS_LOCK
from floe_compiler.model.object_memory import is_remembering
from floe_compiler.pipeline.workers import ThisProcess, Workers, map_with

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.model.mesh_facts import OpenInterface
    from floe_compiler.model.plan import EnvironmentPlan
    from floe_compiler.model.registry import Registry
    from floe_compiler.model.sources import Sources
    from floe_compiler.model.unit_facts import UnitFacts
    from floe_compiler.model.unit_header import UnitHeader
    from floe_compiler.pipeline import Progress
    from floe_compiler.pipeline.environments import Mesh
    from floe_compiler.pipeline.headers import Header, Scope
    from floe_compiler.pipeline.selection import Omitted
    from floe_compiler.resolve.frame import Frame


def read_mesh(
    input_files: InputFiles,
    environments: tuple[str, ...],
    omitted: Omitted,
    progress: Progress,
    cache: Cache,
    workers: Workers,
) -> tuple[Mesh, tuple[Diagnostic, ...]]:
    """Return the mesh read, resolved and declared, and warnings. Raises StageFailed."""
    from floe_compiler.load.definitions import read_definitions
    from floe_compiler.pipeline.environments import Mesh, read_overlays
    from floe_compiler.pipeline.headers import headers_in
    from floe_compiler.pipeline.known_platforms import KnownPlatforms
    from floe_compiler.pipeline.reading import CachedReader
    from floe_compiler.resolve import resolve_frames
    from floe_compiler.resolve.acceptances import acceptances
    from floe_compiler.resolve.ingress import check_ingress
    from floe_compiler.resolve.links import check_links
    from floe_compiler.resolve.secret_rules import check_secret_rules

    compiler = compiler_digest()
    progress("reading")
    sources, components, loaded = read_documents(input_files, cache, workers, omitted)
    progress("resolving")
    findings = Findings()
    known = KnownPlatforms(sources) if is_remembering() else None
    frames = resolve_frames(sources, components, environments, findings, known)
    if known and not findings.diagnostics:
        known.keep()
    headers = _headers(sources, components, environments, frames, findings, cache, workers)
    interfaces = {name: _checked_interfaces(headers_in(headers, name), frames[name], findings) for name in frames}
    check_ingress(frames, interfaces, findings, sources.omitted_domains)

    def units(environment: str) -> list[UnitFacts]:
        return [header.facts for header in headers_in(headers, environment)]

    check_secret_rules(frames, units, findings, sources.omitted_domains)
    check_links(frames, units, findings)
    resolved = findings.finish()
    reader = CachedReader(cache, compiler)
    definitions, defined = read_definitions(input_files, cache, compiler, lambda *file: reader(*file)[1])
    overlays, read = read_overlays(input_files, frames, reader)
    charted: tuple[Diagnostic, ...] = ()
    if CHARTS_LOCK in input_files.contents or any(header.has_charts for header in headers.values()):
        from floe_compiler.pipeline.charts import with_charts

        is_complete = not (environments or sources.omitted_domains or sources.omitted_environments)
        overlays, charted = with_charts(
            input_files, frames, headers, overlays, definitions, compiler, cache, is_complete=is_complete
        )
    mesh = Mesh(
        frames,
        headers,
        overlays,
        compiler,
        definitions,
        acceptances(sources.manifest),
        sources.path or "",
        sources.obeyed,
    )
    return mesh, (*loaded, *resolved, *defined, *read, *charted)


def _checked_interfaces(headers: Sequence[UnitHeader], frame: Frame, findings: Findings) -> tuple[OpenInterface, ...]:
    """Return the interfaces of an environment's namespaces, if it opens any; report what is wrong with its units."""
    from floe_compiler.derive.interfaces import interfaces
    from floe_compiler.resolve.backups import check_backups
    from floe_compiler.resolve.databases import check_owners
    from floe_compiler.resolve.server_tls import check_clients

    facts = [header.facts for header in headers]
    check_owners((database for header in headers for database in header.external_databases), findings)
    unprotected = {unit.namespace: unit.unprotected for unit in facts if unit.unprotected}
    check_backups(frame.settings, frame.document, unprotected, findings)
    check_clients((client for unit in facts for client in unit.untold), frame, findings)
    findings.extend(warning for header in headers for warning in header.warnings)
    return interfaces(facts) if frame.environment.ingress else ()


def _headers(
    sources: Sources,
    components: Registry,
    environments: tuple[str, ...],
    frames: Mapping[str, Frame],
    findings: Findings,
    cache: Cache,
    workers: Workers,
) -> Mapping[Scope, Header]:
    """Return the header of each unit. If any is wrong, everything is resolved at once, to report all errors."""
    from floe_compiler.pipeline.headers import NotResolved, headers
    from floe_compiler.resolve import resolve

    try:
        if not findings.failed:
            return headers(frames, compiler_digest(), cache, workers)
    except NotResolved:
        pass
    resolve(sources, components, environments)
    raise AssertionError("an error of one unit is an error of the whole, too")


def resolve_inputs(
    input_files: InputFiles, environments: tuple[str, ...], cache: Cache
) -> tuple[Sources, tuple[EnvironmentPlan, ...]]:
    """Return the documents, and the plans of these environments. Raises StageFailed."""
    from floe_compiler.resolve import resolve

    sources, components = read_sources(input_files, cache)
    plans, _ = resolve(sources, components, environments)
    return sources, plans


def read_sources(input_files: InputFiles, cache: Cache) -> tuple[Sources, Registry]:
    """Return the documents and the components. Raises StageFailed."""
    from floe_compiler.pipeline.selection import Omitted

    sources, components, _ = read_documents(input_files, cache, ThisProcess(), Omitted())
    return sources, components


def read_documents(
    input_files: InputFiles, cache: Cache, workers: Workers, omitted: Omitted
) -> tuple[Sources, Registry, tuple[Diagnostic, ...]]:
    """Return the documents, the components, and warnings, without what is left out. Raises StageFailed."""
    from floe_compiler.cache.documents import DocumentCache
    from floe_compiler.load.mesh import load
    from floe_compiler.pipeline.reading import cached_registry, cached_schemas

    components = cached_registry(cache, compiler_digest())
    documents = DocumentCache(cache, compiler_digest())
    schemas = cached_schemas(components, cache, compiler_digest())
    sources, warnings = load(input_files, schemas, documents, map_with(workers), omitted.has_file)
    sources = replace(sources, omitted_domains=omitted.domains, omitted_environments=omitted.environments)
    return sources, components, warnings
