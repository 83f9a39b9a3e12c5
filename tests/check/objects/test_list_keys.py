"""Keyed lists."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import container, sample
from floe_compiler.check.objects.list_keys import check

POD = "spec.template.spec"
MAIN = f"{POD}.containers[polaris]"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (("volumes",), f"{POD}.volumes has config 2 times"),
        (("containers", 0, "env"), f"{MAIN}.env has DATABASE 2 times"),
        (("containers", 0, "volumeMounts"), f"{MAIN}.volumeMounts has /etc/polaris 2 times"),
        (("containers", 0, "ports"), f"{MAIN}.ports has 8181 TCP 2 times"),
    ],
)
def test_an_item_that_occurs_twice_is_reported(steps: tuple[str | int, ...], message: str) -> None:
    platform = sample()
    items: Any = platform.pod("Deployment/polaris")
    for step in steps:
        items = items[step]
    items.append(dict(items[0]))
    assert platform.findings(check) == [("C034", "Deployment.apps floe-platform/polaris", message)]


def test_ports_of_a_service_are_told_apart_by_protocol_too() -> None:
    platform = sample()
    ports = platform["Service/polaris"]["spec"]["ports"]
    ports.append(ports[0] | {"protocol": "UDP", "name": "other"})
    assert platform.findings(check) == []
    ports.append(ports[0] | {"name": "third"})
    assert [code for code, _, _ in platform.findings(check)] == ["C034"]


def test_two_containers_with_one_name_are_reported() -> None:
    platform = sample()
    platform.pod("CronJob/backup")["containers"].append(container("backup"))
    assert [message for _, _, message in platform.findings(check)] == [
        "spec.jobTemplate.spec.template.spec.containers has backup 2 times"
    ]
