"""The Pod Security Standards, and stricter rules.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ (Kubernetes 1.34).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from floe_compiler.model.object_memory import once
from floe_compiler.model.workloads import Container, Workload

Level = Literal["baseline", "restricted", "stricter"]
"""The most permissive level that refuses something; "stricter" for rules of this compiler."""

_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "hostPath",  # "baseline" refuses it with its own message
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
_SELINUX_TYPES = frozenset({"", "container_engine_t", "container_init_t", "container_kvm_t", "container_t"})
_PROFILES = frozenset({"Localhost", "RuntimeDefault"})
_HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe")


class Breach(msgspec.Struct, frozen=True):
    """A pod's violation of a level; `field` is the name of the exception that permits it."""

    field: str
    level: Level
    message: str


@once
def breaches(workload: Workload) -> tuple[Breach, ...]:
    """Return a workload's violations of the standards."""
    return tuple(_breaches(workload))


def _breaches(workload: Workload) -> Iterator[Breach]:
    pod = workload.pod
    context = pod.get("securityContext", {})
    yield from _host(workload, pod)
    yield from _volumes(workload, pod)
    yield from _profiles(workload.at("spec.securityContext"), context)
    for sysctl in context.get("sysctls", ()):
        if sysctl.get("name") not in _SYSCTLS:
            message = f"{workload.at('spec.securityContext.sysctls')} sets {sysctl.get('name')}"
            yield Breach("sysctls", "baseline", message)
    for container in workload.containers:
        yield from _container(container, context)


def _host(workload: Workload, pod: Mapping[str, Any]) -> Iterator[Breach]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield Breach(field, "baseline", f"{workload.at('spec')}.{field} is true")


def _volumes(workload: Workload, pod: Mapping[str, Any]) -> Iterator[Breach]:
    for volume in pod.get("volumes", ()):
        place = workload.at(f"spec.volumes[{volume.get('name', '')}]")
        if "hostPath" in volume:
            yield Breach("hostPath", "baseline", f"{place} mounts a path of the node")
        for kind in sorted(volume.keys() - _VOLUMES - {"name"}):
            yield Breach("volumes", "restricted", f"{place} is of type {kind}")


def _profiles(place: str, context: Mapping[str, Any]) -> Iterator[Breach]:
    """Yield the violations that a pod's and a container's security context may both have."""
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield Breach("seccompProfile", "baseline", f"{place}.seccompProfile turns the system call filter off")
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield Breach("appArmorProfile", "baseline", f"{place}.appArmorProfile turns AppArmor off")
    options = context.get("seLinuxOptions", {})
    if options.get("type", "") not in _SELINUX_TYPES or options.get("user") or options.get("role"):
        yield Breach("seLinuxOptions", "baseline", f"{place}.seLinuxOptions sets more than a container's type")
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield Breach("hostProcess", "baseline", f"{place}.windowsOptions.hostProcess is true")


def _container(container: Container, pod_context: Mapping[str, Any]) -> Iterator[Breach]:
    context = container.data.get("securityContext", {})
    place = f"{container.place}.securityContext"
    yield from _profiles(place, context)
    yield from _privileges(place, context)
    yield from _capabilities(place, context.get("capabilities", {}))
    yield from _user(place, {**pod_context, **context})
    yield from _host_ports(container)
    if "seccompProfile" not in {**pod_context, **context}:
        yield Breach("seccompProfile", "restricted", f"{place}.seccompProfile is missing, and the pod has none")
    if context.get("readOnlyRootFilesystem") is not True:
        yield Breach("readOnlyRootFilesystem", "stricter", f"{place}.readOnlyRootFilesystem is not true")


def _privileges(place: str, context: Mapping[str, Any]) -> Iterator[Breach]:
    if context.get("privileged"):
        yield Breach("privileged", "baseline", f"{place}.privileged is true")
    if context.get("procMount", "Default") != "Default":
        yield Breach("procMount", "baseline", f"{place}.procMount is {context['procMount']}")
    if context.get("allowPrivilegeEscalation") is not False:
        yield Breach("allowPrivilegeEscalation", "restricted", f"{place}.allowPrivilegeEscalation is not false")


def _capabilities(place: str, capabilities: Mapping[str, Any]) -> Iterator[Breach]:
    for name in capabilities.get("add", ()):
        if name != "NET_BIND_SERVICE":
            level: Level = "restricted" if name in _CAPABILITIES else "baseline"
            yield Breach("capabilities", level, f"{place}.capabilities adds {name}")
    if "ALL" not in capabilities.get("drop", ()):
        yield Breach("capabilities", "restricted", f"{place}.capabilities does not drop ALL")


def _user(place: str, context: Mapping[str, Any]) -> Iterator[Breach]:
    if context.get("runAsNonRoot") is not True:
        yield Breach("runAsNonRoot", "restricted", f"{place}.runAsNonRoot is not true, and neither is the pod's")
    user = context.get("runAsUser")
    if user == 0:
        yield Breach("runAsUser", "restricted", f"{place}.runAsUser is 0")
    elif user is None:
        # The kubelet cannot verify that a user given by name is not root, so it refuses to start the image.
        yield Breach("runAsUser", "stricter", f"{place}.runAsUser is missing, and the pod has none")


def _host_ports(container: Container) -> Iterator[Breach]:
    if any(port.get("hostPort") for port in container.ports):
        yield Breach("hostPort", "baseline", f"{container.place}.ports has a hostPort")
    handlers = [container.data.get(field, {}) for field in _HANDLERS]
    handlers += container.data.get("lifecycle", {}).values()
    actions = [
        handler.get(action, {})
        for handler in handlers
        if isinstance(handler, dict)
        for action in ("httpGet", "tcpSocket")
    ]
    if any(action.get("host") for action in actions):
        yield Breach("probeHost", "baseline", f"{container.place} has a probe or hook that asks another host")
