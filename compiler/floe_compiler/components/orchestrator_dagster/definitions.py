"""A data product as Dagster sees it: a job that runs the product's steps one by one, and what starts it.

Dagster loads this file in the product's code location and in each of its runs. What the product is stands beside it in
`product.json`, which the compiler writes. Every step is a program in the product's image; a run is one pod.
"""

# mypy: ignore-errors
# Dagster is no dependency of the compiler, and it wants annotations as types, not as text (no __future__ import).

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster

PRODUCT: dict[str, Any] = json.loads(Path(__file__).with_name("product.json").read_text("utf-8"))
HIDDEN = ("DAGSTER_", "FLOE_STEP_")
"""Prefixes of variables that are not for steps: Dagster's own, and other steps' secrets."""
SECONDS_TO_STOP = 30


def environment(step: dict[str, Any]) -> dict[str, str]:
    """Return a step's variables: the pod's, its own, and its secrets from where the pod keeps them."""
    shared = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    secrets = {name: os.environ[kept_in] for name, kept_in in step["secrets"].items()}
    return {**shared, **step["variables"], **secrets}


def run(context: dagster.OpExecutionContext, step: dict[str, Any]) -> None:
    """Run a step's program and log what it says; raise Failure if it cannot start or does not end well."""
    command = step["command"]
    try:
        process = subprocess.Popen(
            command,
            env=environment(step),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise dagster.Failure(f"step {step['name']} cannot start {command[0]}: {error.strerror}") from None
    with process:
        try:
            for line in process.stdout or ():
                context.log.info(line.rstrip("\n"))
            code = process.wait()
        finally:
            stop(process)
    if code:
        raise dagster.Failure(f"step {step['name']} ended with exit code {code}")


def stop(process: subprocess.Popen[str]) -> None:
    """End the program if it still runs, as when the run is cancelled: politely first, so that it can cancel queries."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()


def op_of(step: dict[str, Any]) -> dagster.OpDefinition:
    """Return the op that runs one step, after the one before it has succeeded."""

    @dagster.op(
        name=step["name"].replace("-", "_"),
        ins={"after": dagster.In(dagster.Nothing)},
        out=dagster.Out(dagster.Nothing),
        tags={"kind": step["type"]},
    )
    def program(context: dagster.OpExecutionContext) -> None:
        run(context, step)

    return program


def job_of(product: dict[str, Any]) -> dagster.JobDefinition:
    """Return the job that runs all steps in order, in one process: Kubernetes starts a pod for each run."""

    @dagster.job(
        name=product["job"],
        description=product["description"],
        tags=product["tags"],
        executor_def=dagster.in_process_executor,
        # A logger that is only defined is not used: it must be configured too.
        logger_defs={"console": dagster.json_console_logger},
        config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
    )
    def steps() -> None:
        before = None
        for step in product["steps"]:
            program = op_of(step)
            before = program(after=before) if before else program()

    return steps


def schedules_of(product: dict[str, Any], job: dagster.JobDefinition) -> list[dagster.ScheduleDefinition]:
    """Return the job's schedule, if it has one."""
    schedule = product["schedule"]
    if not schedule:
        return []
    status = dagster.DefaultScheduleStatus
    return [
        dagster.ScheduleDefinition(
            name=f"{job.name}_schedule",
            job=job,
            cron_schedule=schedule["cron"],
            execution_timezone=schedule["time_zone"],
            default_status=status.RUNNING if schedule["enabled"] else status.STOPPED,
        )
    ]


def sensors_of(product: dict[str, Any], job: dagster.JobDefinition) -> list[dagster.SensorDefinition]:
    """Return the sensor that starts the job when the inputs have new data, if the product has one."""
    if not product.get("trigger"):
        return []
    sys.path.append(str(Path(__file__).parent))
    from inputs_sensor import sensor_of

    return [sensor_of(product["trigger"], job)]


JOB = job_of(PRODUCT)
definitions = dagster.Definitions(jobs=[JOB], schedules=schedules_of(PRODUCT, JOB), sensors=sensors_of(PRODUCT, JOB))
