"""Layers of the platform and of a domain, the weakest first."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.scopes import domain_layers, domain_merged, platform_layers, platform_merged
from resolve.samples import REGISTRY, document


def platform(manifest: dict[str, Any], environment: dict[str, Any], scale: Any = "light") -> Merged:
    layers = platform_layers(Sources(document("m.yaml", manifest), {}, {}), document("e.yaml", environment))
    return platform_merged(REGISTRY, scale, layers)


def domain(
    manifest: dict[str, Any], own: dict[str, Any], environment: dict[str, Any] | None = None, scale: Any = "light"
) -> Merged:
    overlay = document("e.yaml", environment or {})
    layers = platform_layers(Sources(document("m.yaml", manifest), {}, {}), overlay)
    return domain_merged(
        REGISTRY, scale, layers, domain_layers(DomainSource(document("d.yaml", own)), overlay, "sales")
    )


def test_the_environment_beats_the_manifest() -> None:
    merged = platform(
        {"catalog": {"type": "alpha", "replicas": 1}},
        {"platform": {"catalog": {"replicas": 2}}, "domains": {"sales": {"catalog": {"replicas": 9}}}},
    )
    assert merged.data["catalog"] == {"type": "alpha", "replicas": 2}
    assert str(merged.span(("catalog", "replicas"))) == "e.yaml:4:5"
    assert str(merged.span(("catalog", "type"))) == "m.yaml:3:5"


def test_the_scale_sets_the_default_quota() -> None:
    assert platform({}, {}).data["quota"] == {"cpu": "4", "memory": "8Gi"}
    heavy = platform({"quota": {"cpu": "1"}}, {}, "heavy")
    assert (heavy.data["quota"]["cpu"], heavy.data["quota"]["memory"]) == ("1", "32Gi")
    assert heavy.span(("quota", "memory")) is None, "no file sets it"


def test_the_environment_has_the_last_word_on_a_domain_then_the_domain_then_the_platform() -> None:
    words = {"type": "alpha"}
    manifest = {"orchestrator": words | {"replicas": 3}}
    environment = {"platform": {"orchestrator": {"replicas": 4}}}
    last = {"domains": {"sales": {"orchestrator": {"replicas": 6}}, "finance": {"orchestrator": {"replicas": 7}}}}
    assert domain({"orchestrator": words}, {}).data["orchestrator"]["replicas"] == 2, "the scale's"
    assert domain(manifest, {}).data["orchestrator"]["replicas"] == 3
    assert domain(manifest, {}, environment).data["orchestrator"]["replicas"] == 4
    own = {"orchestrator": {"replicas": 5}}
    assert domain(manifest, own, environment).data["orchestrator"]["replicas"] == 5
    merged = domain(manifest, own, environment | last)
    assert merged.data["orchestrator"]["replicas"] == 6
    assert [origin.value for origin in merged.origins["orchestrator", "replicas"]] == [6, 5, 4, 3, 2]
    assert str(merged.span(("orchestrator", "replicas"))).startswith("e.yaml")


def test_a_domain_inherits_only_its_slots_quota_and_placement() -> None:
    manifest = {
        "metadata": {"name": "acme"},
        "orchestrator": {"type": "beta"},
        "catalog": {"type": "alpha"},
        "observability": {"collector": {"type": "alpha"}},
        "quota": {"pods": 7},
        "shared_services": {"quota": {"pods": 9}},
        "placement": {"jobs": {"node_selector": {"pool": "jobs"}}},
    }
    settings = domain(manifest, {"metadata": {"owner": "@acme/sales"}}).data
    assert settings == {
        "metadata": {"owner": "@acme/sales"},
        "orchestrator": {"type": "beta"},
        "quota": {"cpu": "4", "memory": "8Gi", "pods": 7},
        "placement": {"jobs": {"node_selector": {"pool": "jobs"}}},
    }


def test_null_and_missing_sections_add_nothing() -> None:
    assert domain({}, {}, {"domains": {"finance": {"quota": {"pods": 1}}}}).data == {
        "quota": {"cpu": "4", "memory": "8Gi"}
    }
    assert domain({}, {}, {"platform": None, "domains": None}).data["quota"]["cpu"] == "4"
