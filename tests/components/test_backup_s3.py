"""Backups in S3: the rendered objects, and wrong settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from database_backups import added, without_scripts
from floe_compiler.components.backup_s3 import COMPONENT
from support import as_text

S3 = {"bucket": "acme-backups", "region": "eu-central-1"}
ROLE = {"type": "identity", "role": "arn:aws:iam::123456789012:role/backups"}


def test_rendered_with_a_role(snapshot: SnapshotAssertion) -> None:
    assert as_text(without_scripts(added(COMPONENT, {**S3, "credentials": ROLE}))) == snapshot


def test_rendered_with_keys(snapshot: SnapshotAssertion) -> None:
    config = {**S3, "endpoint": "https://store.example.com", "credentials": {"type": "secret"}}
    secrets = [manifest for manifest in added(COMPONENT, config) if manifest["kind"] == "ExternalSecret"]
    assert as_text(secrets) == snapshot


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention_days": 0, "credentials": ROLE},
        {"schedule": "0 */6 * *", "credentials": ROLE},
        {"endpoint": "https://store.example.com", "credentials": ROLE},
        {"bucket": "Upper", "credentials": ROLE},
        {},
    ],
)
def test_invalid_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        COMPONENT.config.model_validate({**S3, **wrong})
