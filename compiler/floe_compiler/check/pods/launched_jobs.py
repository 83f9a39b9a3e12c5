"""Templates of launched pods, read back from the rendered objects after all patches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Description, JobVariable, LaunchedPods, PodFile, launched_id
from floe_compiler.model.workloads import Container, Workload, workload
from floe_compiler.model.yaml_text import from_yaml


def launched_jobs(launched: Iterable[LaunchedPods], objects: Mapping[ObjectId, Object]) -> ObjectSet:
    """Return the Jobs that launched pods would belong to, if objects contain their templates."""
    jobs = {launched_id(pods.group): launched_job(pods, objects) for pods in sorted(launched)}
    return ObjectSet({identity: job for identity, job in jobs.items() if job is not None})


def launched_job(pods: LaunchedPods, objects: Mapping[ObjectId, Object]) -> Object | None:
    """Return the Job that these pods would belong to; None if no object has a readable template."""
    try:
        match pods.description:
            case JobVariable() as described:
                spec = _from_variable(described, objects)
            case PodFile() as described:
                spec = _from_file(described, objects)
            case None:
                return None
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    identity = launched_id(pods.group)
    place = {"name": identity.name, "namespace": identity.namespace}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": place, "spec": spec}


def _from_variable(described: JobVariable, objects: Mapping[ObjectId, Object]) -> Object:
    owner = describing_container(described, objects)
    variables = owner.data.get("env", ()) if owner else ()
    texts = [variable.get("value", "") for variable in variables if variable.get("name") == described.variable]
    parts = (described.job, described.metadata, described.spec, described.pod_container)
    data: Any = json.loads(texts[0].replace("$$", "$"))  # as Kubernetes does, too
    job, metadata, spec, container = (_at(data, part) for part in parts)
    template = {"metadata": metadata, "spec": {"restartPolicy": "Never", **spec, "containers": [container]}}
    return {**job, "template": template}


def _from_file(described: PodFile, objects: Mapping[ObjectId, Object]) -> Object:
    pod: Any = from_yaml(objects[described.by]["data"][described.key])
    metadata, spec = (_at(pod, (part,)) for part in ("metadata", "spec"))
    # Kubernetes never repeats a pod that belongs to no Job, and its deadline is its own.
    deadline = {name: spec[name] for name in ("activeDeadlineSeconds",) if name in spec}
    return {"backoffLimit": 0, **deadline, "template": {"metadata": metadata, "spec": spec}}


def describing_container(described: Description, objects: Mapping[ObjectId, Object]) -> Container | None:
    """Return the container whose variable describes the pods, if it exists and the description is in a variable."""
    if not isinstance(described, JobVariable):
        return None
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
