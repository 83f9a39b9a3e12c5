"""What components add that follows from what others of their namespace declare."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components import backup_s3, database_postgresql
from floe_compiler.declare import declare
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import Quota
from floe_compiler.model.operations import VolumeData
from floe_compiler.model.plan import Component, Context, DeclaredUnit, ResolvedUnit
from floe_compiler.synthesize.python_constructs import objects_of
from support import PRODUCTION, context_of

DATABASE = {"server": "main", "databases": [{"database": "shop", "user": "seller"}]}
STORE = {"bucket": "acme-backups", "region": "eu-central-1", "credentials": {"type": "secret"}}


def declared(*pairs: tuple[Component[Any], Context[Any]]) -> DeclaredUnit:
    unit = ResolvedUnit(PRODUCTION, "platform", "floe-platform", "@acme/data", pairs, Quota())
    return declare(unit, objects_of)


def pair(component: Component[Any], config: dict[str, Any]) -> tuple[Component[Any], Context[Any]]:
    return component, context_of(component, config, settings=PRODUCTION)


def test_the_order_of_the_components_does_not_matter() -> None:
    server, backup = pair(database_postgresql.COMPONENT, DATABASE), pair(backup_s3.COMPONENT, STORE)
    for pairs in ((server, backup), (backup, server)):
        (added,) = (instance for instance in declared(*pairs).instances if instance.instance.type == "s3")
        assert [task.name for task in added.parts.tasks] == ["shop-backup", "shop-restore", "shop-restore-test"]


def test_an_extension_must_not_declare_facts_that_others_depend_on() -> None:
    late = replace(backup_s3.COMPONENT, extends=lambda _context, _parts: Parts(data=(VolumeData("x", "y"),)))
    with pytest.raises(ValueError, match="changes its interfaces, metrics, data or alerts in `extends`"):
        declared(pair(late, STORE))
