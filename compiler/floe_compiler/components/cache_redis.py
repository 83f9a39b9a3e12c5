"""Redis as the cache of a domain: for products that ask for one (`cache: true`), and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from floe_compiler.kit import redis
from floe_compiler.kit.redis import Eviction, RedisServer, monitoring
from floe_compiler.model.capabilities import Cache, Monitoring
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement

NAME = "redis"


class RedisConfig(RedisServer):
    """A cache with Redis' protocol, in each domain that has the setting: one server, run by Valkey.

    Products that ask for it (`cache: true`) get its address and password. It keeps its data when it restarts. Nothing
    is backed up.
    """

    type: Literal["redis"] = "redis"
    """The kind of cache."""
    eviction: Eviction = "allkeys-lru"
    """What it forgets when its memory is full: by default, what nobody has read for longest. With `noeviction`, it
    refuses to write instead."""


def provides(instance: Instance[RedisConfig]) -> tuple[Cache, ...]:
    """Return the cache."""
    server = redis.endpoint(instance, NAME)
    password = redis.secret(NAME, instance.namespace).key(redis.PASSWORD)
    return (Cache(NAME, server, server.url(path="/0"), password),)


def requires(_instance: Instance[Any]) -> tuple[Requirement, ...]:
    """Return the optional requirement of something that collects metrics."""
    return (Requirement(Monitoring, optional=True),)


def refuses(context: Context[RedisConfig]) -> Iterator[Refusal]:
    """Refuse a volume that the log of the data would fill."""
    yield from redis.refusal(context.config)


def build(context: Context[RedisConfig]) -> Parts:
    """Return the server."""
    config, monitored = context.config, context.optional(Monitoring) is not None
    server = redis.server(context.instance, NAME, config, config.eviction, monitored=monitored)
    forgets = config.eviction != "noeviction"
    alerts = monitoring.alerts(context.instance.namespace, NAME, config.storage, forgets=forgets)
    return Parts((server,), alerts=alerts if monitored else ())


COMPONENT = Component(
    slot="cache",
    type="redis",
    summary="A cache with Redis' protocol, for products that ask for one",
    config=RedisConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    profiles={
        "light": {
            "storage": "1Gi",
            "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
        },
        "heavy": {
            "storage": "5Gi",
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
        },
    },
)
