"""Risks of a change: a stable word for programs, and a sentence for reviewers."""

from __future__ import annotations

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers import (
    access,
    alerts,
    backups,
    certificates,
    data,
    data_access,
    delivery,
    links,
    logins,
    network,
    places,
    routes,
    running,
    secret_sources,
    service_mesh,
    telemetry,
)
from floe_compiler.report.dangers.danger import KINDS_BEFORE as KINDS_BEFORE  # re-exported: what the rest must have
from floe_compiler.report.dangers.danger import AllObjects as AllObjects
from floe_compiler.report.dangers.danger import Change, Detector
from floe_compiler.report.dangers.danger import Danger as Danger  # re-exported: what the function here returns
from floe_compiler.report.dangers.danger import Objects as Objects
from floe_compiler.report.dangers.danger import Surroundings as Surroundings  # re-exported: what it takes
from floe_compiler.report.dangers.danger import Together as Together
from floe_compiler.report.dangers.danger import WhyKept as WhyKept
from floe_compiler.report.dangers.deletions import left_in_cluster

WORDS = {
    "access-granted": "A product or another client of the catalog or the object store may read or write more data.",
    "access-removed": "A client may read or write less data: what it runs fails if it still does.",
    "alert-removed": "Nobody is told any longer when something is wrong.",
    "alert-weakened": "An alert is less severe, comes later, or reaches fewer people.",
    "backup-rarer": "A database is backed up less often.",
    "backup-removed": "A database is no longer backed up by a schedule.",
    "backup-untested": "Nothing tests any longer, or less often, whether a backup can be restored.",
    "clients-unverified": "A Gateway no longer asks clients for certificates, or takes those of another authority.",
    "data-loss": "Data is deleted, or may be.",
    "data-moved": "A database, bucket, catalog, realm, table or lineage changes: existing data stays in the old one.",
    "delivery-changed": "Argo CD or Flux applies another source, applies it elsewhere, or no longer applies it.",
    "downgrade": "An older version of a program may not be able to read the data of the newer version.",
    "exposed": "A Service can be reached from outside the cluster, such as from another one.",
    "failover-removed": "No other pod takes over when a pod or its node fails.",
    "guard-removed": "A disruption budget or a quota is deleted, but its pods are not.",
    "history-shortened": "Older metrics are deleted.",
    "host-change": "A host name no longer leads here.",
    "image-source": "An image comes from another registry or repository.",
    "immutable": "The API server refuses the update: the object must be deleted and recreated.",
    "issuer-changed": "Another issuer signs a certificate: clients must trust it.",
    "link-removed": "Other clusters no longer reach a server under the name that they knew.",
    "login-missing": "An interface is opened that asks nobody for a login.",
    "login-removed": "An interface can be used without the login that was in front of it.",
    "login-widened": "More people may log in, with more rights, or at another provider.",
    "major-upgrade": "A new major version may need a migration.",
    "memory-lowered": "A container's memory limit is lower: it is killed if it needs more.",
    "mesh-narrowed": "The service mesh no longer lets in a caller: its calls fail if it still makes them.",
    "mesh-weakened": "Pods leave the service mesh, take plain text, or are open to callers without an identity.",
    "metrics-removed": "The metrics of a server are no longer collected.",
    "network-opened": "Pods may reach, or be reached from, more addresses, or no policy restricts them any longer.",
    "prune": "The delivery tool deletes objects from the cluster.",
    "rights-widened": "Permissions, or what a project allows, now apply to everything.",
    "scale-down": "A workload runs fewer pods, or none.",
    "scale-up": "Several replicas run of a workload that had only one.",
    "secret-needed": "The store must have a value, or pods wait for it.",
    "secret-source": "A secret comes from elsewhere: it must be there, with the same values.",
    "security-lowered": "A namespace admits pods with more privileges.",
    "storage-shrink": "A volume would become smaller, which is not possible.",
    "suspended": "Work no longer runs by its schedule, or when its inputs have new data.",
    "telemetry-reduced": "Fewer traces, metrics or logs are kept, or sent to fewer places.",
    "tests-removed": "A namespace is no longer tested after a sync.",
    "tls-removed": "A host, or a server inside the cluster, no longer has a certificate.",
    "unmanaged": "An object leaves the output, but stays in the cluster, and goes on running if it runs.",
}
"""All words with their meaning; docs/delivery.md lists them."""

_DETECTORS: tuple[Detector, ...] = (
    data.deleted,
    data.immutable,
    data.retention_ended,
    data.storage_shrunk,
    backups.backup_removed,
    backups.backup_moved,
    backups.backup_rarer,
    backups.restore_test_removed,
    backups.log_not_sent,
    backups.retention_shortened,
    places.data_moved,
    running.scaled_down,
    running.scaling_reduced,
    running.doubled,
    running.failover_removed,
    running.suspended,
    running.tests_removed,
    running.tests_weakened,
    running.memory_lowered,
    running.guard_removed,
    running.images,
    alerts.alerts_removed,
    alerts.receivers_removed,
    alerts.alerts_weakened,
    alerts.routes_narrowed,
    telemetry.history_shortened,
    telemetry.metrics_removed,
    telemetry.telemetry_reduced,
    access.rights_widened,
    data_access.access_changed,
    access.project_widened,
    access.security_lowered,
    access.secrets_needed,
    access.store_changed,
    secret_sources.source_changed,
    secret_sources.values_made_up,
    secret_sources.provider_changed,
    network.addresses_opened,
    network.restriction_lost,
    network.service_exposed,
    service_mesh.mesh_left,
    service_mesh.plain_text_taken,
    service_mesh.callers_changed,
    routes.hosts_changed,
    routes.login_removed,
    routes.listener_opened,
    links.links_changed,
    links.gateway_opened,
    logins.login_widened,
    certificates.issuer_changed,
    certificates.certificate_moved,
    certificates.server_without_tls,
    delivery.prune_enabled,
    delivery.redirected,
    delivery.unverified,
    delivery.delivery_ended,
)


def dangers_of(
    identity: ObjectId,
    before: Object | None,
    after: Object | None,
    surroundings: Surroundings,
    why_kept: WhyKept | None = None,
    former: Object | None = None,
) -> tuple[Danger, ...]:
    """Return the dangers of an object's deletion (`after` is None), change, or creation (`before` is None).

    Args:
        identity: the object.
        before: the object before the change.
        after: the object after it.
        surroundings: the rest of the environment.
        why_kept: why the cluster keeps an object that is no longer in the output.
        former: the deleted object of another name that a new one seems to replace.
    """
    change = Change(identity, before or {}, after or {}, surroundings, former or {})
    if why_kept and after is None:
        return tuple(sorted({*left_in_cluster(change, why_kept)}))
    return tuple(sorted({danger for detector in _DETECTORS for danger in detector(change)}))
