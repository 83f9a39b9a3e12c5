"""The templates of launched pods in the objects that describe them: read, and written back after a patch.

For patches, such a template is an object of kind PodTemplate with the name of the pods. It is never part of the output.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.read_texts import read_only
from floe_compiler.model.rendered import Description, JobVariable, LaunchedPods, PodFile
from floe_compiler.model.workloads import Container, workload
from floe_compiler.model.yaml_text import to_yaml

KIND = "PodTemplate"
RESTART = "restartPolicy"


def literal(text: str) -> str:
    """Escape text for Kubernetes, which replaces `$(NAME)` in variables and turns `$$` into `$`."""
    return re.sub(r"\$(?=[$(])", "$$", text)


def job_spec(described: Description, objects: Mapping[ObjectId, Object]) -> Object:
    """Return the specification of the Job that launched pods would belong to.

    Raises IndexError, KeyError, TypeError or ValueError if no object has a readable template.
    """
    if isinstance(described, PodFile):
        pod: Any = read_only(objects[described.by]["data"][described.key])
        metadata, spec = (_at(pod, (part,)) for part in ("metadata", "spec"))
        # Kubernetes never repeats a pod that belongs to no Job, and its deadline is its own.
        deadline = {name: spec[name] for name in ("activeDeadlineSeconds",) if name in spec}
        return {"backoffLimit": 0, **deadline, "template": {"metadata": metadata, "spec": spec}}
    data = _variable(described, objects)
    parts = (described.job, described.metadata, described.spec, described.pod_container)
    job, metadata, spec, container = (_at(data, part) for part in parts)
    template = {"metadata": metadata, "spec": {RESTART: "Never", **spec, "containers": [container]}}
    return {**job, "template": template}


def pod_templates(launched: Iterable[LaunchedPods], objects: Mapping[ObjectId, Object]) -> dict[ObjectId, LaunchedPods]:
    """Return the launched pods whose templates can be patched, by the identity of the template as an object."""
    return {
        ObjectId("", KIND, pods.group.namespace, pods.group.name): pods
        for pods in launched
        if pods.description is not None and pods.description.by in objects
    }


def as_object(identity: ObjectId, pods: LaunchedPods, objects: Mapping[ObjectId, Object]) -> Object:
    """Return the template of launched pods as an object. Raises what `job_spec` does."""
    if pods.description is None:
        raise ValueError(f"nothing describes {pods.group}")
    metadata = {"name": identity.name, "namespace": identity.namespace}
    template = job_spec(pods.description, objects)["template"]
    return {"apiVersion": "v1", "kind": KIND, "metadata": metadata, "template": template}


def with_template(described: Description, objects: Mapping[ObjectId, Object], template: Object) -> Object:
    """Return the object that describes launched pods with another template of theirs."""
    manifest = copy.deepcopy(objects[described.by])
    metadata, spec = template.get("metadata") or {}, dict(template.get("spec") or {})
    if isinstance(described, PodFile):
        pod: Any = read_only(manifest["data"][described.key])
        manifest["data"][described.key] = to_yaml({**pod, "metadata": metadata, "spec": spec})
        return manifest
    data = _variable(described, objects)
    (container,) = spec.pop("containers")
    if RESTART not in _at(data, described.spec):
        spec.pop(RESTART, None)
    for path, value in ((described.metadata, metadata), (described.spec, spec), (described.pod_container, container)):
        _at(data, path[:-1])[path[-1]] = value
    for variable in _variables(described, {described.by: manifest}):
        if variable.get("name") == described.variable:
            text = json.dumps(data, sort_keys=True, ensure_ascii=False, indent=2)
            variable["value"] = literal(f"{text}\n")
    return manifest


def describing_container(described: Description, objects: Mapping[ObjectId, Object]) -> Container | None:
    """Return the container whose variable describes the pods, if it exists and the description is in a variable."""
    if not isinstance(described, JobVariable):
        return None
    manifest = objects.get(described.by)
    owner = workload(described.by, manifest) if manifest else None
    containers = owner.containers if owner else ()
    return next((container for container in containers if container.name == described.container), None)


def _variable(described: JobVariable, objects: Mapping[ObjectId, Object]) -> Any:
    texts = [
        variable.get("value", "")
        for variable in _variables(described, objects)
        if variable.get("name") == described.variable
    ]
    return json.loads(texts[0].replace("$$", "$"))  # as Kubernetes does, too


def _variables(described: JobVariable, objects: Mapping[ObjectId, Object]) -> Iterable[Any]:
    owner = describing_container(described, objects)
    return owner.data.get("env", ()) if owner else ()


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        data = data[step]
    if not isinstance(data, dict):
        raise TypeError("no mapping")
    return data
