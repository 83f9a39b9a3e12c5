"""The cache of a domain: how large it is, who may use it, and the objects that follow."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import cache_redis, orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes
from floe_compiler.components.cache_redis import COMPONENT
from floe_compiler.kit import redis
from floe_compiler.model.capabilities import Cache, Monitoring
from floe_compiler.model.facts import Parts, Pod, containers_of
from floe_compiler.model.plan import Component
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.trust import Trust
from products import EVERYTHING, product
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, unit_of

MONITORED = (Monitoring("prometheus"),)
(CACHE,) = cache_redis.provides(context_of(COMPONENT, scope="sales").instance)


def built(config: dict[str, Any] | None = None, **more: Any) -> Parts:
    """Return the facts of a domain's cache."""
    return COMPONENT.build(context_of(COMPONENT, config, scope="sales", **more))


def settings(config: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
    """Return the lines of its configuration."""
    (server,) = built(config, **more).workloads
    return dict(line.split(" ", 1) for line in server.pod.containers[0].config[0].text.splitlines())


def test_it_keeps_its_data_on_a_volume() -> None:
    (server,) = built().workloads
    assert server.kind == "StatefulSet"
    (claim,) = server.pod.containers[0].claims
    assert (claim.path, claim.size) == ("/data", "1Gi")
    assert settings()["dir"] == claim.path
    assert settings()["appendonly"] == "yes"


@pytest.mark.parametrize("scale", [DEVELOPMENT, PRODUCTION])
def test_its_data_fits_in_memory_and_its_log_on_the_volume(scale: Any) -> None:
    (server,) = built(settings=scale).workloads
    container, room = server.pod.containers[0], int(settings(settings=scale)["maxmemory"])
    assert room == int(parse_quantity(container.resources.memory_limit).amount * 6 / 10)
    assert parse_quantity(container.claims[0].size).amount >= 3 * room
    assert not list(cache_redis.refuses(context_of(COMPONENT, settings=scale)))


def test_a_volume_that_the_log_would_fill_is_refused() -> None:
    amounts = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}}
    (refusal,) = cache_redis.refuses(context_of(COMPONENT, {"storage": "3Gi", "resources": amounts}))
    assert refusal.path == ("storage",)
    assert "set storage to 3687Mi or more" in refusal.hint
    enough = {"storage": "3687Mi", "resources": amounts}
    assert not list(cache_redis.refuses(context_of(COMPONENT, enough)))


def test_it_evicts_unused_keys_unless_eviction_is_off() -> None:
    assert settings()["maxmemory-policy"] == "allkeys-lru"
    assert settings({"eviction": "noeviction"})["maxmemory-policy"] == "noeviction"
    alerts = {alert.name for alert in built(capabilities=MONITORED).alerts}
    assert alerts == {"RedisDown", "RedisCannotWrite", "RedisDiskNearlyFull"}
    refusing = {alert.name for alert in built({"eviction": "noeviction"}, capabilities=MONITORED).alerts}
    assert refusing - alerts == {"RedisMemoryNearlyFull"}


def test_it_has_metrics_only_where_they_are_collected() -> None:
    (server,) = built().workloads
    assert (server.metrics, len(server.pod.containers), built().alerts) == ((), 1, ())
    (server,) = built(capabilities=MONITORED).workloads
    assert [metric.port for metric in server.metrics] == ["metrics"]
    exporter = server.pod.containers[1]
    assert {variable.secret.secret.name for variable in exporter.variables if variable.secret} == {"redis-metrics"}
    assert "redis-metrics" not in {file.secret.secret.name for file in exporter.secret_files}


def test_no_password_is_in_the_configuration_or_in_an_argument() -> None:
    (server,) = built(capabilities=MONITORED).workloads
    container = server.pod.containers[0]
    assert [file.path for file in container.secret_files] == [
        "/run/secrets/redis/password",
        "/run/secrets/redis/metrics-password",
    ]
    assert not [variable for variable in container.variables if variable.secret]
    assert "pass" not in container.config[0].text


def test_clients_learn_the_address_and_the_password() -> None:
    assert CACHE.url == "redis://redis.floe-sales-domain.svc.cluster.local:6379/0"
    assert CACHE.password.secret == redis.secret("redis", "floe-sales-domain")


def pods(component: Component[Any], **changes: Any) -> list[Pod]:
    """Return the pods that run the steps of a product."""
    product_ = product(**changes)
    context = context_of(
        component, settings=PRODUCTION, capabilities=(*EVERYTHING, CACHE), scope="sales", products=[product_]
    )
    parts = component.build(context)
    return [task.pod for task in parts.tasks if task.name == product_.name] or [pods.pod for pods in parts.launched]


@pytest.mark.parametrize("orchestrator", [orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes])
def test_only_products_that_ask_for_it_know_the_cache(orchestrator: Any) -> None:
    for cached in (True, False):
        pods_ = pods(orchestrator.COMPONENT, cache=cached)
        assert pods_
        for pod in pods_:
            assert (CACHE.endpoint in pod.calls) is cached
            for container in containers_of(pod):
                variables = {variable.name: variable.value for variable in container.variables}
                files = {file.path for file in container.secret_files if file.secret == CACHE.password}
                expected = (CACHE.url, "/run/secrets/cache/password") if cached else (None, None)
                assert (variables.get("FLOE_CACHE_URL"), variables.get("FLOE_CACHE_PASSWORD_FILE")) == expected
                assert files == ({"/run/secrets/cache/password"} if cached else set())


def test_rendered(snapshot: SnapshotAssertion) -> None:
    context = context_of(COMPONENT, settings=PRODUCTION, scope="sales", capabilities=MONITORED)
    assert as_text(unit_of(COMPONENT, context).objects) == snapshot


def test_a_cache_is_a_capability_with_a_slot() -> None:
    assert Cache.slot == COMPONENT.slot


def test_with_an_issuer_clients_and_the_exporter_use_only_tls() -> None:
    secure: Any = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal")
    (cache,) = cache_redis.provides(context_of(COMPONENT, settings=secure, scope="sales").instance)
    assert (cache.url, cache.endpoint.port().tls) == ("rediss://redis.floe-sales-domain.svc.cluster.local:6379/0", True)
    lines = settings(settings=secure)
    assert (lines["port"], lines["tls-port"]) == ("0", "6379")
    (server,) = built(settings=secure, capabilities=MONITORED).workloads
    container, exporter = server.pod.containers
    assert lines["tls-key-file"] == f"{container.certificate}/tls.key"
    env = {variable.name: variable.value for variable in exporter.variables}
    assert env["REDIS_ADDR"] == "rediss://127.0.0.1:6379"
    assert env["REDIS_EXPORTER_SKIP_TLS_VERIFICATION"] == "true"
    for probe in (container.startup, container.liveness, container.readiness):
        assert probe is not None
        assert "--tls" in " ".join(probe.command)
