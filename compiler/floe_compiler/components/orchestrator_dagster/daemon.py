"""The daemon: one pod, or two of which the one that holds a Lease runs it."""

from __future__ import annotations

import shlex
from importlib.resources import files

from msgspec.structs import replace

from floe_compiler.components.orchestrator_dagster.failover import STOP
from floe_compiler.components.orchestrator_dagster.instance_file import WORKSPACE
from floe_compiler.components.orchestrator_dagster.settings import SHORTEST_INTERVAL, DaemonSettings
from floe_compiler.kit.labels import COMPONENT, ELECTOR
from floe_compiler.kit.resources import declared
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import ConfigFile, Container, Pod, Probe, Variable, Workload

DAEMON = "dagster-daemon"
JSON_LOGS = ("--log-format", "json")
RUN = ("dagster-daemon", "run", "-w", WORKSPACE, *JSON_LOGS)
CHECK = ("dagster-daemon", "liveness-check")
CHECK_DAEMON = Probe(command=CHECK, timeout=SHORTEST_INTERVAL)

LEASE = "dagster-daemon-leader"
PROBES = Port("elector", 9102, service=False)
FOLDER = "/etc/floe"
PACKAGE = "elector"

# The Lease is created by the first pod. Kubernetes cannot limit the creation of objects to a name.
ELECT = (
    PolicyRule(("coordination.k8s.io",), ("leases",), ("create",)),
    PolicyRule(("coordination.k8s.io",), ("leases",), ("get", "update"), (LEASE,)),
)


def daemon(settings: DaemonSettings, pod: Pod) -> Workload:
    """Return the daemon. The one container of the `pod` has all that Dagster's own processes have in common."""
    (host,) = pod.containers
    timeout = parse_duration(settings.restart_timeout)
    # By default, a daemon that hangs counts as alive for half an hour.
    tolerance = Variable("DAGSTER_DAEMON_HEARTBEAT_TOLERANCE", str(timeout))
    container = replace(
        host, name="daemon", resources=declared(settings.resources), variables=(*host.variables, tolerance)
    )
    interval = parse_duration(settings.health_check_interval)
    failures = timeout // interval
    if settings.mode == "ha":
        return _elected(settings, pod, container, interval, failures)
    return _alone(pod, container, interval, failures)


def _alone(pod: Pod, container: Container, interval: int, failures: int) -> Workload:
    container = replace(
        container,
        command=RUN,
        startup=replace(CHECK_DAEMON, period=20, failures=30),
        liveness=replace(CHECK_DAEMON, period=interval, failures=failures),
        # Nothing connects to it, only a rollout waits until it is ready, and each check costs seconds of CPU.
        readiness=replace(CHECK_DAEMON, period=10 * interval),
    )
    return Workload(
        name=DAEMON,
        pod=replace(pod, containers=(container,)),
        recreate=True,
        single="Dagster's daemons do not choose a leader: two of them start every scheduled run twice. With "
        "`daemon.mode: ha`, a second pod takes over.",
    )


def _elected(settings: DaemonSettings, pod: Pod, container: Container, interval: int, failures: int) -> Workload:
    lease = settings.lease
    duration, deadline, retry = map(parse_duration, (lease.duration, lease.renew_deadline, lease.retry_period))
    options = (
        f"--lease={LEASE}",
        f"--duration={duration}",
        f"--renew-deadline={deadline}",
        f"--retry={retry}",
        f"--stop={STOP}",
        f"--port={PROBES.number}",
        # Pods from before there was an elector, while the first ones with it start.
        f"--rivals={COMPONENT}={DAEMON},!{ELECTOR}",
        # Dagster's check reads the database: as a probe, it would pass in a pod without a daemon, and fail there when
        # the other pod's daemon is gone. So only the elector that runs the daemon uses it.
        f"--check={shlex.join(CHECK)}",
        f"--check-interval={interval}",
        f"--check-timeout={SHORTEST_INTERVAL}",
        f"--check-failures={failures}",
    )
    container = replace(
        container,
        command=("python", "-m", PACKAGE),
        arguments=(*options, "--", *RUN),
        working_directory=FOLDER,
        ports=(PROBES,),
        liveness=Probe(port=PROBES.name, path="/livez"),
        readiness=Probe(port=PROBES.name, path="/readyz"),
        config=(*container.config, *_package()),
    )
    return Workload(
        name=DAEMON,
        pod=replace(
            pod,
            containers=(container,),
            # The account is its own: the webserver needs no Lease.
            account="",
            kubernetes_api=(*pod.kubernetes_api, *ELECT),
            labels=((ELECTOR, LEASE),),
            # It ends its daemon, and then gives the Lease back, which is at most two calls of two retry periods.
            grace=max(pod.grace, deadline + STOP + 4 * retry + 5),
        ),
        replicas=2,
        available=1,
    )


def _package() -> tuple[ConfigFile, ...]:
    """Return the modules of the elector."""
    modules = sorted(files(__package__).joinpath(PACKAGE).iterdir(), key=lambda file: file.name)
    return tuple(
        ConfigFile(f"{FOLDER}/{PACKAGE}/{file.name}", file.read_text("utf-8"), "dagster-elector")
        for file in modules
        if file.name.endswith(".py")
    )
