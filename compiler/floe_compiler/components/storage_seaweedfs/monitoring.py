"""What SeaweedFS' metrics show, and when they call somebody.

Source: seaweedfs/seaweedfs `weed/stats/metrics.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.seaweedfs import NAME
from floe_compiler.model.alerts import Alert
from floe_compiler.model.operations import Panel

NEARLY_FULL = 0.1
"""The share of the volume that is still free when it is worth an alert."""

PANELS = (
    Panel(
        "Free space",
        'min(SeaweedFS_volumeServer_resource{type="avail",$target})'
        ' / min(SeaweedFS_volumeServer_resource{type="all",$target})',
        "ratio",
        "free",
    ),
    Panel("Data", "sum by (bucket) (SeaweedFS_s3_bucket_size_bytes{$target})", "bytes", "{{bucket}}", stacked=True),
    Panel(
        "Deleted, and still on the volume",
        'sum(SeaweedFS_volumeServer_total_disk_size{type="deleted_bytes",$target})',
        "bytes",
        "deleted",
    ),
    Panel(
        "Requests",
        "sum by (type) (rate(SeaweedFS_s3_request_total{$target}[$interval]))",
        "per second",
        "{{type}}",
        stacked=True,
    ),
    Panel(
        "Failed requests",
        'sum by (type, code) (rate(SeaweedFS_s3_request_total{code=~"[45]..",$target}[$interval]))',
        "per second",
        "{{type}} {{code}}",
    ),
    Panel(
        "Traffic",
        "sum by (__name__) (rate({__name__=~"
        '"SeaweedFS_s3_bucket_traffic_(received|sent)_bytes_total",$target}[$interval]))',
        "bytes per second",
        "{{__name__}}",
    ),
)


def alerts(namespace: str) -> Iterator[Alert]:
    """Return the alerts about the server in a namespace."""
    labels = {"namespace": namespace, "job": NAME}
    free, total = (series("SeaweedFS_volumeServer_resource", **labels, type=kind) for kind in ("avail", "all"))
    yield Alert(
        "SeaweedFSDiskNearlyFull",
        f"sum({free}) / sum({total}) < {NEARLY_FULL}",
        "{{ $value | humanizePercentage }} of the volume of SeaweedFS is free; when it is full, nothing can be written",
        severity="critical",
    )
    low = series("SeaweedFS_volumeServer_read_only_volumes", **labels, type="isDiskSpaceLow")
    broken = series("SeaweedFS_volumeServer_read_only_volumes", **labels, type="IsReadOnly")
    yield Alert(
        "SeaweedFSCannotWrite",
        f"sum({low}) + sum({broken}) > 0",
        "{{ $value }} files of SeaweedFS can only be read: its volume is full, or broken",
        lasting="2m",
        severity="critical",
    )
