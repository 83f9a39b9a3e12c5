"""Pods as the Pod Security Standards' level "restricted" wants them, and somewhat stricter."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.accounts import account_of, bound_accounts
from floe_compiler.check.exceptions import Departure, concerns_security, declarations, undeclared
from floe_compiler.check.index import Index
from floe_compiler.check.pod_standards import breaches
from floe_compiler.check.workloads import Workload
from floe_compiler.model.diagnostics import Diagnostic, Rule

INSECURE = Rule(
    "C070",
    "pod that is not restricted",
    'Pods keep to the Pod Security Standard "restricted", with a read-only root file system and a user by number. '
    "Set the field as the message says, or declare why that cannot be, in a hand-written object by the annotation "
    '"floe.dev/exception-<field>: <reason>".',
)
TOKEN = Rule(
    "C071",
    "API token that nobody needs",
    "A pod gets a token for the API server although its ServiceAccount has no role: only an intruder could use it. "
    "Set automountServiceAccountToken to false.",
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

_LABEL = "pod-security.kubernetes.io/enforce"
_LEVELS = ("restricted", "baseline", "privileged")
# By the level that refuses a pod: the strictest one that still lets it in.
_LETS_IN = {"stricter": "restricted", "restricted": "baseline", "baseline": "privileged"}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield what pods do against "restricted" without saying so, and namespaces that enforce another level."""
    yield from undeclared(index, _departures(index), concerns_security)
    wanted = _wanted_levels(index)
    for identity, namespace in index.of("", "Namespace"):
        level = wanted.get(identity.name)
        labels = namespace.get("metadata", {}).get("labels", {})
        if level is not None and labels.get(_LABEL) != level:
            message = f"metadata.labels: {_LABEL} is {labels.get(_LABEL, 'missing')}"
            yield index.finding(ENFORCE, identity, message, f"its pods need {level}")


def _departures(index: Index) -> Iterator[Departure]:
    bound = bound_accounts(index)
    for workload in index.workloads.values():
        for breach in breaches(workload):
            yield Departure(workload, breach.field, INSECURE, breach.message)
        if _has_token(index, workload) and (workload.namespace, account_of(workload)) not in bound:
            message = f"{workload.at('spec')}.automountServiceAccountToken is not false"
            yield Departure(workload, "automountServiceAccountToken", TOKEN, message)
        if workload.pod.get("enableServiceLinks") is not False:
            message = f"{workload.at('spec')}.enableServiceLinks is not false"
            yield Departure(workload, "enableServiceLinks", LINKS, message)


def _has_token(index: Index, workload: Workload) -> bool:
    account = index.get("", "ServiceAccount", workload.namespace, account_of(workload)) or {}
    return bool(workload.pod.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)))


def _wanted_levels(index: Index) -> dict[str, str]:
    """Return for each namespace with pods the strictest level that lets all of them in, by what they declare."""
    declared = declarations(index, concerns_security)
    wanted = dict.fromkeys(index.pods.namespaces, _LEVELS[0])
    for workload in index.workloads.values():
        for breach in breaches(workload):
            if Departure(workload, breach.field, INSECURE, breach.message).is_declared(declared):
                wanted[workload.namespace] = max(wanted[workload.namespace], _LETS_IN[breach.level], key=_LEVELS.index)
    return wanted
