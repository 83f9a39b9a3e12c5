"""A server that speaks Redis' protocol, inside a domain: one pod, whose data survives its restart.

Sources: valkey-io/valkey-container `8.0/debian/Dockerfile` and `docker-entrypoint.sh` (user 999, `/data`, the names
`redis-server` and `redis-cli`, no modules), `valkey.conf`. The script, the configuration and the checks were run with
Valkey 8.0 and with Redis 7.0, as another user on a read-only root file system.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec.structs import replace

from floe_compiler.kit.redis import monitoring
from floe_compiler.kit.resources import declared
from floe_compiler.kit.scripts import script
from floe_compiler.kit.tls import certificate_folder, secured
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import (
    Claim,
    ConfigFile,
    Container,
    Identity,
    Pod,
    Probe,
    SecretFile,
    Variable,
    Workload,
)
from floe_compiler.model.fields import Storage
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings
from floe_compiler.model.operations import Metrics
from floe_compiler.model.plan import Instance, Refusal
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.secrets import Secret, SecretKey

# Valkey continues Redis 7.2 under its licence; Redis 8 and 7.4 have others (decision 28).
IMAGE = "docker.io/valkey/valkey:8.1.10"
IDENTITY = Identity(999, 999, 999)
PORT = Port("redis", 6379, scheme="redis")
PASSWORD = "password"  # noqa: S105 - the name of a key
PASSWORD_LENGTH = 32
CONFIGURATION = "/etc/redis/redis.conf"
SCRIPT = "/scripts/redis-start.sh"
TLS_SCRIPT = "/scripts/redis-tls.sh"
SECRETS = "/run/secrets/redis"
DATA = "/data"

MEMORY_SHARE = 0.6
"""The share of the container's memory that data may take. A copy of what changes meanwhile comes on top of it while the
log is written anew, and the buffers of clients."""

VOLUME_FACTOR = 3
"""How much larger than the data the volume must be: the log grows to twice the data before it is written anew, into a
second file."""

Eviction = Literal["allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu", "volatile-ttl", "noeviction"]


class RedisServer(Input):
    """A server that speaks Redis' protocol."""

    storage: Storage = "2Gi"
    """The size of its volume: at least three times what it may hold, which is 60 % of its memory limit."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="50m", memory="256Mi"), limits=Amounts(cpu="1", memory="512Mi")
    )
    """CPU and memory. Data takes up to 60 % of the memory limit."""


def endpoint(instance: Instance[Any], name: str) -> Endpoint:
    """Return the endpoint of the server `name` in the instance's namespace."""
    port = secured(PORT, instance.settings)
    return service_endpoint(name, instance.namespace, instance.settings.cluster.domain, (port,))


def _client(port: Port) -> tuple[str, ...]:
    """Return the client that asks the server in its own pod, where nobody else could answer."""
    return ("redis-cli", "-p", str(port.number), *(("--tls", "--insecure") if port.tls else ()))


def ready(port: Port) -> tuple[str, ...]:
    """Return the command that succeeds once all data is read: until then, the answer is LOADING.

    It does not fail when the disk is full, as PING would.
    """
    client = " ".join((*_client(port), "-e", "EXISTS", "ready"))
    return ("sh", "-c", f'REDISCLI_AUTH="$(cat {SECRETS}/password)" exec {client} >/dev/null')


def secret(name: str, namespace: str) -> Secret:
    """Return the secret with the password of the server's clients, who are its user `default`."""
    return Secret(name, namespace, (SecretKey(PASSWORD, generated=PASSWORD_LENGTH),))


def room(settings: RedisServer) -> int:
    """Return how many bytes of data the server may hold."""
    return int(parse_quantity(settings.resources.limits.memory).amount * int(MEMORY_SHARE * 100) / 100)


