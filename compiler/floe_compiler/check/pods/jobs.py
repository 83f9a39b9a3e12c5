"""Jobs must have limits, and must be safe to deliver again."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.annotations import AFTER_SYNC, HOOK, HOOK_DELETION, annotation
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.job_names import has_hash
from floe_compiler.model.objects import Object
from floe_compiler.model.workloads import TASKS, Workload

FIXED = Rule(
    "C110",
    "Job that cannot be delivered again",
    "A Job is immutable, and a Job that removes itself would be started again by each delivery. End its name with a "
    "hash of its content (-1a2b3c4d) and do not set ttlSecondsAfterFinished, or make it an Argo CD hook.",
)
ENDLESS = Rule(
    "C111",
    "unbounded Job",
    "A Job must set how often it is retried (backoffLimit) and how long it may take (activeDeadlineSeconds).",
)
RESTART = Rule(
    "C112",
    "Job that would run forever",
    "The pods of a Job must have restartPolicy Never or OnFailure.",
)
LOST = Rule(
    "C200",
    "hook that is deleted when it fails",
    "Argo CD deletes the object as soon as it fails (hook-delete-policy HookFailed), with the logs that say why. "
    "BeforeHookCreation keeps it until the next sync.",
    severity="warning",
)
RULES = (FIXED, ENDLESS, RESTART, LOST)

_BOUNDS = {"backoffLimit": 3, "activeDeadlineSeconds": 3600}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield Jobs (also of CronJobs) without limits, or that cannot be applied again, and hooks that fail unseen."""
    for workload in index.workloads.values():
        if workload.kind == "Job":
            yield from _delivery(index, workload)
        if "HookFailed" in annotation(workload.manifest, HOOK_DELETION):
            message = f"{HOOK_DELETION} has HookFailed"
            yield index.finding(LOST, workload.id, message, "write BeforeHookCreation")
        if workload.kind in TASKS:
            yield from _end(index, workload)


def _delivery(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    if annotation(workload.manifest, HOOK):
        return
    if "ttlSecondsAfterFinished" in workload.spec and not annotation(workload.manifest, AFTER_SYNC):
        message = "spec.ttlSecondsAfterFinished removes the Job, and the next delivery starts it again"
        yield index.finding(FIXED, workload.id, message, "remove spec.ttlSecondsAfterFinished")
    if not has_hash(workload.id.name) and not _is_forced(workload.manifest):
        message = "metadata.name does not end with a hash of the Job's content, so a changed Job is refused"
        hint = f"end the name with a hash, such as {workload.id.name}-1a2b3c4d, or make the Job an Argo CD hook"
        yield index.finding(FIXED, workload.id, message, hint)


def _is_forced(manifest: Object) -> bool:
    """Return whether annotations let Flux or Argo CD replace the Job."""
    options = {option.strip() for option in annotation(manifest, "argocd.argoproj.io/sync-options").split(",")}
    return (
        annotation(manifest, "kustomize.toolkit.fluxcd.io/force").lower() == "enabled"
        or {"Force=true", "Replace=true"} <= options
    )


def _end(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    place = "spec.jobTemplate.spec" if workload.kind == "CronJob" else "spec"
    missing = [field for field in _BOUNDS if field not in workload.job]
    if missing:
        hint = f"write, for example, {', '.join(f'{field}: {_BOUNDS[field]}' for field in missing)}"
        yield index.finding(ENDLESS, workload.id, f"{place} lacks {', '.join(missing)}", hint)
    if workload.pod.get("restartPolicy") not in ("Never", "OnFailure"):
        message = f"{workload.at('spec.restartPolicy')} is {workload.pod.get('restartPolicy', 'missing')}"
        yield index.finding(RESTART, workload.id, message, "write restartPolicy: Never")
