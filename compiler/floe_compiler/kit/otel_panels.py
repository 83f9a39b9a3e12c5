"""Panels of programs that are built with the OpenTelemetry Collector, which have its metrics about themselves.

Read from the output of Jaeger 1.76, which has collector 0.140, with a configuration as rendered here.
"""

from __future__ import annotations

from floe_compiler.model.operations import Panel


def received(title: str, items: str) -> Panel:
    """Return what the receivers accepted of one signal; `items` are its items in the metric's name (`spans`)."""
    query = f"sum by (transport) (rate(otelcol_receiver_accepted_{items}_total{{$target}}[$interval]))"
    return Panel(title, query, "per second", "{{transport}}", stacked=True)


REFUSED = Panel(
    "Refused",
    'sum by (receiver) (rate({__name__=~"otelcol_receiver_refused_.+_total",$target}[$interval]))',
    "per second",
    "{{receiver}}",
)
"""What receivers refused, as the memory is full or an exporter is behind."""

LOST = Panel(
    "Lost by exporters",
    'sum by (exporter) (rate({__name__=~"otelcol_exporter_(send|enqueue)_failed_.+_total",$target}[$interval]))',
    "per second",
    "{{exporter}}",
)
"""What exporters could not deliver."""
