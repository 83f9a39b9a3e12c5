"""Templates of launched pods, read back from the rendered objects after all patches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Description, LaunchedPods, launched_id
from floe_compiler.model.workloads import Container, Workload, workload


def launched_jobs(launched: Iterable[LaunchedPods], objects: Mapping[ObjectId, Object]) -> ObjectSet:
    """Return the Jobs that launched pods would belong to, if objects contain their templates."""
    jobs = {launched_id(pods.group): launched_job(pods, objects) for pods in sorted(launched)}
    return ObjectSet({identity: job for identity, job in jobs.items() if job is not None})


def launched_job(pods: LaunchedPods, objects: Mapping[ObjectId, Object]) -> Object | None:
    """Return the Job that these pods would belong to; None if no object has a readable template."""
    described = pods.description
    owner = describing_container(described, objects) if described else None
    if described is None or owner is None:
        return None
    texts = [
        variable.get("value", "")
        for variable in owner.data.get("env", ())
        if variable.get("name") == described.variable
    ]
    parts = (described.job, described.metadata, described.spec, described.pod_container)
    try:
        data: Any = json.loads(texts[0].replace("$$", "$"))  # as Kubernetes does, too
        job, metadata, spec, container = (_at(data, part) for part in parts)
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    identity = launched_id(pods.group)
    template = {"metadata": metadata, "spec": {"restartPolicy": "Never", **spec, "containers": [container]}}
    place = {"name": identity.name, "namespace": identity.namespace}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": place, "spec": {**job, "template": template}}


def describing_container(described: Description, objects: Mapping[ObjectId, Object]) -> Container | None:
    """Return the container whose variable describes the pods, if it exists."""
    manifest = objects.get(described.by)
    owner = workload(described.by, manifest) if manifest else None
    containers = owner.containers if owner else ()
    return next((container for container in containers if container.name == described.container), None)


def launched_workload(identity: ObjectId, job: Object) -> Workload:
    """Return the workload of launched pods, with an identity that no rendered Job has."""
    parsed = workload(ObjectId("batch", "Job", identity.namespace, identity.name), job)
    if parsed is None:
        raise AssertionError("a Job runs pods")
    return Workload(identity, job, parsed.template, parsed.place, parsed.containers, is_task=True)


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        data = data[step]
    if not isinstance(data, dict):
        raise TypeError("no mapping")
    return data
