"""Namespaces in which everything that is to run has room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from floe_compiler.check.amounts import amount, pod_amount
from floe_compiler.check.index import Index
from floe_compiler.check.scaling import autoscalers, most_pods
from floe_compiler.check.workloads import Workload
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.quantities import ZERO, Quantity
from floe_compiler.model.rendered import LaunchedPods

EXCEEDED = Rule(
    "C083",
    "Namespace that needs more than its quota",
    "All pods and volumes of the namespace at their most need more than its ResourceQuota allows, so that some would "
    "never start. Raise the quota, or ask for less.",
)
UNLIMITED = Rule(
    "C084",
    "production namespace without a quota",
    "In production each namespace with pods has a ResourceQuota that also limits their number.",
)

# What a quota's names mean: `cpu` is short for `requests.cpu`.
_SHORT = {
    "cpu": "requests.cpu",
    "memory": "requests.memory",
    "count/pods": "pods",
    "count/persistentvolumeclaims": "persistentvolumeclaims",
}
_Sums = dict[str, Quantity]


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the quotas that the sum of all pods and claims exceeds, and in production the namespaces without one."""
    sums = _sums(index)
    limited: dict[str, set[str]] = defaultdict(set)
    for identity, quota in index.of("", "ResourceQuota"):
        spec = quota.get("spec", {})
        if "scopes" in spec or "scopeSelector" in spec:
            continue  # it counts only some of the pods
        hard = spec.get("hard", {})
        limited[identity.namespace] |= {_SHORT.get(name, name) for name in hard}
        yield from _exceeded(index, identity, hard, sums[identity.namespace])
    if index.rendered.production:
        for namespace in index.pods.namespaces:
            if "pods" not in limited[namespace]:
                message = "it has no ResourceQuota" if not limited[namespace] else "its quota does not limit pods"
                yield index.finding(UNLIMITED, ObjectId("", "Namespace", "", namespace), message)


def _exceeded(index: Index, identity: ObjectId, hard: Object, sums: _Sums) -> Iterator[Diagnostic]:
    for name in hard:
        allowed, needed = amount(hard, name), sums.get(_SHORT.get(name, name), ZERO)
        if allowed is not None and needed > allowed:
            yield index.finding(EXCEEDED, identity, f"spec.hard.{name} is {allowed}, but {needed} may be needed")


def _sums(index: Index) -> dict[str, _Sums]:
    """Return for each namespace what all of it may need at once, under the names that quotas use."""
    sums: dict[str, _Sums] = defaultdict(dict)
    scalers = autoscalers(index)
    for workload in index.workloads.values():
        pods = most_pods(workload, scalers, index.rendered.nodes)
        _add_pods(sums[workload.namespace], workload, pods)
        for claim in workload.spec.get("volumeClaimTemplates", ()) if workload.kind == "StatefulSet" else ():
            _add_claim(sums[workload.namespace], claim, pods)
    for identity, claim in index.of("", "PersistentVolumeClaim"):
        _add_claim(sums[identity.namespace], claim, 1)
    for launched in sorted(index.rendered.launched):
        _add_launched(sums[launched.group.namespace], launched)
    return sums


def _add(sums: _Sums, name: str, quantity: Quantity) -> None:
    sums[name] = sums.get(name, ZERO) + quantity


def _add_pods(sums: _Sums, workload: Workload, pods: int) -> None:
    _add(sums, "pods", Quantity(Fraction(pods)))
    _add(sums, "requests.cpu", pod_amount(workload, "requests", "cpu") * pods)
    _add(sums, "requests.memory", pod_amount(workload, "requests", "memory") * pods)
    _add(sums, "limits.cpu", pod_amount(workload, "limits", "cpu") * pods)
    _add(sums, "limits.memory", pod_amount(workload, "limits", "memory") * pods)


def _add_claim(sums: _Sums, claim: Object, times: int) -> None:
    spec = claim.get("spec", {})
    size = amount(spec.get("resources", {}).get("requests", {}), "storage") or ZERO
    _add(sums, "persistentvolumeclaims", Quantity(Fraction(times)))
    _add(sums, "requests.storage", size * times)
    if "storageClassName" in spec:
        _add(sums, f"{spec['storageClassName']}.storageclass.storage.k8s.io/requests.storage", size * times)


def _add_launched(sums: _Sums, launched: LaunchedPods) -> None:
    _add(sums, "pods", Quantity(Fraction(launched.count)))
    for name, _ in launched.requests:
        _add(sums, f"requests.{name}", (amount(dict(launched.requests), name) or ZERO) * launched.count)
