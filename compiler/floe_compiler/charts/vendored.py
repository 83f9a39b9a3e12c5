"""The vendored charts: their files among the inputs, each locked by a digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.charts.rules import CHANGED, NOT_VENDORED, REMOTE_SCHEMA
from floe_compiler.model.charts import ChartUse, ChartVersion
from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import CHARTS, CHARTS_LOCK
from floe_compiler.model.span import Span

_LINE = re.compile(r"(sha256:[0-9a-f]{64})  ([^/\s]+)/([^/\s]+)(?:  archive:(\S+))?(?:  (\S+))?")


class Locked(msgspec.Struct, frozen=True):
    """A line of the lock: the digest of a chart's files, where they came from, and the digest of the archive there."""

    chart: ChartVersion
    digest: str
    source: str = ""
    archive: str = ""
    line: int = 0

    def text(self) -> str:
        """Return the line of the lock file: digest, chart, and archive and source if they are known."""
        archive = f"archive:{self.archive}" if self.archive else ""
        return "  ".join(filter(None, (self.digest, f"{self.chart.name}/{self.chart.version}", archive, self.source)))


def read_lock(content: object) -> tuple[Locked, ...]:
    """Return the lines of the lock that are well-formed, in order; none if there is no lock."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else ""
    return tuple(
        Locked(ChartVersion(match[2], match[3]), match[1], match[5] or "", match[4] or "", number)
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := _LINE.fullmatch(line.strip()))
    )


def digest_of_chart(files: Mapping[str, bytes]) -> str:
    """Return the digest of a chart's files, by their paths. Line breaks do not count, as Git may change them."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(files[path].replace(b"\r\n", b"\n")).hexdigest()
        digest.update(f"{content}  {path}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def chart_files(inputs: InputFiles, use: ChartUse, findings: Findings) -> tuple[str, Mapping[str, bytes]] | None:
    """Return the digest and the files of the chart of an entry; None, with a finding, if it is not the locked one."""
    chart = use.version
    lock = {entry.chart: entry for entry in read_lock(inputs.contents.get(CHARTS_LOCK))}
    locked = lock.get(chart)
    below = {path for path in inputs.types if path.startswith(f"{chart.folder}/")}
    if locked is None or not below:
        versions = [str(entry) for entry in lock]
        problem = "is not in vendor/charts/" if not below else f"is not locked in {CHARTS_LOCK}"
        near = did_you_mean(str(chart), versions) if versions else ""
        hint = f"fetch it: floe-compile vendor oci://<registry>/{chart.name} --version {chart.version}"
        hint += f"; {near}" if near else ""
        findings.add(NOT_VENDORED, f"the chart {chart} {problem}", use.version_origin, hint=hint)
        return None
    place = [Related(Span(CHARTS_LOCK, locked.line, 1), "locked here")]
    hint = f"undo what has changed in {chart.folder}, or vendor it again: floe-compile vendor "
    hint += f"{locked.source} --version {chart.version}" if locked.source else "SOURCE"
    files: dict[str, bytes] = {}
    for path in sorted(below):
        content = inputs.contents.get(path)
        if isinstance(content, bytes):
            files[path.removeprefix(f"{chart.folder}/")] = content
        elif inputs.types[path] != "folder":
            findings.add(CHANGED, f"{path} is not a plain file", use.version_origin, hint=hint, related=place)
            return None
    digest = digest_of_chart(files)
    if digest != locked.digest:
        message = f"{chart.folder} is locked to another digest; its files have {digest}"
        findings.add(CHANGED, message, use.version_origin, hint=hint, related=place)
        return None
    return (digest, files) if _has_own_schemas(use, files, findings) else None


def unused_charts(inputs: InputFiles, used: frozenset[ChartVersion]) -> Iterator[ChartVersion]:
    """Yield the vendored charts that no entry uses."""
    for name in sorted(inputs.names_in(CHARTS)):
        for version in sorted(inputs.names_in(f"{CHARTS}/{name}")):
            if (chart := ChartVersion(name, version)) not in used and inputs.types.get(chart.folder) == "folder":
                yield chart


def _has_own_schemas(use: ChartUse, files: Mapping[str, bytes], findings: Findings) -> bool:
    """Return whether the schemas of values refer to nothing elsewhere: helm would fetch it."""
    for path, content in files.items():
        if path.rpartition("/")[2] == "values.schema.json":
            try:
                outside = next(_outside(json.loads(content)), "")
            except (ValueError, RecursionError):
                continue  # helm says what is wrong with it
            if outside:
                message = f"{use.version.folder}/{path} refers to {outside}"
                hint = "use a version of the chart whose schema is complete, or ask its authors for one"
                findings.add(REMOTE_SCHEMA, message, use.version_origin, hint=hint)
                return False
    return True


def _outside(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if (key in ("$ref", "$dynamicRef") and isinstance(value, str) and not value.startswith("#")) or (
                key == "$schema" and isinstance(value, str) and "json-schema.org/" not in value
            ):
                yield value
            yield from _outside(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _outside(value)
