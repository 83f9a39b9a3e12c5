"""Units differ by environment, cluster and namespace."""

from __future__ import annotations

import msgspec
import pytest

from floe_compiler.model.objects import ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.units import UnitKey

SALES = UnitKey("dev", "acme-dev", "floe-sales-domain")


@pytest.mark.parametrize(
    "other",
    [
        UnitKey("qa", "acme-dev", "floe-sales-domain"),
        UnitKey("dev", "eu", "floe-sales-domain"),
        UnitKey("dev", "acme-dev", ""),
    ],
)
def test_units_differ_by_each_part_of_their_key(other: UnitKey) -> None:
    assert len({SALES, other, SALES._replace()}) == 2
    assert str(SALES) != str(other)


def test_the_name_of_a_unit_has_its_parts() -> None:
    assert str(SALES) == "dev/acme-dev/floe-sales-domain"
    assert str(UnitKey("dev", "acme-dev", "")) == "dev/acme-dev", "objects without a namespace"


def test_a_key_is_plain_data() -> None:
    assert msgspec.json.decode(msgspec.json.encode(SALES), type=UnitKey) == SALES


def test_a_rendered_unit_has_its_key() -> None:
    assert Rendered("dev", ObjectSet(), "floe-sales-domain", cluster_name="acme-dev").key == SALES
