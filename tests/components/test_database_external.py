"""A PostgreSQL server outside the cluster: consumers get its address, and it is not rendered."""

from __future__ import annotations

from typing import Any

from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import database_postgresql, lineage_marquez
from floe_compiler.components.database_external import COMPONENT, ExternalConfig, provides
from floe_compiler.kit import postgresql
from floe_compiler.kit.secret_stores import secret_objects
from floe_compiler.model.capabilities import Database
from floe_compiler.model.facts import Parts
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Context
from support import PRODUCTION, context_of, contributed, unit_of

CONFIG = {
    "server": "dagster-postgresql",
    "databases": [{"database": "dagster", "user": "dagster_prod"}],
    "host": "dagster.cluster-x.eu-west-1.rds.example.com",
    "secret": {"name": "dagster-postgresql", "keys": {"username": "user", "password": "pass"}},
    "cidr": "10.20.0.0/16",
}


def context(**config: Any) -> Context[ExternalConfig]:
    return context_of(COMPONENT, {**CONFIG, **config}, settings=PRODUCTION, scope="sales")


def database(**config: Any) -> Database:
    (found,) = provides(context(**config).instance)
    return found


def in_cluster() -> Database:
    """Return the same database on a server inside the cluster."""
    config = {"server": CONFIG["server"], "databases": CONFIG["databases"]}
    (found,) = database_postgresql.provides(context_of(database_postgresql.COMPONENT, config).instance)
    return found


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context()) == Parts()


def test_consumers_reach_it_where_it_is_and_nowhere_else() -> None:
    endpoint = database().endpoint

    assert endpoint.address() == "dagster.cluster-x.eu-west-1.rds.example.com:5432"
    assert endpoint.group is None, "a policy must not look for its pods"
    assert endpoint.cidr == "10.20.0.0/16"
    assert database(port=6432).endpoint.port().number == 6432


def test_it_is_named_as_one_in_the_cluster() -> None:
    assert database().name == in_cluster().name == "dagster-postgresql/dagster"
    assert (database().database, database().user) == ("dagster", "dagster_prod")


def test_the_credentials_are_those_of_the_named_secret() -> None:
    reference = database().password

    assert (reference.secret.name, reference.key) == ("dagster-postgresql", "pass")
    assert [key.name for key in reference.secret.keys] == ["pass"], "a store need not hold what nobody reads"


def test_the_user_is_the_one_that_the_secret_names_unless_the_input_does() -> None:
    named = database()
    assert (named.user, named.user_key) == ("dagster_prod", None)
    unnamed = database(databases=[{"database": "dagster"}])
    assert unnamed.user == ""
    assert unnamed.user_key is not None
    assert unnamed.user_key.key == "user"
    assert [key.name for key in unnamed.password.secret.keys] == ["user", "pass"]


def test_connections_are_encrypted_unless_asked_otherwise() -> None:
    assert database().ssl_mode == "require"
    assert database(tls="prefer").ssl_mode == "prefer"
    assert postgresql.jdbc_url(database()).endswith(":5432/dagster?sslmode=require")
    assert "?" not in postgresql.jdbc_url(in_cluster()), "it offers no TLS"


def test_no_credential_is_made_up() -> None:
    """A password that the cluster generated would not be the server's."""
    assert all(not key.generated and not key.literal for key in database().password.secret.keys)


def test_a_secret_that_others_provide_is_not_rendered() -> None:
    given = {"name": "rds", "existing": True}
    assert not secret_objects(PRODUCTION, "floe-sales-domain", [database(secret=given).password.secret])
    assert secret_objects(PRODUCTION, "floe-sales-domain", [database().password.secret])


def used_by(found: Database) -> list[Object]:
    """Return the server of Marquez with this database; its Job's name would change with everything else."""
    component = lineage_marquez.COMPONENT
    config = {"web": {"enabled": False}}
    asking = context_of(component, config, settings=PRODUCTION, found=[found], databases=(found.name,))
    return [one for one in unit_of(component, asking).objects if "migrate" not in one["metadata"]["name"]]


def test_contributed(snapshot: SnapshotAssertion) -> None:
    unnamed = database(databases=[{"database": "dagster"}])
    assert contributed(used_by(unnamed), without=used_by(in_cluster())) == snapshot
