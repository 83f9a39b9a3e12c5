"""What components declare of the servers of a mesh: it tells tests of compiled files which ones are exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from floe_compiler.cache.store import Memory
from floe_compiler.components import registry
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.facts import Workload
from floe_compiler.pipeline.headers import headers
from floe_compiler.pipeline.workers import ThisProcess
from floe_compiler.resolve import resolve_frames
from floe_compiler.resolve.schemas import plain_schemas
from rendered_mesh import ROOT


@cache
def declared_servers(environment: str, root: Path = ROOT) -> Mapping[tuple[str, str], Workload]:
    """Return the servers of an environment, by namespace and name."""
    components, findings = registry(), Findings()
    sources, _ = load(read_inputs(root), plain_schemas(components))
    frames = resolve_frames(sources, components, (environment,), findings)
    findings.finish()
    units = [header.unit() for header in headers(frames, "", Memory(), ThisProcess()).values()]
    return {
        (unit.namespace, server.name): server
        for unit in units
        if unit
        for instance in unit.instances
        for server in instance.parts.workloads
    }
