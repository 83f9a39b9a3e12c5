"""redis_exporter: metrics of a server that speaks Redis' protocol, which has none of its own.

Sources: oliver006/redis_exporter 1.88 (`README.md`, `exporter/exporter.go`: what it asks for). It was run beside the
server, as the user that the server's script makes.
"""

from __future__ import annotations

from floe_compiler.kit.monitoring.promql import series
from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Probe, Resources, Variable
from floe_compiler.model.operations import Panel
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.secrets import Secret, SecretKey

IMAGE = "docker.io/oliver006/redis_exporter:v1.88.0"
USER = "metrics"
"""The server's user for the exporter, which reads statistics and no data."""

PORT = Port("metrics", 9121, service=False)
RESOURCES = Resources("10m", "32Mi", "100m", "64Mi")
PASSWORD_LENGTH = 32
FROM_VARIABLE = "the exporter takes its password from a variable"
NEARLY = 0.8
"""The share of memory or disk space in use that is worth an alert."""

PANELS = (
    Panel(
        "Memory in use",
        "max by (job) (redis_memory_used_bytes{$target} / redis_memory_max_bytes{$target})",
        "ratio",
        "{{job}}",
    ),
    Panel(
        "Reads that found something",
        "sum by (job) (rate(redis_keyspace_hits_total{$target}[$interval]))"
        " / sum by (job) (rate(redis_keyspace_hits_total{$target}[$interval])"
        " + rate(redis_keyspace_misses_total{$target}[$interval]))",
        "ratio",
        "{{job}}",
    ),
    Panel(
        "Commands", "sum by (job) (rate(redis_commands_processed_total{$target}[$interval]))", "per second", "{{job}}"
    ),
    Panel(
        "Keys that it forgot for want of memory",
        "sum by (job) (rate(redis_evicted_keys_total{$target}[$interval]))",
        "per second",
        "{{job}}",
    ),
    Panel("Clients", "max by (job) (redis_connected_clients{$target})", legend="{{job}}"),
    Panel("Keys", "sum by (job) (redis_db_keys{$target})", legend="{{job}}"),
    Panel("Log on its volume", "max by (job) (redis_aof_current_size_bytes{$target})", "bytes", "{{job}}"),
)


def secret(server: str, namespace: str) -> Secret:
    """Return the secret of the exporter's user."""
    return Secret(f"{server}-{USER}", namespace, (SecretKey("password", generated=PASSWORD_LENGTH),))


def exporter(server: str, namespace: str, port: Port) -> Container:
    """Return the exporter, which connects to the server in its own pod."""
    alive = Probe(PORT.name, "/health", timeout=5)
    return Container(
        "metrics",
        IMAGE,
        RESOURCES,
        variables=(
            Variable("REDIS_ADDR", f"{port.scheme}://127.0.0.1:{port.number}"),
            # The server in its own pod, whose certificate is for other names.
            *((Variable("REDIS_EXPORTER_SKIP_TLS_VERIFICATION", "true"),) if port.tls else ()),
            Variable("REDIS_USER", USER),
            Variable("REDIS_PASSWORD", secret=secret(server, namespace).key("password"), reason=FROM_VARIABLE),
            # It may neither read nor change settings, nor its own name.
            Variable("REDIS_EXPORTER_CONFIG_COMMAND", "-"),
            Variable("REDIS_EXPORTER_SET_CLIENT_NAME", "false"),
            # There, it would log in to any server that a request names, with this password.
            Variable("REDIS_EXPORTER_DISABLE_SCRAPE_ENDPOINT", "true"),
            Variable("REDIS_EXPORTER_INCL_METRICS_FOR_EMPTY_DATABASES", "false"),
        ),
        ports=(PORT,),
        liveness=alive,
        readiness=alive,
    )


def alerts(namespace: str, server: str, storage: str, *, forgets: bool) -> tuple[Alert, ...]:
    """Return the alerts on a server.

    Args:
        namespace: Its namespace.
        server: Its name.
        storage: The size of its volume.
        forgets: Whether it makes room itself when its memory is full, so that this is no danger.
    """
    labels = {"namespace": namespace, "job": server}
    own = (("server", server),)
    room = int(parse_quantity(storage).amount)
    used, most = (series(f"redis_memory_{amount}_bytes", **labels) for amount in ("used", "max"))
    memory = Alert(
        "RedisMemoryNearlyFull",
        f"{used} / {most} > {NEARLY}",
        f"{{{{ $value | humanizePercentage }}}} of the memory of {server} is used; when it is full, writes fail",
        severity="critical",
        labels=own,
    )
    return (
        Alert(
            "RedisDown",
            f"{series('redis_up', **labels)} == 0",
            f"{server} does not answer",
            lasting="2m",
            severity="critical",
            labels=own,
        ),
        Alert(
            "RedisCannotWrite",
            f"{series('redis_aof_last_write_status', **labels)} == 0",
            f"{server} cannot write its log to its volume, and refuses all changes",
            lasting="1m",
            severity="critical",
            labels=own,
        ),
        Alert(
            "RedisDiskNearlyFull",
            f"{series('redis_aof_current_size_bytes', **labels)} / {room} > {NEARLY}",
            f"{{{{ $value | humanizePercentage }}}} of the volume of {server} ({storage}) is used",
            severity="critical",
            labels=own,
        ),
        *(() if forgets else (memory,)),
    )
