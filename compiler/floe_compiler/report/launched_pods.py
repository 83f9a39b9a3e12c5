"""The pods that orchestrators start, as far as objects describe them: Dagster's runs, and Airflow's steps.

The pods of Dagster's runs are described in a variable of the product's code location, those of Airflow's steps in the
files of a ConfigMap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.model.launched_templates import job_spec
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.read_texts import read_only
from floe_compiler.model.rendered import JobVariable
from floe_compiler.model.workloads import Workload, workload

DAGSTER = "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"
"""The variable of a code location that describes its runs (dagster-k8s, `K8sContainerContext`)."""
_DAGSTER_PARTS = ("job_spec_config", "pod_template_spec_metadata", "pod_spec_config", "container_config")


def launched_pods(objects: Mapping[ObjectId, Object]) -> Iterator[Workload]:
    """Yield the pods that objects describe, with the identity of the object."""
    for identity, manifest in objects.items():
        yield from _of_code_location(identity, objects)
        yield from _in_files(identity, manifest)


def _of_code_location(identity: ObjectId, objects: Mapping[ObjectId, Object]) -> Iterator[Workload]:
    owner = workload(identity, objects[identity]) if identity.kind == "Deployment" else None
    for container in owner.containers if owner else ():
        if any(
            isinstance(variable, dict) and variable.get("name") == DAGSTER
            for variable in container.data.get("env") or ()
        ):
            places = (("k8s", "run_k8s_config", part) for part in _DAGSTER_PARTS)
            try:
                spec = job_spec(JobVariable(identity, container.name, DAGSTER, *places), objects)
            except (IndexError, KeyError, TypeError, ValueError):
                continue
            job = identity._replace(group="batch", kind="Job")
            yield from filter(None, [workload(job, {"spec": spec})])


def _in_files(identity: ObjectId, manifest: Object) -> Iterator[Workload]:
    """Yield the pods in the files of a ConfigMap."""
    if identity.kind != "ConfigMap":
        return
    for text in mapping(manifest, ("data",)).values():
        pod = read_only(text) if isinstance(text, str) and text.startswith("apiVersion: v1\nkind: Pod\n") else None
        if isinstance(pod, dict):
            yield from filter(None, [workload(identity._replace(kind="Pod"), pod)])
