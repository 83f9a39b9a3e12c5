"""Kubernetes as the orchestrator: each data product is a CronJob; its steps are containers that run one by one.

Nothing runs between runs. It has no user interface, no queue, and no history of runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.products.data_product import LIGHT_STEPS, StepSettings, product_pod, requirements, step_container
from floe_compiler.kit.products.product_alerts import late_after, of_product, quality_alerts
from floe_compiler.kit.products.steps import planned_steps
from floe_compiler.model.alerts import Alert
from floe_compiler.model.capabilities import Monitoring
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.facts import Parts, Task
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Product

NEVER_MATTERS = "0 0 1 1 *"
"""The schedule of a product without one: a CronJob needs a schedule, but a suspended CronJob ignores it."""


class KubernetesConfig(Input):
    """Data products run as CronJobs.

    A product without a schedule, or with a disabled one, is a suspended CronJob. To start a run by hand:
    `kubectl create job --from=cronjob/customer-360 customer-360-by-hand`.
    """

    type: Literal["kubernetes"] = "kubernetes"
    """The orchestrator."""
    concurrency: Literal["Allow", "Forbid", "Replace"] = "Forbid"
    """What happens when a run is due while the last one still runs. By default, it is skipped: two runs of a dlt
    pipeline at the same time would load the same data twice."""
    steps: StepSettings = StepSettings()
    """The default resources of each step."""


def build(context: Context[KubernetesConfig]) -> Parts:
    """Return one task for each data product."""
    products = context.instance.products
    return Parts(
        tasks=tuple(_task(context, product) for product in products),
        alerts=tuple(alert for product in products for alert in _alerts(context, product)),
    )


def _alerts(context: Context[KubernetesConfig], product: Product) -> Iterator[Alert]:
    yield from quality_alerts(context, product)
    late = late_after(product)
    if late is None or context.optional(Monitoring) is None:
        return
    succeeded, created = (
        f"max by (cronjob) ({series(metric, namespace=context.instance.namespace, cronjob=product.name)})"
        for metric in ("kube_cronjob_status_last_successful_time", "kube_cronjob_created")
    )
    alert = Alert(
        "ProductLate",
        f"time() - ({succeeded} or {created}) > {late}",
        "The last run that succeeded ended {{ $value | humanizeDuration }} ago, or the product is new and none has",
        needs="objects",
    )
    yield of_product(product, alert)


def _task(context: Context[KubernetesConfig], product: Product) -> Task:
    spec, settings = product.spec, context.config.steps
    steps = planned_steps(context, product)
    schedule = spec.schedule
    return Task(
        name=product.name,
        pod=product_pod(context, product, tuple(step_container(context, product, step, settings) for step in steps)),
        # The deadline is that of the Job, so it must be long enough for all retries.
        deadline=parse_duration(spec.timeout) * (spec.retries + 1),
        retries=spec.retries,
        schedule=schedule.cron if schedule else NEVER_MATTERS,
        time_zone=schedule.time_zone if schedule else "Etc/UTC",
        suspended=not (schedule and schedule.enabled),
        concurrency=context.config.concurrency,
        origin=product.origin,
    )


COMPONENT = Component(
    slot="orchestrator",
    type="kubernetes",
    name="data-products",
    summary="CronJobs alone: no server, no user interface",
    config=KubernetesConfig,
    build=build,
    requires=requirements,
    profiles={"light": {"steps": {"resources": LIGHT_STEPS}}},
)
