"""Metrics that are no longer collected or kept for a shorter time, and traces and logs that are lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from floe_compiler.model.durations import parse_duration
from floe_compiler.model.hints import some
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, containers, documents

RETENTION, SIZE = "--storage.tsdb.retention.time=", "--storage.tsdb.retention.size="
_MONITORS = frozenset({"PodMonitor", "ServiceMonitor"})
_ALL = 100.0


def history_shortened(change: Change) -> Iterator[Danger]:
    """Yield a danger if Prometheus deletes what it had to keep before."""
    old, new = (_argument(manifest, RETENTION) for manifest in (change.before, change.after))
    try:
        shorter = bool(old and new) and parse_duration(new) < parse_duration(old)
    except ValueError:  # written by hand, in days or years
        shorter = old != new
    if shorter:
        yield Danger("history-shortened", f"metrics are kept for {new} instead of {old}; older ones are deleted")
    large, small = (_argument(manifest, SIZE) for manifest in (change.before, change.after))
    if large and small and _megabytes(small) < _megabytes(large):
        yield Danger("history-shortened", f"{small} of metrics are kept instead of {large}; older ones are deleted")


def _argument(manifest: Object, name: str) -> str:
    arguments = (
        str(argument) for container in containers(manifest).values() for argument in items(container, ("args",))
    )
    return next((argument.removeprefix(name) for argument in arguments if argument.startswith(name)), "")


def _megabytes(text: str) -> int:
    number = text.removesuffix("MB")
    return int(number) if number.isdecimal() else 0


def metrics_removed(change: Change) -> Iterator[Danger]:
    """Yield the targets whose metrics nothing collects any longer: neither a Prometheus, nor one of an operator."""
    before = {*_targets(change.before)}
    if not before:
        return
    after = {target for manifest in (change.after, *change.beside) for target in _targets(manifest)}
    if gone := sorted(before - after):
        whose = "what it selects" if change.kind in _MONITORS else some(gone)
        yield Danger("metrics-removed", f"the metrics of {whose} are no longer collected")


def _targets(manifest: Object) -> Iterator[str]:
    """Yield the targets of a Prometheus' configuration, or that of a monitor, which is named so with a dot."""
    if str(manifest.get("kind")) in _MONITORS:
        yield str(at(manifest, ("metadata", "name"))).replace(".", "/", 1)
    for file in documents(manifest, "scrape_configs:"):
        yield from (str(job.get("job_name")) for job in mappings(file, ("scrape_configs",)))


def telemetry_reduced(change: Change) -> Iterator[Danger]:
    """Yield a danger if a collector sends telemetry to fewer places, or keeps less of it, and so if Jaeger does."""
    before, after = ([*_collectors(manifest)] for manifest in (change.before, change.after))
    if not before:
        return
    beside = [file for manifest in change.beside for file in _collectors(manifest)]
    sent = {stream for file in (*after, *beside) for stream in _sent(file)}
    # An exporter that sends to another host is still one place, as when a link between clusters gets another host.
    served = {(target, stream.signal) for stream in sent for target in (stream.exporter, stream.place)}
    gone: dict[str, set[str]] = defaultdict(set)
    for stream in {stream for file in before for stream in _sent(file)}:
        if served.isdisjoint({(stream.exporter, stream.signal), (stream.place, stream.signal)}):
            gone[stream.place].add(stream.signal)
    for place, signals in sorted(gone.items()):
        yield Danger("telemetry-reduced", f"{some(sorted(signals))} no longer go to {place}")
    for old, new in zip(before, after, strict=False):
        yield from _less(old, new)


def _collectors(manifest: Object) -> Iterator[Object]:
    """Yield the configurations of OpenTelemetry Collectors in a ConfigMap; Jaeger is one, too."""
    return (file for file in documents(manifest, "pipelines:") if mapping(file, ("service", "pipelines")))


class _Sent(NamedTuple):
    """What a collector sends: the exporter that does it, the server that it goes to, and the kind of telemetry."""

    exporter: str
    place: str
    signal: str


def _sent(file: Object) -> Iterator[_Sent]:
    """Yield what a collector sends."""
    for pipeline, parts in mapping(file, ("service", "pipelines")).items():
        for exporter in map(str, items(parts, ("exporters",))):
            if place := at(file, ("exporters", exporter, "endpoint")):
                yield _Sent(exporter, str(place), str(pipeline).partition("/")[0])


def _less(old: Object, new: Object) -> Iterator[Danger]:
    former, latter = (_sampled(file) for file in (old, new))
    if latter < former:
        yield Danger("telemetry-reduced", f"{latter:g} % of the traces are kept instead of {former:g} %")
    long, short = (_lifetime(file) for file in (old, new))
    if long and short and parse_duration(short) < parse_duration(long):
        yield Danger("telemetry-reduced", f"traces are kept for {short} instead of {long}")
    files, still = ({*_files(file)} for file in (old, new))
    if files - still:
        yield Danger("telemetry-reduced", f"logs are no longer read from {some(sorted(files - still))}")


def _sampled(file: Object) -> float:
    percentage = at(file, ("processors", "probabilistic_sampler", "sampling_percentage"))
    return float(percentage) if isinstance(percentage, int | float) else _ALL


def _lifetime(file: Object) -> str:
    """Return how long Jaeger keeps traces; empty if that is not known."""
    stores: dict[str, Any] = mapping(file, ("extensions", "jaeger_storage", "backends"))
    lifetimes = (str(at(store, ("badger", "ttl", "spans")) or "") for store in stores.values())
    return next((text for text in lifetimes if _is_duration(text)), "")


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True


def _files(file: Object) -> Iterator[str]:
    for receiver in mapping(file, ("receivers",)).values():
        yield from map(str, items(receiver, ("include",)))
