"""Cube Store: a router with the metadata, and workers that run the queries on files that all of them share.

Sources: cube-js/cube, `rust/cubestore` (`config/mod.rs`, `remotefs/{s3,minio,gcs}.rs`, Dockerfile). It was not
run here. A worker is known by its name and port, which must be the same in its own settings and in everybody's list.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from floe_compiler.components.semantic_layer_cube import monitoring
from floe_compiler.components.semantic_layer_cube.settings import CubeConfig
from floe_compiler.kit.monitoring import statsd
from floe_compiler.kit.resources import declared
from floe_compiler.kit.store_logins import GOOGLE_KEY, login_files
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Monitoring, ObjectStore
from floe_compiler.model.data_access import KeptFiles, StoreClient, StoreFolder
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Claim, Container, Identity, Pod, Probe, Scratch, Variable, Workload
from floe_compiler.model.plan import Context, Instance

IMAGE = "docker.io/cubejs/cubestore:v1.7.46"
ARCHITECTURE = "amd64"  # images for other architectures have other tags
IDENTITY = Identity(1000, 1000, 1000)
ROUTER, WORKER = "cube-store-router", "cube-store-worker"
DATA = "/cube/.cubestore"

QUERIES = Port("http", 3030, scheme="ws")
STATUS = Port("status", 3031, service=False, health="/livez")
METADATA = Port("metadata", 9999, scheme="tcp")
WORK = Port("work", 10001, scheme="tcp")

REASON = "Cube Store takes the login to the object store from variables"
REFRESH_MINUTES = "30"
"""The login of an identity lasts an hour; by default, Cube Store asks for another one after three."""

STS = Endpoint("sts.amazonaws.com", (Port("https", 443, scheme="https"),))
"""The only address at which Cube Store exchanges the token of a ServiceAccount: it knows none of a region."""

USER = "cube--store"
"""The login of Cube Store, which is for its own folder."""

SINGLE = "Cube Store has one router, which owns the metadata."


def router(instance: Instance[CubeConfig]) -> Endpoint:
    """Return the router."""
    return service_endpoint(ROUTER, instance.namespace, instance.settings.cluster.domain, (QUERIES, METADATA))


def workers(instance: Instance[CubeConfig]) -> Endpoint:
    """Return the group of workers."""
    return service_endpoint(WORKER, instance.namespace, instance.settings.cluster.domain, (WORK,))


def addresses(instance: Instance[CubeConfig]) -> tuple[str, ...]:
    """Return the address of each worker."""
    return tuple(
        f"{WORKER}-{number}.{_headless(instance, WORKER)}:{WORK.number}"
        for number in range(instance.config.store.workers)
    )


def cube_store(context: Context[CubeConfig]) -> Iterator[Workload]:
    """Yield the router and, if there are any, the workers; and an exporter of their metrics, if these are collected."""
    instance, config = context.instance, context.config.store
    shared = context.optional(ObjectStore) if config.workers else None
    login = login_of(shared, instance.scope) if shared else None
    metrics = statsd.receiver(monitoring.NAME, instance) if context.optional(Monitoring) else None
    further = (*(shared.calls() if shared else ()), *((metrics,) if metrics else ()))
    common = Container(
        "store",
        IMAGE,
        declared(config.router),
        variables=(*_variables(instance, shared, login), *(monitoring.variables(metrics) if metrics else ())),
        ports=(QUERIES, STATUS, METADATA) if config.workers else (QUERIES, STATUS),
        secret_files=login_files(shared, login),
    )
    identity = _identity(login)
    yield _router(instance, common, further, identity)
    if config.workers:
        yield _workers(instance, common, further, identity)
    if metrics:
        yield statsd.exporter(monitoring.NAME, monitoring.PANELS, monitoring.MAPPING)


def _router(
    instance: Instance[CubeConfig],
    common: Container,
    further: tuple[Endpoint, ...],
    identity: WorkloadIdentity | None,
) -> Workload:
    config = instance.config.store
    host = f"{ROUTER}-0.{_headless(instance, ROUTER)}"
    own = (
        (
            Variable("CUBESTORE_SERVER_NAME", f"{host}:{METADATA.number}"),
            Variable("CUBESTORE_META_PORT", str(METADATA.number)),
        )
        if config.workers
        else (Variable("CUBESTORE_REMOTE_DIR", f"{DATA}/remote"),)
    )
    alive = Probe(STATUS.name, STATUS.health, timeout=5)
    container = replace(
        common,
        variables=(*common.variables, *own),
        startup=replace(alive, failures=60),
        liveness=alive,
        readiness=replace(alive, path="/readyz"),
        claims=(Claim("data", DATA, config.storage),),
    )
    calls = (workers(instance),) if config.workers else ()
    return Workload(ROUTER, _pod(container, (*calls, *further), identity), kind="StatefulSet", single=SINGLE)


def _workers(
    instance: Instance[CubeConfig],
    common: Container,
    further: tuple[Endpoint, ...],
    identity: WorkloadIdentity | None,
) -> Workload:
    config = instance.config.store
    answers = Probe(WORK.name, timeout=5)
    container = replace(
        common,
        resources=declared(config.worker),
        variables=(
            *common.variables,
            Variable("POD_NAME", field="metadata.name"),
            Variable("CUBESTORE_SERVER_NAME", f"$(POD_NAME).{_headless(instance, WORKER)}:{WORK.number}"),
            Variable("CUBESTORE_WORKER_PORT", str(WORK.number)),
            Variable("CUBESTORE_META_ADDR", f"{ROUTER}-0.{_headless(instance, ROUTER)}:{METADATA.number}"),
        ),
        ports=(WORK,),
        startup=replace(answers, failures=60),
        liveness=answers,
        readiness=answers,
        scratch=(Scratch(DATA, config.storage),),
    )
    metadata = router(instance).only(METADATA.name)
    pod = _pod(container, (metadata, workers(instance), *further), identity, waits_for=(metadata,))
    return Workload(WORKER, pod, kind="StatefulSet", replicas=config.workers)


def _pod(
    container: Container,
    calls: tuple[Endpoint, ...],
    identity: WorkloadIdentity | None,
    waits_for: tuple[Endpoint, ...] = (),
) -> Pod:
    return Pod(
        (container,),
        IDENTITY,
        calls=calls,
        waits_for=waits_for,
        workload_identity=identity,
        architecture=ARCHITECTURE,
    )


def keeps(domain: str, config: CubeConfig) -> KeptFiles | None:
    """Return what Cube Store keeps in the object store of a domain, if it has workers: what it has computed before."""
    store = config.store
    if not store.workers:
        return None
    folder = StoreFolder(f"{_folder(config, domain)}/", writes=True, bucket=store.bucket or "")
    return KeptFiles(((USER, folder),))


def login_of(store: ObjectStore, domain: str) -> StoreClient:
    """Return the login of a domain's Cube Store: its own, if the store has logins of products."""
    return store.client(domain, USER) or store.login()


