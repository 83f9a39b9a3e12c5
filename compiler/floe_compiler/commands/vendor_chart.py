"""`floe-compile vendor` for Helm charts: fetch one, copy its files into vendor/charts/, and lock them."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.model.layout import CHARTS_LOCK

if TYPE_CHECKING:
    from floe_compiler.charts.vendored import Locked

SECONDS = 300
_URL = re.compile(r"(oci|https?)://\S+")
_LOCAL = re.compile(r"oci://(localhost|127\.0\.0\.1)[:/]")
"""A registry on this machine, which speaks HTTP."""

_LOGIN = re.compile(r"(?<=//)[^/@\s]+@")


def is_chart(source: str) -> bool:
    """Return whether a source is a chart: a URL, a packed chart, or a folder with a Chart.yaml."""
    return bool(_URL.match(source)) or source.endswith(".tgz") or Path(source, "Chart.yaml").is_file()


def vendor_chart(root: Path, source: str, version: str | None) -> int:
    """Fetch, copy and lock a chart. Raises UsageError if it cannot be fetched, or may not be vendored."""
    from floe_compiler.charts.archive import BadChart, version_of
    from floe_compiler.charts.vendored import Locked, digest_of_chart
    from floe_compiler.model.plain_files import link_in
    from floe_compiler.write.commit import reporting_refusals

    try:
        files, archive = _files(source, version)
        chart = version_of(files)
    except BadChart as error:
        raise UsageError(f"{_without_login(source)} is not vendored: {error}") from None
    if version and chart.version.removeprefix("v") != version.removeprefix("v"):
        raise UsageError(f"{_without_login(source)} has version {chart.version}, not {version}")
    for path in (chart.folder, CHARTS_LOCK):
        if link := link_in(root, path):
            raise UsageError(f"{link} is a symbolic link; put a folder in its place")
    origin = _without_login(source) if _URL.match(source) else ""
    locked = Locked(chart, digest_of_chart(files), origin, archive)
    with reporting_refusals(root):
        _replace(root, chart.folder, files)
        _lock(root, locked)
    sys.stdout.write(f"{chart.folder}: {len(files)} files of the chart {chart}\n  digest: {locked.digest}\n")
    entry = f"charts: {{{chart.name}: {{version: {chart.version}}}}}"
    sys.stdout.write(f"use it in platform-manifest.yaml or a domain.yaml: {entry}\n")
    return DONE


def _files(source: str, version: str | None) -> tuple[Mapping[str, bytes], str]:
    """Return the files of a chart, and the digest of its archive (empty for a folder)."""
    from floe_compiler.charts.archive import checked, unpacked
    from floe_compiler.model.plain_files import read_plain

    if _URL.match(source):
        packed = _fetched(source, version)
    elif source.endswith(".tgz"):
        try:
            packed = read_plain(source)
        except OSError as error:
            raise UsageError(f"{source} cannot be read: {error.strerror}") from None
    else:
        folder = Path(source)
        paths = [path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink()]
        try:
            return checked({path.relative_to(folder).as_posix(): read_plain(path) for path in paths}), ""
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from None
    return unpacked(packed), f"sha256:{hashlib.sha256(packed).hexdigest()}"


def _fetched(source: str, version: str | None) -> bytes:
    """Return the packed chart that helm fetches, with the logins that the user has at registries."""
    from floe_compiler.charts.helm import find_helm
    from floe_compiler.model.diagnostics import StageFailed

    try:
        helm = find_helm()
    except StageFailed as failed:
        first = failed.diagnostics[0]
        raise UsageError(f"{first.message}; {first.hint}") from None
    chart = [source]
    if not source.startswith("oci://") and not source.endswith(".tgz"):
        repository, _, name = source.rstrip("/").rpartition("/")
        chart = [name, "--repo", repository]
    wanted = ["--version", version] if version else []
    with tempfile.TemporaryDirectory(prefix="floe-compile-") as folder:
        plain = ["--plain-http"] if _LOCAL.match(source) else []
        command = [helm.program, "pull", *chart, *wanted, *plain, "--destination", folder]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            raise UsageError(f"helm did not fetch {_without_login(source)} within {SECONDS} seconds") from None
        archives = sorted(Path(folder).glob("*.tgz"))
        if run.returncode or len(archives) != 1:
            reason = _without_login(run.stderr.strip().removeprefix("Error: ").splitlines()[-1] if run.stderr else "")
            raise UsageError(f"helm cannot fetch {_without_login(source)}: {reason or 'it does not say why'}")
        return archives[0].read_bytes()


def _without_login(source: str) -> str:
    """Return a URL, or a text with some, without user names and passwords."""
    return _LOGIN.sub("", source)


def _replace(root: Path, folder: str, files: Mapping[str, bytes]) -> None:
    """Write the files of a chart, and delete others that are there."""
    from floe_compiler.write.commit import write_file

    there = root / folder
    for path in sorted(there.rglob("*"), reverse=True) if there.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(there).as_posix() not in files:
            path.unlink()
    for file, content in files.items():
        write_file(f"{root}/{folder}/{file}", content)


def _lock(root: Path, locked: Locked) -> None:
    """Write the line of a chart into the lock, in place of an older one."""
    from floe_compiler.charts.vendored import read_lock
    from floe_compiler.model.plain_files import read_if_plain
    from floe_compiler.write.commit import write_file

    known = {chart.chart: chart for chart in read_lock(read_if_plain(root, CHARTS_LOCK))}
    lines = [chart.text() for _, chart in sorted({**known, locked.chart: locked}.items())]
    write_file(f"{root}/{CHARTS_LOCK}", "\n".join(lines) + "\n")
