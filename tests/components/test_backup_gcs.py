"""Backups in Google Cloud Storage: the rendered objects, and wrong settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from database_backups import added, without_scripts
from floe_compiler.components.backup_gcs import COMPONENT
from support import as_text

ROBOT = {"type": "identity", "service_account": "backups@acme-data.iam.gserviceaccount.com"}


def test_rendered(snapshot: SnapshotAssertion) -> None:
    assert as_text(without_scripts(added(COMPONENT, {"bucket": "acme-backups", "credentials": ROBOT}))) == snapshot


@pytest.mark.parametrize("account", ["backups", "backups@acme.example", "x@y.iam.gserviceaccount.com"])
def test_an_invalid_service_account_is_refused(account: str) -> None:
    config = {"bucket": "acme-backups", "credentials": {"type": "identity", "service_account": account}}
    with pytest.raises(ValidationError):
        COMPONENT.config.model_validate(config)
