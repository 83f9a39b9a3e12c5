"""Database servers: one instance for each server that a namespace's components name, with all databases they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.model.component_faults import blaming
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.inputs import ExternalPostgresql
from floe_compiler.model.plan import DatabaseNeed, ExternalDatabase
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.rules import CONFLICT, SHARED_DATABASE
from floe_compiler.resolve.slots import DERIVED, Registry


class _Need(msgspec.Struct, frozen=True):
    """A required database, its server, and the component that requires it."""

    server: str
    need: DatabaseNeed
    owner: Placed


def with_databases(registry: Registry, placed: Sequence[Placed], findings: Findings) -> list[Placed]:
    """Return the instances with the names of their databases, and the instances of the database servers."""
    needs = [_Need(_server(need, owner), need, owner) for owner in placed for need in _wanted(owner)]
    consumers = [
        (component, replace(instance, databases=tuple(_name(need) for need in needs if need.owner[1] is instance)))
        for component, instance in placed
    ]
    servers = {need.server: [other for other in needs if other.server == need.server] for need in needs}
    return [*consumers, *(_instance(registry, name, group, findings) for name, group in sorted(servers.items()))]


def _wanted(placed: Placed) -> tuple[DatabaseNeed, ...]:
    component, instance = placed
    with blaming(component, instance):
        return component.databases(instance)


def external_databases(placed: Iterable[Placed]) -> tuple[ExternalDatabase, ...]:
    """Return the databases outside the cluster that components use."""
    return tuple(
        ExternalDatabase(
            need.choice.host, need.choice.port, need.choice.database or need.database, instance.label(), instance.origin
        )
        for component, instance in placed
        for need in _wanted((component, instance))
        if isinstance(need.choice, ExternalPostgresql)
    )


def check_owners(databases: Iterable[ExternalDatabase], findings: Findings) -> None:
    """Refuse databases outside the cluster that two components, perhaps of two domains, would both use."""
    owners: dict[tuple[str, int, str], ExternalDatabase] = {}
    for database in databases:
        first = owners.setdefault((database.host, database.port, database.name), database)
        if first.owner != database.owner:
            findings.add(
                SHARED_DATABASE,
                f'{first.owner} and {database.owner} would both use the database "{database.name}" of {database.host}',
                database.origin,
                hint="name a `database` of its own for each",
            )


def _server(need: DatabaseNeed, owner: Placed) -> str:
    named = None if isinstance(need.choice, ExternalPostgresql) else need.choice.server
    return named or f"{owner[1].name}-postgresql"


def _database(need: DatabaseNeed) -> dict[str, str | None]:
    if isinstance(need.choice, ExternalPostgresql):
        return {"database": need.choice.database or need.database, "user": need.choice.user}
    return {"database": need.database, "user": need.user}


def _name(need: _Need) -> str:
    return f"{need.server}/{_database(need.need)['database']}"


def _instance(registry: Registry, server: str, needs: Sequence[_Need], findings: Findings) -> Placed:
    first = needs[0].owner[1]
    _check_agreement(server, needs, findings)
    component = registry[(DERIVED, needs[0].need.choice.type)]
    settings: dict[str, Any] = needs[0].need.choice.model_dump(exclude={"server", "database", "user"})
    owners = list({tuple(_database(need.need).items()): _database(need.need) for need in needs}.values())
    config = component.config.model_validate({**settings, "server": server, "databases": owners})
    instance = replace(
        first,
        slot=component.slot,
        type=component.type,
        name=server,
        config=config,
        settings_path=(*first.settings_path, DERIVED),
        products=(),
        databases=(),
    )
    return (component, instance)


def _check_agreement(server: str, needs: Iterable[_Need], findings: Findings) -> None:
    choices = {need.owner[1].slot: need.need.choice for need in needs}
    if len({choice.model_dump_json(exclude={"server"}) for choice in choices.values()}) > 1:
        named = " and ".join(sorted(choices))
        first = next(iter(needs)).owner[1]
        findings.add(
            CONFLICT,
            f'{named} share the database server "{server}" but describe it differently',
            first.origin,
            hint="give both the same `database` settings, or each its own `server`",
        )
