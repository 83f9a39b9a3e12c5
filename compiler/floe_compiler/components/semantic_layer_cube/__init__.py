"""Cube: a domain's models as an API of measures and dimensions, with pre-aggregations in Cube Store.

Sources: @cubejs-backend/{server,server-core,api-gateway,shared,schema-compiler} 1.7.43, and cube-js/cube
(`packages/cubejs-docker`). Drivers, models and the configuration for DuckDB were tested with these packages; the server
itself was not: its native part is no package of npm. Current versions know no Redis: a variable with the address of one
makes Cube fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.components.semantic_layer_cube import refusals
from floe_compiler.components.semantic_layer_cube.engines import source
from floe_compiler.components.semantic_layer_cube.settings import CubeConfig
from floe_compiler.components.semantic_layer_cube.store import QUERIES, cube_store, keeps, router
from floe_compiler.kit.products.lakehouse import semantic_lakehouse
from floe_compiler.kit.resources import declared, replicas
from floe_compiler.model.capabilities import Catalog, Compute, Monitoring, ObjectStore, SemanticLayer
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint, url_endpoint
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    Parts,
    Pod,
    Probe,
    Resources,
    Scratch,
    Variable,
    Workload,
)
from floe_compiler.model.operations import Interface
from floe_compiler.model.plan import Component, Context, Instance, Requirement
from floe_compiler.model.secrets import Secret, SecretKey

IMAGE = "docker.io/cubejs/cube:v1.7.46"
IDENTITY = Identity(1000, 1000, 1000)
API, REFRESH_WORKER = "cube-api", "cube-refresh-worker"
FOLDER, IN_IMAGE = "models", "model"
"""Folders below /cube/conf: that of the domain's files, and the one where Cube and its images have them."""

# /livez fails if the warehouse does, and would then restart every pod. /readyz asks the warehouse and Cube Store.
HTTP = Port("http", 4000, health="/readyz")
SQL = Port("sql", 15432, scheme="postgresql")
UNSERVED = Port("http", 4000, service=False)
ALIVE = Probe(HTTP.name, timeout=5)
READY = Probe(HTTP.name, HTTP.health, period=15, timeout=15, failures=4)
STARTED = Probe(HTTP.name, failures=60)

GRACE = 30
"""Seconds for requests to end; Cube waits for one more."""

REASON = "Cube takes its keys from variables"
SINGLE = "One refresh worker builds all pre-aggregations; a second one would build them, too."


def requires(_instance: Instance[CubeConfig]) -> tuple[Requirement, ...]:
    """Return the requirements: an engine and, if there are any, catalog, object store and what collects metrics."""
    return (Requirement(Compute), *(Requirement(kind, optional=True) for kind in (Catalog, ObjectStore, Monitoring)))


def keys(instance: Instance[Any]) -> Secret:
    """Return the key that tokens are signed with, and the password of the SQL API."""
    secret_keys = (SecretKey("api-secret", generated=64), SecretKey("sql-password", generated=32))
    return Secret(f"{instance.name}-keys", instance.namespace, secret_keys)


def provides(instance: Instance[CubeConfig]) -> tuple[SemanticLayer, ...]:
    """Return the SQL API, if there is one. The name of the database is that of Cube's documentation."""
    sql = instance.config.sql
    if not sql.enabled:
        return ()
    server, password = _sql_api(instance), keys(instance).key("sql-password")
    return (SemanticLayer(instance.name, server, f"{SQL.scheme}://{sql.user}@{server.address()}/cube", password),)


def _sql_api(instance: Instance[CubeConfig]) -> Endpoint:
    return service_endpoint(API, instance.namespace, instance.settings.cluster.domain, (SQL,))


def build(context: Context[CubeConfig]) -> Parts:
    """Return the API servers, the refresh worker, and Cube Store."""
    return Parts(tuple(_workloads(context)))


def _workloads(context: Context[CubeConfig]) -> Iterator[Workload]:
    config, instance = context.config, context.instance
    ports = (HTTP, SQL) if config.sql.enabled else (HTTP,)
    yield Workload(
        API,
        _pod(context, API, declared(config.api.resources), (*_api(instance), *_sql(instance)), ports),
        replicas=replicas(config.api.replicas),
        # With the production settings, each request needs a token.
        interfaces=(Interface(instance.name, HTTP.name, authenticates=True, for_programs=True),),
    )
    refresh = (*_api(instance), Variable("CUBEJS_REFRESH_WORKER", "true"))
    resources = declared(config.refresh_worker.resources)
    scratch = (Scratch("/tmp", config.refresh_worker.scratch),)  # noqa: S108 - the path in the container
    yield Workload(
        REFRESH_WORKER,
        _pod(context, REFRESH_WORKER, resources, refresh, (UNSERVED,), scratch),
        recreate=True,
        single=SINGLE,
    )
    yield from cube_store(context)


