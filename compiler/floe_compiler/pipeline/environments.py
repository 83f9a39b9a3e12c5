"""The units of environments to compile, each with the digest of everything that its result depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from floe_compiler.derive import Derived, derive
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.inputs import Cluster
from floe_compiler.model.layout import SOPS_RULES, secret_place
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import DeliveredNamespace, DeliveryPlan
from floe_compiler.model.rendered import DELIVERY_UNIT
from floe_compiler.model.unit_header import UnitHeader
from floe_compiler.model.units import UnitKey
from floe_compiler.overlay import Overlay, read_overlay
from floe_compiler.overlay.source import Read
from floe_compiler.pipeline.headers import Header, Scope, facts_of, linked_servers
from floe_compiler.pipeline.units import EnvironmentInput, Task
from floe_compiler.resolve.acceptances import Acceptance
from floe_compiler.resolve.domain_secrets import DomainSecret, check_domain_secrets
from floe_compiler.resolve.frame import Frame

CLUSTER_UNIT = ""
"""The unit of hand-written objects without a namespace."""


class Mesh(msgspec.Struct, frozen=True):
    """The environments to compile: their frames, the headers of their units, and the overlays to apply."""

    frames: Mapping[str, Frame]
    headers: Mapping[Scope, Header]
    overlays: Mapping[str, Overlay]
    compiler: str
    """The digest of the compiler."""

    definitions: bytes = b""
    """The definitions of custom resources that others install, as MessagePack."""

    accepted: tuple[Acceptance, ...] = ()
    """The warnings that the manifest accepts."""

    path: str = ""
    """The path of the mesh in its Git repository."""

    obeyed: Mapping[str, str | None] = msgspec.field(default_factory=dict)
    """The files that say what Git does with others."""

    def facts(self, environment: str) -> MeshFacts:
        """Return the facts of all namespaces of an environment that components may ask for."""
        return facts_of(self.headers, self.frames, environment)

    def inputs(self) -> Mapping[str, EnvironmentInput]:
        """Return the facts that all units of an environment share and that are known before a unit is compiled."""
        return {
            name: EnvironmentInput(
                frame.settings,
                frame.environment.cluster,
                self.overlays[name],
                frame.delivery.path or "",
                installed=self.definitions,
            )
            for name, frame in self.frames.items()
        }


def read_overlays(
    inputs: InputFiles, frames: Mapping[str, Frame], read: Read
) -> tuple[Mapping[str, Overlay], tuple[Diagnostic, ...]]:
    """Return the overlay of each environment, and warnings. Raises StageFailed with the errors of all overlays.

    Objects of a domain's namespace are only in the cluster in which the domain stands; all others are in each cluster.
    """
    findings = Findings()
    by_environment: dict[str, Overlay] = {}
    secrets = [file for file in inputs.contents if secret_place(file)]
    for frame in frames.values():
        name = frame.site.environment
        if name in by_environment:
            continue
        try:
            by_environment[name], warnings = read_overlay(inputs, name, read, frame.all_domains if secrets else ())
            check_domain_secrets(frame, secrets, _domain_secrets(by_environment[name]), findings)
        except StageFailed as failed:
            by_environment[name] = Overlay(name)
            findings.extend(failed.diagnostics)
        else:
            findings.extend(warnings)
    _check_sops_rules(inputs, by_environment.values(), read, findings)
    overlays = {
        name: by_environment[frame.site.environment].without(frame.namespaces_elsewhere)
        for name, frame in frames.items()
    }
    return overlays, findings.finish()


def _check_sops_rules(inputs: InputFiles, overlays: Iterable[Overlay], read: Read, findings: Findings) -> None:
    """Hold encrypted files against the rules of SOPS, if there are any."""
    content = inputs.contents.get(SOPS_RULES)
    if not isinstance(content, bytes):
        return
    from floe_compiler.resolve.sops_rules import EncryptedFile, check_sops_rules

    encrypted = [
        EncryptedFile(written.span.file, written.text)
        for overlay in overlays
        for units in overlay.written.values()
        for written in units.values()
        if written.text
    ]
    if encrypted:
        documents, problems = read(content.decode("utf-8", "replace"), SOPS_RULES)
        findings.extend(problems)
        for document in documents[:1]:
            check_sops_rules(document, encrypted, findings)


def _domain_secrets(overlay: Overlay) -> Iterator[DomainSecret]:
    """Yield what domains have written into their folders of secrets."""
    for units in overlay.written.values():
        for identity, written in units.items():
            if written.domain:
                yield DomainSecret(written.domain, identity, written.manifest, written.span, bool(written.text))


def all_tasks(mesh: Mesh, inputs: Mapping[str, EnvironmentInput]) -> Iterator[Task]:
    """Yield all units of these environments."""
    yield from cluster_tasks(mesh, inputs)
    yield from unit_tasks(mesh, inputs)


def cluster_tasks(mesh: Mesh, inputs: Mapping[str, EnvironmentInput]) -> Iterator[Task]:
    """Yield the units of objects without a namespace: they come first, as they define the kinds of custom resources."""
    for environment in inputs.values():
        patches = environment.overlay.digest_for(CLUSTER_UNIT)
        content = digest_of(mesh.compiler, "cluster", _context(environment), patches)
        yield Task(_key(environment, CLUSTER_UNIT), content)


def with_definitions(
    mesh: Mesh, inputs: Mapping[str, EnvironmentInput], written: Mapping[str, Iterable[str]]
) -> Mapping[str, EnvironmentInput]:
    """Return the inputs with the definitions of custom resources: those of components, and the hand-written ones."""
    definitions = {name: set(texts) for name, texts in written.items()}
    for (name, _), header in mesh.headers.items():
        definitions[name].update(header.definitions)
    return {name: replace(inputs[name], definitions=tuple(sorted(definitions[name]))) for name in inputs}


def unit_tasks(mesh: Mesh, inputs: Mapping[str, EnvironmentInput]) -> Iterator[Task]:
    """Yield all other units: namespaces, namespaces of hand-written objects only, and the delivery of environments.

    The headers of one environment are decoded at a time.
    """
    for name, environment in inputs.items():
        yield from _tasks_of(mesh, name, environment)


def _tasks_of(mesh: Mesh, name: str, environment: EnvironmentInput) -> Iterator[Task]:
    units = [(header.header, header) for (of, _), header in mesh.headers.items() if of == name]
    headers = [header for header, _ in units]
    overlay = environment.overlay
    context = digest_of(mesh.compiler, _context(environment), *environment.definitions)
    linked = linked_servers(mesh.headers, mesh.frames, mesh.frames[name])
    facts = (header.facts for header in headers)
    derived = derive(facts, mesh.frames[name].ingress, environment.settings.platform, linked)
    for header, unit in units:
        yield _namespace_task(header, unit, derived[header.facts.key], context, overlay)
    declared = {header.namespace for header in headers} | {CLUSTER_UNIT}
    for written in sorted(overlay.written.keys() - declared):
        content = digest_of(context, "written", written, overlay.digest_for(written))
        yield Task(_key(environment, written), content)
    plan = _delivery_plan(mesh.frames[name], headers, overlay)
    patches = overlay.digest_for(DELIVERY_UNIT, plan.delivery.namespace)
    content = digest_of(context, "delivery", encode(plan), patches)
    yield Task(_key(environment, DELIVERY_UNIT), content, delivery=plan)


def _namespace_task(header: UnitHeader, unit: Header, derived: Derived, context: str, overlay: Overlay) -> Task:
    facts = header.facts
    # Patches of objects without a namespace may concern a unit that renders such objects.
    further = (CLUSTER_UNIT,) if derived.shared_secrets or facts.cluster_scoped else ()
    patches = overlay.digest_for(facts.namespace, *further)
    elsewhere = encode(derived)
    content = digest_of(context, "namespace", header.content, elsewhere, patches)
    rendering = digest_of(context, unit.key, elsewhere) if unit.key else ""
    return Task(facts.key, content, header.scope, unit.declared, derived, rendering=rendering)


def _key(environment: EnvironmentInput, unit: str) -> UnitKey:
    return UnitKey(environment.settings.site, environment.settings.cluster.name, unit)


def _context(environment: EnvironmentInput) -> str:
    return digest_of(encode(environment.settings), encode(_unpriced(environment.cluster)), environment.installed)


def _unpriced(cluster: Cluster) -> Cluster:
    """Return a cluster without prices, as no object follows from them."""
    return cluster.model_copy(update={"prices": None})


def _delivery_plan(frame: Frame, headers: Iterable[UnitHeader], overlay: Overlay) -> DeliveryPlan:
    encrypted = overlay.encrypted_units()
    namespaces = tuple(
        DeliveredNamespace(header.scope, header.namespace, header.owner, header.namespace in encrypted)
        for header in headers
    )
    cluster = _unpriced(frame.environment.cluster)
    return DeliveryPlan(frame.settings, cluster, frame.delivery, namespaces, frame.version_origin)
