"""The panels of Polaris: Quarkus' own metrics of HTTP, which have no histogram of durations by default."""

from __future__ import annotations

from floe_compiler.model.operations import Panel

REQUESTS = "http_server_requests_seconds"
PANELS = (
    Panel(
        "Requests",
        f"sum by (status) (rate({REQUESTS}_count{{$target}}[$interval]))",
        "per second",
        "{{status}}",
        stacked=True,
    ),
    Panel(
        "Requests by path",
        f"topk(10, sum by (method, uri) (rate({REQUESTS}_count{{$target}}[$interval])))",
        "per second",
        "{{method}} {{uri}}",
    ),
    Panel(
        "Mean duration of requests",
        f"topk(10, sum by (method, uri) (rate({REQUESTS}_sum{{$target}}[$interval]))"
        f" / sum by (method, uri) (rate({REQUESTS}_count{{$target}}[$interval])))",
        "seconds",
        "{{method}} {{uri}}",
    ),
)
