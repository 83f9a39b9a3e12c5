"""What starts a data product in Airflow when its inputs have new data: an asset that the triggerer watches.

Airflow keeps what was found at the start of the last run in its store of states of assets, which outlives triggerers.
"""

# mypy: ignore-errors
# Airflow is no dependency of the compiler.

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import new_data
from airflow.sdk import Asset, AssetWatcher
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

KEY = "inputs"
"""The key of the state."""

PERSISTED = 10
"""Seconds after which Airflow has written down an event. Only then is the state kept: so a triggerer that is killed at
this moment starts a run twice, rather than not at all."""


class NewData(BaseEventTrigger):
    """Tells that a run of a product is to start. `trigger` is what it waits for, as JSON."""

    def __init__(self, dag: str, trigger: str) -> None:
        super().__init__()
        self.dag = dag
        self.trigger = trigger
        self.said = ""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the name of the class, and its arguments."""
        return f"{__name__}.{type(self).__name__}", {"dag": self.dag, "trigger": self.trigger}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each run that is to start."""
        while True:
            decision, state = await self.decision()
            if decision and decision.starts:
                yield TriggerEvent({"started_by": decision.why})
                await asyncio.sleep(PERSISTED)
            if decision and decision.state != state:
                await self.asset_state_store.aset(KEY, decision.state)
            await asyncio.sleep(json.loads(self.trigger)["check_every"])

    async def decision(self) -> tuple[new_data.Decision | None, dict[str, Any]]:
        """Return whether a run starts, and the state before; None if catalog or Airflow do not answer."""
        trigger = json.loads(self.trigger)
        try:
            state = await self.asset_state_store.aget(KEY, {})
            found = await asyncio.to_thread(new_data.snapshots, trigger)
            busy = await sync_to_async(self.is_busy)()
        except Exception as error:
            self.say(f"not known whether there is new data: {error}")
            return None, {}
        decision = new_data.decide(trigger, state, found, time.time(), busy=busy)
        self.say(decision.why)
        return decision, state

    def say(self, text: str) -> None:
        """Log a text, if the last one was another."""
        if text != self.said:
            self.log.info("%s: %s", self.dag, text)
        self.said = text

    def is_busy(self) -> bool:
        """Return whether a run is not over."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        return bool(RuntimeTaskInstance.get_dr_count(dag_id=self.dag, states=["queued", "running"]))


def asset_of(dag: str, trigger: dict[str, Any]) -> Asset:
    """Return the asset that stands for new data in the inputs of a product."""
    watcher = AssetWatcher(name=f"new-data-for-{dag}", trigger=NewData(dag, json.dumps(trigger, sort_keys=True)))
    return Asset(f"inputs-of-{dag}", watchers=[watcher])
