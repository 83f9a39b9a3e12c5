"""The rings of a roll-out, and the layers of the changes that have reached a domain."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve.layers import merge
from floe_compiler.resolve.rollout import changes_in, inherited_layers, rings_of
from floe_compiler.resolve.scopes import platform_layers
from resolve.samples import document

RINGS = [{"name": "canary", "domains": ["b"]}, {"name": "early", "domains": ["d"]}, {"name": "rest"}]


def change(pods: int, reached: str = "") -> dict[str, Any]:
    change_ = {"description": "more pods", "settings": {"quota": {"pods": pods}}}
    return change_ | {"reached": reached} if reached else change_


def mesh(changes: dict[str, Any], **environment: Any) -> Sources:
    manifest = {"quota": {"pods": 10, "cpu": "4"}, "rollout": {"rings": RINGS, "changes": changes}}
    return Sources(
        document("platform-manifest.yaml", manifest),
        {"dev": document("dev.yaml", environment)},
        {name: DomainSource(document(f"{name}.yaml", {})) for name in "abcd"},
    )


def pods_of(sources: Sources) -> dict[str, Any]:
    environment = sources.environments["dev"]
    layers = platform_layers(sources, environment)
    return {
        name: merge(inherited_layers(layers, sources, environment, name)).data["quota"]["pods"]
        for name in sources.domains
    }


def test_the_last_ring_has_all_remaining_domains() -> None:
    assert [(ring.name, ring.domains) for ring in rings_of(mesh({}))] == [
        ("canary", ("b",)),
        ("early", ("d",)),
        ("rest", ("a", "c")),
    ]


def test_a_change_reaches_the_domains_of_its_ring_and_of_those_before() -> None:
    assert pods_of(mesh({"x": change(20)})) == {"a": 10, "b": 10, "c": 10, "d": 10}
    assert pods_of(mesh({"x": change(20, "canary")})) == {"a": 10, "b": 20, "c": 10, "d": 10}
    assert pods_of(mesh({"x": change(20, "early")})) == {"a": 10, "b": 20, "c": 10, "d": 20}
    assert pods_of(mesh({"x": change(20, "rest")})) == {"a": 20, "b": 20, "c": 20, "d": 20}


def test_an_environment_sets_how_far_a_change_is_rolled_out() -> None:
    assert pods_of(mesh({"x": change(20, "early")}, rollout={"x": None})) == {"a": 10, "b": 10, "c": 10, "d": 10}
    assert pods_of(mesh({"x": change(20)}, rollout={"x": "canary"})) == {"a": 10, "b": 20, "c": 10, "d": 10}


def test_an_environment_overrides_a_change_as_it_overrides_the_manifest() -> None:
    assert set(pods_of(mesh({"x": change(20, "rest")}, platform={"quota": {"pods": 30}})).values()) == {30}


def test_a_setting_of_a_change_has_its_place() -> None:
    sources = mesh({"x": change(20, "canary")})
    (rollout,) = changes_in(sources, sources.environments["dev"])
    place = sources.manifest.span(("rollout", "changes", "x", "settings", "quota", "pods"))
    assert rollout.layer.span(("quota", "pods")) == place
