"""Variables that only the platform sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from floe_compiler.kit.products import environment_names
from floe_compiler.model.contract import NAMES, PREFIXES, check_own_variable

DOCS = Path(__file__).parents[2] / "docs" / "components.md"


@pytest.mark.parametrize("name", ["FLOE_DOMAIN", "FLOE_ANYTHING", "POLARIS_URI", "OTLP_ENDPOINT", "WAREHOUSE_URL"])
def test_the_platforms_variables_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="set by the platform"):
        check_own_variable(name)


@pytest.mark.parametrize("name", ["DBT_LOG_FORMAT", "OTEL_SERVICE_NAME", "AWS_REGION", "HOME", "MY_POLARIS_URI"])
def test_variables_of_tools_may_be_set(name: str) -> None:
    assert check_own_variable(name) == name


def test_invalid_names_of_variables_are_refused() -> None:
    with pytest.raises(ValueError, match="environment variable"):
        check_own_variable("1ST")


def test_the_documentation_lists_the_same_variables() -> None:
    text = re.search(r"Names that begin with (.*?) are a contract", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert text
    assert set(re.findall(r"`(\w+)`", text[1])) == {*PREFIXES, *NAMES}


def test_all_reserved_names_are_set_by_the_platform() -> None:
    assert {value for key, value in vars(environment_names).items() if key.isupper()} >= NAMES
