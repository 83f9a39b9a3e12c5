"""Pods must meet the Pod Security Standards, with exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import POLARIS, Platform, container, sample
from floe_compiler.check.pods.security import check
from floe_compiler.link import tokens as linked_tokens
from floe_compiler.model.rendered import PodGroup, SecurityException
from floe_compiler.model.span import Span
from tables import table

CHECKS = (check, linked_tokens.check)

NAME = "Deployment.apps floe-platform/polaris"
POD = "spec.template.spec"
MAIN = f"{POD}.containers[polaris]"


def set_field(platform: Platform, field: str, value: Any) -> None:
    """Set a field of Polaris' pod (`pod.x.y`) or container (`x.y`); None removes it."""
    steps = field.split(".")
    parent = platform.container("Deployment/polaris")
    if steps[0] == "pod":
        parent = platform.pod("Deployment/polaris")
        steps = steps[1:]
    for step in steps[:-1]:
        parent = parent.setdefault(step, {})
    if value is None:
        del parent[steps[-1]]
    else:
        parent[steps[-1]] = value


BREACHES = [
    ("pod.hostNetwork", True, "hostNetwork", "privileged", f"{POD}.hostNetwork is true"),
    ("pod.hostPID", True, "hostPID", "privileged", f"{POD}.hostPID is true"),
    ("pod.hostIPC", True, "hostIPC", "privileged", f"{POD}.hostIPC is true"),
    (
        "pod.volumes",
        [{"name": "logs", "hostPath": {"path": "/var/log"}}],
        "hostPath",
        "privileged",
        f"{POD}.volumes[logs] mounts a path of the node",
    ),
    (
        "pod.volumes",
        [{"name": "share", "nfs": {"server": "x", "path": "/"}}],
        "volumes",
        "baseline",
        f"{POD}.volumes[share] is of type nfs",
    ),
    (
        "pod.securityContext.sysctls",
        [{"name": "kernel.msgmax", "value": "1"}],
        "sysctls",
        "privileged",
        f"{POD}.securityContext.sysctls sets kernel.msgmax",
    ),
    (
        "pod.securityContext.seccompProfile",
        {"type": "Unconfined"},
        "seccompProfile",
        "privileged",
        f"{POD}.securityContext.seccompProfile turns the system call filter off",
    ),
    (
        "pod.securityContext.seccompProfile",
        None,
        "seccompProfile",
        "baseline",
        f"{MAIN}.securityContext.seccompProfile is missing, and the pod has none",
    ),
    (
        "securityContext.appArmorProfile",
        {"type": "Unconfined"},
        "appArmorProfile",
        "privileged",
        f"{MAIN}.securityContext.appArmorProfile turns AppArmor off",
    ),
    (
        "securityContext.seLinuxOptions",
        {"user": "root"},
        "seLinuxOptions",
        "privileged",
        f"{MAIN}.securityContext.seLinuxOptions sets more than a container's type",
    ),
    (
        "securityContext.windowsOptions",
        {"hostProcess": True},
        "hostProcess",
        "privileged",
        f"{MAIN}.securityContext.windowsOptions.hostProcess is true",
    ),
    ("securityContext.privileged", True, "privileged", "privileged", f"{MAIN}.securityContext.privileged is true"),
    (
        "securityContext.procMount",
        "Unmasked",
        "procMount",
        "privileged",
        f"{MAIN}.securityContext.procMount is Unmasked",
    ),
    (
        "securityContext.allowPrivilegeEscalation",
        None,
        "allowPrivilegeEscalation",
        "baseline",
        f"{MAIN}.securityContext.allowPrivilegeEscalation is not false",
    ),
    (
        "securityContext.capabilities.add",
        ["SYS_ADMIN"],
        "capabilities",
        "privileged",
        f"{MAIN}.securityContext.capabilities adds SYS_ADMIN",
    ),
    (
        "securityContext.capabilities.add",
        ["CHOWN"],
        "capabilities",
        "baseline",
        f"{MAIN}.securityContext.capabilities adds CHOWN",
    ),
    (
        "securityContext.capabilities.drop",
        ["CHOWN"],
        "capabilities",
        "baseline",
        f"{MAIN}.securityContext.capabilities does not drop ALL",
    ),
    (
        "pod.securityContext.runAsNonRoot",
        None,
        "runAsNonRoot",
        "baseline",
        f"{MAIN}.securityContext.runAsNonRoot is not true, and neither is the pod's",
    ),
    ("securityContext.runAsUser", 0, "runAsUser", "baseline", f"{MAIN}.securityContext.runAsUser is 0"),
    (
        "pod.securityContext.runAsUser",
        None,
        "runAsUser",
        "restricted",
        f"{MAIN}.securityContext.runAsUser is missing, and the pod has none",
    ),
    (
        "securityContext.readOnlyRootFilesystem",
        False,
        "readOnlyRootFilesystem",
        "restricted",
        f"{MAIN}.securityContext.readOnlyRootFilesystem is not true",
    ),
    (
        "ports",
        [{"name": "main", "containerPort": 8181, "hostPort": 8181}],
        "hostPort",
        "privileged",
        f"{MAIN}.ports has a hostPort",
    ),
    (
        "livenessProbe.tcpSocket",
        {"port": "main", "host": "10.0.0.1"},
        "probeHost",
        "privileged",
        f"{MAIN} has a probe or hook that asks another host",
    ),
    (
        "lifecycle.preStop.httpGet",
        {"port": "main", "host": "10.0.0.1"},
        "probeHost",
        "privileged",
        f"{MAIN} has a probe or hook that asks another host",
    ),
]


