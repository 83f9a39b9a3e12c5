"""Controllers: Deployments, StatefulSets, DaemonSets, Jobs and CronJobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.delivery import after_sync, replaced
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.pods import pod_template, startup_seconds
from floe_compiler.model.annotations import EXTERNAL_HOSTS
from floe_compiler.model.facts import Claim, Task, Workload, containers_of
from floe_compiler.model.hosts import host_of
from floe_compiler.model.inputs import Placement
from floe_compiler.model.job_names import job_name
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance

LEAST_PROGRESS_DEADLINE = 600  # REQ-646: a start may take ten minutes, without the wait for its database
KEPT_REVISIONS = 3
# REQ-602 and REQ-603. A Job's time to live does not depend on its outcome, so failed Jobs are kept as long as others.
JOB_TIME_TO_LIVE = 7 * 24 * 3600
TEST_TIME_TO_LIVE = 3600  # REQ-639
STARTING_DEADLINE = 3600
SUCCEEDED_KEPT = 3
FAILED_KEPT = 10


def workload(instance: Instance[Any], declared: Workload, placement: Placement) -> Object:
    """Return the controller of a server's pods."""
    template = pod_template(instance, declared.name, declared.pod, placement)
    if declared.most > 1:
        template["spec"] |= spread(instance, declared)
    spec = {
        # With an autoscaler, each delivery of a fixed number would undo its scaling.
        **(
            {}
            if declared.kind == "DaemonSet" or not isinstance(declared.replicas, int)
            else {"replicas": declared.replicas}
        ),
        "revisionHistoryLimit": KEPT_REVISIONS,
        **_rollout(declared),
        "selector": {"matchLabels": labels.selector(instance, declared.name)},
        "template": template,
        **_claims(instance, declared),
    }
    return manifest(
        "apps/v1",
        declared.kind,
        declared.name,
        labels.selector(instance, declared.name) | labels.version_label(declared.pod.containers[0].image),
        present(**{EXTERNAL_HOSTS: ", ".join(_own_hosts(declared))}),
        spec=spec,
    )


def _own_hosts(declared: Workload) -> list[str]:
    """Return the hosts at which people open a server, sorted, as far as its arguments name them: nobody calls these."""
    arguments = " ".join(text for container in declared.pod.containers for text in container.arguments)
    addresses = (interface.address for interface in declared.interfaces if interface.address)
    return sorted({host_of(address) for address in addresses if address in arguments})


def _rollout(declared: Workload) -> Object:
    if declared.kind == "StatefulSet":
        return {"serviceName": headless_name(declared.name), "updateStrategy": {"type": "RollingUpdate"}}
    if declared.kind == "DaemonSet":
        return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}}
    deadline = {"progressDeadlineSeconds": max(LEAST_PROGRESS_DEADLINE, startup_seconds(declared.pod))}
    if declared.recreate:
        return deadline | {"strategy": {"type": "Recreate"}}
    # A new pod must be ready before an old one is removed (REQ-600).
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    return deadline | {"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


def headless_name(name: str) -> str:
    """Return the name of a StatefulSet's headless Service, which gives its pods DNS names."""
    return f"{name}-headless"


def claims_of(declared: Workload) -> tuple[Claim, ...]:
    """Return the persistent claims of a workload's containers, each once."""
    return tuple(dict.fromkeys(claim for container in containers_of(declared.pod) for claim in container.claims))


def _claims(instance: Instance[Any], declared: Workload) -> Object:
    """Return the volume claim templates. They are immutable, so they have no labels that can change."""
    claims = claims_of(declared)
    if not claims:
        return {}
    templates = [
        {
            "metadata": {"name": claim.name, "labels": labels.selector(instance, declared.name)},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": instance.settings.cluster.storage_class,
                "resources": {"requests": {"storage": claim.size}},
            },
        }
        for claim in claims
    ]
    return {
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "volumeClaimTemplates": templates,
    }


def spread(instance: Instance[Any], declared: Workload) -> Object:
    """Return the topology spread: over nodes (required in production), and over zones if possible.

    A skew of one over nodes leaves room for the surge pod of a rollout. Required anti-affinity would not if there are
    as many nodes as replicas.
    """
    selector = {"matchLabels": labels.selector(instance, declared.name)}
    # Each revision is counted separately, so that pods of the old one do not block the new one (Deployments only).
    by_revision = {"matchLabelKeys": ["pod-template-hash"]} if declared.kind == "Deployment" else {}
    # If nodes that pods may not run on, such as drained nodes, were counted, no node might be left for the replicas.
    counted = {"nodeTaintsPolicy": "Honor", "labelSelector": selector, **by_revision}
    nodes = "DoNotSchedule" if instance.settings.environment.production else "ScheduleAnyway"
    constraints = [("kubernetes.io/hostname", nodes), ("topology.kubernetes.io/zone", "ScheduleAnyway")]
    return {
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": policy, **counted} for key, policy in constraints
        ]
    }


def task(instance: Instance[Any], declared: Task, placement: Placement) -> Object:
    """Return the Job, or the CronJob if the task has a schedule."""
    template = pod_template(instance, declared.name, declared.pod, placement)
    template["spec"] = {"restartPolicy": "Never", **template["spec"]}
    job = {"backoffLimit": declared.retries, "activeDeadlineSeconds": declared.deadline, "template": template}
    own_labels = labels.selector(instance, declared.name) | dict(declared.labels)
    if declared.after_sync:
        job["ttlSecondsAfterFinished"] = TEST_TIME_TO_LIVE
        annotations = after_sync(instance.settings)
        return manifest("batch/v1", "Job", declared.name, own_labels, annotations, spec=job)
    if declared.schedule:
        return manifest("batch/v1", "CronJob", declared.name, own_labels, spec=_cron(instance, declared, job))
    # A Job is immutable, so a changed Job is a new Job, named by its content. It has no time to live, as GitOps would
    # create it again each time it expired.
    return manifest("batch/v1", "Job", job_name(declared.name, job), own_labels, replaced(instance.settings), spec=job)


def _cron(instance: Instance[Any], declared: Task, job: Mapping[str, Any]) -> Object:
    return present(
        schedule=declared.schedule,
        timeZone=declared.time_zone,
        suspend=declared.suspended,
        concurrencyPolicy=declared.concurrency,
        startingDeadlineSeconds=STARTING_DEADLINE,
        successfulJobsHistoryLimit=SUCCEEDED_KEPT,
        failedJobsHistoryLimit=FAILED_KEPT,
        jobTemplate={
            "metadata": {"labels": labels.template_labels(instance, declared.name)},
            "spec": {**job, "ttlSecondsAfterFinished": JOB_TIME_TO_LIVE},
        },
    )
