"""Sources -> Plan: layers merged, references looked up, one plan for each environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.diagnostics import Diagnostic, Findings, did_you_mean
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment, VersionedMetadata
from floe_compiler.model.plan import PLATFORM, EnvironmentPlan
from floe_compiler.model.sites import Site
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.clusters import sites
from floe_compiler.resolve.data_access import check_readers
from floe_compiler.resolve.default_registry import check_default_registry
from floe_compiler.resolve.elsewhere import seen_from_elsewhere
from floe_compiler.resolve.environment import resolve_environment, resolve_frame
from floe_compiler.resolve.frame import Frame, Inputs
from floe_compiler.resolve.known_parts import KnownParts
from floe_compiler.resolve.layers import Layer, merge
from floe_compiler.resolve.limits import limits_of
from floe_compiler.resolve.locks import check_manifests, locked_paths
from floe_compiler.resolve.namespaces import check_namespaces
from floe_compiler.resolve.products import check_name, check_references, is_name, known_products
from floe_compiler.resolve.rollout_checks import check_rollout
from floe_compiler.resolve.rules import DUPLICATE_NAME, EMPTY_MESH, UNKNOWN_PATH, UNKNOWN_REFERENCE
from floe_compiler.resolve.scopes import manifest_layers
from floe_compiler.resolve.semantic_models import check_models
from floe_compiler.resolve.slots import Registry
from floe_compiler.resolve.trust import check_files
from floe_compiler.resolve.validation import validate


def resolve(
    sources: Sources,
    registry: Registry,
    only: Sequence[str] = (),
    findings: Findings | None = None,
    known_parts: KnownParts | None = None,
) -> tuple[tuple[EnvironmentPlan, ...], tuple[Diagnostic, ...]]:
    """Return the plans of the environments named in `only` (default: all), and warnings.

    `findings` are empty ones to collect in. `known_parts` is what an earlier resolution made.

    Raises StageFailed with every error of every environment asked for.
    """
    findings = findings or Findings()
    frames = resolve_frames(sources, registry, only, findings, known_parts)
    known_parts = known_parts or KnownParts()
    products = {name: known_products(name, source, known_parts, findings) for name, source in sources.domains.items()}
    plans: list[EnvironmentPlan] = []
    for frame in frames.values():
        # Separate findings: an error in one environment must not hide those of the next.
        own = findings.another()
        plan = resolve_environment(frame, products, own)
        findings.extend(own.diagnostics)
        plans += [plan] if plan else []
    return tuple(plans), findings.finish()


def resolve_frames(
    sources: Sources, registry: Registry, only: Sequence[str], findings: Findings, known_parts: KnownParts | None = None
) -> Mapping[str, Frame]:
    """Return, for each environment named in `only` (default: all), the part that all of its domains share.

    Everything that concerns more than one document is checked here. Invalid environments are left out, with findings.
    `known_parts` is what an earlier resolution made.
    """
    known_parts = known_parts or KnownParts()
    environments = _environments(sources, known_parts, findings)
    by_name = {site.environment: environment for site, environment in environments}
    _check_names(sources, only, findings)
    for source in sources.domains.values() if findings.wanted else ():
        check_models(source, findings)
    named = filter(is_name, sources.domains)  # the others are errors already
    check_namespaces(environments, [PLATFORM, *named], findings)
    references = check_references(sources, findings)
    check_readers(sources, references, findings)
    locks = locked_paths(sources.manifests, registry, findings)
    manifests = manifest_layers(sources)
    check_manifests(manifests, locks, findings)
    check_rollout(sources, locks, findings)
    limits = limits_of(sources.manifests, registry, findings)
    inputs = Inputs(sources, registry, locks, limits, references, merge(manifests), known_parts)
    frames: dict[str, Frame] = {}
    provided: dict[str, tuple[Capability, ...]] = {}
    # The shared services come first: the other clusters of an environment know what they provide.
    for site, environment in sorted(environments, key=lambda entry: not entry[0].has(PLATFORM)):
        if only and site.environment not in only:
            continue
        away = not site.has(PLATFORM)
        if away and site.environment not in provided:
            continue  # which is reported
        own = findings.another()
        frame = resolve_frame(inputs, site, environment, own, provided[site.environment] if away else None)
        findings.extend(own.diagnostics)
        if frame is None:
            continue
        frames[site.name] = frame
        if site.cluster and not away:
            provided[site.environment] = seen_from_elsewhere(frame.provided, frame.environment)
    frames = {name: frames[name] for name in sorted(frames)}
    if any(frame.delivery.path is None for frame in frames.values()):
        message = "the mesh is in no Git repository, so its delivery takes output/ to be at the top of one"
        place = sources.manifest.span(("delivery",))
        findings.add(UNKNOWN_PATH, message, place, hint="compile in a clone, or write the path: delivery: {path: .}")
    check_default_registry(frames.values(), findings)
    check_files(sources, by_name, findings)
    return frames


def _environments(
    sources: Sources, known_parts: KnownParts, findings: Findings
) -> tuple[tuple[Site, Environment], ...]:
    """Return each environment in each of its clusters."""
    environments: list[tuple[Site, Environment]] = []
    for site in (site for of_environment in sites(sources, findings).values() for site in of_environment):
        environment = known_parts.get(
            ("environment", site.name), partial(_data, site.document), partial(_validated, site.document, findings)
        )
        if environment is not None:
            environments.append((site, environment))
    if not sources.environments:
        hint = "write overlays/dev/environment.yaml"
        findings.add(EMPTY_MESH, "there is no environment to compile for", sources.manifest.span(()), hint=hint)
    return tuple(environments)


def _data(document: Document) -> object:
    return document.data


def _validated(document: Document, findings: Findings) -> Environment | None:
    return validate(Environment, merge([Layer(document.file, document.data, document)]), (), findings)


def _check_names(sources: Sources, only: Sequence[str], findings: Findings) -> None:
    for parent in sources.parents:
        validate(VersionedMetadata, merge([Layer(parent.file, parent.data, parent)]), ("metadata",), findings)
    for name, document in sources.environments.items():
        check_name(name, document, findings)
    for name, document in sources.images.items():
        check_name(name, document, findings)
    for name, source in sources.domains.items():
        check_name(name, source.document, findings)
        if name == PLATFORM:
            message = f'a domain cannot be called "{PLATFORM}", as the shared services are'
            place = source.document.span(("metadata", "name"))
            findings.add(DUPLICATE_NAME, message, place, hint="rename the folder and the domain")
    for name, span in (*((name, None) for name in only), *_environments_of_domains(sources)):
        if name not in sources.environments and name not in sources.omitted_environments:
            message = f'there is no environment "{name}"'
            findings.add(UNKNOWN_REFERENCE, message, span, hint=did_you_mean(name, sources.environments))


def _environments_of_domains(sources: Sources) -> Iterator[tuple[str, Span]]:
    """Yield each environment that a domain names, with the location."""
    domains = [(source.document, source.document.data, ()) for source in sources.domains.values()]
    overrides = [
        (document, override, ("domains", name))
        for document in sources.environments.values()
        for name, override in (document.data.get("domains") or {}).items()
    ]
    for document, data, path in (*domains, *overrides):
        for index, name in enumerate(data.get("environments") or ()):
            yield name, document.span((*path, "environments", index))
