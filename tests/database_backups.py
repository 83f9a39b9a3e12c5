"""A database in a namespace, and what a component of `databases.backup` adds for it."""

from __future__ import annotations

from typing import Any

from floe_compiler.components import database_postgresql
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Component
from support import DEVELOPMENT, PRODUCTION, context_of, units_of

DATABASE = {"databases": [{"database": "shop", "user": "seller"}], "server": "main"}


def added(component: Component[Any], config: dict[str, Any], *, production: bool = True) -> list[Object]:
    """Return the objects of a component in the platform's namespace, which has the database `shop`."""
    settings = PRODUCTION if production else DEVELOPMENT
    database = (database_postgresql.COMPONENT, context_of(database_postgresql.COMPONENT, DATABASE, settings=settings))
    backup = (component, context_of(component, config, settings=settings))
    before = {str(manifest["metadata"]["name"]) + manifest["kind"] for manifest in units_of(database).objects}
    return [
        manifest
        for manifest in units_of(database, backup).objects
        if str(manifest["metadata"]["name"]) + manifest["kind"] not in before
    ]


def without_scripts(objects: list[Object]) -> list[Object]:
    """Return the objects without the texts of scripts, which are files of their own."""
    return [manifest for manifest in objects if manifest["kind"] != "ConfigMap"]
