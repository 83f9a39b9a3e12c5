"""The archive of a chart -> its files; refuses what would leave its folder or fill the disk."""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping

from floe_compiler.model.charts import ChartVersion
from floe_compiler.model.layout import CHART_NAME, CHART_VERSION, MOST_BYTES

MOST_FILES, MOST_IN_ALL = 5_000, 50_000_000
"""The largest published charts have some hundred files and a few megabytes, most of which are definitions."""

LONGEST_PATH = 200
"""So that every file system can hold it below `vendor/charts/<name>/<version>/`."""

_PATH = re.compile(r"[A-Za-z0-9._@+=, /-]+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


class BadChart(Exception):
    """A chart that is not vendored; the message says why."""


def unpacked(archive: bytes) -> Mapping[str, bytes]:
    """Return the files of a packed chart (`.tgz`), by their paths in its folder. Hidden files are left out.

    Raises BadChart if it is not such an archive, or has links, devices, paths that lead elsewhere, or too much.
    """
    files: dict[str, bytes] = {}
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
            for number, member in enumerate(packed):
                if number >= 2 * MOST_FILES:
                    raise BadChart(f"it has more than {MOST_FILES} files")
                size += max(member.size, 0)
                _check_size(member.name, member.size, size)
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise BadChart(f"{_shown(member.name)} is a link or special file")
                content = packed.extractfile(member)
                files[member.name] = content.read() if content else b""
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        raise BadChart(f"it is not a packed chart: {error}") from None
    tops = {path.removeprefix("./").partition("/")[0] for path in files}
    if len(tops) != 1:
        raise BadChart(f"it has {len(tops)} folders at its top, and a packed chart has one")
    return checked({path.removeprefix("./").partition("/")[2]: content for path, content in files.items()})


def checked(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the files of a chart without hidden ones. Raises BadChart for paths and sizes that are not allowed."""
    kept = {path: content for path, content in files.items() if not _is_hidden(path)}
    if len(kept) > MOST_FILES:
        raise BadChart(f"it has more than {MOST_FILES} files")
    for path in files:
        _check_path(path)
    size = 0
    for path, content in kept.items():
        size += len(content)
        _check_size(path, len(content), size)
    folded: dict[str, str] = {}
    for path in kept:
        if (other := folded.setdefault(path.casefold(), path)) != path:
            raise BadChart(f"{_shown(path)} and {_shown(other)} are one file on some file systems")
    return dict(sorted(kept.items()))


def version_of(files: Mapping[str, bytes]) -> ChartVersion:
    """Return name and version of a chart. Raises BadChart if it has none, or lacks a chart that it depends on."""
    import yaml

    try:
        metadata = yaml.safe_load(files.get("Chart.yaml", b""))
    except (yaml.YAMLError, ValueError) as error:
        raise BadChart(f"its Chart.yaml is no YAML: {getattr(error, 'problem', '')}") from None
    if not isinstance(metadata, dict):
        raise BadChart("it has no Chart.yaml")
    name, version = str(metadata.get("name") or ""), str(metadata.get("version") or "")
    for value, form, field in ((name, CHART_NAME, "name"), (version, CHART_VERSION, "version")):
        if not re.fullmatch(form, value):
            raise BadChart(f"its {field} is {_shown(value) or 'missing'}, which is not that of a chart")
    if missing := sorted(set(_dependencies(metadata)) - set(_included(files))):
        raise BadChart(f"it lacks charts that it depends on: {', '.join(missing)}; run: helm dependency build")
    return ChartVersion(name, version)


def _dependencies(metadata: Mapping[str, object]) -> Iterator[str]:
    listed = metadata.get("dependencies")
    for dependency in listed if isinstance(listed, list) else ():
        if isinstance(dependency, dict) and dependency.get("name"):
            yield str(dependency["name"])


def _included(files: Mapping[str, bytes]) -> Iterator[str]:
    for path in files:
        parts = path.split("/")
        if parts[0] == "charts" and len(parts) > 1:
            yield re.sub(r"-v?\d+\.\d+\.\d+.*\.tgz$", "", parts[1])


def _check_path(path: str) -> None:
    steps = path.split("/")
    if {"", ".", ".."} & {*steps} or not _PATH.fullmatch(path):
        raise BadChart(f"the path {_shown(path)} may lead out of the chart's folder")
    if len(path) > LONGEST_PATH or any(_RESERVED.fullmatch(step) or step.endswith((".", " ")) for step in steps):
        raise BadChart(f"not every file system can hold the path {_shown(path)}")


def _check_size(path: str, size: int, in_all: int) -> None:
    if size > MOST_BYTES:
        raise BadChart(f"{_shown(path)} has {size:,} bytes, and a file may have {MOST_BYTES:,}")
    if in_all > MOST_IN_ALL:
        raise BadChart(f"its files have more than {MOST_IN_ALL:,} bytes")


def _is_hidden(path: str) -> bool:
    return any(step.startswith(".") and step != ".." for step in path.split("/"))


def _shown(text: str) -> str:
    """Return a name from an archive as one line that a terminal can show."""
    return "".join(character if character.isprintable() else "?" for character in text)[:120]
