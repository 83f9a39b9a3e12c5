"""Headers: what the compilation needs to know about a unit before rendering. They are cached."""

from __future__ import annotations

import msgspec

from floe_compiler.model.charts import ChartUse
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.plan import ExternalDatabase
from floe_compiler.model.unit_facts import UnitFacts


class UnitHeader(msgspec.Struct, frozen=True, array_like=True):
    """One namespace of an environment, resolved and declared.

    `content` is the digest of all that it declares: units with the same content and the same callers are rendered
    alike.
    """

    scope: str
    namespace: str
    owner: str
    content: str
    facts: UnitFacts
    external_databases: tuple[ExternalDatabase, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    charts: tuple[ChartUse, ...] = ()
