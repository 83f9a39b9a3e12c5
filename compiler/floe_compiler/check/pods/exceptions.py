"""Declared exceptions to rules, and unnecessary ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from floe_compiler.check.index import Index
from floe_compiler.model.annotations import EXCEPTION
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.workloads import Workload

NEEDLESS = Rule(
    "C079",
    "unneeded exception",
    "An exception to a rule is declared for pods that comply with the rule. Remove the exception.",
    "warning",
)

SINGLE_REPLICA = "singleReplica"
PROBE_FIELDS = frozenset({"livenessProbe", "readinessProbe"})


def concerns_security(field: str) -> bool:
    """Return whether an exception's field is about pod security."""
    return field != SINGLE_REPLICA and field not in PROBE_FIELDS


@dataclass(frozen=True, slots=True, eq=False)
class Departure:
    """A workload that breaks a rule; `field` is the name of the exception that permits it."""

    workload: Workload
    field: str
    rule: Rule
    message: str

    def is_declared(self, declared: frozenset[tuple[PodGroup, str]]) -> bool:
        """Return whether the departure is declared, in the facts or by the object's annotations."""
        return is_declared(self.workload, self.field, declared)


def declarations(index: Index, concerns: Callable[[str], bool]) -> frozenset[tuple[PodGroup, str]]:
    """Return the pods and fields of the declared exceptions to a rule."""
    return frozenset(
        (_known_group(index, exception.group), exception.field)
        for exception in index.rendered.exceptions
        if concerns(exception.field)
    )


def _known_group(index: Index, group: PodGroup) -> PodGroup:
    positions = index.pods.of_group(group)
    return index.pods.all[positions[0]].group if positions else group


def undeclared(
    index: Index,
    departures: Iterable[Departure],
    concerns: Callable[[str], bool],
    needed_too: Iterable[tuple[PodGroup, str]] = (),
) -> Iterator[Diagnostic]:
    """Yield the undeclared departures, and the declared exceptions that nothing needs.

    Args:
        index: The unit.
        departures: The departures of the pods.
        concerns: Returns whether an exception's field is about the departures' rules.
        needed_too: Exceptions that are needed for findings of the link.
    """
    declared = declarations(index, concerns)
    needed = set(needed_too)
    for departure in departures:
        needed.add((departure.workload.group, departure.field))
        if not departure.is_declared(declared):
            yield index.finding(departure.rule, departure.workload.id, departure.message, _hint(index, departure))
    for group, field in sorted(declared - needed):
        pods = [index.pods.all[position] for position in index.pods.of_group(group)]
        # Launched pods have no rendered template.
        if not any(pod.workload is None for pod in pods):
            about = pods[0].about if pods else group
            yield index.finding(
                NEEDLESS, about, f'the exception "{field}" is declared, but nothing needs it', "remove it"
            )


def _hint(index: Index, departure: Departure) -> str:
    if str(departure.workload.id) not in index.places.templates:
        return exception_hint(departure.field)
    annotation = f'"{EXCEPTION}{departure.field}: <reason>"'
    return (
        f"set it in the values of the chart; if none does, let a patch of the platform team annotate it: {annotation}"
    )


def exception_hint(field: str) -> str:
    """Return how a hand-written object declares an exception."""
    return f'if it cannot be avoided, annotate the object: "{EXCEPTION}{field}: <reason>"'


def is_declared(workload: Workload, field: str, declared: frozenset[tuple[PodGroup, str]]) -> bool:
    """Return whether a workload's exception is declared, in the facts or by its annotations."""
    return (workload.group, field) in declared or field in _annotated(workload)


def _annotated(workload: Workload) -> frozenset[str]:
    annotations = workload.manifest.get("metadata", {}).get("annotations", {})
    return frozenset(name.removeprefix(EXCEPTION) for name in annotations if name.startswith(EXCEPTION))
