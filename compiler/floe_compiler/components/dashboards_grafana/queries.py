"""PromQL queries of several dashboards.

Labels: `job`, `namespace` and `instance` are those of the target; series of kube-state-metrics have those of the
objects that they are about. A cluster may have a second one, so that each series exists twice: `max by` makes one of
them.

Sources: kube-state-metrics 2.20 (docs/metrics) for `kube_`; client libraries for the metrics of processes: `process_`
and `go_` (client_golang, client_python), `jvm_` (Micrometer in Quarkus, simpleclient in Marquez), `otelcol_process_`
(OpenTelemetry Collector and Jaeger, whose output was read). `floe_quality_` are the names that quality steps report.
What there is about runs, orchestrators say themselves (`RunMetrics`).
"""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.operations import TARGET, RunMetrics

RATE = "[$__rate_interval]"
DAY = 24 * 60 * 60

WORKLOADS = (
    ("deployment", "kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"),
    ("statefulset", "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"),
    ("daemonset", "kube_daemonset_status_desired_number_scheduled", "kube_daemonset_status_number_available"),
)
"""Kinds of workloads, and the metrics with their replicas: those that are wanted, and those that are available."""

_SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters and digits of Kubernetes' random names (k8s.io/apimachinery, `util/rand`)."""


def or_zero(query: str) -> str:
    """Return a query whose result is 0 if there is nothing to count."""
    return f"({query}) or vector(0)"


def either(*queries: str) -> str:
    """Return the result of each query, where those before it have none; empty ones are left out."""
    return " or ".join(query for query in queries if query)


def pods_of(workloads: Iterable[str]) -> str:
    """Return a pattern of the names of pods of these workloads, and of no others."""
    names = "|".join(sorted(workloads))
    return f"({names})-(({_SUFFIX}{{5,10}}-)?{_SUFFIX}{{5}}|[0-9]+)"


def once(metric: str, selector: str, *labels: str) -> str:
    """Return the series of a metric about objects, one for each object; `labels` tell objects of a namespace apart."""
    return f"max by ({', '.join(('namespace', *labels))}) ({metric}{{{selector}}})"


def missing_replicas(selector: str, by: str = "") -> str:
    """Return how many replicas of all workloads are not available."""
    missing = (f"{once(wanted, selector, kind)} - {once(there, selector, kind)}" for kind, wanted, there in WORKLOADS)
    return f"sum{by} ({either(*missing)})"


def pending_pods(selector: str, by: str = "") -> str:
    """Return how many pods do not run yet, or whose state nobody knows."""
    phase = f'phase=~"Pending|Unknown",{selector}'
    return f"sum{by} ({once('kube_pod_status_phase', phase, 'pod', 'phase')})"


def restarts(selector: str, by: str = "", interval: str = "[1h]") -> str:
    """Return how often containers were restarted."""
    counted = f"increase(kube_pod_container_status_restarts_total{{{selector}}}{interval})"
    return f"sum{by} (max by (namespace, pod, container) ({counted}))"


def failed_jobs(selector: str, by: str = "") -> str:
    """Return how many Jobs of the last day have failed. Kubernetes keeps them for a week."""
    failed = once("kube_job_failed", f'condition="true",{selector}', "job_name")
    created = once("kube_job_created", selector, "job_name")
    return f"count{by} ({failed} == 1 and {created} > time() - {DAY})"


def quota_used(selector: str, resource: str) -> str:
    """Return the part of a quota that is used, from 0 to 1."""
    amount = f'resource=~"{resource}",{selector}'
    used, hard = (once("kube_resourcequota", f'type="{kind}",{amount}', "resource") for kind in ("used", "hard"))
    return f"{used} / ({hard} > 0)"


def of_runs(runs: Iterable[RunMetrics], metric: str, selector: str) -> str:
    """Return what orchestrators say of runs, in the namespaces that the selector chooses; empty if none says it."""
    expressions = (getattr(metrics, metric).replace(TARGET, selector) for metrics in runs)
    return either(*(query for query in expressions if query))


def of_product(query: str) -> str:
    """Return the result of a query about products for the one that the variable names; empty without a query."""
    named_one = 'label_replace(vector(1), "product", "$product", "", "")'
    return f"({query}) and on (product) {named_one}" if query else ""


def per_process(by: str, *queries: str) -> str:
    """Return, for each process, the first of these queries that has a result."""
    return either(*(f"sum by ({by}) ({query})" for query in queries))


def cpu(target: str, by: str) -> str:
    """Return the CPU cores that processes use."""
    return per_process(
        by,
        f"rate(process_cpu_seconds_total{{{target}}}{RATE})",
        f"rate(otelcol_process_cpu_seconds_total{{{target}}}{RATE})",
        f"process_cpu_usage{{{target}}} * on (job, namespace, instance) system_cpu_count{{{target}}}",
    )


def memory(target: str, by: str) -> str:
    """Return the memory of processes; of a JVM without such a number, what it knows of."""
    return per_process(
        by,
        f"process_resident_memory_bytes{{{target}}}",
        f"otelcol_process_memory_rss_bytes{{{target}}}",
        f"jvm_memory_committed_bytes{{{target}}}",
    )


def heap(target: str, by: str) -> str:
    """Return the memory that programs have allocated for their objects."""
    return per_process(
        by,
        f"go_memstats_heap_inuse_bytes{{{target}}}",
        f"otelcol_process_runtime_heap_alloc_bytes{{{target}}}",
        f'jvm_memory_used_bytes{{area="heap",{target}}}',
        f'jvm_memory_bytes_used{{area="heap",{target}}}',
    )


def threads(target: str, by: str) -> str:
    """Return the number of goroutines or threads."""
    return per_process(
        by,
        f"go_goroutines{{{target}}}",
        f"jvm_threads_live_threads{{{target}}}",
        f"jvm_threads_current{{{target}}}",
    )


def collecting(target: str, by: str) -> str:
    """Return the part of the time in which a program collected garbage."""
    return per_process(
        by,
        f"rate(go_gc_duration_seconds_sum{{{target}}}{RATE})",
        f"rate(jvm_gc_pause_seconds_sum{{{target}}}{RATE})",
        f"rate(jvm_gc_collection_seconds_sum{{{target}}}{RATE})",
    )


def open_files(target: str, by: str) -> str:
    """Return the number of open files and connections."""
    return per_process(by, f"process_open_fds{{{target}}}", f"process_files_open_files{{{target}}}")


def uptime(target: str) -> str:
    """Return the seconds since the youngest process started."""
    return either(
        f"time() - max(process_start_time_seconds{{{target}}})",
        f"min(otelcol_process_uptime_seconds_total{{{target}}})",
        f"min(process_uptime_seconds{{{target}}})",
    )
