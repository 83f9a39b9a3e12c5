"""The end of a product's DAG where workers of Celery run it: a step is a pod of its own, and no program in the worker.

It stands after `dag.py`, in the same file, and replaces the class of its tasks. A worker only creates the pod; the
triggerer waits until it has ended; then a worker keeps its log and deletes it.
"""

# mypy: ignore-errors
# ruff: noqa: F821 - names of dag.py
# Airflow is no dependency of the compiler.

from datetime import UTC, datetime

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk.exceptions import AirflowRescheduleException
from kubernetes.client.exceptions import ApiException

POOL = "steps"
"""The pool that limits how many steps have a pod at once: Celery only counts those that a worker is busy with."""

SECONDS_TO_START = 600
SECONDS_BETWEEN_LOOKS = 5
WHEN_FULL = timedelta(seconds=60)


class Step(KubernetesPodOperator):
    """A task that is a pod, made from the template that the compiler has rendered."""

    ui_color = "#e8f0fe"

    def __init__(self, *, executor_config, **options):
        for of_the_pod in ("command", "kind"):
            options.pop(of_the_pod, None)
        # The pod's deadline is that of the step: the kubelet ends it, whoever else is down.
        super().__init__(
            **{
                **options,
                "pod_template_file": executor_config["pod_template_file"],
                "pool": POOL,
                "execution_timeout": None,
                "deferrable": True,
                "poll_interval": SECONDS_BETWEEN_LOOKS,
                "startup_timeout_seconds": SECONDS_TO_START,
                "kubernetes_conn_id": None,
                # The triggerer would only look for a file.
                "in_cluster": True,
                "log_events_on_startup": False,
                "log_pod_spec_on_failure": False,
                "container_name_log_prefix_enabled": False,
            }
        )

    def execute(self, context):
        """Create the pod; try again in a minute if the quota of the namespace has no room for it."""
        if PRODUCT["lineage"]:
            from airflow.providers.openlineage.plugins.macros import lineage_parent_id

            self.env_vars = {"OPENLINEAGE_PARENT_ID": lineage_parent_id(context["ti"])}
        try:
            return super().execute(context)
        except ApiException as error:
            if error.status == 403 and "exceeded quota" in str(error.body):
                self.log.warning("the quota of the namespace has no room for the pod; trying again in a minute")
                raise AirflowRescheduleException(datetime.now(tz=UTC) + WHEN_FULL) from None
            raise


dag = dag_of(PRODUCT)
