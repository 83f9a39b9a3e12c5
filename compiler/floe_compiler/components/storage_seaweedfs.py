"""SeaweedFS: object storage inside the cluster, on one node. The default.

One process is all of its servers. Only S3 (with the APIs of IAM and STS at the same port) and the metrics listen to
other pods: the others, which ask for no login, listen to the pod itself.

Sources: seaweedfs/seaweedfs 4.48 and 4.53, `weed/command/server.go` (settings), `weed/s3api/auth_credentials.go` (the
administrator, from variables), `weed/s3api/s3api_server.go` (health; roles and the key that signs temporary
credentials), `weed/stats/metrics.go`. The program was run as rendered here, as another user on a read-only root file
system, with the tasks, the policies and temporary credentials. The image itself was not tested.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import Field

from floe_compiler.kit import seaweedfs
from floe_compiler.kit.backups.stores import bucket_data
from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.resources import declared
from floe_compiler.kit.seaweedfs import API, IDENTITY, IMAGE, NAME, REGION
from floe_compiler.kit.store_policies import Bucket, missing_buckets, of_buckets
from floe_compiler.model.alerts import Alert
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import by_domain
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import (
    Claim,
    ConfigFile,
    Container,
    Parts,
    Pod,
    Probe,
    Resources,
    Variable,
    Workload,
)
from floe_compiler.model.fields import Storage
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings
from floe_compiler.model.operations import Data, Interface, Metrics, Panel, VolumeData
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

CONSOLE = Port("console", 23646, health="/health")
METRICS = Port("metrics", 9327)
DATA, VOLUME = "/data", "data"
ROLES = "/etc/floe/roles.json"
CLIENT = "warehouse"
"""The user of the shared services."""

ROLE = "arn:aws:iam::000000000000:role/catalog"
"""What the catalog becomes to issue temporary credentials. SeaweedFS has one account, with this number."""

FROM_VARIABLE = "SeaweedFS takes its keys from variables"
LOCAL, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - S3 and the metrics are for other pods
VOLUME_MEGABYTES = 1024
"""Objects are kept in files of this size. Deleted ones take room until their file is written anew."""

NEARLY_FULL = 0.1
"""The share of the volume that is still free when it is worth an alert."""

GRACE = 60
"""In seconds. It takes about 20 to stop its servers one after the other."""

PANELS = (
    Panel(
        "Free space",
        'min(SeaweedFS_volumeServer_resource{type="avail",$target})'
        ' / min(SeaweedFS_volumeServer_resource{type="all",$target})',
        "ratio",
        "free",
    ),
    Panel("Data", "sum by (bucket) (SeaweedFS_s3_bucket_size_bytes{$target})", "bytes", "{{bucket}}", stacked=True),
    Panel(
        "Deleted, and still on the volume",
        'sum(SeaweedFS_volumeServer_total_disk_size{type="deleted_bytes",$target})',
        "bytes",
        "deleted",
    ),
    Panel(
        "Requests",
        "sum by (type) (rate(SeaweedFS_s3_request_total{$target}[$interval]))",
        "per second",
        "{{type}}",
        stacked=True,
    ),
    Panel(
        "Failed requests",
        'sum by (type, code) (rate(SeaweedFS_s3_request_total{code=~"[45]..",$target}[$interval]))',
        "per second",
        "{{type}} {{code}}",
    ),
    Panel(
        "Traffic",
        "sum by (__name__) (rate({__name__=~"
        '"SeaweedFS_s3_bucket_traffic_(received|sent)_bytes_total",$target}[$interval]))',
        "bytes per second",
        "{{__name__}}",
    ),
)


class SeaweedConfig(Input):
    """Object storage inside the cluster, on one node."""

    type: Literal["seaweedfs"] = "seaweedfs"
    """The kind of object storage."""
    buckets: Annotated[tuple[Bucket, ...], Field(min_length=1, strict=False)] = ("warehouse",)
    """The buckets to create. The first one is for the warehouse."""
    storage: Storage = "20Gi"
    """The size of its volume."""
    console: bool = False
    """Whether its web interface runs, in a container beside the server."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory."""


