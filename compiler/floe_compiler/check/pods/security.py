"""Pods at the level "restricted" of the Pod Security Standards, and somewhat stricter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.check.index import Index
from floe_compiler.check.pods.exceptions import Departure, concerns_security, declarations, undeclared
from floe_compiler.check.pods.standards import Breach, breaches
from floe_compiler.check.pods.tokens import AUTOMOUNT, unused_tokens
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import PodGroup

INSECURE = Rule(
    "C070",
    "pod that is not restricted",
    'Pods keep to the Pod Security Standard "restricted", with a read-only root file system and a user by number. '
    "Set the field as the message says, or declare why that cannot be, in a hand-written object by the annotation "
    '"floe.dev/exception-<field>: <reason>".',
)
LINKS = Rule(
    "C072",
    "service links",
    "Kubernetes would put an environment variable for each Service into the pod, and one may mean something to the "
    "program (a Service cubestore sets CUBESTORE_PORT). Set enableServiceLinks to false.",
)
ENFORCE = Rule(
    "C073",
    "Namespace that does not enforce pod security",
    "The namespace's label pod-security.kubernetes.io/enforce must be the strictest level that its pods keep.",
)
RULES = (INSECURE, LINKS, ENFORCE)

_LABEL = "pod-security.kubernetes.io/enforce"
_LEVELS = ("restricted", "baseline", "privileged")
# By the level that refuses a pod: the strictest one that still lets it in.
_LETS_IN = {"stricter": "restricted", "restricted": "baseline", "baseline": "privileged"}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield undeclared violations of "restricted", and namespaces that enforce another level."""
    found = {identity: tuple(breaches(workload)) for identity, workload in index.workloads.items()}
    yield from undeclared(index, _departures(index, found), concerns_security, _needed_for_tokens(index))
    if not index.pods.all:
        return
    level = _wanted_level(index, found)
    for identity, namespace in index.of("", "Namespace"):
        labels = namespace.get("metadata", {}).get("labels", {})
        if labels.get(_LABEL) != level:
            message = f"metadata.labels: {_LABEL} is {labels.get(_LABEL, 'missing')}"
            yield index.finding(ENFORCE, identity, message, f"its pods need {level}")


def _needed_for_tokens(index: Index) -> Iterator[tuple[PodGroup, str]]:
    return ((workload.group, AUTOMOUNT) for workload, _ in unused_tokens(index))


def _departures(index: Index, found: Mapping[ObjectId, tuple[Breach, ...]]) -> Iterator[Departure]:
    for workload in index.workloads.values():
        for breach in found[workload.id]:
            yield Departure(workload, breach.field, INSECURE, breach.message)
        if workload.pod.get("enableServiceLinks") is not False:
            message = f"{workload.at('spec')}.enableServiceLinks is not false"
            yield Departure(workload, "enableServiceLinks", LINKS, message)


def _wanted_level(index: Index, found: Mapping[ObjectId, tuple[Breach, ...]]) -> str:
    """Return the strictest level that admits all pods of the namespace with their declared exceptions."""
    declared = declarations(index, concerns_security)
    wanted = _LEVELS[0]
    for workload in index.workloads.values():
        for breach in found[workload.id]:
            if Departure(workload, breach.field, INSECURE, breach.message).is_declared(declared):
                wanted = max(wanted, _LETS_IN[breach.level], key=_LEVELS.index)
    return wanted