@table("field, value, word, level, message", BREACHES)
def test_a_breach_is_an_error_unless_it_is_declared(
    field: str, value: Any, word: str, level: str, message: str
) -> None:
    platform = sample()
    set_field(platform, field, value)
    assert platform.findings(*CHECKS) == [("C070", NAME, message)]
    hint = f'if it cannot be avoided, annotate the object: "floe.dev/exception-{word}: <reason>"'
    assert platform.hints(*CHECKS) == [hint]
    platform.facts["exceptions"] = frozenset({SecurityException(POLARIS, word, "it cannot be helped")})
    namespace = platform["Namespace/floe-platform"]["metadata"]["labels"]
    namespace["pod-security.kubernetes.io/enforce"] = level
    assert platform.findings(*CHECKS) == []


def test_the_hint_for_a_chart_is_to_change_its_values() -> None:
    platform = sample()
    platform.facts |= {"templates": {NAME: Span("vendor/charts/polaris/1.0.0/templates/a.yaml", 1, 1)}}
    set_field(platform, "pod.hostPID", True)
    assert platform.hints(*CHECKS) == [
        (
            "set it in the values of the chart; if none does, let a patch of the platform team annotate it: "
            '"floe.dev/exception-hostPID: <reason>"'
        )
    ]


def test_fields_that_restricted_allows_are_accepted() -> None:
    platform = sample()
    set_field(platform, "securityContext.capabilities.add", ["NET_BIND_SERVICE"])
    set_field(platform, "pod.securityContext.sysctls", [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "80"}])
    set_field(platform, "securityContext.seLinuxOptions", {"type": "container_t"})
    set_field(platform, "securityContext.appArmorProfile", {"type": "Localhost", "localhostProfile": "x"})
    set_field(platform, "securityContext.procMount", "Default")
    assert platform.findings(*CHECKS) == []


def test_a_container_may_set_what_the_pod_does_not() -> None:
    platform = sample()
    settings = platform.pod("Deployment/polaris").pop("securityContext")
    platform.container("Deployment/polaris")["securityContext"] |= settings
    assert platform.findings(*CHECKS) == []


def test_a_container_must_not_undo_what_the_pod_sets() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["securityContext"]["runAsNonRoot"] = False
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C070"]


def test_init_containers_and_pods_of_cron_jobs_are_checked_too() -> None:
    platform = sample()
    first = container("first")
    del first["securityContext"]["readOnlyRootFilesystem"]
    platform.pod("CronJob/backup")["initContainers"] = [first]
    place = "spec.jobTemplate.spec.template.spec.initContainers[first]"
    message = f"{place}.securityContext.readOnlyRootFilesystem is not true"
    assert platform.findings(*CHECKS) == [("C070", "CronJob.batch floe-platform/backup", message)]


def test_an_exception_is_for_its_pods_and_field_only() -> None:
    platform = sample()
    set_field(platform, "securityContext.readOnlyRootFilesystem", False)
    dagster = PodGroup("floe-platform", "dagster")
    platform.facts["exceptions"] = frozenset(
        {
            SecurityException(dagster, "readOnlyRootFilesystem", "x"),
            SecurityException(POLARIS, "runAsUser", "x"),
        }
    )
    assert platform.findings(*CHECKS) == [
        ("C070", NAME, f"{MAIN}.securityContext.readOnlyRootFilesystem is not true"),
        (
            "C079",
            "Deployment.apps floe-platform/dagster",
            'the exception "readOnlyRootFilesystem" is declared, but nothing needs it',
        ),
        ("C079", NAME, 'the exception "runAsUser" is declared, but nothing needs it'),
    ]


