"""Pods with an unnecessary token for the API server."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.references.accounts import account_of, bound_accounts
from floe_compiler.model.workloads import Workload

AUTOMOUNT = "automountServiceAccountToken"
"""The name of the exception."""


def unused_tokens(index: Index) -> Iterator[tuple[Workload, str]]:
    """Yield the workloads with a token whose account has no role in its namespace, each with its account."""
    bound = bound_accounts(index)
    for workload in index.workloads.values():
        account = account_of(workload)
        if _has_token(index, workload, account) and (workload.namespace, account) not in bound:
            yield workload, account


def _has_token(index: Index, workload: Workload, account: str) -> bool:
    manifest = index.get("", "ServiceAccount", workload.namespace, account) or {}
    return bool(workload.pod.get(AUTOMOUNT, manifest.get(AUTOMOUNT, True)))
