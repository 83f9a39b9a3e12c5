"""What Kubernetes' own validation asks of several fields of one type together."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.objects.kubernetes.constraints import Breach, Fields, cidr
from floe_compiler.model.addresses import within
from floe_compiler.model.nested_fields import mappings


def end_of_ports(value: Fields) -> Iterator[Breach]:
    """Check that the end of a range of ports is not below its start."""
    port, end = value.get("port"), value.get("endPort")
    if end is not None and not isinstance(port, int):
        yield Breach(("endPort",), "may only be set beside a port that is a number")
    elif isinstance(port, int) and end is not None and end < port:
        yield Breach(("endPort",), "must not be below port")


def exceptions_within(value: Fields) -> Iterator[Breach]:
    """Check that the exceptions are parts of the range of addresses."""
    try:
        outer = cidr(value["cidr"])
        parts = [cidr(block) for block in value.get("except", ())]
    except (KeyError, ValueError):
        return  # reported by its form
    for position, part in enumerate(parts):
        if not within(part, outer) or part == outer:
            yield Breach(("except", position), "must be a part of cidr")


def nothing_moves(value: Fields) -> Iterator[Breach]:
    """Check that a rolling update may replace at least one pod at a time."""
    zero = (0, "0%")
    if value.get("maxUnavailable") in zero and value.get("maxSurge") in zero:
        yield Breach(("maxUnavailable",), "must not be 0 if maxSurge is 0, too")


def service_ports(value: Fields) -> Iterator[Breach]:
    """Check that a Service has ports, unless it is headless or an alias of a host."""
    if not value.get("ports") and value.get("type") != "ExternalName" and value.get("clusterIP") != "None":
        yield Breach((), "needs ports, unless it is headless or of type ExternalName", lacks=True)


def relative_path(value: Fields) -> Iterator[Breach]:
    """Check that the sub-path of a mount stays within its volume."""
    if ".." in str(value.get("subPath", "")).split("/") or str(value.get("subPath", "")).startswith("/"):
        yield Breach(("subPath",), 'must be a relative path without ".."')


def compared_with_one(value: Fields) -> Iterator[Breach]:
    """Check that an operator that compares numbers has exactly one value."""
    if value.get("operator") in ("Gt", "Lt") and len(value.get("values") or ()) != 1:
        yield Breach(("values",), f"must have one item, as operator is {value['operator']}")


def access_modes(value: Fields) -> Iterator[Breach]:
    """Check that a claim has access modes, and ReadWriteOncePod alone."""
    modes = value.get("accessModes") or []
    if not modes:
        yield Breach((), "needs accessModes", lacks=True)
    elif "ReadWriteOncePod" in modes and len(modes) > 1:
        yield Breach(("accessModes",), "must not have other modes beside ReadWriteOncePod")


def affinity_timeout(value: Fields) -> Iterator[Breach]:
    """Check that the timeout of session affinity is at most a day."""
    timeout = ((value.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds", 1)
    if value.get("sessionAffinity") == "ClientIP" and not 1 <= timeout <= 86400:
        yield Breach(("sessionAffinityConfig", "clientIP", "timeoutSeconds"), "must be 1 to 86400")


def any_key(value: Fields) -> Iterator[Breach]:
    """Check that a toleration without a key tolerates every taint."""
    if not value.get("key") and value.get("operator") != "Exists":
        yield Breach((), "needs operator: Exists, as it has no key", lacks=True)


def absolute(value: Fields) -> Iterator[Breach]:
    """Check that a path of an Ingress begins at the root, unless its controller interprets it."""
    if value.get("pathType") in ("Exact", "Prefix") and not str(value.get("path", "")).startswith("/"):
        yield Breach(("path",), 'must begin with "/"')


def accounts_with_namespace(value: Fields) -> Iterator[Breach]:
    """Check that a ClusterRoleBinding names the namespace of each account."""
    # In a RoleBinding, they are in its own namespace otherwise.
    for position, subject in enumerate(mappings(value, ("subjects",))):
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            yield Breach(("subjects", position), "needs namespace, as kind is ServiceAccount", lacks=True)


def some_peer(value: Fields) -> Iterator[Breach]:
    """Check that a peer of a network policy selects something."""
    if not value:
        yield Breach((), "needs ipBlock, namespaceSelector or podSelector", lacks=True)


def always_restarted(value: Fields) -> Iterator[Breach]:
    """Check that the pods of a server are restarted whenever they end."""
    pod = (value.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy") in ("Never", "OnFailure"):
        yield Breach(("template", "spec", "restartPolicy"), "must be Always, unless a Job runs the pods")


def deadline_after_ready(value: Fields) -> Iterator[Breach]:
    """Check that a rollout has more time than a pod needs to count as ready."""
    ready, deadline = value.get("minReadySeconds", 0), value.get("progressDeadlineSeconds", 600)
    if 0 <= deadline <= ready:
        yield Breach(("progressDeadlineSeconds",), "must be above minReadySeconds")
