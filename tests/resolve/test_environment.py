"""The plan of an environment: everything that is written in the inputs, completely resolved."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.components import registry
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.inputs import ExternalSecrets
from floe_compiler.model.plan import EnvironmentPlan, ResolvedUnit
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve import resolve
from resolve.samples import document

REGISTRY = registry()
HEAD = {"apiVersion": "floe.dev/v1"}
OWNER = "@acme/platform"
STORE = {"type": "external-secrets", "store": {"name": "vault"}}
MANIFEST: dict[str, Any] = {
    **HEAD,
    "kind": "PlatformManifest",
    "metadata": {"name": "acme", "version": "1.2.3", "owner": OWNER},
    "orchestrator": {"type": "kubernetes"},
    "images": {"registry": "ghcr.io"},
    "secrets": STORE,
    "delivery": {"type": "argocd", "repository": "https://github.com/acme/data.git"},
}
ENVIRONMENT: dict[str, Any] = {
    **HEAD,
    "kind": "Environment",
    "metadata": {"name": "dev", "owner": OWNER},
    "cluster": {"name": "kind"},
    "storage_class": "gp3",
}
POLARIS = {"catalog": {"type": "polaris"}, "storage": {"type": "minio", "buckets": ["warehouse"]}}


def domain(name: str, **changes: Any) -> dict[str, Any]:
    return {**HEAD, "kind": "Domain", "metadata": {"name": name, "owner": f"@acme/{name}"}, **changes}


def data_product(name: str, **changes: Any) -> dict[str, Any]:
    return {
        **HEAD,
        "kind": "DataProduct",
        "metadata": {"name": name, "version": "1.0.0", "owner": "@acme/x"},
        "image": "x:1.0.0",
        "outputs": [{"name": "table"}],
        "steps": [{"name": "run", "type": "custom", "command": ["x"]}],
        **changes,
    }


def sources(
    manifest: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    domains: dict[str, dict[str, Any]] | None = None,
    products: dict[str, list[dict[str, Any]]] | None = None,
) -> Sources:
    return Sources(
        document("m.yaml", {**MANIFEST, **(manifest or {})}),
        {"dev": document("e.yaml", {**ENVIRONMENT, **(environment or {})})},
        {
            name: DomainSource(
                document(f"{name}.yaml", domain(name, **changes)),
                {
                    product["metadata"]["name"]: document(f"{name}/{product['metadata']['name']}.yaml", product)
                    for product in (products or {}).get(name, [])
                },
            )
            for name, changes in (domains or {}).items()
        },
    )


def planned(*args: Any, **documents: Any) -> EnvironmentPlan:
    ((plan,), warnings) = resolve(sources(*args, **documents), REGISTRY)
    assert warnings == ()
    return plan


def units(plan: EnvironmentPlan) -> dict[str, ResolvedUnit]:
    return {unit.scope: unit for unit in plan.units}


def refused(*args: Any, **documents: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(StageFailed) as failed:
        resolve(sources(*args, **documents), REGISTRY)
    return [(diagnostic.rule.code, str(diagnostic.span), diagnostic.message) for diagnostic in failed.value.diagnostics]


def test_settings_come_from_manifest_and_environment() -> None:
    manifest = {
        "kubernetes": {"version": "1.33", "cluster_domain": "acme.internal"},
        "images": {
            "registry": "ghcr.io/acme",
            "pull_secret": "login",
            "mirrors": {"quay.io": "b.io", "docker.io": "a.io"},
        },
    }
    environment = {
        "cluster": {"name": "c", "nodes": 9, "ingress_namespace": "nginx", "api_server_cidr": "10.0.0.0/8"},
        "production": True,
        "scale": "heavy",
        "namespaces": {"pattern": "acme-{scope}"},
    }
    plan = planned(manifest, environment)
    settings = plan.settings
    assert (settings.environment.name, settings.platform.name, settings.platform.version) == ("dev", "acme", "1.2.3")
    assert (settings.environment.production, settings.environment.scale, settings.cluster.storage_class) == (
        True,
        "heavy",
        "gp3",
    )
    assert (settings.cluster.kubernetes_version, settings.cluster.domain) == ("1.33", "acme.internal")
    assert (settings.platform.registry, settings.platform.pull_secret) == ("ghcr.io/acme", "login")
    assert list(settings.platform.mirrors.items()) == [("docker.io", "a.io"), ("quay.io", "b.io")]
    assert isinstance(settings.platform.secrets, ExternalSecrets)
    assert (settings.environment.platform_namespace, settings.cluster.ingress_namespace) == ("acme-platform", "nginx")
    assert (settings.cluster.api_server_cidr, settings.cluster.nodes) == ("10.0.0.0/8", 9)
    assert plan.cluster.name == "c"
    assert plan.delivery.repository == "https://github.com/acme/data.git"


def test_missing_settings_have_defaults() -> None:
    settings = planned().settings
    assert (settings.environment.production, settings.platform.pull_secret, settings.cluster.ingress_namespace) == (
        False,
        "",
        "",
    )
    assert settings.environment.platform_namespace == "floe-platform"


def test_the_environment_overrides_the_manifest() -> None:
    plan = planned({"images": {"registry": "a.io"}}, {"platform": {"images": {"registry": "b.io"}}})
    assert plan.settings.platform.registry == "b.io"


def test_a_namespace_for_the_platform_and_for_each_domain() -> None:
    by_scope = units(planned(domains={"sales": {}, "finance": {}}))
    assert list(by_scope) == ["platform", "finance", "sales"]
    assert [unit.namespace for unit in by_scope.values()] == [
        "floe-platform",
        "floe-finance-domain",
        "floe-sales-domain",
    ]
    assert [unit.owner for unit in by_scope.values()] == [OWNER, "@acme/finance", "@acme/sales"]


def test_a_domain_exists_in_its_declared_environments() -> None:
    elsewhere: dict[str, Any] = {"environments": []}
    assert list(units(planned(domains={"sales": elsewhere, "finance": {"environments": ["dev"]}}))) == [
        "platform",
        "finance",
    ]
    override = {"domains": {"sales": {"environments": ["dev"]}}}
    assert "sales" in units(planned(environment=override, domains={"sales": elsewhere}))


def test_quotas_come_from_the_domain_the_platform_or_the_scale() -> None:
    domains: dict[str, dict[str, Any]] = {"sales": {"quota": {"pods": 7}}, "finance": {}}
    by_scope = units(planned({"quota": {"cpu": "5"}}, {"scale": "medium"}, domains))
    assert (by_scope["sales"].quota.pods, by_scope["sales"].quota.cpu, by_scope["sales"].quota.memory) == (
        7,
        "5",
        "16Gi",
    )
    assert (by_scope["finance"].quota.pods, by_scope["finance"].quota.cpu) == (50, "5")
    own = units(planned(domains={"sales": {"quota": {"cpu": "5"}}, "finance": {}}))
    assert str(own["sales"].quota_origin) == "sales.yaml:7:5"
    assert own["finance"].quota_origin is None, "it follows from the scale"
    shared = units(planned({"quota": {"cpu": "5"}, "shared_services": {"quota": {"memory": "64Gi"}}}, domains=domains))
    assert (shared["platform"].quota.memory, shared["platform"].quota.cpu) == ("64Gi", "5")
    assert shared["finance"].quota.memory == "8Gi", "only the shared services have it"


def test_placement_of_a_domain_defaults_to_that_of_the_platform() -> None:
    def pools(unit: ResolvedUnit) -> tuple[Any, Any]:
        ((_, context),) = unit.contexts
        placement = context.instance.placement
        return placement.jobs.node_selector.get("pool"), placement.services.node_selector.get("pool")

    manifest = {"placement": {"jobs": {"node_selector": {"pool": "a"}}, "services": {"node_selector": {"pool": "b"}}}}
    domains = {"sales": {"placement": {"jobs": {"node_selector": {"pool": "c"}}}}, "finance": {}}
    by_scope = units(planned(manifest, domains=domains))
    assert pools(by_scope["sales"]) == ("c", "b")
    assert pools(by_scope["finance"]) == ("a", "b")


def test_the_catalog_knows_the_products_and_their_domains() -> None:
    products = {"sales": [data_product("orders")]}
    by_scope = units(planned(POLARIS, domains={"sales": {}, "finance": {}}, products=products))
    instances = {context.instance.slot: context.instance for _, context in by_scope["platform"].contexts}
    assert instances["catalog"].domains == ("sales",)
    assert [(product.domain, product.name) for product in instances["catalog"].served] == [("sales", "orders")]


def test_production_may_not_generate_secrets() -> None:
    errors = refused({"secrets": {"type": "generated"}}, {"production": True})
    assert [code for code, _, _ in errors] == ["R014"]
    assert planned({"secrets": {"type": "generated"}}).settings.environment.production is False


def test_production_needs_immutable_images() -> None:
    products = {"sales": [data_product("orders", image="x")]}
    assert [code for code, _, _ in refused({}, {"production": True}, {"sales": {}}, products)] == ["R010"]
    assert len(planned({}, {}, {"sales": {}}, products).units) == 2


def test_a_product_of_a_domain_that_does_not_exist_cannot_be_read() -> None:
    products = {
        "sales": [data_product("orders", inputs=[{"product": "costs", "output": "table", "domain": "finance"}])],
        "finance": [data_product("costs")],
    }
    ((code, span, message),) = refused({}, {}, {"sales": {}, "finance": {"environments": []}}, products)
    assert (code, span.split(":")[0]) == ("R007", "sales/orders.yaml")
    assert '"dev" has no domain "finance"' in message


def test_outputs_of_a_domain_with_an_error_can_be_read() -> None:
    products = {
        "sales": [data_product("orders", inputs=[{"product": "costs", "output": "table", "domain": "finance"}])],
        "finance": [data_product("costs")],
    }
    errors = refused({}, {}, {"sales": {}, "finance": {"quota": {"memory": "4GB"}}}, products)
    assert [code for code, _, _ in errors] == ["R003"]


def test_mistakes_of_all_scopes_are_reported_together() -> None:
    errors = refused(
        {"catalog": {"type": "polari"}, "more": 1},
        {"domains": {"nobody": {}}},
        {"sales": {"orchestrator": {"type": "dagsta"}}, "finance": {"quota": {"pods": 0}}},
    )
    assert sorted((code, span.split(":")[0]) for code, span, _ in errors) == [
        ("R001", "m.yaml"),
        ("R007", "e.yaml"),
    ], "an error in the manifest hides those that depend on it"
    errors = refused(
        {"catalog": {"type": "polari"}},
        {},
        {"sales": {"orchestrator": {"type": "dagsta"}}, "finance": {"quota": {"pods": 0}}},
    )
    assert sorted((code, span.split(":")[0]) for code, span, _ in errors) == [
        ("R003", "finance.yaml"),
        ("R003", "m.yaml"),
        ("R003", "sales.yaml"),
    ]


def test_missing_capabilities_are_not_reported_while_a_slot_has_an_error() -> None:
    errors = refused({"catalog": {"type": "polaris"}, "storage": {"type": "minioo"}})
    assert [code for code, _, _ in errors] == ["R003"]
    assert [code for code, _, _ in refused({"catalog": {"type": "polaris"}})] == ["R012"]


def test_a_domain_cannot_choose_what_is_shared() -> None:
    choice = {"catalog": {"type": "polaris"}}
    for errors in (refused(domains={"sales": choice}), refused({}, {"domains": {"sales": choice}}, {"sales": {}})):
        assert [(code, message) for code, _, message in errors] == [("R001", "catalog is not a known key")]


def test_locks_hold_for_environments_and_domains() -> None:
    locked = {"locks": ["orchestrator.type", "images"]}
    errors = refused(
        locked,
        {"platform": {"images": {"registry": "b.io"}}, "domains": {"sales": {"orchestrator": {"type": "dagster"}}}},
        {"sales": {}},
    )
    assert [(code, span.split(":")[0]) for code, span, _ in errors] == [("R005", "e.yaml")] * 2
    errors = refused(locked, {}, {"sales": {"orchestrator": {"type": "kubernetes"}}})
    assert [(code, span.split(":")[0]) for code, span, _ in errors] == [("R005", "sales.yaml")]


def several() -> Sources:
    sources_ = sources()
    prod = document("f.yaml", {**ENVIRONMENT, "metadata": {"name": "prod", "owner": OWNER}, "cluster": {"name": "p"}})
    return Sources(sources_.manifest, {**sources_.environments, "prod": prod}, sources_.domains)


def test_only_the_requested_environments_are_planned() -> None:
    plans, _ = resolve(several(), REGISTRY)
    assert [plan.settings.environment.name for plan in plans] == ["dev", "prod"]
    plans, _ = resolve(several(), REGISTRY, ("prod",))
    assert [plan.settings.environment.name for plan in plans] == ["prod"]
    with pytest.raises(StageFailed) as failed:
        resolve(several(), REGISTRY, ("prd",))
    assert [diagnostic.message for diagnostic in failed.value.diagnostics] == ['there is no environment "prd"']


def test_an_error_in_one_environment_does_not_hide_those_of_the_next() -> None:
    sources_ = several()
    documents = {
        name: document(environment.file, {**environment.data, "platform": {"storage": {"type": f"{name}-store"}}})
        for name, environment in sources_.environments.items()
    }
    with pytest.raises(StageFailed) as failed:
        resolve(Sources(sources_.manifest, documents, {}), REGISTRY)
    assert [str(diagnostic.span).split(":")[0] for diagnostic in failed.value.diagnostics] == ["e.yaml", "f.yaml"]


def test_the_name_of_an_environment_is_that_of_its_folder() -> None:
    errors = refused({}, {"metadata": {"name": "prod", "owner": OWNER}})
    assert [code for code, _, _ in errors] == ["R011"]


def test_a_domain_may_not_have_the_name_of_the_shared_services() -> None:
    assert [code for code, _, _ in refused(domains={"platform": {}})] == ["R015"]


def test_a_domain_may_only_name_existing_environments() -> None:
    errors = refused({}, {"domains": {"sales": {"environments": ["qa"]}}}, {"sales": {"environments": ["dev", "prd"]}})
    assert [(code, message) for code, _, message in errors] == [
        ("R007", 'there is no environment "qa"'),
        ("R007", 'there is no environment "prd"'),
    ]