def refusal(settings: RedisServer, path: tuple[str, ...] = ()) -> tuple[Refusal, ...]:
    """Return why a server with these settings, at this path of the component's own, would fill its volume."""
    needed = VOLUME_FACTOR * room(settings)
    if parse_quantity(settings.storage).amount >= needed:
        return ()
    size = f"{-(-needed // 2**20)}Mi"
    return (
        Refusal(
            f"has a volume of {settings.storage} for up to {room(settings) // 2**20}Mi of data, whose log grows to "
            f"{VOLUME_FACTOR} times as much: writes would fail when the volume is full",
            hint=f"set {'.'.join((*path, 'storage'))} to {size} or more, or give it less memory; a volume that "
            "exists does not shrink",
            path=(*path, "storage"),
        ),
    )


def server(
    instance: Instance[Any], name: str, settings: RedisServer, eviction: Eviction, *, monitored: bool
) -> Workload:
    """Return the server.

    Args:
        instance: The component that it belongs to.
        name: Its name, and that of its secret.
        settings: Size of volume and memory.
        eviction: What it forgets when its memory is full; `noeviction`: it refuses to write instead.
        monitored: Whether metrics are collected, so that it gets an exporter.
    """
    port, folder = secured(PORT, instance.settings), certificate_folder(instance.settings)
    exporter = (monitoring.exporter(name, instance.namespace, port),) if monitored else ()
    passwords = [SecretFile(f"{SECRETS}/password", secret(name, instance.namespace).key(PASSWORD))]
    if monitored:
        key = monitoring.secret(name, instance.namespace).key(PASSWORD)
        passwords.append(SecretFile(f"{SECRETS}/metrics-password", key))
    health = Probe(command=ready(port), timeout=5)
    container = Container(
        name="redis",
        image=IMAGE,
        resources=declared(settings.resources),
        command=("sh", SCRIPT),
        variables=(Variable("CONFIGURATION", CONFIGURATION), Variable("SECRETS", SECRETS)),
        ports=(port,),
        # Ten minutes: it reads all its data first.
        startup=Probe(command=ready(port), timeout=5, failures=60),
        # Any answer will do, also that a login is needed.
        liveness=Probe(command=(*_client(port), "PING"), timeout=5, failures=5),
        readiness=health,
        config=(
            ConfigFile(CONFIGURATION, configuration(settings, eviction, folder), name),
            ConfigFile(SCRIPT, script(__name__, "redis-start.sh"), f"{name}-scripts"),
        ),
        secret_files=tuple(passwords),
        claims=(Claim("data", DATA, settings.storage),),
    )
    container = _with_certificate(container, name, folder) if folder else container
    return Workload(
        name=name,
        kind="StatefulSet",
        pod=Pod((container, *exporter), IDENTITY),
        metrics=(Metrics(monitoring.PORT.name, panels=monitoring.PANELS),) if monitored else (),
        single="A second server would be another one, with other data.",
    )


def _with_certificate(container: Container, name: str, folder: str) -> Container:
    """Return the server's container with a certificate, which it reads again when that was renewed."""
    variables = (Variable("CERTIFICATE", folder), Variable("PORT", str(PORT.number)))
    return replace(
        container,
        command=("sh", TLS_SCRIPT, SCRIPT),
        variables=(*container.variables, *variables),
        config=(*container.config, ConfigFile(TLS_SCRIPT, script(__name__, "redis-tls.sh"), f"{name}-scripts")),
        certificate=folder,
    )


def configuration(settings: RedisServer, eviction: Eviction, certificate: str = "") -> str:
    """Return `redis.conf`. Users and their passwords come from the script that starts the server.

    `certificate` is the folder of the one that the server has, if any: it then speaks nothing but TLS.
    """
    lines = {
        **(_tls(certificate) if certificate else {"port": PORT.number}),
        "dir": DATA,
        # A log of all changes, written to disk every second; snapshots would lose minutes.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": room(settings),
        "maxmemory-policy": eviction,
        # To standard output.
        "logfile": '""',
        "tcp-keepalive": 60,
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _tls(certificate: str) -> dict[str, Any]:
    # Clients log in with a password, and need no certificate of their own.
    files = {"tls-cert-file": f"{certificate}/tls.crt", "tls-key-file": f"{certificate}/tls.key"}
    return {"port": 0, "tls-port": PORT.number, **files, "tls-auth-clients": "no"}
