"""Limits hold for what comes out of all layers, wherever it is set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.components import registry
from floe_compiler.model.diagnostics import Findings, StageFailed
from floe_compiler.model.document import Document
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve import resolve
from floe_compiler.resolve.limits import limits_of
from resolve.samples import document
from tables import table

REGISTRY = registry()
HEAD = {"apiVersion": "floe.dev/v1"}
OWNED = {"owner": "@acme/platform"}


def manifest(file: str, name: str, **more: Any) -> Document:
    metadata = {"name": name, "version": "1.0.0", "owner": f"@acme/{name}"}
    return document(file, {**HEAD, "kind": "PlatformManifest", "metadata": metadata, **more})


BASE: dict[str, Any] = {
    "images": {"registry": "ghcr.io/acme"},
    "orchestrator": {"type": "dagster"},
    "compute": {"type": "duckdb"},
    "secrets": {"type": "generated"},
    "delivery": {"type": "argocd", "repository": "https://example.com/x.git"},
}


def mesh(
    limits: dict[str, Any],
    parent: dict[str, Any] | None = None,
    own: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    domain: dict[str, Any] | None = None,
    product: dict[str, Any] | None = None,
) -> Sources:
    """Return a mesh whose parent sets limits."""
    environments = {
        "dev": document(
            "overlays/dev/environment.yaml",
            {
                **HEAD,
                "kind": "Environment",
                "metadata": {"name": "dev", **OWNED},
                "cluster": {"name": "kind"},
                "storage_class": "standard",
                **(environment or {}),
            },
        )
    }
    domains = {
        "sales": DomainSource(
            document(
                "domains/sales/domain.yaml",
                {**HEAD, "kind": "Domain", "metadata": {"name": "sales", **OWNED}, **(domain or {})},
            ),
            {
                "orders": document(
                    "domains/sales/products/orders.yaml",
                    {
                        **HEAD,
                        "kind": "DataProduct",
                        "metadata": {"name": "orders", "version": "1.0.0", **OWNED},
                        "image": "sales/orders:1.0.0",
                        "steps": [{"name": "transform", "type": "dbt"}],
                        **(product or {}),
                    },
                )
            },
        )
    }
    above = manifest("vendor/corporate/platform-manifest.yaml", "corporate", limits=limits, **(parent or {}))
    return Sources(
        manifest("platform-manifest.yaml", "acme", **{**BASE, **(own or {})}), environments, domains, parents=(above,)
    )


def errors_of(sources: Sources) -> list[tuple[str, str, str]]:
    """Return file, message and hint of each value beyond a limit."""
    try:
        resolve(sources, REGISTRY)
    except StageFailed as failed:
        errors = [diagnostic for diagnostic in failed.diagnostics if diagnostic.severity == "error"]
        assert {error.rule.code for error in errors} == {"R090"}, errors
        assert all(error.related[0].span.file.startswith("vendor/") for error in errors)
        return [(str(error.span and error.span.file), error.message, error.hint) for error in errors]
    return []


OWNER = 'the parent "corporate" allows'
ASKED = "or ask @acme/corporate, who set the limit"
MANIFEST, ENVIRONMENT = "platform-manifest.yaml", "overlays/dev/environment.yaml"
DOMAIN, PRODUCT = "domains/sales/domain.yaml", "domains/sales/products/orders.yaml"


@pytest.mark.parametrize(
    ("limits", "layers", "where", "message"),
    [
        ({"quota.cpu": {"most": "8"}}, {"own": {"quota": {"cpu": "9"}}}, MANIFEST, 'quota.cpu of platform "acme" is 9'),
        (
            {"quota.cpu": {"most": "8"}},
            {"environment": {"platform": {"quota": {"cpu": "9"}}}},
            ENVIRONMENT,
            'quota.cpu of environment "dev" is 9',
        ),
        ({"quota.cpu": {"most": "8"}}, {"domain": {"quota": {"cpu": "9"}}}, DOMAIN, 'quota.cpu of domain "sales" is 9'),
        (
            {"quota.cpu": {"most": "8"}},
            {"environment": {"domains": {"sales": {"quota": {"cpu": "9"}}}}},
            ENVIRONMENT,
            'quota.cpu of environment "dev" is 9',
        ),
        (
            {"products.timeout": {"most": "2h"}},
            {"product": {"timeout": "3h"}},
            PRODUCT,
            'timeout of product "orders" is 3h',
        ),
        (
            {"products.timeout": {"most": "2h"}},
            {"environment": {"domains": {"sales": {"products": {"orders": {"timeout": "3h"}}}}}},
            ENVIRONMENT,
            'timeout of environment "dev" is 3h',
        ),
        (
            {"quota.cpu": {"most": "8"}},
            {"parent": {"quota": {"cpu": "9"}}},
            "vendor/corporate/platform-manifest.yaml",
            'quota.cpu of parent "corporate" is 9',
        ),
    ],
)
def test_a_value_beyond_a_limit_is_reported_with_its_scope(
    limits: dict[str, Any], layers: dict[str, Any], where: str, message: str
) -> None:
    (bounds,) = limits.values()
    words = f"at most {bounds['most']}"
    assert errors_of(mesh(limits, **layers)) == [(where, f"{message}, but {OWNER} {words}", f"write {words}, {ASKED}")]


@pytest.mark.parametrize(
    ("limits", "layers", "message"),
    [
        (
            {"compute.type": {"among": ["snowflake"]}},
            {},
            'compute.type of platform "acme" is duckdb, but {} only snowflake',
        ),
        (
            {"domain_policy.registries": {"among": ["quay.io/acme"]}},
            {"own": {"domain_policy": {"registries": ["quay.io/acme/sales", "docker.io/x"]}}},
            'domain_policy.registries[1] of platform "acme" is docker.io/x, but {} only quay.io/acme',
        ),
        (
            {"domain_policy.devices": {"most": 1}},
            {"own": {"domain_policy": {"devices": {"nvidia.com/gpu": 2}}}},
            'domain_policy.devices.nvidia.com/gpu of platform "acme" is 2, but {} at most 1',
        ),
        (
            {"domain_policy.devices.nvidia.com/gpu": {"most": 1}},
            {"own": {"domain_policy": {"devices": {"nvidia.com/gpu": 2, "amd.com/gpu": 9}}}},
            'domain_policy.devices.nvidia.com/gpu of platform "acme" is 2, but {} at most 1',
        ),
        (
            {"products.steps.resources.limits.memory": {"most": "8Gi"}},
            {
                "product": {
                    "steps": [
                        {"name": "a", "type": "dbt"},
                        {
                            "name": "b",
                            "type": "dbt",
                            "resources": {
                                "requests": {"cpu": "1", "memory": "1Gi"},
                                "limits": {"cpu": "1", "memory": "9Gi"},
                            },
                        },
                    ]
                }
            },
            'steps[1].resources.limits.memory of product "orders" is 9Gi, but {} at most 8Gi',
        ),
        (
            {"orchestrator.webserver.replicas": {"most": 3}},
            {"own": {"orchestrator": {"type": "dagster", "webserver": {"replicas": {"minimum": 2, "maximum": 9}}}}},
            'orchestrator.webserver.replicas of platform "acme" is a mapping, but {} at most 3',
        ),
        (
            {"secrets.type": {"among": ["external-secrets"]}},
            {},
            'secrets.type of platform "acme" is generated, but {} only external-secrets',
        ),
        (
            {"placement.jobs.priority_class": {"among": ["low"]}},
            {"environment": {"platform": {"placement": {"jobs": {"priority_class": "high"}}}}},
            'placement.jobs.priority_class of environment "dev" is high, but {} only low',
        ),
    ],
)
def test_limits_apply_to_values_of_all_kinds(limits: dict[str, Any], layers: dict[str, Any], message: str) -> None:
    assert [error[1] for error in errors_of(mesh(limits, **layers))] == [message.format(OWNER)]


def test_a_default_beyond_a_limit_is_reported_where_the_component_is_chosen() -> None:
    errors = errors_of(mesh({"orchestrator.database.storage": {"least": "50Gi"}}))
    message = f'orchestrator.database.storage of platform "acme" is 10Gi by default, but {OWNER} at least 50Gi'
    assert errors == [(MANIFEST, message, f"write at least 50Gi, {ASKED}")]
    assert errors_of(mesh({"products.timeout": {"most": "1m"}}))[0][:2] == (
        PRODUCT,
        f'timeout of product "orders" is 1h by default, but {OWNER} at most 1m',
    )
    errors = errors_of(mesh({"quota.cpu": {"most": "2"}}))
    assert errors[0][:2] == (
        "vendor/corporate/platform-manifest.yaml",
        f"quota.cpu is 4 by default, but {OWNER} at most 2",
    )
    assert len(errors) == 1, "not again for each domain"


@pytest.mark.parametrize(
    "limits",
    [
        {"quota.cpu": {"most": "4"}, "quota.pods": {"least": 1}},
        {"placement.jobs.priority_class": {"among": ["low"]}},
        {"databases.backup.retention_days": {"least": 30}},
        {"delivery.interval": {"most": "1h"}},
        {"compute.type": {"among": ["duckdb", "snowflake"]}},
        {"orchestrator.type": {"among": ["dagster"]}},
        {"images.mirrors": {"among": []}},
        {"products.schedule.cron": {"among": []}},
    ],
)
def test_values_within_a_limit_and_missing_values_are_accepted(limits: dict[str, Any]) -> None:
    assert errors_of(mesh(limits)) == []


def test_a_product_run_by_kubernetes_does_not_break_a_limit_of_orchestrators() -> None:
    assert errors_of(mesh({"orchestrator.type": {"among": ["dagster"]}}, product={"run_by": "kubernetes"})) == []


def test_an_explicit_null_is_a_value() -> None:
    manifest = {"placement": {"jobs": {"priority_class": None}}}
    errors = errors_of(mesh({"placement.jobs.priority_class": {"among": ["low"]}}, own=manifest))
    assert [error[1] for error in errors] == [
        f'placement.jobs.priority_class of platform "acme" is null, but {OWNER} only low'
    ]


def unknown(key: str, limit: dict[str, Any] | None = None) -> tuple[str, str, str]:
    findings = Findings()
    assert limits_of([document("m.yaml", {"limits": {key: limit or {"most": 1}}})], REGISTRY, findings) == ()
    (diagnostic,) = findings.diagnostics
    return diagnostic.rule.code, diagnostic.message, diagnostic.hint


@table(
    "key, message, hint",
    [
        ("catalogue.type", '"catalogue.type" is not a setting of the platform manifest', 'did you mean "catalog"?'),
        ("quota.gpu", '"quota.gpu" is not a setting of the platform manifest', 'did you mean "quota.cpu"?'),
        ("products.timeuot", '"products.timeuot" is not a setting', 'did you mean "products.timeout"?'),
        ("metadata.name", '"metadata.name" is not a setting', "known: "),
        ("quota", '"quota" has several settings; each', "limit one of them, such as quota.cpu, quota.memory,"),
        ("databases", '"databases" has several settings; each', "limit one of them, such as databases.backup"),
        ("observability", '"observability" has several', "limit one of them, such as observability.collector"),
        ("products", '"products" has several', "limit one of them, such as products.apiVersion"),
        ("products.steps", '"products.steps" has several', "limit one of them, such as products.steps."),
        ("secrets", '"secrets" has several', "limit one of them, such as secrets."),
    ],
)
def test_a_limit_of_an_unknown_setting_is_an_error(key: str, message: str, hint: str) -> None:
    code, text, help_ = unknown(key)
    assert code == "R006"
    assert text.startswith(message)
    assert help_.startswith(hint)


@pytest.mark.parametrize(
    ("limit", "message", "hint"),
    [
        ({}, "limits nothing", "write least, most or among"),
        ({"least": 4, "most": 2}, "least 4 is above most 2", "correct one of them"),
        (
            {"most": "often"},
            "often is not an amount",
            "write a number, a quantity (500m, 2Gi) or a duration",
        ),
        ({"least": "1h", "most": "2Gi"}, "1h cannot be compared with 2Gi", "write a number"),
    ],
)
def test_a_limit_without_effect_is_an_error(limit: dict[str, Any], message: str, hint: str) -> None:
    findings = Findings()
    data = {"limits": {"quota.cpu": limit}} if limit else {"limits": {"quota.cpu": {"least": None}}}
    assert limits_of([document("m.yaml", data)], REGISTRY, findings) == ()
    (diagnostic,) = findings.diagnostics
    assert diagnostic.rule.code == "R003"
    assert message in diagnostic.message
    assert diagnostic.hint.startswith(hint)


NUMBERS = st.integers(1, 20)


@given(parent=NUMBERS, child=NUMBERS, value=NUMBERS)
def test_a_child_can_only_narrow_a_limit(parent: int, child: int, value: int) -> None:
    sources = mesh(
        {"quota.pods": {"most": parent}}, own={"quota": {"pods": value}, "limits": {"quota.pods": {"most": child}}}
    )
    try:
        resolve(sources, REGISTRY)
        allowed = True
    except StageFailed:
        allowed = False
    assert allowed is (value <= min(parent, child))