def _folder(config: CubeConfig, domain: str) -> str:
    return f"{config.store.folder}/{domain}"


def _identity(login: StoreClient | None) -> WorkloadIdentity | None:
    if login is None or login.identity is None:
        return None
    sts = tuple(replace(STS, cidr=endpoint.cidr) for endpoint in login.identity.endpoints)
    return replace(login.identity, endpoints=(*login.identity.endpoints, *sts))


def _variables(
    instance: Instance[CubeConfig], shared: ObjectStore | None, client: StoreClient | None
) -> Iterator[Variable]:
    yield Variable("CUBESTORE_DATA_DIR", f"{DATA}/data")
    yield Variable("CUBESTORE_TELEMETRY", "false")
    if instance.config.store.workers:
        yield Variable("CUBESTORE_WORKERS", ",".join(addresses(instance)))
    if shared is None:
        return
    config = instance.config.store
    prefix = "CUBESTORE_GCS" if shared.kind == "gcs" else "CUBESTORE_MINIO" if shared.url else "CUBESTORE_S3"
    yield Variable(f"{prefix}_BUCKET", config.bucket or shared.bucket)
    if shared.kind == "s3":
        yield Variable(f"{prefix}_REGION", shared.region)
    yield Variable(f"{prefix}_SUB_PATH", _folder(instance.config, instance.scope))
    if shared.kind == "gcs":
        yield Variable("CUBESTORE_GCP_KEY_FILE", GOOGLE_KEY)
        return
    if shared.url:
        yield Variable("CUBESTORE_MINIO_SERVER_ENDPOINT", shared.url)
    if client and client.access_key and client.secret_key:
        login = "CUBESTORE_MINIO" if shared.url else "CUBESTORE_AWS"
        yield Variable(f"{login}_ACCESS_KEY_ID", secret=client.access_key, reason=REASON)
        yield Variable(f"{login}_SECRET_ACCESS_KEY", secret=client.secret_key, reason=REASON)
    else:
        yield Variable("CUBESTORE_AWS_CREDS_REFRESH_EVERY_MINS", REFRESH_MINUTES)


def _headless(instance: Instance[CubeConfig], workload: str) -> str:
    return f"{headless_name(workload)}.{instance.namespace}.svc.{instance.settings.cluster.domain}"
