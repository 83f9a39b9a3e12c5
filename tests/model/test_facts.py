"""Facts read back: the pods and containers of what a component declares, and the secrets that they read."""

from __future__ import annotations

from floe_compiler.model.facts import (
    Launched,
    Parts,
    Pod,
    SecretFile,
    Task,
    Variable,
    Workload,
    containers_of,
    named_pods,
    pod_secrets,
)
from floe_compiler.model.secrets import Secret, SecretKey
from kit.samples import SECRET, container, pod


def test_containers_that_set_a_pod_up_come_first() -> None:
    pod_ = pod(container("main"), setup=(container("first"), container("second")))
    assert [container_.name for container_ in containers_of(pod_)] == ["first", "second", "main"]


def test_the_pods_of_a_component_are_named_by_their_labels() -> None:
    pods: list[Pod] = [pod(grace=grace) for grace in (1, 2, 3)]
    parts = Parts((Workload("a", pods[0]),), (Task("b", pods[1], 60),), (Launched("c", pods[2], 1),))
    assert named_pods(parts) == [("a", pods[0]), ("b", pods[1]), ("c", pods[2])]


def test_secrets_are_read_from_files_and_variables() -> None:
    variable_secret = Secret("other", "floe-platform", (SecretKey("token", generated=8),))
    file = SecretFile("/run/secrets/password", SECRET.key("password"))
    variable = Variable("TOKEN", secret=variable_secret.key("token"), reason="no file")
    assert pod_secrets([pod(container(secret_files=(file,))), pod(container(variables=(variable,)))]) == {
        SECRET,
        variable_secret,
    }
