"""SeaweedFS: object storage inside the cluster, on one node. The default.

One process is all of its servers. Only S3 (with the APIs of IAM and STS at the same port) and the metrics listen to
other pods: the others, which ask for no login, listen to the pod itself.

Sources: seaweedfs/seaweedfs 4.48 and 4.53, `weed/command/server.go` (settings), `weed/command/s3.go` and `admin.go`
(certificates), `weed/security/certreload` (how often it looks at them), `weed/s3api/auth_credentials.go` (the
administrator, from variables), `weed/s3api/s3api_server.go` (health; roles and the key that signs temporary
credentials), `weed/stats/metrics.go`. The program was run as rendered here, as another user on a read-only root file
system, with the tasks, the policies and temporary credentials, with TLS and without. The image itself was not tested.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from floe_compiler.components.storage_seaweedfs.monitoring import PANELS, alerts
from floe_compiler.components.storage_seaweedfs.roles import roles
from floe_compiler.kit import seaweedfs
from floe_compiler.kit.own_store import FOLDER, OwnStoreSettings, claim, component, with_tasks
from floe_compiler.kit.resources import declared
from floe_compiler.kit.seaweedfs import IDENTITY, IMAGE, NAME
from floe_compiler.kit.tls import certificate_folder, for_web, secured
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import ConfigFile, Container, Parts, Pod, Probe, Resources, Variable, Workload
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.plan import Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings

METRICS = Port("metrics", 9327)
"""It speaks no TLS."""

ROLES = "/etc/floe/roles.json"
FROM_VARIABLE = "SeaweedFS takes its keys from variables"
LOCAL, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - S3 and the metrics are for other pods
VOLUME_MEGABYTES = 1024
"""Objects are kept in files of this size. Deleted ones take room until their file is written anew."""

GRACE = 60
"""In seconds. It takes about 20 to stop its servers one after the other."""

CERTIFICATE_READ_EVERY = "1m"
"""How often it looks for a renewed certificate. Its own default is 5 hours."""

_CONSOLE = Port("console", 23646, health="/health")


class SeaweedConfig(OwnStoreSettings):
    """Object storage inside the cluster, on one node."""

    type: Literal["seaweedfs"] = "seaweedfs"
    """The kind of object storage."""
    console: bool = False
    """Whether its web interface runs, in a container beside the server."""


def build(context: Context[SeaweedConfig]) -> Parts:
    """Return the server, and the tasks that create its buckets, their user, and the users of products."""
    return with_tasks(seaweedfs.OWN, context, _workload(context.instance), tuple(alerts(context.instance.namespace)))


def signing_key(instance: Instance[SeaweedConfig]) -> Secret:
    """Return the key that signs temporary credentials, and what the program's own servers say to each other."""
    return Secret(f"{NAME}-signing", instance.namespace, (SecretKey("key", generated=40),))


def _workload(instance: Instance[SeaweedConfig]) -> Workload:
    console = instance.config.console
    server = _server(instance)
    interface = Interface(NAME, _CONSOLE.name, authenticates=True)
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
    config, keys, folder = instance.config, seaweedfs.administrator(instance), certificate_folder(instance.settings)
    api = seaweedfs.api(instance.settings)
    alive = Probe(port=api.name, path=api.health, timeout=5)
    return Container(
        name=NAME,
        image=IMAGE,
        resources=declared(config.resources),
        command=("weed", "-logtostderr=true", "server"),
        arguments=(
            f"-dir={FOLDER}",
            f"-ip={LOCAL}",
            f"-ip.bind={LOCAL}",
            # It would report the number of its servers and volumes to the project every day.
            "-master.telemetry=false",
            f"-master.volumeSizeLimitMB={VOLUME_MEGABYTES}",
            # As many as there is room for.
            "-volume.max=0",
            # There are no other volume servers that would have to know first.
            "-volume.preStopSeconds=1",
            "-filer",
            "-s3",
            f"-s3.ip.bind={EVERYWHERE}",
            f"-s3.port={api.number}",
            # With a certificate, and without a port of its own for that, the port speaks TLS only.
            *((f"-s3.cert.file={folder}/tls.crt", f"-s3.key.file={folder}/tls.key") if folder else ()),
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
            *_renewal(instance.settings),
        ),
        ports=(api, METRICS),
        startup=replace(alive, failures=60),
        liveness=alive,
        readiness=alive,
        config=(ConfigFile(ROLES, roles(config.buckets), NAME),),
        claims=(claim(config),),
        certificate=folder,
    )


def _console(instance: Instance[SeaweedConfig]) -> Container:
    keys, settings = seaweedfs.administrator(instance), for_web(instance.settings)
    folder, console = certificate_folder(settings), secured(_CONSOLE, settings)
    alive = Probe(port=console.name, path=console.health, timeout=5)
    certificate = (
        Variable("WEED_HTTPS_ADMIN_CERT", f"{folder}/tls.crt"),
        Variable("WEED_HTTPS_ADMIN_KEY", f"{folder}/tls.key"),
    )
    return Container(
        name="console",
        image=IMAGE,
        resources=Resources("50m", "128Mi", "500m", "256Mi"),
        command=("weed", "-logtostderr=true", "admin"),
        arguments=(
            f"-ip={EVERYWHERE}",
            f"-port={console.number}",
            f"-master={LOCAL}:9333",
            "-dataDir=/tmp/admin",
            "-iceberg.port=0",
            "-lance.port=0",
        ),
        variables=(
            Variable("WEED_ADMIN_USER", secret=keys.key("username"), reason=FROM_VARIABLE),
            Variable("WEED_ADMIN_PASSWORD", secret=keys.key("password"), reason=FROM_VARIABLE),
            Variable("WEED_JWT_FILER_SIGNING_KEY", secret=signing_key(instance).key("key"), reason=FROM_VARIABLE),
            *(certificate if folder else ()),
            *_renewal(settings),
        ),
        ports=(console,),
        startup=replace(alive, failures=60),
        liveness=alive,
        readiness=alive,
        certificate=folder,
    )


def _renewal(settings: Settings) -> tuple[Variable, ...]:
    refresh = Variable("WEED_TLS_CERT_REFRESH_INTERVAL", CERTIFICATE_READ_EVERY)
    return (refresh,) if settings.tls_issuer else ()


COMPONENT = component(seaweedfs.OWN, SeaweedConfig, build, small_memory="384Mi")