def provides(instance: Instance[SeaweedConfig]) -> tuple[ObjectStore, ...]:
    """Return the warehouse's bucket as an S3 store."""
    store, keys, bucket = seaweedfs.endpoint(instance), seaweedfs.client(instance, CLIENT), instance.config.buckets[0]
    return (
        ObjectStore(
            name=NAME,
            endpoint=store,
            kind="s3",
            bucket=bucket,
            warehouse=f"s3://{bucket}/",
            region=REGION,
            url=store.url(),
            path_style=True,
            access_key=keys.key("access-key"),
            secret_key=keys.key("secret-key"),
            clients=by_domain(instance.store_users, lambda product: seaweedfs.product_client(instance, product)),
            issues_credentials=True,
            role=ROLE,
        ),
    )


def build(context: Context[SeaweedConfig]) -> Parts:
    """Return the server, and the tasks that create its buckets, their user, and the users of products."""
    instance, names = context.instance, context.config.buckets
    tasks = (
        seaweedfs.buckets(instance, f"{NAME}-buckets", names, CLIENT),
        seaweedfs.product_users(instance, names[0], instance.store_users),
    )
    (store,) = provides(instance)
    data: tuple[Data, ...] = (VolumeData(NAME, VOLUME), *bucket_data(store, names))
    return Parts((_workload(instance),), tasks=tasks, data=data, alerts=tuple(_alerts(instance)))


def roles(buckets: tuple[str, ...]) -> str:
    """Return the settings of temporary credentials: what the catalog may become, and what that may do at most."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::000000000000:user/{CLIENT}"},
        "Action": ["sts:AssumeRole"],
    }
    catalog = {
        "roleName": "catalog",
        "roleArn": ROLE,
        "attachedPolicies": ["catalog"],
        "trustPolicy": {"Version": "2012-10-17", "Statement": [trust]},
    }
    document = {"Version": "2012-10-17", "Statement": of_buckets(buckets)}
    settings = {
        "sts": {"issuer": NAME, "tokenDuration": "1h", "maxSessionLength": "12h"},
        "policy": {"storeType": "memory", "defaultEffect": "Deny"},
        "policies": [{"name": "catalog", "document": document}],
        "roles": [catalog],
    }
    return json.dumps(settings, indent=2) + "\n"


def signing_key(instance: Instance[SeaweedConfig]) -> Secret:
    """Return the key that signs temporary credentials, and what the program's own servers say to each other."""
    return Secret(f"{NAME}-signing", instance.namespace, (SecretKey("key", generated=40),))


def _workload(instance: Instance[SeaweedConfig]) -> Workload:
    console = instance.config.console
    server = _server(instance)
    interface = Interface(NAME, CONSOLE.name, authenticates=True)
    return Workload(
        name=NAME,
        kind="StatefulSet",
        pod=Pod((server, _console(instance)) if console else (server,), IDENTITY, grace=GRACE),
        interfaces=(interface,) if console else (),
        metrics=(Metrics(METRICS.name, panels=PANELS),),
        single="one process on one volume is one server; a store that must not fail belongs outside the cluster "
        "(type: s3).",
    )