def _pod(
    context: Context[CubeConfig],
    name: str,
    resources: Resources,
    variables: tuple[Variable, ...],
    ports: tuple[Port, ...],
    scratch: tuple[Scratch, ...] = (),
) -> Pod:
    instance, issuer = context.instance, context.config.tokens
    data = source(context.required(Compute), semantic_lakehouse(context), instance.served, resources.memory_limit)
    queries = router(instance).only(QUERIES.name)
    container = Container(
        name,
        context.config.image or IMAGE,
        resources,
        variables=(*_common(instance), *variables, *data.variables),
        ports=ports,
        startup=STARTED,
        liveness=ALIVE,
        readiness=READY,
        config=(*_models(instance), *data.config),
        secret_files=data.secret_files,
        scratch=(*data.scratch, *scratch),
    )
    return Pod(
        (container,),
        IDENTITY,
        calls=(queries, *data.calls, *((url_endpoint(issuer.keys_url, issuer.cidr),) if issuer else ())),
        waits_for=(queries,),
        workload_identity=data.identity,
        grace=GRACE + 15,
    )


def _common(instance: Instance[CubeConfig]) -> Iterator[Variable]:
    store = router(instance)
    yield Variable("HOME", "/tmp")  # noqa: S108 - the path in the container
    yield Variable("NODE_ENV", "production")
    yield Variable("CUBEJS_DEV_MODE", "false")
    yield Variable("CUBEJS_TELEMETRY", "false")
    yield Variable("CUBEJS_CACHE_AND_QUEUE_DRIVER", "cubestore")
    yield Variable("CUBEJS_CUBESTORE_HOST", store.host)
    yield Variable("CUBEJS_CUBESTORE_PORT", str(QUERIES.number))
    yield Variable("CUBEJS_GRACEFUL_SHUTDOWN", str(GRACE))
    yield Variable("CUBEJS_SCHEMA_PATH", FOLDER if instance.models else IN_IMAGE)


def _api(instance: Instance[CubeConfig]) -> Iterator[Variable]:
    yield Variable("CUBEJS_API_SECRET", secret=keys(instance).key("api-secret"), reason=REASON)
    if issuer := instance.config.tokens:
        yield Variable("CUBEJS_JWK_URL", issuer.keys_url)
        yield Variable("CUBEJS_JWT_ISSUER", issuer.issuer)
        yield Variable("CUBEJS_JWT_AUDIENCE", issuer.audience)


def _sql(instance: Instance[CubeConfig]) -> Iterator[Variable]:
    if not instance.config.sql.enabled:
        return
    yield Variable("CUBEJS_PG_SQL_PORT", str(SQL.number))
    yield Variable("CUBEJS_SQL_USER", instance.config.sql.user)
    yield Variable("CUBEJS_SQL_PASSWORD", secret=keys(instance).key("sql-password"), reason=REASON)


def _models(instance: Instance[CubeConfig]) -> Iterator[ConfigFile]:
    """Yield the files of the models.

    Each is mounted alone: Cube reads all folders, and would find each file of a ConfigMap's folder three times, as that
    has the files in a folder of its own, with two links to it.
    """
    for model in instance.models:
        yield ConfigFile(f"/cube/conf/{FOLDER}/{model.name}.yaml", model.text, "cube-models", single=True)


_LIGHT = {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}

COMPONENT = Component(
    slot="semantic_layer",
    type="cube",
    summary="Cube: API servers, refresh worker, Cube Store",
    config=CubeConfig,
    build=build,
    provides=provides,
    unprovided={SemanticLayer: "switch on its SQL API: sql: {enabled: true}"},
    requires=requires,
    refuses=refusals.refuses,
    keeps=keeps,
    profiles={
        "light": {
            "api": {"replicas": 1, "resources": _LIGHT},
            "refresh_worker": {"resources": _LIGHT},
            "store": {"workers": 0, "router": _LIGHT},
        },
        "heavy": {
            "api": {"replicas": {"minimum": 2, "maximum": 5}},
            "store": {"workers": 3, "storage": "50Gi"},
        },
    },
)
