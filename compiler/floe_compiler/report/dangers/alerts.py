"""Alerts and their receivers that are gone, and alerts that are less severe, come later, or reach fewer people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from floe_compiler.model.durations import format_duration, parse_duration
from floe_compiler.model.hints import some
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, documents

_SEVERITIES = ("info", "warning", "critical")

Alert = tuple[str, str, str]
"""The name of an alert, whose it is, and what else tells it from others."""


def alerts_removed(change: Change) -> Iterator[Danger]:
    """Yield the alerts that no object of the namespace has any longer. Parts of a file may move to another object."""
    before = _alerts(change.before)
    if not before:
        return
    after = _alerts_after(change, before)
    gone = sorted({f"{name} of {whose}" for name, whose, _ in before.keys() - after.keys()})
    if gone:
        yield Danger("alert-removed", f"nobody is told any longer of {some(gone)}")


def alerts_weakened(change: Change) -> Iterator[Danger]:
    """Yield the alerts that are less severe than before, or come later. They may move to another object."""
    before = _alerts(change.before)
    if not before:
        return
    after = _alerts_after(change, before)
    milder: dict[str, set[str]] = defaultdict(set)
    for alert, rule in before.items():
        name, whose, _ = alert
        old, new = severity_of(rule), severity_of(after.get(alert, rule))
        if new in _SEVERITIES[: _SEVERITIES.index(old) if old in _SEVERITIES else 0]:
            milder[f"of severity {new} instead of {old}"].add(f"{name} of {whose}")
        waits, longer = _lasting(rule), _lasting(after.get(alert, rule))
        if longer > waits:
            milder[f"told after {format_duration(longer)} instead of {format_duration(waits)}"].add(
                f"{name} of {whose}"
            )
    for how, alerts in sorted(milder.items()):
        yield Danger("alert-weakened", f"{some(sorted(alerts))}: {how}")


def _alerts_after(change: Change, before: Mapping[Alert, Object]) -> Mapping[Alert, Object]:
    """Return the alerts of an object, and those of the others in its namespace if one has left the object.

    Most edits leave all alerts where they are, and to read the other objects of a namespace takes much longer.
    """
    own = _alerts(change.after)
    if before.keys() <= own.keys():
        return own
    return {alert: rule for manifest in (*change.beside, change.after) for alert, rule in _alerts(manifest).items()}


def severity_of(rule: Object) -> str:
    """Return the severity of an alert, as its label says; `None` if it says nothing."""
    return str(at(rule, ("labels", "severity")))


def _lasting(rule: Object) -> int:
    """Return for how many seconds an alert must last; 0 if that is not known."""
    try:
        return parse_duration(str(rule.get("for") or "0s"))
    except ValueError:  # written by hand, in days or years
        return 0


def receivers_removed(change: Change) -> Iterator[Danger]:
    """Yield the receivers that no configuration of Alertmanager in the namespace has any longer."""
    before = _receivers(change.before)
    if not before:
        return
    after = {name for manifest in (change.after, *change.beside) for name in _receivers(manifest)}
    if gone := sorted(before - after):
        who = some(gone) if after else "anybody"
        yield Danger("alert-removed", f"alerts no longer reach {who}")


def routes_narrowed(change: Change) -> Iterator[Danger]:
    """Yield the receivers that are told of fewer alerts than before, though they are still there, or less often."""
    before = [*_configurations(change.before)]
    if not before:
        return
    after = [file for manifest in (change.after, *change.beside) for file in _configurations(manifest)]
    still = {name for file in after for name in _names(file)}
    old, new = ({route for file in files for route in _routes(file)} for files in (before, after))
    for receiver, matching in sorted(old - new):
        if receiver in still:
            yield Danger("alert-weakened", f"{receiver} is no longer told of alerts {matching}")
    pauses = [str(at(file, ("route", "repeat_interval")) or "") for file in (*before[:1], *after[:1])]
    if len(pauses) == 2 and _lasting({"for": pauses[1]}) > _lasting({"for": pauses[0]}) > 0:
        yield Danger("alert-weakened", f"alerts that last are repeated every {pauses[1]} instead of {pauses[0]}")


def _routes(file: Object) -> Iterator[tuple[str, str]]:
    """Yield each receiver with the alerts that a configuration of Alertmanager tells it of."""
    yield str(at(file, ("route", "receiver"))), "that no route is for"
    for route in mappings(file, ("route", "routes")):
        yield str(route.get("receiver")), f"with {', '.join(sorted(map(str, items(route, ('matchers',)))))}"


def _receivers(manifest: Object) -> set[str]:
    """Return the names of the receivers in the files of a ConfigMap."""
    return {name for file in _configurations(manifest) for name in _names(file)}


def _names(file: Object) -> Iterator[str]:
    yield from (str(receiver["name"]) for receiver in mappings(file, ("receivers",)) if "name" in receiver)


def _configurations(manifest: Object) -> Iterator[Object]:
    """Yield the configurations of Alertmanager in a ConfigMap."""
    return (file for file in documents(manifest, "receivers:") if "route" in file)


def _alerts(manifest: Object) -> dict[Alert, Object]:
    return dict(alerting_rules(manifest))


def alerting_rules(manifest: Object) -> Iterator[tuple[Alert, Object]]:
    """Yield the alerts in a PrometheusRule, or in a ConfigMap's files, each with what tells it from others."""
    for spec in _specs(manifest):
        for group in mappings(spec, ("groups",)):
            for rule in mappings(group, ("rules",)):
                labels = dict(mapping(rule, ("labels",)))
                namespace = str(labels.pop("namespace", ""))
                for changeable in ("severity", "owner"):
                    labels.pop(changeable, None)
                if "alert" in rule:
                    whose = str(labels.get("product") or namespace)
                    yield (str(rule["alert"]), whose, f"{namespace} {sorted(labels.items())}"), rule


def _specs(manifest: Object) -> Iterable[Object]:
    """Return the rules of an object: those of the Prometheus Operator's, or of a ConfigMap's files."""
    if manifest.get("kind") == "PrometheusRule":
        return (mapping(manifest, ("spec",)),)
    return documents(manifest, "alert: ")
