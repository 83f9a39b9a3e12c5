"""Pods must meet the Pod Security Standard "restricted", and some stricter rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.check.index import Index
from floe_compiler.check.pods.exceptions import Departure, concerns_security, declarations, undeclared
from floe_compiler.check.pods.standards import Breach, breaches
from floe_compiler.check.pods.tokens import AUTOMOUNT, unused_tokens
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.workloads import Workload

INSECURE = Rule(
    "C070",
    "pod that is not restricted",
    'Pods must meet the Pod Security Standard "restricted", and have a read-only root file system and a numeric user. '
    "Set the field as the message says, or declare why that is not possible; a hand-written object does so with the "
    'annotation "floe.dev/exception-<field>: <reason>".',
)
LINKS = Rule(
    "C072",
    "service links",
    "Kubernetes would add environment variables for each Service to the pod, and the program may take one as a setting "
    "(a Service cubestore sets CUBESTORE_PORT). Set enableServiceLinks to false.",
)
ENFORCE = Rule(
    "C073",
    "Namespace that does not enforce pod security",
    "The namespace's label pod-security.kubernetes.io/enforce must be the strictest level that its pods meet.",
)
RULES = (INSECURE, LINKS, ENFORCE)

_LABEL = "pod-security.kubernetes.io/enforce"
_LEVELS = ("restricted", "baseline", "privileged")
# By the level that refuses a pod: the strictest level that admits it.
_LETS_IN = {"stricter": "restricted", "restricted": "baseline", "baseline": "privileged"}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield undeclared violations of "restricted", and namespaces that enforce another level."""
    breaches_of = {workload: breaches(workload) for workload in index.workloads.values()}
    yield from undeclared(index, _departures(index, breaches_of), concerns_security, _needed_for_tokens(index))
    if not index.pods.all:
        return
    level = _wanted_level(index, breaches_of)
    for identity, namespace in index.of("", "Namespace"):
        labels = namespace.get("metadata", {}).get("labels", {})
        if labels.get(_LABEL) != level:
            message = f"metadata.labels: {_LABEL} is {labels.get(_LABEL, 'missing')}"
            yield index.finding(ENFORCE, identity, message, f"its pods need {level}")


def _needed_for_tokens(index: Index) -> Iterator[tuple[PodGroup, str]]:
    return ((workload.group, AUTOMOUNT) for workload, _ in unused_tokens(index))


def _departures(index: Index, breaches_of: Mapping[Workload, tuple[Breach, ...]]) -> Iterator[Departure]:
    for workload in index.workloads.values():
        for breach in breaches_of[workload]:
            yield Departure(workload, breach.field, INSECURE, breach.message)
        if workload.pod.get("enableServiceLinks") is not False:
            message = f"{workload.at('spec')}.enableServiceLinks is not false"
            yield Departure(workload, "enableServiceLinks", LINKS, message)


def _wanted_level(index: Index, breaches_of: Mapping[Workload, tuple[Breach, ...]]) -> str:
    """Return the strictest level that admits all pods of the namespace with their declared exceptions."""
    declared = declarations(index, concerns_security)
    wanted = _LEVELS[0]
    for workload in index.workloads.values():
        for breach in breaches_of[workload]:
            if Departure(workload, breach.field, INSECURE, breach.message).is_declared(declared):
                wanted = max(wanted, _LETS_IN[breach.level], key=_LEVELS.index)
    return wanted
