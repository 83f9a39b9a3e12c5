"""Pods that restart when their configuration changes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.pod_references import references
from floe_compiler.model.diagnostics import Diagnostic, Rule

MISSING = Rule(
    "C140",
    "pods that keep their old configuration",
    "A pod template that reads a ConfigMap carries a hash of it as annotation floe.dev/config-hash: without it, pods "
    "run on with what they read when they started.",
)
ANNOTATION = "floe.dev/config-hash"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the workloads that read a rendered ConfigMap without its hash; tasks read theirs anew each time."""
    for workload in index.workloads.values():
        if workload.is_task or ANNOTATION in workload.annotations:
            continue
        used = sorted({one.name for one in references(workload) if one.kind == "ConfigMap"})
        rendered = [name for name in used if index.get("", "ConfigMap", workload.namespace, name) is not None]
        if rendered:
            message = f"{workload.at('metadata.annotations')} lacks {ANNOTATION}, but it reads {', '.join(rendered)}"
            yield index.finding(MISSING, workload.id, message)
