"""What a platform can be made of, as the command line tells it."""

import json

import pytest

from floe_compiler.cli import main


def test_every_component_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == sorted(lines)
    assert any(line.startswith("catalog: polaris ") for line in lines)


def test_a_slot_shows_every_setting_with_default_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "observability.collector"]) == 0
    text = capsys.readouterr().out
    assert "\n  mode: default " in text
    settings = [line for line in text.splitlines() if line.startswith("  ")]
    assert all(line.strip() for line in settings), "every setting says what it is"


def test_defaults_by_scale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "storage"]) == 0
    assert '  storage: default "20Gi" (medium "100Gi", heavy "500Gi")\n' in capsys.readouterr().out


@pytest.mark.parametrize("name", ["observability.lineage", "lineage", "marquez"])
def test_a_component_is_found_by_slot_and_type(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", name]) == 0
    assert capsys.readouterr().out.startswith("observability.lineage: marquez")


def test_an_unknown_slot_is_wrong_usage_with_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "catalogue"]) == 2
    assert capsys.readouterr().err == 'floe-compile: there is no slot or type catalogue; did you mean "catalog"?\n'


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "catalog", "--format", "json"]) == 0
    (polaris,) = json.loads(capsys.readouterr().out)
    assert (polaris["slot"], polaris["type"], polaris["shared"]) == ("catalog", "polaris", True)
    assert polaris["settings"]["properties"]["replicas"]
