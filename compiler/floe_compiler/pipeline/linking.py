"""Links the units of all environments, and reports the errors of the first stage that has any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain

from floe_compiler.cache.store import Cache
from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.environment_facts import EnvironmentFacts
from floe_compiler.model.objects import Object
from floe_compiler.model.sites import environment_of
from floe_compiler.overlay import Overlay, dead_deletions, dead_steps, failures_once
from floe_compiler.pipeline.compilation import CompiledEnvironment
from floe_compiler.pipeline.environments import Mesh
from floe_compiler.pipeline.results import Results
from floe_compiler.pipeline.selection import NOTHING, Omitted
from floe_compiler.pipeline.units import EnvironmentInput
from floe_compiler.synthesize.shared_objects import shared_objects

SOUND = "links"
"""The kind of cache entry which says that nothing is wrong between some units."""


def link_environments(
    results: Results,
    inputs: Mapping[str, EnvironmentInput],
    compiler: str,
    omitted: Omitted = NOTHING,
    at_written: Callable[[Iterable[Diagnostic]], Iterable[Diagnostic]] = tuple,
) -> tuple[tuple[CompiledEnvironment, ...], tuple[Diagnostic, ...]]:
    """Return the environments with all of their units, and warnings.

    All units are linked at once. If nothing is wrong, that is cached under the digest of everything that was looked at.
    Findings about domains that are left out are dropped, and so are patches that select nothing, as their objects may
    be left out. If there is an error in what is rendered, `at_written` gives errors a better place. Raises StageFailed
    with all findings of the first stage that has an error.
    """
    environments = {
        name: CompiledEnvironment(name, results.of(name), results.body, environment.cluster)
        for name, environment in inputs.items()
    }
    key = _key(compiler, inputs, results)
    sound = results.cache.get(SOUND, key) == b""
    synthesized = Findings(results.diagnostics["synthesize"])
    linked: list[Diagnostic] = []
    for together in _by_cluster(inputs) if not (sound or synthesized.failed) else ():
        facts = {name: _facts(inputs[name]) for name in together}
        linked += _linked(facts, results, environments, synthesized)
    synthesized.finish()
    overlay = Findings([*failures_once(results.diagnostics["overlay"])])
    applied = tuple(_applied(inputs, results, environments)) if not omitted else ()
    for steps in applied:
        overlay.extend(dead_steps(*steps))
    if not overlay.failed:
        for steps in applied:
            overlay.extend(dead_deletions(*steps))
    overlaid = overlay.finish()
    if not (sound or linked or synthesized.diagnostics):
        results.cache.put(SOUND, key, b"")
    checked = Findings(
        [finding for finding in (*results.diagnostics["check"], *linked) if not omitted.concerns(finding)]
    )
    if checked.failed:
        raise StageFailed(at_written(checked.diagnostics))
    return tuple(environments.values()), (*overlaid, *checked.finish())


def _applied(
    inputs: Mapping[str, EnvironmentInput], results: Results, environments: Mapping[str, CompiledEnvironment]
) -> Iterator[tuple[Overlay, set[str], Callable[[], Iterable[Object]]]]:
    """Yield the overlay of each environment, what it selects in any of its clusters, and the objects of all of them."""
    together: dict[str, list[str]] = defaultdict(list)
    for name in inputs:
        together[environment_of(name)].append(name)
    for names in together.values():
        hits = set[str]().union(*(results.hits[name] for name in names))
        objects = partial(_manifests, tuple(environments[name] for name in names))
        yield inputs[names[0]].overlay, hits, objects


def _manifests(environments: Iterable[CompiledEnvironment]) -> Iterator[Object]:
    return chain.from_iterable(environment.manifests() for environment in environments)


def delivered_whole(mesh: Mesh, files: Iterable[str], cache: Cache) -> tuple[Diagnostic, ...]:
    """Return warnings about files that Git ignores. Raises StageFailed if it changes any."""
    if not mesh.obeyed:
        return ()
    paths = tuple(files)
    key = digest_of(mesh.compiler, mesh.path, encode((mesh.obeyed, paths)))
    if cache.get(SOUND, key) == b"":
        return ()
    from floe_compiler.link import undelivered

    problems = Findings()
    problems.extend(undelivered(mesh.obeyed, mesh.path, paths))
    if not problems.diagnostics:
        cache.put(SOUND, key, b"")
    return problems.finish()


def _key(compiler: str, inputs: Mapping[str, EnvironmentInput], results: Results) -> str:
    """Return the digest of everything that the link looks at."""
    facts = [_facts(environment) for environment in inputs.values()]
    summaries = [sorted(results.summary_digests(name).items()) for name in inputs]
    return digest_of(compiler, encode(facts), encode(summaries))


def _by_cluster(inputs: Mapping[str, EnvironmentInput]) -> Iterator[list[str]]:
    """Yield the environments of each cluster: only those concern each other."""
    together: dict[str, list[str]] = defaultdict(list)
    for name, environment in inputs.items():
        together[_facts(environment).cluster].append(name)
    yield from together.values()


def _linked(
    facts: Mapping[str, EnvironmentFacts],
    results: Results,
    environments: Mapping[str, CompiledEnvironment],
    synthesized: Findings,
) -> Iterator[Diagnostic]:
    """Yield the findings between the units, and between the environments, of one cluster.

    Objects of several units that differ are findings of the stage `synthesize`, which `synthesized` gets. When the last
    finding was yielded, no summary is in memory any more.
    """
    from floe_compiler.link import Environment, duplicate_objects, link, placed, routed_twice

    summaries = {name: results.summaries(name) for name in facts}
    for name in facts:
        synthesized.extend(shared_objects(name, summaries[name], environments[name].places))
    for name in facts:
        yield from placed(link(facts[name], summaries[name].values()), environments[name].places)
    linked = [Environment.of(facts[name], summaries[name].values()) for name in facts]
    yield from duplicate_objects(linked, lambda name, unit: environments[name].places(unit))
    yield from routed_twice(linked, lambda name, unit: environments[name].places(unit))


def _facts(environment: EnvironmentInput) -> EnvironmentFacts:
    """Return the facts of an environment that the link needs besides its units."""
    settings = environment.settings
    return EnvironmentFacts(
        settings.site,
        cluster_identity(environment.cluster),
        settings.cluster.name,
        settings.cluster.domain,
        settings.cluster.ingress_namespace,
        environment.path,
        settings.cluster.dns,
        bool(settings.cluster.name_elsewhere),
        settings.environment.production,
    )
