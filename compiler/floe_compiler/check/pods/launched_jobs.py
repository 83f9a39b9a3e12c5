"""Templates of launched pods, read back from the rendered objects after all patches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.launched_templates import job_spec
from floe_compiler.model.object_memory import same_object
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import LaunchedPods, launched_id
from floe_compiler.model.workloads import Workload, workload


def launched_jobs(launched: Iterable[LaunchedPods], objects: Mapping[ObjectId, Object]) -> ObjectSet:
    """Return the Jobs that launched pods would belong to, if objects contain their templates."""
    jobs = {launched_id(pods.group): launched_job(pods, objects) for pods in sorted(launched)}
    return ObjectSet({identity: job for identity, job in jobs.items() if job is not None})


def launched_job(pods: LaunchedPods, objects: Mapping[ObjectId, Object]) -> Object | None:
    """Return the Job that these pods would belong to; None if no object has a readable template."""
    if pods.description is None:
        return None
    try:
        spec = job_spec(pods.description, objects)
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    identity = launched_id(pods.group)
    place = {"name": identity.name, "namespace": identity.namespace}
    return same_object({"apiVersion": "batch/v1", "kind": "Job", "metadata": place, "spec": spec})


def launched_workload(identity: ObjectId, job: Object) -> Workload:
    """Return the workload of launched pods, with an identity that no rendered Job has."""
    parsed = workload(ObjectId("batch", "Job", identity.namespace, identity.name), job)
    if parsed is None:
        raise AssertionError("a Job runs pods")
    return Workload(identity, job, parsed.template, parsed.place, parsed.containers, is_task=True)
