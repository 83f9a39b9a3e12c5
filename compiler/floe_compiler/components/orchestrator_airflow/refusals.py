"""Settings with which Airflow cannot work."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig, WorkerBounds
from floe_compiler.kit import keda, redis
from floe_compiler.kit.products import triggers
from floe_compiler.model.plan import Context, Refusal


def refuses(context: Context[AirflowConfig]) -> Iterator[Refusal]:
    """Refuse more schedulers than steps, workers without KEDA, and triggers without answers."""
    steps, schedulers = context.config.runs.at_once, context.config.scheduler.replicas
    celery, workers = context.config.executor == "celery", context.config.workers.replicas
    if steps < schedulers and not celery:
        yield Refusal(
            f"runs {schedulers} schedulers, which share {steps} step{'s' if steps > 1 else ''} at once: one has none",
            hint=f"set runs.at_once to {schedulers} or more, or run fewer schedulers",
            path=("runs", "at_once"),
        )
    if celery:
        yield from redis.refusal(context.config.broker, ("broker",))
        if isinstance(workers, WorkerBounds):
            yield from keda.refusal(context.settings, "workers", ("workers", "replicas"))
    yield from triggers.refusals(context)
