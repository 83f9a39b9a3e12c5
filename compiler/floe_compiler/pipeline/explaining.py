"""Where the values of compiled objects come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from floe_compiler.cache.store import Cache, Memory
from floe_compiler.explain import explain
from floe_compiler.explain.attempts import Valid
from floe_compiler.load.digests import compiler_digest
from floe_compiler.model.explanation import Explanation
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.objects import identify
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.pipeline.compilation import Compilation
from floe_compiler.pipeline.known_explanations import KnownExplanations
from floe_compiler.pipeline.reading import cached_schemas
from floe_compiler.pipeline.resolving import read_sources
from floe_compiler.pipeline.workers import ThisProcess, Workers, map_with


def explain_files(
    inputs: InputFiles,
    compiled: Compilation,
    files: Iterable[str],
    *,
    cache: Cache | None = None,
    workers: Workers | None = None,
    only: Callable[[Span | None], bool] | None = None,
    recall: bool = False,
) -> Iterator[tuple[str, Explanation]]:
    """Yield some of the compiled files, by their path from the root, with where each of their values comes from.

    `inputs` are the files that it was compiled from. `only` says of a place whether what is written there may be a
    cause (default: all, and defaults). With `recall`, explanations from the cache will do, and others are kept there:
    those with all causes.

    Raises:
        StageFailed: if the inputs are wrong.
        KeyError: if there is no such file.
    """
    cache = cache or Memory()
    sources, components = read_sources(inputs, cache)
    schemas = cached_schemas(components, cache, compiler_digest())
    resolved: dict[str, Valid] = {}
    explanations = KnownExplanations(cache, compiled)
    for file in files:
        if recall and (recalled := explanations.get(file)):
            yield file, recalled
            continue
        environment = next(environment for environment in compiled.environments if environment.has(file))
        site = environment.environment
        if site not in resolved:
            resolved[site] = Valid(sources, components, site)
        text = compiled.files[file]
        final = from_yaml(text)
        places = environment.places(environment.unit_of(file))
        name = str(identify(final))
        explanation = explain(
            sources,
            components,
            site,
            final,
            places.patched.get(name, ()),
            str(places.origins.get(name, "the platform as a whole")),
            map_with(workers or ThisProcess()),
            schemas,
            only,
            resolved[site],
        )
        explained = replace(explanation, text=text, template=places.templates.get(name))
        if recall:
            explanations.put(file, explained)
        yield file, explained
