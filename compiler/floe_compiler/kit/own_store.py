"""Object stores that the mesh runs itself, on one node and one volume: what SeaweedFS and MinIO have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import Field

from floe_compiler.kit.store_policies import Bucket, missing_buckets
from floe_compiler.model.alerts import Alert
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import ServedProduct, StoreClient, by_domain
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Claim, Parts, Task, Workload
from floe_compiler.model.fields import Storage
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings
from floe_compiler.model.operations import BucketData, Data, VolumeData
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret

CLIENT = "warehouse"
"""The user of the shared services."""

FOLDER = "/data"
VOLUME = "data"


class OwnStoreSettings(Input):
    """The settings of all of these stores."""

    buckets: Annotated[tuple[Bucket, ...], Field(min_length=1, strict=False)] = ("warehouse",)
    """The buckets to create. The first one is for the warehouse."""
    storage: Storage = "20Gi"
    """The size of its volume."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory."""


Chosen = TypeVar("Chosen", bound=OwnStoreSettings)


class OwnStore(msgspec.Struct, frozen=True):
    """What must be known of a store: its type, how messages call it, and functions of `kit.minio` or `kit.seaweedfs`.

    `endpoint` returns its S3 API; `client` the credentials of a user, with the keys `access-key` and `secret-key`;
    `product_client` those of a product; `buckets` the task of that name that creates buckets and their user;
    `product_users` the task that makes the users of products. `role` is what the catalog becomes to issue temporary
    credentials, if it must.
    """

    type: str
    title: str
    region: str
    endpoint: Callable[[Instance[Any]], Endpoint]
    client: Callable[[Instance[Any], str], Secret]
    product_client: Callable[[Instance[Any], ServedProduct], StoreClient]
    buckets: Callable[[Instance[Any], str, tuple[str, ...], str], Task]
    product_users: Callable[[Instance[Any], str, Iterable[ServedProduct]], Task]
    role: str = ""


def component(
    own: OwnStore, config: type[Chosen], build: Callable[[Context[Chosen]], Parts], small_memory: str
) -> Component[Chosen]:
    """Return the component of a store, with the memory that it requests at the smallest scale."""
    # Partial functions, unlike inner ones, can be sent to another process.
    return Component(
        slot="storage",
        type=own.type,
        summary=f"{own.title} inside the cluster, on one node",
        config=config,
        build=build,
        provides=partial(_provides, own),
        refuses=missing_buckets,
        scope="platform",
        profiles={
            "light": {"resources": _resources("100m", small_memory, "1", "1Gi")},
            "medium": {"storage": "100Gi", "resources": _resources("500m", "1Gi", "2", "2Gi")},
            "heavy": {"storage": "500Gi", "resources": _resources("1", "2Gi", "2", "4Gi")},
        },
    )


def claim(settings: OwnStoreSettings) -> Claim:
    """Return the volume of the server."""
    return Claim(VOLUME, FOLDER, settings.storage)


def object_store(own: OwnStore, instance: Instance[Any]) -> ObjectStore:
    """Return the warehouse's bucket as an S3 store."""
    store, keys, bucket = own.endpoint(instance), own.client(instance, CLIENT), instance.config.buckets[0]
    return ObjectStore(
        name=own.type,
        endpoint=store,
        kind="s3",
        bucket=bucket,
        warehouse=f"s3://{bucket}/",
        region=own.region,
        url=store.url(),
        path_style=True,
        access_key=keys.key("access-key"),
        secret_key=keys.key("secret-key"),
        clients=by_domain(instance.store_users, partial(own.product_client, instance)),
        issues_credentials=True,
        role=own.role,
    )


def with_tasks(own: OwnStore, context: Context[Any], server: Workload, alerts: tuple[Alert, ...] = ()) -> Parts:
    """Return the server, and the tasks that create its buckets, their user, and the users of products."""
    instance, names = context.instance, context.config.buckets
    tasks = (
        own.buckets(instance, f"{own.type}-buckets", names, CLIENT),
        own.product_users(instance, names[0], instance.store_users),
    )
    data: tuple[Data, ...] = (VolumeData(server.name, VOLUME), *_bucket_data(object_store(own, instance), names))
    return Parts((server,), tasks=tasks, data=data, alerts=alerts)


def _provides(own: OwnStore, instance: Instance[Any]) -> tuple[ObjectStore, ...]:
    return (object_store(own, instance),)


def _bucket_data(store: ObjectStore, names: Iterable[str]) -> tuple[BucketData, ...]:
    """Return the buckets, which must be kept elsewhere, too. The keys are for all of them."""
    if store.access_key is None or store.secret_key is None:
        return ()
    login = (store.access_key, store.secret_key)
    return tuple(BucketData(store.endpoint, store.url, store.region, name, *login) for name in names)


def _resources(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> Mapping[str, Mapping[str, str]]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory_limit}}
