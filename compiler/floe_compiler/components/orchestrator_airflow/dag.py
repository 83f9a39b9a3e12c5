"""A data product as Airflow sees it: a DAG with a task for each step, and what starts it.

Airflow's DAG processor loads this file, and so does the pod of each step. What the product is stands beside it in
`product.json`, which the compiler writes. The pod of a step runs in the product's image, and the step is a program in
it.
"""

# mypy: ignore-errors
# Airflow is no dependency of the compiler.

import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, BaseOperator, CronTriggerTimetable
from airflow.sdk.exceptions import AirflowException

PRODUCT: dict[str, Any] = json.loads(Path(__file__).with_name("product.json").read_text("utf-8"))
HIDDEN = ("AIRFLOW_", "_AIRFLOW_")
"""Prefixes of variables that are not for steps: Airflow's own."""
STEP_PATH = "STEP_PATH"
"""The variable with the PATH of steps, for an image in which they need another Python than Airflow."""

SECONDS_TO_STOP = 30
RETRY_DELAY = timedelta(seconds=30)


def environment() -> dict[str, str]:
    """Return the step's variables: those of the pod without Airflow's own, and with the PATH of steps, if set."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    return {**found, "PATH": found.get(STEP_PATH) or found.get("PATH", os.defpath)}


def parent_of_lineage(task: Any) -> dict[str, str]:
    """Return the variable that names the task as the parent of what the step reports; none without lineage."""
    if "OPENLINEAGE_URL" not in os.environ:
        return {}
    try:
        from airflow.providers.openlineage.plugins.macros import lineage_parent_id
    except ImportError:
        return {}  # what the step reports has no parent then
    return {"OPENLINEAGE_PARENT_ID": lineage_parent_id(task)}


class Step(BaseOperator):
    """A task that runs the program of a step, which the pod of the task has been made for."""

    ui_color = "#e8f0fe"

    def __init__(self, *, command: list[str], kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.command = command
        self.kind = kind

    def execute(self, context: Any) -> None:
        """Run the program and log what it says; raise AirflowException if it cannot start or does not end well."""
        try:
            self.process = subprocess.Popen(
                self.command,
                env={**environment(), **parent_of_lineage(context["ti"])},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            message = f"step {self.task_id} cannot start {self.command[0]}: {error.strerror}"
            raise AirflowException(message) from None
        with self.process:
            try:
                for line in self.process.stdout or ():
                    self.log.info("%s", line.rstrip("\n"))
                code = self.process.wait()
            finally:
                self.on_kill()
        if code:
            raise AirflowException(f"step {self.task_id} ended with exit code {code}")

    def on_kill(self) -> None:
        """End the program if it still runs, as when the run is stopped: politely first, so that it cancels queries."""
        process = getattr(self, "process", None)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()


def timetable_of(schedule: dict[str, Any] | None) -> CronTriggerTimetable | None:
    """Return when the product runs; None if only by hand. A new product first runs at the next time that is due."""
    if not schedule or not schedule["enabled"]:
        return None
    return CronTriggerTimetable(schedule["cron"], timezone=schedule["time_zone"], run_immediately=timedelta(0))


def start_of(product: dict[str, Any]) -> Any:
    """Return what starts the product: new data in its inputs, or the clock; None if only people do."""
    if "trigger" not in product:
        return timetable_of(product["schedule"])
    from inputs_trigger import asset_of

    return [asset_of(product["dag"], product["trigger"])]


def dag_of(product: dict[str, Any]) -> DAG:
    """Return the DAG, whose tasks run one after the other."""
    dag = DAG(
        product["dag"],
        description=product["description"],
        schedule=start_of(product),
        start_date=None,
        catchup=False,
        is_paused_upon_creation=False,
        max_active_runs=product["runs_at_once"],
        dagrun_timeout=timedelta(seconds=product["seconds"] * (product["retries"] + 1)),
        tags=product["tags"],
        default_args={
            "owner": product["owner"],
            "retries": product["retries"],
            "retry_delay": RETRY_DELAY,
            "execution_timeout": timedelta(seconds=product["seconds"]),
        },
    )
    with dag:
        before = None
        for step in product["steps"]:
            task = Step(
                task_id=step["name"],
                command=step["command"],
                kind=step["type"],
                executor_config={"pod_template_file": step["pod"]},
            )
            if before:
                before >> task
            before = task
    return dag


dag = dag_of(PRODUCT)
