"""Backups in an Azure storage account: the rendered objects, and wrong settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from database_backups import added, without_scripts
from floe_compiler.components.backup_adls import COMPONENT
from support import as_text

CLIENT = "00000000-0000-0000-0000-000000000001"
STORE = {"account": "acmebackups", "container": "backups"}


def test_rendered(snapshot: SnapshotAssertion) -> None:
    login = {"type": "identity", "client_id": CLIENT, "tenant_id": CLIENT}
    assert as_text(without_scripts(added(COMPONENT, {**STORE, "credentials": login}))) == snapshot


@pytest.mark.parametrize("wrong", [{"account": "acme-backups"}, {"container": "a--b"}, {"container": "Backups"}])
def test_invalid_names_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        COMPONENT.config.model_validate({**STORE, "credentials": {"type": "secret"}, **wrong})
