"""The context of a component: its instance, and the capabilities that it requires."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.model.capabilities import Catalog, Collector, Database, Lineage
from floe_compiler.model.plan import Context, Instance
from floe_compiler.model.rendered import External, PodGroup
from floe_compiler.model.secrets import Secret, SecretKey, SecretReference
from products import CATALOG, COLLECTOR, DATABASE
from support import DEVELOPMENT

INSTANCE: Instance[Any] = Instance("catalog", "polaris", "polaris", "platform", "floe-platform", None, DEVELOPMENT)
OTHER = replace(DATABASE, name="another/one")


def test_capabilities_are_found_by_kind_and_name() -> None:
    context = Context(INSTANCE, (DATABASE, CATALOG, OTHER))
    assert context.all(Database) == (OTHER, DATABASE), "sorted by name"
    assert context.required(Catalog) is CATALOG
    assert context.required(Database, DATABASE.name) is DATABASE
    assert context.optional(Database, "none") is None
    assert context.optional(Collector) is None
    assert Context(INSTANCE, (COLLECTOR,)).optional(Collector) is COLLECTOR


def test_a_component_uses_only_what_it_requires() -> None:
    with pytest.raises(LookupError, match="catalog polaris in floe-platform has no Lineage: name it in `requires`"):
        Context(INSTANCE).required(Lineage)


def test_a_missing_key_of_a_secret_is_an_error() -> None:
    secret = Secret("db", "floe-platform", (SecretKey("password"),))
    assert secret.key("password") == SecretReference(secret, "password")
    with pytest.raises(KeyError, match="secret db has no key username"):
        secret.key("username")


def test_groups_are_shown_in_readable_form() -> None:
    assert str(PodGroup("floe-platform", "polaris")) == "floe-platform/polaris"
    assert External("db.example.com", 5432).cidr == "0.0.0.0/0"
