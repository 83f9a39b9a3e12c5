"""MinIO: object storage inside the cluster, on one node. Its project publishes no images any more: prefer SeaweedFS.

Sources: minio/minio `Dockerfile.release` (bash, `minio` and `mc`; no USER), `internal/config/constants.go` (the `_FILE`
variables), `cmd/healthcheck-router.go`, `helm/minio/values.yaml` (user 1000); minio/mc `cmd/alias-set.go` and
`cmd/admin-user-add.go` (keys from standard input). This release was built from its sources and tested as rendered here,
as user 1000 on a read-only root file system, with the bucket script and the policy. The image itself was not tested.
"""

from __future__ import annotations

from typing import Literal

from floe_compiler.kit import minio
from floe_compiler.kit.minio import ADMINISTRATOR_KEYS, IDENTITY, IMAGE, NAME, REGION
from floe_compiler.kit.own_store import FOLDER, OwnStoreSettings, claim, component, with_tasks
from floe_compiler.kit.resources import declared
from floe_compiler.kit.tls import certificate_folder, secured
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Parts, Pod, Probe, SecretFile, Variable, Workload
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Context, Instance

CONSOLE = Port("console", 9001)

CERTIFICATE_FILES = (("public.crt", "tls.crt"), ("private.key", "tls.key"))
"""Its names of the files, which it reads again every minute."""

# Names of docs/metrics/prometheus/list.md; its own program is not among those with the usual names of processes.
PANELS = (
    Panel(
        "Free space",
        "min(minio_cluster_capacity_usable_free_bytes{$target} / minio_cluster_capacity_usable_total_bytes{$target})",
        "ratio",
        "free",
    ),
    Panel("Data", "max(minio_cluster_usage_total_bytes{$target})", "bytes", "data"),
    Panel(
        "Requests",
        "sum by (api) (rate(minio_s3_requests_total{$target}[$interval]))",
        "per second",
        "{{api}}",
        stacked=True,
    ),
    Panel(
        "Failed requests",
        "sum by (api) (rate(minio_s3_requests_errors_total{$target}[$interval]))",
        "per second",
        "{{api}}",
    ),
    Panel(
        "Traffic",
        'sum by (__name__) (rate({__name__=~"minio_s3_traffic_(received|sent)_bytes",$target}[$interval]))',
        "bytes per second",
        "{{__name__}}",
    ),
    Panel(
        "CPU of MinIO, in cores", "sum(rate(minio_node_process_cpu_total_seconds{$target}[$interval]))", legend="CPU"
    ),
    Panel("Memory of MinIO", "sum(minio_node_process_resident_memory_bytes{$target})", "bytes", "memory"),
)


class MinioConfig(OwnStoreSettings):
    """Object storage inside the cluster, on one node. Its last image gets no fixes: prefer `seaweedfs`."""

    type: Literal["minio"] = "minio"
    """The kind of object storage."""
    writable_root: bool = False
    """Make the container's root file system writable, in case the image needs it."""


def build(context: Context[MinioConfig]) -> Parts:
    """Return the server, and the tasks that create its buckets, their user, and the users of products."""
    return with_tasks(minio.OWN, context, _server(context.instance))


def _server(instance: Instance[MinioConfig]) -> Workload:
    config, settings = instance.config, instance.settings
    keys, folder = minio.administrator(instance), certificate_folder(settings)
    api, console = minio.api(settings), secured(CONSOLE, settings)
    container = Container(
        name=NAME,
        image=IMAGE,
        resources=declared(config.resources),
        command=("minio",),
        arguments=(
            "server",
            FOLDER,
            "--console-address",
            f":{console.number}",
            *(("--certs-dir", folder) if folder else ()),
        ),
        variables=(
            # It creates `$HOME/.minio/certs`, and exits if it cannot: the image's home folder is read-only.
            Variable("HOME", "/tmp"),  # noqa: S108 - the path in the container
            Variable("MINIO_ROOT_USER_FILE", f"{ADMINISTRATOR_KEYS}/username"),
            Variable("MINIO_ROOT_PASSWORD_FILE", f"{ADMINISTRATOR_KEYS}/password"),
            Variable("MINIO_REGION", REGION),
            # No token: network policies restrict who can read the metrics.
            Variable("MINIO_PROMETHEUS_AUTH_TYPE", "public"),
            # Do not check for newer versions on the project's servers.
            Variable("MINIO_UPDATE", "off"),
        ),
        ports=(api, console),
        startup=Probe(port=api.name, path="/minio/health/live", failures=30),
        liveness=Probe(port=api.name, path="/minio/health/live", timeout=5),
        readiness=Probe(port=api.name, path=api.health, timeout=5),
        secret_files=(
            SecretFile(f"{ADMINISTRATOR_KEYS}/username", keys.key("username")),
            SecretFile(f"{ADMINISTRATOR_KEYS}/password", keys.key("password")),
        ),
        claims=(claim(config),),
        writable_root="configured: the image needs it" if config.writable_root else "",
        certificate=folder,
        certificate_files=CERTIFICATE_FILES if folder else (),
    )
    return Workload(
        name=NAME,
        kind="StatefulSet",
        pod=Pod((container,), IDENTITY),
        interfaces=(Interface(NAME, console.name, authenticates=True, health=api.name),),
        metrics=(Metrics(api.name, "/minio/v2/metrics/cluster", panels=PANELS),),
        single="MinIO on one volume is one server; a store that must not fail belongs outside the cluster (type: s3).",
    )


COMPONENT = component(minio.OWN, MinioConfig, build, small_memory="512Mi")
