"""Renders a release with helm, twice, and keeps the objects by everything that they follow from."""

from __future__ import annotations

import re

from floe_compiler.charts.helm import Helm, HelmError, Release, run_helm
from floe_compiler.charts.rules import NOT_OBJECTS, NOT_RENDERED, NOT_REPEATABLE
from floe_compiler.charts.templates import NotAnObject, first_difference, objects_in
from floe_compiler.model.assigned_secrets import may_show_secret
from floe_compiler.model.cache import Cache
from floe_compiler.model.charts import ChartUse, RenderedChart
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.credentials import secret_in
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.span import Span

KIND = "charts"
"""The kind of entry in the cache with the objects of a release."""

_AT = re.compile(r"([\w.-]+/(?:[\w.-]+/)*[\w.-]+\.(?:ya?ml|tpl|txt|json))(?:\)?:(\d+))?(?::(\d+))?")
_YAML_LINE = re.compile(r"yaml: line (\d+)")
_VALUE = re.compile(r"^- at '/([^']*)': (.*)$", re.MULTILINE)
_NOISE = "Use --debug flag to render out invalid YAML"


def rendered(
    use: ChartUse, release: Release, digest: str, helm: Helm, cache: Cache | None, compiler: str, findings: Findings
) -> RenderedChart | None:
    """Return the objects of a release; None, with a finding, if it cannot be rendered.

    Args:
        use: The entry.
        release: What helm is given.
        digest: The digest of the chart.
        helm: The program.
        cache: What earlier runs have rendered.
        compiler: The digest of the compiler.
        findings: The error is added here.
    """
    inputs = [release.name, release.namespace, release.values, release.kubernetes, release.api_versions, release.crds]
    key = digest_of(compiler, digest, helm.version, encode(inputs))
    if cache and (data := cache.get(KIND, key)) and (cached := decode(data, RenderedChart)):
        return cached
    try:
        printed, again = run_helm(helm, release), run_helm(helm, release)
    except HelmError as error:
        _refused(use, str(error), findings)
        return None
    if printed != again:
        template, line = first_difference(printed, again)
        message = f"the chart {use.version} renders {template} differently each time"
        about = "" if may_show_secret(line) or ":" not in line else f", at {line.partition(':')[0]}"
        hint = "set the value that it makes up, or use a secret that exists (existingSecret or the like)"
        findings.add(NOT_REPEATABLE, message + about, use.origin, hint=hint, related=_template(use, template))
        return None
    try:
        chart = RenderedChart(tuple(objects_in(printed)))
    except NotAnObject as error:
        message = f"{error.template} of the chart {use.version}: {error}"
        hint = "set the values so that it renders objects, or use another version of the chart"
        findings.add(NOT_OBJECTS, message, use.origin, hint=hint, related=_template(use, error.template))
        return None
    if cache and not secret_in(printed) and all(manifest["kind"] != "Secret" for _, manifest in chart.objects):
        cache.put(KIND, key, encode(chart))
    return chart


def _refused(use: ChartUse, output: str, findings: Findings) -> None:
    """Record what helm says: of values, where they are written; else at the entry, with the place in the chart."""
    wrong = [(path.replace("/", "."), problem) for path, problem in _VALUE.findall(output)]
    if "specifications of the schema" in output and wrong:
        for path, problem in wrong:
            message = f"the chart {use.version} does not take values.{path}: {problem}"
            hint = f"see values.schema.json in {use.version.folder}"
            findings.add(NOT_RENDERED, message, _written(use, path), hint=hint)
        return
    text = " ".join(line.strip() for line in output.removeprefix("Error: ").splitlines() if line.strip() != _NOISE)
    if may_show_secret(text):
        text = "its message is not shown, as it may hold a secret"
    hint = "correct the values, or use another version of the chart"
    related = []
    if match := next((located for located in _AT.finditer(output) if "/" in located[1]), None):
        path = match[1].partition("/")[2]
        line = match[2] or (at_line[1] if (at_line := _YAML_LINE.search(output)) else "1")
        # A line number of the rendered text is not one of the template.
        line = "1" if "YAML parse error" in output else line
        related = [Related(Span(f"{use.version.folder}/{path}", int(line), int(match[3] or 1)), "in this template")]
    findings.add(
        NOT_RENDERED, f"helm cannot render {use.version}: {text[:600]}", use.origin, hint=hint, related=related
    )


def _written(use: ChartUse, path: str) -> Span | None:
    """Return where a value, or the nearest above it, is written."""
    while path and path not in use.places:
        below = next((written for written in use.places if written.startswith(f"{path}.")), "")
        if below:
            return use.places[below]
        path = path.rpartition(".")[0]
    return use.places.get(path, use.origin)


def _template(use: ChartUse, template: str) -> list[Related]:
    return [Related(Span(f"{use.version.folder}/{template}", 1, 1), "its template")] if template else []
