"""Units of environments linked: everything that is wrong is told by the first stage that finds any."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.link import Environment, Facts, link, link_across, placed
from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.overlay import dead_steps, failures_once
from floe_compiler.pipeline.compilation import CompiledEnvironment
from floe_compiler.pipeline.results import Results
from floe_compiler.pipeline.units import EnvironmentInput
from floe_compiler.synthesize.shared_objects import shared_objects


def link_environments(
    results: Results, given: Mapping[str, EnvironmentInput]
) -> tuple[tuple[CompiledEnvironment, ...], tuple[Diagnostic, ...]]:
    """Return the environments with all of their units, and warnings.

    Raises StageFailed with everything that the first failing stage has found.
    """
    environments = {name: CompiledEnvironment(name, results.of(name), results.body) for name in given}
    synthesized = Findings(results.found["synthesize"])
    if not synthesized.failed:
        for name, environment in environments.items():
            summaries = {unit: head.summary for unit, head in environment.heads.items()}
            synthesized.extend(shared_objects(name, summaries, environment.places))
    synthesized.finish()
    overlay = Findings([*failures_once(results.found["overlay"])])
    for name, one in given.items():
        overlay.extend(dead_steps(one.overlay, results.hits[name], environments[name].manifests))
    return tuple(environments.values()), (*overlay.finish(), *_checked(results, given, environments))


def _checked(
    results: Results, given: Mapping[str, EnvironmentInput], environments: Mapping[str, CompiledEnvironment]
) -> tuple[Diagnostic, ...]:
    """Return the warnings of the checks and of the link; raise StageFailed with all that both have found."""
    found = Findings(results.found["check"])
    summaries = {name: [head.summary for head in one.heads.values()] for name, one in environments.items()}
    facts = {name: _facts(one) for name, one in given.items()}
    for name, one in environments.items():
        found.extend(placed(link(facts[name], summaries[name]), one.places))
    linked = (Environment.of(facts[name], summaries[name]) for name in environments)
    found.extend(link_across(linked, lambda environment, unit: environments[environment].places(unit)))
    return found.finish()


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
