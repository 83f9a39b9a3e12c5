"""The units of environments, each with the digest of all that its result follows from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from floe_compiler.derive import Derived, derive
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import DeliveredNamespace, DeliveryPlan
from floe_compiler.model.rendered import DELIVERY_UNIT
from floe_compiler.model.unit_header import UnitHeader
from floe_compiler.model.units import UnitKey
from floe_compiler.overlay import Overlay, read_overlay
from floe_compiler.overlay.source import Read
from floe_compiler.pipeline.headers import Header, Scope, environment_facts
from floe_compiler.pipeline.units import EnvironmentInput, Task
from floe_compiler.resolve.environment import Frame

CLUSTER_UNIT = ""
"""The unit of what is written by hand without a namespace."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """The environments to compile: their frames, the headers of their units, and what is applied to these."""

    frames: Mapping[str, Frame]
    headers: Mapping[Scope, Header]
    overlays: Mapping[str, Overlay]
    compiler: str
    """The digest of the compiler."""

    def facts(self) -> Mapping[str, MeshFacts]:
        """Return what the components of each environment may ask of all its namespaces."""
        return environment_facts(self.headers)

    def inputs(self) -> Mapping[str, EnvironmentInput]:
        """Return what the units of each environment are compiled with, as far as it is known before any is."""
        return {
            name: EnvironmentInput(frame.settings, frame.environment.cluster, self.overlays[name])
            for name, frame in self.frames.items()
        }


def read_overlays(
    root: Path, environments: Iterable[str], read: Read
) -> tuple[Mapping[str, Overlay], tuple[Diagnostic, ...]]:
    """Return what is to be applied to each environment, and warnings. Raises StageFailed with all that is wrong."""
    findings = Findings()
    overlays: dict[str, Overlay] = {}
    for name in environments:
        try:
            overlays[name], warnings = read_overlay(root, name, read)
        except StageFailed as failed:
            findings.extend(failed.diagnostics)
        else:
            findings.extend(warnings)
    return overlays, findings.finish()


def cluster_tasks(mesh: Mesh, given: Mapping[str, EnvironmentInput]) -> Iterator[Task]:
    """Yield the units of what has no namespace: they come first, as they define the kinds of custom resources."""
    for one in given.values():
        content = digest_of(mesh.compiler, "cluster", _context(one), one.overlay.digest_for(CLUSTER_UNIT))
        yield Task(_key(one, CLUSTER_UNIT), content)


def with_definitions(
    mesh: Mesh, given: Mapping[str, EnvironmentInput], written: Mapping[str, Iterable[str]]
) -> Mapping[str, EnvironmentInput]:
    """Return the same with the definitions of custom resources: those of components, and those written by hand."""
    found = {name: set(texts) for name, texts in written.items()}
    for (name, _), header in mesh.headers.items():
        found[name].update(header.header.facts.definitions)
    return {name: replace(one, definitions=tuple(sorted(found[name]))) for name, one in given.items()}


def unit_tasks(mesh: Mesh, given: Mapping[str, EnvironmentInput]) -> Iterator[Task]:
    """Yield every other unit: namespaces, those of hand-written objects only, and what delivers the environment."""
    for name, one in given.items():
        headers = [header for (environment, _), header in mesh.headers.items() if environment == name]
        context = digest_of(mesh.compiler, _context(one), *one.definitions)
        derived = derive(header.header.facts for header in headers)
        for header in headers:
            yield _namespace_task(header, derived[header.header.facts.key], context, one.overlay)
        known = {header.header.facts.namespace for header in headers} | {CLUSTER_UNIT}
        for unit in sorted(one.overlay.written.keys() - known):
            yield Task(_key(one, unit), digest_of(context, "written", unit, one.overlay.digest_for(unit)))
        plan = _delivery_plan(mesh.frames[name], (header.header for header in headers))
        patches = one.overlay.digest_for(DELIVERY_UNIT, plan.delivery.namespace)
        yield Task(_key(one, DELIVERY_UNIT), digest_of(context, "delivery", encode(plan), patches), delivery=plan)


def _namespace_task(header: Header, derived: Derived, context: str, overlay: Overlay) -> Task:
    facts = header.header.facts
    # Patches of what has no namespace may concern a unit that renders such an object.
    further = (CLUSTER_UNIT,) if derived.shared_secrets or facts.cluster_scoped else ()
    patches = overlay.digest_for(facts.namespace, *further)
    content = digest_of(context, "namespace", header.header.content, encode(derived), patches)
    return Task(facts.key, content, header.header.scope, header.declared, derived)


def _key(given: EnvironmentInput, unit: str) -> UnitKey:
    return UnitKey(given.settings.environment.name, given.settings.cluster.name, unit)


def _context(given: EnvironmentInput) -> str:
    return digest_of(encode(given.settings), encode(given.cluster))


def _delivery_plan(frame: Frame, headers: Iterable[UnitHeader]) -> DeliveryPlan:
    namespaces = tuple(DeliveredNamespace(one.scope, one.namespace, one.owner) for one in headers)
    return DeliveryPlan(frame.settings, frame.environment.cluster, frame.delivery, namespaces, frame.version_origin)
