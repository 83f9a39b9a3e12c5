"""Workloads that must run a single pod, as their components declare."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.check.index import Index
from floe_compiler.check.pods.exceptions import SINGLE_REPLICA
from floe_compiler.model.objects import ObjectId


def single_replicas(index: Index) -> Mapping[ObjectId, str]:
    """Return the workloads that must run a single pod, each with the reason."""
    return {
        workload.id: exception.reason
        for exception in sorted(index.rendered.exceptions)
        if exception.field == SINGLE_REPLICA
        for position in index.pods.of_group(exception.group)
        if (workload := index.pods.all[position].workload)
    }
