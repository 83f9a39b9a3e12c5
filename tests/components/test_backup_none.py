"""No backups: nothing is rendered, and a reason is required."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from database_backups import added
from floe_compiler.components.backup_none import COMPONENT


def test_nothing_is_rendered() -> None:
    assert added(COMPONENT, {"reason": "nothing in it is missed"}) == []


@pytest.mark.parametrize("wrong", [{}, {"reason": ""}])
def test_a_reason_is_required(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        COMPONENT.config.model_validate({"type": "none", **wrong})
