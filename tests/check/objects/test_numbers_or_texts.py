"""Fields that are a number or a text."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import sample
from floe_compiler.check.objects.schema import check
from floe_compiler.check.pods import ports

POLARIS = "Deployment.apps floe-platform/polaris"
PLACE = "spec.strategy.rollingUpdate.maxUnavailable"


@pytest.mark.parametrize("value", ["1", "", "half", "5.5%", "%", "-1%", "50%\n"])
def test_an_invalid_percentage_is_reported(value: str) -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": value}}
    assert platform.findings(check) == [("C001", POLARIS, f"{PLACE} must be an integer or a percentage")]
    assert platform.hints(check) == ["write the number without quotes" if value == "1" else ""]


@pytest.mark.parametrize("value", [0, 1, "0%", "25%", "100%"])
def test_numbers_and_percentages(value: Any) -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": value, "maxSurge": value}}
    assert platform.findings(check) == []


@pytest.mark.parametrize("value", ["3000", "Main", "a--b", "-a", "a-", "longer-than-fifteen"])
def test_an_invalid_port_name_is_one_error(value: str) -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"][0]["targetPort"] = value
    message = "spec.ports[0].targetPort must be an integer or the name of a port"
    (finding,) = platform.findings(check)
    assert (finding[0], finding[2].replace("[main]", "[0]")) == ("C001", message)
    platform["Service/dagster"]["spec"]["ports"][0]["port"] = 80
    assert platform.findings(ports.check) == []


def test_names_of_ports() -> None:
    platform = sample()
    platform["Service/dagster"]["spec"]["ports"][0]["targetPort"] = "h2-3000"
    assert platform.findings(check) == []


def test_the_port_of_a_probe() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["livenessProbe"] = {"httpGet": {"port": "8080", "path": "/"}}
    place = "spec.template.spec.containers[polaris].livenessProbe.httpGet.port"
    assert platform.findings(check) == [("C001", POLARIS, f"{place} must be an integer or the name of a port")]
    assert platform.findings(ports.check) == []
