"""Helm charts among the stages: rendered once the namespaces are known, and then treated as hand-written objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from floe_compiler.cache.store import Cache
from floe_compiler.charts.api_versions import defined_kinds, scopes_of
from floe_compiler.charts.helm import Helm, Release, find_helm
from floe_compiler.charts.objects import definitions_in, delivered
from floe_compiler.charts.render import rendered
from floe_compiler.charts.rules import TWICE, UNUSED
from floe_compiler.charts.unread_values import check_values
from floe_compiler.charts.vendored import chart_files, unused_charts
from floe_compiler.model.charts import ChartObject, ChartUse
from floe_compiler.model.diagnostics import Diagnostic, Findings, Related
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import CHARTS_LOCK
from floe_compiler.model.nested_fields import at
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.span import Span
from floe_compiler.overlay import Overlay, Written, own_folder
from floe_compiler.overlay.units import unit_of
from floe_compiler.pipeline.headers import Header, Scope
from floe_compiler.resolve.frame import Frame

MOST_AT_ONCE = 4
"""How many releases are rendered at the same time."""

DEFINITION = "CustomResourceDefinition"


class ChartRelease(msgspec.Struct, frozen=True):
    """A release, the digest and the files of its chart, and the environment that it is for."""

    environment: str
    use: ChartUse
    digest: str
    files: Mapping[str, bytes]


def with_charts(
    inputs: InputFiles,
    frames: Mapping[str, Frame],
    headers: Mapping[Scope, Header],
    overlays: Mapping[str, Overlay],
    installed: bytes,
    compiler: str,
    cache: Cache,
    *,
    is_complete: bool,
) -> tuple[Mapping[str, Overlay], tuple[Diagnostic, ...]]:
    """Return the overlays with the objects of charts among the hand-written ones, and warnings.

    Args:
        inputs: The files, with those of vendored charts.
        frames: The environments.
        headers: The headers of their units, which name the releases.
        overlays: What is written by hand in each environment.
        installed: The definitions of custom resources that others install, as MessagePack.
        compiler: The digest of the compiler.
        cache: Keeps what helm renders.
        is_complete: Whether these are all environments and domains, so that it is known which charts nobody uses.

    Raises StageFailed with all errors about charts (H001 to H015).
    """
    findings = Findings()
    uses = [(environment, use) for (environment, _), header in headers.items() for use in header.header.charts]
    if is_complete and CHARTS_LOCK in inputs.contents:
        for chart in unused_charts(inputs, frozenset(use.version for _, use in uses)):
            hint = f"remove the folder, and its line in {CHARTS_LOCK}"
            findings.add(
                UNUSED, f"no entry of charts uses {chart}", Span(f"{chart.folder}/Chart.yaml", 1, 1), hint=hint
            )
    if not uses:
        return overlays, findings.finish()
    calls = [
        ChartRelease(environment, use, *vendored)
        for environment, use in uses
        if (vendored := chart_files(inputs, use, findings)) is not None
    ]
    if findings.failed:
        findings.finish()
    helm = find_helm(uses[0][1].origin)
    definitions = {name: _definitions(name, headers, overlays[name], installed, calls) for name in frames}
    render = partial(_rendered, frames, definitions, helm, cache, compiler)
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:  # they wait for helm
        results = list(threads.map(render, calls))
    objects: dict[str, list[ChartObject]] = defaultdict(list)
    for call, (own, problems) in zip(calls, results, strict=True):
        objects[call.environment] += own
        findings.extend(problems.diagnostics)
    merged = {name: _merged(overlay, objects[name], findings) for name, overlay in overlays.items()}
    return merged, findings.finish()


def _rendered(
    frames: Mapping[str, Frame],
    definitions: Mapping[str, tuple[Object, ...]],
    helm: Helm,
    cache: Cache,
    compiler: str,
    call: ChartRelease,
) -> tuple[list[ChartObject], Findings]:
    findings, use, settings = Findings(), call.use, frames[call.environment].settings
    own = definitions[call.environment]
    release = Release(
        use.name,
        use.namespace,
        call.files,
        use.values,
        settings.cluster.kubernetes_version,
        defined_kinds(own),
        use.crds,
    )
    chart = rendered(use, release, call.digest, helm, cache, compiler, findings)
    if chart is None:
        return [], findings
    check_values(use, call.files, findings)
    return delivered(use, chart, settings, scopes_of(own), call.files, findings), findings


def _definitions(
    environment: str,
    headers: Mapping[Scope, Header],
    overlay: Overlay,
    installed: bytes,
    calls: Iterable[ChartRelease],
) -> tuple[Object, ...]:
    """Return the definitions of custom resources in an environment, as far as they are known before it is compiled."""
    definitions: list[Object] = msgspec.msgpack.decode(installed) if installed else []
    texts = {text for (of, _), unit in headers.items() if of == environment for text in unit.definitions}
    charts = (call.files for call in calls if call.environment == environment and call.use.crds)
    texts |= {text for files in charts for text in definitions_in(files)}
    written = (object_.manifest for own in overlay.written.values() for object_ in own.values())
    return (
        *definitions,
        *(manifest for manifest in (*_parsed(sorted(texts)), *written) if manifest.get("kind") == DEFINITION),
    )


def _parsed(texts: Iterable[str]) -> Iterator[Object]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for text in texts:
        try:
            documents = list(yaml.load_all(text, Loader=loader))
        except (yaml.YAMLError, ValueError, RecursionError):  # helm says what is wrong with it
            continue
        yield from (
            document
            for document in documents
            if isinstance(document, dict) and isinstance(at(document, ("spec", "names")), dict)
        )


def _merged(overlay: Overlay, objects: Iterable[ChartObject], findings: Findings) -> Overlay:
    """Return an overlay with the objects of charts; report those that are there already."""
    written: dict[str, dict[ObjectId, Written]] = {unit: dict(own) for unit, own in overlay.written.items()}
    folder = own_folder(overlay)
    for chart_object in objects:
        identity = identify(chart_object.manifest)
        unit = written.setdefault(unit_of(identity), {})
        if (other := unit.get(identity)) is not None:
            places = [Related(other.span, "also asked for here" if other.template else "also written here")]
            hint = "rename it in the values, or leave it out of one of them"
            findings.add(TWICE, f"{identity} is in two places", chart_object.origin, hint=hint, related=places)
        else:
            unit[identity] = Written(
                chart_object.manifest, chart_object.origin, folder, {}, template=chart_object.template
            )
    return replace(overlay, written=written)
