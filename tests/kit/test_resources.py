"""From settings to facts."""

from __future__ import annotations

from pydantic import TypeAdapter

from floe_compiler.kit.resources import declared, replicas
from floe_compiler.model.facts import Resources
from floe_compiler.model.inputs import Amounts, Replicas, ResourceSettings
from floe_compiler.model.operations import Scaling


def test_requests_and_limits_are_read() -> None:
    settings = ResourceSettings(requests=Amounts(cpu="1", memory="1Gi"), limits=Amounts(cpu="2", memory="3Gi"))
    assert declared(settings) == Resources(cpu="1", memory="1Gi", cpu_limit="2", memory_limit="3Gi")


def test_replicas_are_a_number_or_bounds() -> None:
    parse = TypeAdapter[Replicas](Replicas).validate_python
    assert replicas(parse(3)) == 3
    assert replicas(parse({"minimum": 3, "maximum": 6, "cpu_percent": 60})) == Scaling(3, 6, 60)
