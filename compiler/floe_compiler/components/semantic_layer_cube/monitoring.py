"""Metrics of Cube Store, which sends them as StatsD packets with tags; Cube itself has none.

Source: cube-js/cube, `rust/cubestore/cubestore/src/app_metrics.rs` and `bin/cubestored.rs`. Its names get `_` for `.`.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.kit.monitoring.statsd import STATSD
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Variable
from floe_compiler.model.operations import Panel

NAME = "cube-store-metrics"
MAPPING = "mappings: []\n"
"""Tags are labels, and times are summaries, without a word of ours."""

PANELS = (
    Panel(
        "Queries",
        "sum by (command) (rate(cs_sql_query_data{$target}[$interval]))",
        "per second",
        "{{command}}",
        stacked=True,
    ),
    Panel(
        "Duration of queries",
        'max by (quantile) (cs_sql_query_data_ms{quantile=~"0.5|0.9|0.99",$target}) / 1000',
        "seconds",
        "quantile {{quantile}}",
    ),
    Panel(
        "Results from the cache",
        "sum(rate(cs_sql_query_data_cache_hit{$target}[$interval])) / sum(rate(cs_sql_query_data{$target}[$interval]))",
        "ratio",
        "of all",
    ),
    Panel(
        "Commands of the queue",
        "sum by (command) (rate(cs_sql_query_queue{$target}[$interval]))",
        "per second",
        "{{command}}",
    ),
    Panel("Errors between processes", "sum(increase(cs_worker_pool_errors{$target}[$interval]))", legend="errors"),
)


def variables(receiver: Endpoint) -> Iterator[Variable]:
    """Yield Cube Store's variables for its metrics."""
    yield Variable("CUBESTORE_METRICS_FORMAT", "dogstatsd")
    # By default, it sends from the address of the loopback interface, from where no packet leaves the pod.
    yield Variable("CUBESTORE_METRICS_BIND_ADDRESS", "0.0.0.0")  # noqa: S104 - where packets are sent from
    yield Variable("CUBESTORE_METRICS_ADDRESS", receiver.host)
    yield Variable("CUBESTORE_METRICS_PORT", str(receiver.port(STATSD.name).number))
