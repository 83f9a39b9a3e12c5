"""Quotas: what is set, or what is needed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from floe_compiler.kit.quotas import AMOUNTS, fitting, quota
from floe_compiler.model.demand import Consumer, Demand
from floe_compiler.model.inputs import Quota
from floe_compiler.model.quantities import parse_quantity
from support import DEVELOPMENT

ALL = tuple((name, "") for name in AMOUNTS)


def demand(**amounts: str) -> Demand:
    needed = Demand()
    needed.add(Consumer("x"), [(AMOUNTS[name].resource, parse_quantity(amount)) for name, amount in amounts.items()])
    return needed


def test_a_quota_limits_requests_of_pods() -> None:
    amounts = fitting(Quota(cpu="8", memory="16Gi", pods=40, storage="1Ti"), (), Demand())
    manifest = quota(DEVELOPMENT, amounts)
    assert (manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]) == ("v1", "ResourceQuota", "quota")
    assert manifest["spec"]["hard"] == {
        "pods": "40",
        "requests.cpu": "8",
        "requests.memory": "16Gi",
        "requests.storage": "1Ti",
    }


def test_amounts_are_written_as_kubernetes_prints_them() -> None:
    amounts = fitting(Quota(cpu="1500m", memory="2048Mi", pods=5000), (), Demand())
    assert (amounts["cpu"], amounts["memory"], amounts["pods"]) == ("1500m", "2Gi", "5k")


@pytest.mark.parametrize(
    ("name", "needed", "expected"),
    [
        ("cpu", "3200m", "4"),
        ("cpu", "3201m", "5"),
        ("cpu", "8", "10"),
        ("memory", "6553Mi", "8Gi"),
        ("memory", "6554Mi", "9Gi"),
        ("pods", "40", "50"),
        ("pods", "41", "60"),
        ("storage", "80Gi", "100Gi"),
        ("storage", "81Gi", "110Gi"),
    ],
)
def test_a_computed_amount_has_a_quarter_more_room(name: str, needed: str, expected: str) -> None:
    assert fitting(Quota(), ALL, demand(**{name: needed}))[name] == expected


def test_a_configured_amount_is_kept() -> None:
    free = tuple(amount for amount in ALL if amount[0] != "cpu")
    fitted = fitting(Quota(cpu="2"), free, demand(cpu="30", memory="30Gi"))
    assert (fitted["cpu"], fitted["memory"]) == ("2", "38Gi")


def test_no_amount_grows_beyond_its_limit() -> None:
    assert fitting(Quota(), (("cpu", "16"),), demand(cpu="14"))["cpu"] == "16", "less headroom than usual"
    assert fitting(Quota(), (("cpu", "16"),), demand(cpu="30"))["cpu"] == "16", "C083 then reports the largest requests"
    assert fitting(Quota(), (("cpu", "2"),), Demand())["cpu"] == "2", "a limit below the default"


def test_there_is_always_enough_without_a_limit() -> None:
    for milli in range(0, 40000, 77):
        needed = demand(cpu=f"{milli}m")
        (amount,) = [parse_quantity(fitting(Quota(), ALL, needed)["cpu"])]
        assert amount.amount * 1000 >= milli * Fraction(5, 4)
