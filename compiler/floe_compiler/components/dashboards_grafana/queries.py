"""PromQL queries of several dashboards.

Labels: `job` and `namespace` are those of the target. Those of kube-state-metrics are of the objects that it describes,
so whoever scrapes it keeps its labels (`honor_labels`).

Sources: kube-state-metrics 2.20 (docs/metrics) for `kube_`; client libraries for the metrics of processes: `process_`
and `go_` (client_golang, client_python), `jvm_` (Micrometer in Quarkus, simpleclient in Marquez), `otelcol_process_`
(OpenTelemetry Collector and Jaeger, whose output was read). The numbers of Dagster's runs are those of its exporter.
"""

from __future__ import annotations

from collections.abc import Iterable

RATE = "[$__rate_interval]"
DAY = 24 * 60 * 60

_SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters and digits of Kubernetes' random names (k8s.io/apimachinery, `util/rand`)."""


def or_zero(query: str) -> str:
    """Return a query whose result is 0 if there is nothing to count."""
    return f"({query}) or vector(0)"


def either(*queries: str) -> str:
    """Return the result of each query, where those before it have none."""
    return " or ".join(queries)


def pods_of(workloads: Iterable[str]) -> str:
    """Return a pattern of the names of pods of these workloads, and of no others."""
    names = "|".join(sorted(workloads))
    return f"({names})-(({_SUFFIX}{{5,10}}-)?{_SUFFIX}{{5}}|[0-9]+)"


def missing_replicas(selector: str, by: str = "") -> str:
    """Return how many replicas of all workloads are not available."""
    kinds = (
        f"kube_deployment_spec_replicas{{{selector}}} - kube_deployment_status_replicas_available{{{selector}}}",
        f"kube_statefulset_replicas{{{selector}}} - kube_statefulset_status_replicas_ready{{{selector}}}",
        f"kube_daemonset_status_number_unavailable{{{selector}}}",
    )
    return f"sum{by} ({either(*kinds)})"


def pending_pods(selector: str, by: str = "") -> str:
    """Return how many pods do not run yet, or whose state nobody knows."""
    return f'sum{by} (kube_pod_status_phase{{phase=~"Pending|Unknown",{selector}}})'


def restarts(selector: str, by: str = "", interval: str = "[1h]") -> str:
    """Return how often containers were restarted."""
    return f"sum{by} (increase(kube_pod_container_status_restarts_total{{{selector}}}{interval}))"


def failed_jobs(selector: str, by: str = "") -> str:
    """Return how many Jobs of the last day have failed. Kubernetes keeps them for a week."""
    failed = f'kube_job_failed{{condition="true",{selector}}} == 1'
    return f"count{by} (({failed}) and on (namespace, job_name) (time() - kube_job_created{{{selector}}} < {DAY}))"


def quota_used(selector: str, resource: str) -> str:
    """Return the part of a quota that is used, from 0 to 1."""
    amount = f'resource=~"{resource}",{selector}'
    return (
        f'kube_resourcequota{{type="used",{amount}}} / ignoring (type) (kube_resourcequota{{type="hard",{amount}}} > 0)'
    )


def runs(selector: str, by: str = "", *, failed: bool = False, interval: str = "[24h]") -> str:
    """Return how many of Dagster's runs have ended."""
    status = 'status="failure",' if failed else ""
    return f"sum{by} (increase(dagster_completed_runs_total{{{status}{selector}}}{interval}))"


def named(query: str, label: str, to: str) -> str:
    """Return the result of a query with the value of a label also in the label `to`."""
    return f'label_replace({query}, "{to}", "$1", "{label}", "(.+)")'


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
