"""Init containers that wait for servers: PostgreSQL, HTTP, or any other TCP server.

The loops were tested with busybox 1.35, whose `wget` and `nc` need no writable file system and no special user.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from floe_compiler.kit import postgresql
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Container, Pod, Resources

WAIT_SECONDS = 240
WAIT_PAUSE = 5
WAIT_RESOURCES = Resources(cpu="10m", memory="16Mi", cpu_limit="100m", memory_limit="64Mi")
TRY_SECONDS = 2

IMAGE = "docker.io/library/busybox:1.37.0"
"""The image for waits for servers other than PostgreSQL."""


def wait_containers(pod: Pod) -> tuple[Container, ...]:
    """Return init containers that end when the servers are up, or fail after a timeout."""
    servers = tuple(dict.fromkeys(pod.waits_for))
    databases = [server for server in servers if _is_postgresql(server)]
    others = [server for server in servers if not _is_postgresql(server)]
    return (
        *_container("wait-for-postgresql", postgresql.IMAGE, databases),
        *_container("wait-for-servers", IMAGE, others),
    )


def wait_seconds(pod: Pod) -> int:
    """Return how long a pod may wait for servers before it starts."""
    return WAIT_SECONDS * len(wait_containers(pod))


def _is_postgresql(server: Endpoint) -> bool:
    return server.port().scheme == postgresql.PORT.scheme


def _attempt(server: Endpoint) -> str:
    """Return the command that succeeds once a server is up."""
    port = server.port()
    if _is_postgresql(server):
        # Without -U, libpq looks up the process's user, which the image may not have. The user need not exist.
        return f"pg_isready -q -U postgres -h {server.host} -p {port.number} -t {TRY_SECONDS}"
    if port.health and port.scheme == "http":
        # Not `wget -T`, which crashes in busybox 1.35.
        return f"timeout {TRY_SECONDS} wget -q -O /dev/null {server.url(path=port.health)}"
    # Not `-z`, which some builds of busybox do not have.
    return f"nc -w {TRY_SECONDS} {server.host} {port.number} -e true"


def _container(name: str, image: str, servers: Sequence[Endpoint]) -> Iterable[Container]:
    if not servers:
        return ()
    loops = "".join(
        f'  until {_attempt(server)}; do\n    echo "waiting for {server.address()}"\n    sleep {WAIT_PAUSE}\n  done\n'
        for server in servers
    )
    addresses = " and ".join(server.address() for server in servers)
    script = (
        f"timeout {WAIT_SECONDS} sh -c '\n{loops}' && exit 0\n"
        f'echo "{addresses} did not come up in {WAIT_SECONDS} seconds"\n'
        "exit 1\n"
    )
    return (Container(name, image, WAIT_RESOURCES, command=("sh", "-c", script)),)
