"""The sensor of a data product that runs when its inputs have new data. Loaded in the product's code location only.

Dagster keeps what the last run found as the cursor of the sensor.
"""

# mypy: ignore-errors
# Dagster is no dependency of the compiler, and it wants annotations as types, not as text (no __future__ import).

import json
import time
from typing import Any

import dagster
import new_data

AHEAD = (
    dagster.DagsterRunStatus.QUEUED,
    dagster.DagsterRunStatus.NOT_STARTED,
    dagster.DagsterRunStatus.STARTING,
    dagster.DagsterRunStatus.STARTED,
    dagster.DagsterRunStatus.CANCELING,
)
"""Runs that are not over."""


def sensor_of(trigger: dict[str, Any], job: dagster.JobDefinition) -> dagster.SensorDefinition:
    """Return the sensor that starts the job."""

    @dagster.sensor(
        name=f"{job.name}_inputs",
        description="Starts a run when the inputs have new data",
        job=job,
        minimum_interval_seconds=trigger["check_every"],
        default_status=dagster.DefaultSensorStatus.RUNNING,
    )
    def inputs(context: dagster.SensorEvaluationContext) -> dagster.RunRequest | dagster.SkipReason:
        state = json.loads(context.cursor) if context.cursor else {}
        found = new_data.snapshots(trigger)
        ahead = dagster.RunsFilter(job_name=job.name, statuses=[*AHEAD])
        busy = bool(context.instance.get_run_ids(ahead, limit=1))
        decision = new_data.decide(trigger, state, found, time.time(), busy=busy)
        context.update_cursor(json.dumps(decision.state))
        if not decision.starts:
            return dagster.SkipReason(decision.why)
        # If the daemon ends before it has kept the cursor, it finds the run by this key.
        key = f"{decision.state['runs']}:{json.dumps(found, sort_keys=True)}"
        return dagster.RunRequest(run_key=key, tags={"floe/started_by": decision.why})

    return inputs