def _server(instance: Instance[SeaweedConfig]) -> Container:
    config, keys = instance.config, seaweedfs.administrator(instance)
    alive = Probe(port=API.name, path=API.health, timeout=5)
    return Container(
        name=NAME,
        image=IMAGE,
        resources=declared(config.resources),
        command=("weed", "-logtostderr=true", "server"),
        arguments=(
            f"-dir={DATA}",
            f"-ip={LOCAL}",
            f"-ip.bind={LOCAL}",
            # It would report the number of its servers and volumes to the project every day.
            "-master.telemetry=false",
            f"-master.volumeSizeLimitMB={VOLUME_MEGABYTES}",
            # As many as there is room for.
            "-volume.max=0",
            # There are no others that had to be told first.
            "-volume.preStopSeconds=1",
            "-filer",
            "-s3",
            f"-s3.ip.bind={EVERYWHERE}",
            f"-s3.port={API.number}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",
            "-s3.iam.readOnly=false",
            f"-s3.iam.config={ROLES}",
            f"-metricsIp={EVERYWHERE}",
            f"-metricsPort={METRICS.number}",
        ),
        variables=(
            Variable("AWS_ACCESS_KEY_ID", secret=keys.key("username"), reason=FROM_VARIABLE),
            Variable("AWS_SECRET_ACCESS_KEY", secret=keys.key("password"), reason=FROM_VARIABLE),
            Variable("WEED_JWT_FILER_SIGNING_KEY", secret=signing_key(instance).key("key"), reason=FROM_VARIABLE),
            # It would make seven files for each new bucket at once.
            Variable("WEED_MASTER_VOLUME_GROWTH_COPY_1", "2"),
        ),
        ports=(API, METRICS),
        startup=replace(alive, failures=60),
        liveness=alive,
        readiness=alive,
        config=(ConfigFile(ROLES, roles(config.buckets), NAME),),
        claims=(Claim(VOLUME, DATA, config.storage),),
    )


def _console(instance: Instance[SeaweedConfig]) -> Container:
    keys = seaweedfs.administrator(instance)
    alive = Probe(port=CONSOLE.name, path=CONSOLE.health, timeout=5)
    return Container(
        name="console",
        image=IMAGE,
        resources=Resources("50m", "128Mi", "500m", "256Mi"),
        command=("weed", "-logtostderr=true", "admin"),
        arguments=(
            f"-ip={EVERYWHERE}",
            f"-port={CONSOLE.number}",
            f"-master={LOCAL}:9333",
            "-dataDir=/tmp/admin",
            "-iceberg.port=0",
            "-lance.port=0",
        ),
        variables=(
            Variable("WEED_ADMIN_USER", secret=keys.key("username"), reason=FROM_VARIABLE),
            Variable("WEED_ADMIN_PASSWORD", secret=keys.key("password"), reason=FROM_VARIABLE),
            Variable("WEED_JWT_FILER_SIGNING_KEY", secret=signing_key(instance).key("key"), reason=FROM_VARIABLE),
        ),
        ports=(CONSOLE,),
        startup=replace(alive, failures=60),
        liveness=alive,
        readiness=alive,
    )


def _alerts(instance: Instance[SeaweedConfig]) -> Iterator[Alert]:
    labels = {"namespace": instance.namespace, "job": NAME}
    free, whole = (series("SeaweedFS_volumeServer_resource", **labels, type=kind) for kind in ("avail", "all"))
    yield Alert(
        "SeaweedFSDiskNearlyFull",
        f"sum({free}) / sum({whole}) < {NEARLY_FULL}",
        "{{ $value | humanizePercentage }} of the volume of SeaweedFS is free; when it is full, nothing can be written",
        severity="critical",
    )
    low = series("SeaweedFS_volumeServer_read_only_volumes", **labels, type="isDiskSpaceLow")
    broken = series("SeaweedFS_volumeServer_read_only_volumes", **labels, type="IsReadOnly")
    yield Alert(
        "SeaweedFSCannotWrite",
        f"sum({low}) + sum({broken}) > 0",
        "{{ $value }} files of SeaweedFS can only be read: its volume is full, or broken",
        lasting="2m",
        severity="critical",
    )


COMPONENT = Component(
    slot="storage",
    type="seaweedfs",
    summary="SeaweedFS inside the cluster, on one node",
    config=SeaweedConfig,
    build=build,
    provides=provides,
    refuses=missing_buckets,
    scope="platform",
    profiles={
        "light": {
            "resources": {"requests": {"cpu": "100m", "memory": "384Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
        },
        "medium": {
            "storage": "100Gi",
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
        },
        "heavy": {
            "storage": "500Gi",
            "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}},
        },
    },
)
