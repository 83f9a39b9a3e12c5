"""Units of environments linked: everything that is wrong is told by the first stage that finds any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.link import Environment, Facts, link, link_across, placed
from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.overlay import dead_steps, failures_once
from floe_compiler.pipeline.compilation import CompiledEnvironment
from floe_compiler.pipeline.results import Results
from floe_compiler.pipeline.units import EnvironmentInput
from floe_compiler.synthesize.shared_objects import shared_objects

SOUND = "links"
"""The kind of entry in the cache that tells that nothing is wrong between some units."""


def link_environments(
    results: Results, given: Mapping[str, EnvironmentInput], compiler: str
) -> tuple[tuple[CompiledEnvironment, ...], tuple[Diagnostic, ...]]:
    """Return the environments with all of their units, and warnings.

    The link is done for all units at once. That nothing was found is kept by the digest of all that it goes by.
    Raises StageFailed with everything that the first failing stage has found.
    """
    environments = {name: CompiledEnvironment(name, results.of(name), results.body) for name in given}
    key = _key(compiler, given, environments)
    sound = results.cache.get(SOUND, key) == b""
    synthesized = Findings(results.found["synthesize"])
    if not sound and not synthesized.failed:
        for name, environment in environments.items():
            synthesized.extend(shared_objects(name, results.summaries(name), environment.places))
    synthesized.finish()
    overlay = Findings([*failures_once(results.found["overlay"])])
    for name, one in given.items():
        overlay.extend(dead_steps(one.overlay, results.hits[name], environments[name].manifests))
    overlaid = overlay.finish()
    linked = [] if sound else [*_linked(results, given, environments)]
    if not (sound or linked or synthesized.found):
        results.cache.put(SOUND, key, b"")
    return tuple(environments.values()), (*overlaid, *Findings([*results.found["check"], *linked]).finish())


def _key(compiler: str, given: Mapping[str, EnvironmentInput], environments: Mapping[str, CompiledEnvironment]) -> str:
    """Return the digest of all that the link goes by."""
    facts = [_facts(one) for one in given.values()]
    summaries = [sorted((unit, head.summarized) for unit, head in one.heads.items()) for one in environments.values()]
    return digest_of(compiler, encode(facts), encode(summaries))


def _linked(
    results: Results, given: Mapping[str, EnvironmentInput], environments: Mapping[str, CompiledEnvironment]
) -> Iterator[Diagnostic]:
    """Yield what is wrong between units and between environments."""
    summaries = {name: tuple(results.summaries(name).values()) for name in environments}
    facts = {name: _facts(one) for name, one in given.items()}
    for name, one in environments.items():
        yield from placed(link(facts[name], summaries[name]), one.places)
    linked = (Environment.of(facts[name], summaries[name]) for name in environments)
    yield from link_across(linked, lambda environment, unit: environments[environment].places(unit))


def _facts(given: EnvironmentInput) -> Facts:
    """Return what the link has to know of an environment beside its units."""
    settings = given.settings
    return Facts(
        settings.environment.name,
        cluster_identity(given.cluster),
        settings.cluster.name,
        settings.cluster.domain,
        settings.cluster.ingress_namespace,
    )
