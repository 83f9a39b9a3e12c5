"""The first rule that matches a secret says how it gets into the cluster."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.model.inputs import SecretRule
from floe_compiler.model.secret_ways import rule_of, way_of
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.unit_scopes import NODES, PLATFORM
from support import PRODUCTION, changed

CRM = Secret("crm", "floe-sales-domain", (SecretKey("key"),))


def rules(*rules_data: dict[str, Any]) -> tuple[SecretRule, ...]:
    return tuple(SecretRule.model_validate({"use": {"type": "existing"}, **rule}) for rule in rules_data)


def way(secret: Secret, scope: str, *rules_data: dict[str, Any]) -> str:
    settings = changed(PRODUCTION, platform={"secret_rules": rules(*rules_data)})
    return way_of(settings.platform, scope, secret).type


def test_without_a_rule_the_default_of_the_environment_applies() -> None:
    assert way(CRM, "sales") == way(CRM, "sales", {"names": ["crn"]}) == "external-secrets"
    assert way(CRM, "sales", {"names": ["crm"], "scopes": ["finance"]}) == "external-secrets"


@pytest.mark.parametrize("rule", [{"names": ["crm"]}, {"names": ["x", "c*"]}, {"scopes": ["sales"]}, {"names": ["*m"]}])
def test_a_matching_rule_applies(rule: dict[str, Any]) -> None:
    assert way(CRM, "sales", rule) == "existing"


def test_the_first_matching_rule_applies() -> None:
    sops = {"names": ["c*"], "use": {"type": "sops"}}
    assert way(CRM, "sales", {"names": ["crm"]}, sops) == "existing"
    assert way(CRM, "sales", sops, {"names": ["crm"]}) == "sops"


def test_the_setting_of_the_reader_has_precedence() -> None:
    assert way(replace(CRM, existing=True), "sales", {"names": ["crm"], "use": {"type": "sops"}}) == "existing"


def test_scopes_of_the_platform_have_names() -> None:
    secret_rules = rules({"scopes": ["platform"]}, {"scopes": ["nodes"]})
    assert [rule_of(secret_rules, scope, "crm") for scope in (PLATFORM, NODES, "sales")] == [0, 1, None]
