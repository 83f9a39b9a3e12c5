"""Database servers: one for each name, with all databases that components need."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.components import registry
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.inputs import DatabaseSecret, ExternalPostgresql, PostgresqlServer
from floe_compiler.model.plan import DatabaseNeed, Instance
from floe_compiler.model.span import Span
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.databases import check_owners, external_databases, with_databases
from resolve.samples import component
from support import DEVELOPMENT

REGISTRY = registry()
OUTSIDE = ExternalPostgresql(type="external", host="db.example.com", secret=DatabaseSecret(name="db"))


def owner(name: str, *choices: Any, slot: str = "") -> Placed:
    needs = tuple(DatabaseNeed(choice, name.replace("-", "_"), "app") for choice in choices)
    instance: Instance[Any] = Instance(
        slot or name, "alpha", name, "platform", "floe-platform", None, DEVELOPMENT, origin=Span("m.yaml", len(name))
    )
    return component(slot or name, "alpha", databases=lambda _: needs), instance


def resolved(*owners: Placed) -> tuple[dict[str, tuple[str, ...]], dict[str, Any], list[Any]]:
    """Return the names of each consumer's databases, the configuration of each server, and the findings."""
    findings = Findings()
    instances = [instance for _, instance in with_databases(REGISTRY, owners, findings)]
    consumers, servers = instances[: len(owners)], instances[len(owners) :]
    assert all(server.slot == "database" for server in servers)
    return (
        {consumer.name: consumer.databases for consumer in consumers},
        {server.name: server.config for server in servers},
        findings.diagnostics,
    )


def owned(config: Any) -> list[tuple[str, str | None]]:
    return [(database.database, database.user) for database in config.databases]


def test_without_consumers_there_is_no_server() -> None:
    assert resolved(owner("polaris")) == ({"polaris": ()}, {}, [])


def test_each_consumer_has_its_own_server_unless_it_names_one() -> None:
    names, servers, findings = resolved(owner("polaris", PostgresqlServer()), owner("marquez", PostgresqlServer()))
    assert names == {"polaris": ("polaris-postgresql/polaris",), "marquez": ("marquez-postgresql/marquez",)}
    assert list(servers) == ["marquez-postgresql", "polaris-postgresql"]
    assert owned(servers["polaris-postgresql"]) == [("polaris", "app")]
    assert findings == []


def test_consumers_that_name_one_server_share_it() -> None:
    shared = PostgresqlServer(server="shared", storage="20Gi")
    names, servers, findings = resolved(owner("polaris", shared), owner("marquez", shared))
    assert names == {"polaris": ("shared/polaris",), "marquez": ("shared/marquez",)}
    assert owned(servers["shared"]) == [("polaris", "app"), ("marquez", "app")]
    assert servers["shared"].storage == "20Gi"
    assert findings == []


def test_a_server_may_be_named_by_its_default_name() -> None:
    _, servers, findings = resolved(
        owner("polaris", PostgresqlServer()), owner("marquez", PostgresqlServer(server="polaris-postgresql"))
    )
    assert len(owned(servers["polaris-postgresql"])) == 2
    assert findings == []


def test_settings_of_a_shared_server_may_be_given_once_only() -> None:
    _, _, findings = resolved(
        owner("polaris", PostgresqlServer(server="shared")),
        owner("marquez", PostgresqlServer(server="shared", storage="99Gi")),
    )
    (diagnostic,) = findings
    assert (diagnostic.rule.code, diagnostic.span) == ("R013", Span("m.yaml", len("polaris")))
    assert diagnostic.message.startswith('marquez and polaris share the database server "shared"')


def test_one_consumer_may_need_two_databases_of_one_server() -> None:
    shared = PostgresqlServer(server="shared")
    names, servers, _ = resolved(owner("polaris", shared, shared))
    assert names == {"polaris": ("shared/polaris", "shared/polaris")}
    assert owned(servers["shared"]) == [("polaris", "app")]


def test_an_external_database_keeps_its_name_and_user() -> None:
    names, servers, _ = resolved(owner("polaris", OUTSIDE.model_copy(update={"database": "catalog_prod"})))
    assert names == {"polaris": ("polaris-postgresql/catalog_prod",)}
    assert owned(servers["polaris-postgresql"]) == [("catalog_prod", None)]
    _, servers, _ = resolved(owner("polaris", OUTSIDE.model_copy(update={"database": "a", "user": "b"})))
    assert owned(servers["polaris-postgresql"]) == [("a", "b")]
    _, servers, _ = resolved(owner("polaris", OUTSIDE))
    assert owned(servers["polaris-postgresql"]) == [("polaris", None)]
    assert servers["polaris-postgresql"].host == "db.example.com"


def test_an_external_database_has_one_user() -> None:
    findings = Findings()
    named = OUTSIDE.model_copy(update={"database": "shared"})
    check_owners(
        external_databases([owner("polaris", named), owner("marquez", named), owner("dagster", OUTSIDE)]), findings
    )
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, diagnostic.span) == ("R018", Span("m.yaml", len("marquez")))
    assert "polaris alpha in floe-platform and marquez alpha in floe-platform" in diagnostic.message
    assert '"shared" of db.example.com' in diagnostic.message
    findings = Findings()
    elsewhere = named.model_copy(update={"port": 6432})
    owners = [owner("polaris", named), owner("marquez", elsewhere), owner("x", PostgresqlServer())]
    check_owners(external_databases(owners), findings)
    assert findings.diagnostics == []


def test_settings_of_a_server_are_at_the_path_of_its_first_consumer() -> None:
    component_, instance = owner("polaris", PostgresqlServer())
    placed = (component_, replace(instance, settings_path=("catalog",)))
    _, (_, server) = with_databases(REGISTRY, [placed], Findings())
    assert server.settings_path == ("catalog", "database")
