"""Settings with which Airflow cannot work."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig, WorkerBounds
from floe_compiler.kit import keda, redis
from floe_compiler.kit.products import triggers
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.plan import Context, Refusal


def refuses(context: Context[AirflowConfig]) -> Iterator[Refusal]:
    """Refuse more schedulers than steps, workers without KEDA, triggers without answers, and logs without a place."""
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
    logs, store = context.config.logs, context.optional(ObjectStore)
    if logs.remote and logs.bucket and store and store.clients and logs.bucket != store.bucket:
        yield Refusal(
            f'would send logs to the bucket "{logs.bucket}", but the keys of products are for their own folders in '
            f'"{store.bucket}" only',
            hint="leave logs.bucket out, or set logs.remote to false",
            path=("logs", "bucket"),
        )