def test_an_exception_for_a_job_goes_by_its_name_with_or_without_the_hash() -> None:
    platform = sample()
    platform.container("Job/migrate-1a2b3c4d")["securityContext"]["readOnlyRootFilesystem"] = False
    for name in ("migrate", "migrate-1a2b3c4d"):
        group = PodGroup("floe-platform", name)
        platform.facts["exceptions"] = frozenset({SecurityException(group, "readOnlyRootFilesystem", "x")})
        assert platform.findings(*CHECKS) == []


def test_exceptions_for_launched_pods_are_never_unneeded() -> None:
    platform = sample()
    group = PodGroup("floe-platform", "dagster-run")
    platform.facts["exceptions"] = frozenset({SecurityException(group, "readOnlyRootFilesystem", "x")})
    assert platform.findings(*CHECKS) == []


def test_exceptions_from_other_rules_are_left_to_those() -> None:
    platform = sample()
    platform.facts["exceptions"] = frozenset(
        SecurityException(POLARIS, field, "x") for field in ("singleReplica", "livenessProbe", "readinessProbe")
    )
    assert platform.findings(*CHECKS) == []


def test_an_exception_for_missing_pods_is_reported() -> None:
    platform = sample()
    group = PodGroup("floe-platform", "gone")
    platform.facts["exceptions"] = frozenset({SecurityException(group, "readOnlyRootFilesystem", "x")})
    assert [(code, subject) for code, subject, _ in platform.findings(*CHECKS)] == [("C079", "floe-platform/gone")]


def test_a_hand_written_workload_declares_its_exceptions_by_annotation() -> None:
    platform = sample()
    set_field(platform, "securityContext.readOnlyRootFilesystem", False)
    annotation = {"floe.dev/exception-readOnlyRootFilesystem": "writes its cache next to the program"}
    platform["Deployment/polaris"]["metadata"]["annotations"] = annotation
    assert platform.findings(*CHECKS) == []


def test_a_token_for_an_account_without_a_role_is_reported() -> None:
    platform = sample()
    set_field(platform, "pod.automountServiceAccountToken", True)
    message = f"{POD}.automountServiceAccountToken is not false"
    assert platform.findings(*CHECKS) == [("C071", NAME, message)]
    subjects = platform["RoleBinding/dagster"]["subjects"]
    subjects.append({"kind": "ServiceAccount", "name": "polaris", "namespace": "floe-platform"})
    assert platform.findings(*CHECKS) == []


def test_the_account_may_decide_about_the_token() -> None:
    platform = sample()
    set_field(platform, "pod.automountServiceAccountToken", None)
    assert platform.findings(*CHECKS) == []
    del platform["ServiceAccount/polaris"]["automountServiceAccountToken"]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C071"]


def test_service_links_are_off() -> None:
    platform = sample()
    set_field(platform, "pod.enableServiceLinks", None)
    assert platform.findings(*CHECKS) == [("C072", NAME, f"{POD}.enableServiceLinks is not false")]


@pytest.mark.parametrize(
    ("level", "shown_level"), [(None, "missing"), ("baseline", "baseline"), ("privileged", "privileged")]
)
def test_the_namespace_enforces_the_level_of_its_pods(level: str | None, shown_level: str) -> None:
    platform = sample()
    labels = platform["Namespace/floe-platform"]["metadata"]["labels"]
    del labels["pod-security.kubernetes.io/enforce"]
    if level:
        labels["pod-security.kubernetes.io/enforce"] = level
    message = f"metadata.labels: pod-security.kubernetes.io/enforce is {shown_level}"
    assert platform.findings(*CHECKS) == [("C073", "Namespace floe-platform", message)]
    assert platform.hints(*CHECKS) == ["its pods need restricted"]


def test_a_namespace_with_an_exception_may_enforce_less() -> None:
    platform = sample()
    set_field(platform, "pod.hostNetwork", True)
    platform.facts["exceptions"] = frozenset({SecurityException(POLARIS, "hostNetwork", "x")})
    assert platform.hints(*CHECKS) == ["its pods need privileged"]


def test_a_namespace_without_pods_may_enforce_any_level() -> None:
    platform = sample()
    empty = platform.copy_of("Namespace/floe-platform", "empty")
    empty["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "privileged"
    assert platform.findings(*CHECKS) == []


def test_the_default_account_brings_a_token_unless_the_pod_refuses() -> None:
    platform = sample()
    set_field(platform, "pod.serviceAccountName", None)
    assert platform.findings(*CHECKS) == []
    set_field(platform, "pod.automountServiceAccountToken", None)
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C071"]
