"""Alerts that no component declares, as they follow from what every namespace and every scrape target have.

kube-state-metrics' metrics are those that its documentation calls stable (kubernetes/kube-state-metrics, docs/metrics);
those of containers and volumes come from the kubelet. A cluster may have a second kube-state-metrics, so that each
series exists twice: `max by` makes one of them.

Those of certificates come from cert-manager 1.21 (`internal/collectors/certificate_collector.go`). Their label
`namespace` is `exported_namespace` where a scrape puts its own labels first, as Prometheus does by default. A
certificate that was never issued has the times 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.kit.labels import BACKUP
from floe_compiler.kit.monitoring.promql import series
from floe_compiler.model.alerts import Alert
from floe_compiler.model.mesh_facts import MeshFacts, OwnedAlert, OwnedCertificate, ScrapeTarget
from floe_compiler.model.trust import Authority

NEARLY = "0.9"
RESTARTS = 3
HOUR = 3600
DAY = 24 * HOUR
AUTHORITY_NOTICE = 60 * DAY
"""A new authority must first be trusted everywhere, before it may sign."""

OVERDUE = 0.5
"""How much of the time between its renewal and its end a certificate may still have: of 30 days, 15."""

BACKUP_LABEL = f"label_{BACKUP.translate(str.maketrans('./', '__'))}"
"""As kube-state-metrics writes the label: characters that a label of Prometheus cannot have are underscores."""


def derived_alerts(mesh: MeshFacts) -> Iterator[OwnedAlert]:
    """Yield the alerts of each scrape target, each namespace and each certificate."""
    for target in mesh.scrape_targets:
        yield from (OwnedAlert(target.namespace, alert) for alert in _target(target))
    for namespace in mesh.namespaces:
        yield from (OwnedAlert(namespace.name, alert) for alert in _namespace(namespace.name))
    for certificate in mesh.certificates:
        yield from (OwnedAlert(certificate.namespace, alert) for alert in _certificate(certificate))
    yield from (OwnedAlert(trusted.namespace, _authority(trusted.authority)) for trusted in mesh.authorities)


def _target(target: ScrapeTarget) -> Iterator[Alert]:
    up = series("up", namespace=target.namespace, job=target.job)
    labels = (("job", target.job),)
    yield Alert(
        "TargetDown",
        f"{up} == 0",
        f"A pod of {target.job} does not answer when its metrics are collected",
        labels=labels,
    )
    # If there are no pods, there is no series.
    yield Alert(
        "AllTargetsDown",
        f"absent({up} == 1)",
        f"No pod of {target.job} answers when its metrics are collected",
        severity="critical",
        labels=labels,
    )


def _namespace(name: str) -> Iterator[Alert]:
    yield from _quota(name)
    yield from _workloads(name)
    yield from _jobs(name)
    yield from _containers(name)


def _quota(name: str) -> Iterator[Alert]:
    used, hard = (
        f"max by (namespace, resource) ({series('kube_resourcequota', namespace=name, type=kind)})"
        for kind in ("used", "hard")
    )
    yield Alert(
        "QuotaNearlyUsed",
        f"{used} / ({hard} > 0) > {NEARLY}",
        "{{ $value | humanizePercentage }} of the quota of {{ $labels.resource }} is used",
        lasting="15m",
        needs="objects",
    )


def _workloads(name: str) -> Iterator[Alert]:
    for kind, wanted, running in (
        ("deployment", "kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"),
        ("statefulset", "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"),
        ("daemonset", "kube_daemonset_status_desired_number_scheduled", "kube_daemonset_status_number_available"),
    ):
        by = f"max by (namespace, {kind})"
        yield Alert(
            "ReplicasMissing",
            f"{by} ({series(wanted, namespace=name)}) > {by} ({series(running, namespace=name)})",
            f"Of {{{{ $value }}}} pods of the {kind} {{{{ $labels.{kind} }}}}, some are not available",
            lasting="15m",
            labels=(("kind", kind),),
            needs="objects",
        )
    restarts = series("kube_pod_container_status_restarts_total", namespace=name)
    yield Alert(
        "ContainerRestarts",
        f"max by (namespace, pod, container) (increase({restarts}[1h])) > {RESTARTS}",
        "{{ $labels.container }} of {{ $labels.pod }} has restarted {{ $value | humanize }} times in an hour",
        lasting="0s",
        needs="objects",
    )


def _jobs(name: str) -> Iterator[Alert]:
    by = "max by (namespace, job_name)"
    failed = series("kube_job_failed", namespace=name, condition="true")
    yield Alert(
        "JobFailed",
        # A failed Job stays for seven days; a day is enough to see it.
        f"{by} ({failed}) == 1 and {by} ({series('kube_job_created', namespace=name)}) > time() - {DAY}",
        "The Job {{ $labels.job_name }} has failed",
        lasting="0s",
        needs="objects",
    )
    yield _backup(name)
    suspended = series("kube_cronjob_spec_suspend", namespace=name)
    yield Alert(
        "BackupSuspended",
        # Of a CronJob that is suspended, no next run is known, so it is never late.
        f"max by (namespace, cronjob) ({suspended}) == 1 and {_backups(name)}",
        "The backup {{ $labels.cronjob }} has been suspended for a day",
        lasting="24h",
        severity="critical",
        needs="objects",
    )


def _backup(name: str) -> Alert:
    """Return the alert on CronJobs with the label of backups: no success for two periods, and none on its way."""
    by = "max by (namespace, cronjob)"
    succeeded, created, following, last, active = (
        f"{by} ({series(f'kube_cronjob_{metric}', namespace=name)})"
        for metric in (
            "status_last_successful_time",
            "created",
            "next_schedule_time",
            "status_last_schedule_time",
            "status_active",
        )
    )
    period = f"clamp_min({following} - ({last} or {created}), {HOUR})"
    return Alert(
        "BackupLate",
        f"time() - (({succeeded} or {created}) and {_backups(name)}) > 2 * {period} unless {active} > 0",
        "The last backup of {{ $labels.cronjob }} that succeeded is {{ $value | humanizeDuration }} old",
        severity="critical",
        needs="objects",
    )


def _backups(name: str) -> str:
    """Return the CronJobs of a namespace that back something up."""
    return f'max by (namespace, cronjob) (kube_cronjob_labels{{namespace="{name}",{BACKUP_LABEL}!=""}})'


def _containers(name: str) -> Iterator[Alert]:
    memory = f'namespace="{name}",container!=""'
    # Not `usage`, which counts files in memory that the kernel drops when it needs the space.
    yield Alert(
        "ContainerMemoryHigh",
        f"max by (namespace, pod, container) (container_memory_working_set_bytes{{{memory}}})"
        f" / (max by (namespace, pod, container) (container_spec_memory_limit_bytes{{{memory}}}) > 0) > {NEARLY}",
        "{{ $labels.container }} of {{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory",
        needs="containers",
    )
    used, capacity = (
        f"max by (namespace, persistentvolumeclaim) ({series(f'kubelet_volume_stats_{metric}_bytes', namespace=name)})"
        for metric in ("used", "capacity")
    )
    yield Alert(
        "VolumeNearlyFull",
        f"{used} / ({capacity} > 0) > {NEARLY}",
        "{{ $value | humanizePercentage }} of the volume {{ $labels.persistentvolumeclaim }} is used",
        severity="critical",
        needs="containers",
    )


def _authority(authority: Authority) -> Alert:
    """Return the alert on an authority that ends: compiling has no clock, but Prometheus has."""
    return Alert(
        "TrustedAuthorityEnds",
        f"vector({authority.ends} - time()) < {AUTHORITY_NOTICE}",
        f"The authority {authority.name} that all programs trust ends in {{{{ $value | humanizeDuration }}}}",
        lasting="1h",
        labels=(("authority", authority.name),),
    )


def _certificate(certificate: OwnedCertificate) -> Iterator[Alert]:
    name, labels = certificate.name, (("certificate", certificate.name),)

    def of(metric: str, **own: str) -> str:
        return " or ".join(
            series(f"certmanager_certificate_{metric}", **{label: certificate.namespace}, name=name, **own)
            for label in ("namespace", "exported_namespace")
        )

    end, renewal = (
        f"(max by (name) ({of(metric)}) > 0)"
        for metric in ("expiration_timestamp_seconds", "renewal_timestamp_seconds")
    )
    yield Alert(
        "CertificateExpires",
        # Not a number of days: some certificates are valid for a year, others for a week.
        f"{end} - time() < {OVERDUE} * ({end} - {renewal})",
        f"The certificate {name} was not renewed, and ends in {{{{ $value | humanizeDuration }}}}",
        lasting="1h",
        severity="critical",
        labels=labels,
        needs="certificates",
    )
    ready = of("ready_status", condition="True")
    yield Alert(
        "CertificateNotReady",
        f"max by (name) ({ready}) == 0",
        f"cert-manager cannot issue or renew the certificate {name}",
        lasting="1h",
        labels=labels,
        needs="certificates",
    )
