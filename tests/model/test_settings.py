"""Settings have no defaults, as the inputs have them, so that no default is in two places."""

from __future__ import annotations

import pytest
from msgspec.structs import fields

from floe_compiler.model.settings import ClusterSettings, EnvironmentSettings, PlatformSettings, Settings


@pytest.mark.parametrize("part", [PlatformSettings, EnvironmentSettings, ClusterSettings, Settings])
def test_no_setting_has_a_default(part: type[Settings]) -> None:
    assert [field.name for field in fields(part) if not field.required] == []
