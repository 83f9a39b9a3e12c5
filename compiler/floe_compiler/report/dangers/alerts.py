"""Alerts and their receivers that are gone, and metrics that are kept for a shorter time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.model.durations import parse_duration
from floe_compiler.model.hints import some
from floe_compiler.model.nested_fields import mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, containers

RETENTION = "--storage.tsdb.retention.time="

Alert = tuple[str, str, str]
"""The name of an alert, whose it is, and what else tells it from others."""


def alerts_removed(change: Change) -> Iterator[Danger]:
    """Yield the alerts that no object of the namespace has any longer. Parts of a file may move to another object."""
    before = {*_alerts(change.before)}
    if not before:
        return
    after = {alert for manifest in (change.after, *change.beside) for alert in _alerts(manifest)}
    gone = sorted({f"{name} of {whose}" for name, whose, rest in before - after})
    if gone:
        yield Danger("alert-removed", f"nobody is told any longer of {some(gone)}")


def receivers_removed(change: Change) -> Iterator[Danger]:
    """Yield the receivers that no configuration of Alertmanager in the namespace has any longer."""
    before = _receivers(change.before)
    if not before:
        return
    after = {name for manifest in (change.after, *change.beside) for name in _receivers(manifest)}
    if gone := sorted(before - after):
        who = some(gone) if after else "anybody"
        yield Danger("alert-removed", f"alerts no longer reach {who}")


def _receivers(manifest: Object) -> set[str]:
    """Return the names of the receivers in the files of a ConfigMap."""
    if manifest.get("kind") != "ConfigMap":
        return set()
    texts = [text for text in mapping(manifest, ("data",)).values() if isinstance(text, str) and "receivers:" in text]
    files = [found for text in texts if isinstance(found := _parsed(text), dict) and "route" in found]
    return {str(one["name"]) for file in files for one in mappings(file, ("receivers",)) if "name" in one}


def _alerts(manifest: Object) -> Iterator[Alert]:
    for spec in _specs(manifest):
        for group in mappings(spec, ("groups",)):
            for rule in mappings(group, ("rules",)):
                labels = dict(mapping(rule, ("labels",)))
                namespace = str(labels.pop("namespace", ""))
                for changeable in ("severity", "owner"):
                    labels.pop(changeable, None)
                if "alert" in rule:
                    yield (
                        str(rule["alert"]),
                        str(labels.get("product") or namespace),
                        f"{namespace} {sorted(labels.items())}",
                    )


def _specs(manifest: Object) -> Iterable[Object]:
    """Return the rules of an object: those of the Prometheus Operator's, or of a ConfigMap's files."""
    if manifest.get("kind") == "PrometheusRule":
        return (mapping(manifest, ("spec",)),)
    if manifest.get("kind") != "ConfigMap":
        return ()
    texts = [text for text in mapping(manifest, ("data",)).values() if isinstance(text, str) and "alert: " in text]
    return tuple(found for text in texts if isinstance(found := _parsed(text), dict))


def _parsed(text: str) -> object:
    import yaml

    try:
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return None


def history_shortened(change: Change) -> Iterator[Danger]:
    """Yield a danger if Prometheus deletes what it had to keep before."""
    old, new = (_retention(manifest) for manifest in (change.before, change.after))
    try:
        shorter = bool(old and new) and parse_duration(new) < parse_duration(old)
    except ValueError:  # written by hand, in days or years
        shorter = old != new
    if shorter:
        yield Danger("history-shortened", f"metrics are kept for {new} instead of {old}; older ones are deleted")


def _retention(manifest: Object) -> str:
    arguments = (str(one) for container in containers(manifest).values() for one in container.get("args", ()))
    return next((one.removeprefix(RETENTION) for one in arguments if one.startswith(RETENTION)), "")
