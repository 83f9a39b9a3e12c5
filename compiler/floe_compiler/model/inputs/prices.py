"""What resources of a cluster cost: `prices` of a `cluster`. There are no defaults, as only its owner knows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from floe_compiler.model.fields import ObjectName, matching
from floe_compiler.model.inputs.common import Input

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Prices(Input):
    """Prices of what is requested in a cluster, by which `diff` and the report say what it costs."""

    currency: Annotated[str, matching(r"^[A-Z]{3}$", "a currency by ISO 4217", "EUR")]
    """The currency of the prices."""
    cpu_hour: Price
    """An hour of one CPU that is requested."""
    memory_gib_hour: Price
    """An hour of one GiB of memory that is requested."""
    storage_gib_month: dict[ObjectName, Price] = Field(default_factory=dict)
    """A month of one GiB of a volume, by its StorageClass. Volumes of other classes are named, and not counted."""
