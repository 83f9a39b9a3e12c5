"""After which time a product is late."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.kit.products.product_alerts import late_after
from products import product

HOUR = 3600


@pytest.mark.parametrize(
    ("starts", "seconds"),
    [
        ({"schedule": {"cron": "0 5 * * *"}}, 25 * HOUR),
        ({"schedule": {"cron": "0 5 * * *", "enabled": False}}, None),
        ({"trigger": {"inputs": "all"}}, None),
        ({"trigger": {"inputs": "all", "at_least_every": "30h"}}, 31 * HOUR + 120),
        ({"trigger": {"inputs": "all", "at_least_every": "30h", "enabled": False}}, None),
        ({"trigger": {"inputs": "any", "enabled": False}, "schedule": {"cron": "0 5 * * *"}}, 25 * HOUR),
    ],
    ids=["schedule", "disabled-schedule", "trigger", "trigger-and-time", "disabled-trigger", "schedule-instead"],
)
def test_a_product_is_late_after_its_schedule_or_trigger(starts: dict[str, Any], seconds: int | None) -> None:
    assert late_after(product(**{"schedule": None, **starts})) == seconds
