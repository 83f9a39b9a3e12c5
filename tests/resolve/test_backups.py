"""Production databases are backed up, and not beside the data; or somebody says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.pipeline import compile_mesh

STORE = {
    "type": "s3",
    "bucket": "acme-backups",
    "region": "eu-central-1",
    "credentials": {"type": "secret"},
}
NONE = {"type": "none", "reason": "the storage class takes snapshots"}
MINIO = {"type": "minio"}
META = {"owner": "@acme/platform"}


def backup_diagnostics(
    root: Path, *, production: bool = True, platform: Any = None, domain: Any = None, database: str = "postgresql"
) -> tuple[Diagnostic, ...]:
    """Return what is found about the backups of a mesh with Polaris in the platform and Dagster in a domain."""
    documents: dict[str, dict[str, Any]] = {
        "platform-manifest.yaml": {
            "kind": "PlatformManifest",
            "metadata": {"name": "acme", "version": "1.0.0", **META},
            "orchestrator": {"type": "dagster", "database": {"type": database}},
            "storage": {"type": "minio"},
            "catalog": {"type": "polaris", "database": {"type": database}},
            "compute": {"type": "duckdb"},
            "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
            "delivery": {"type": "argocd", "repository": "https://github.com/acme/data.git"},
            "images": {"registry": "ghcr.io/acme"},
            **({"databases": {"backup": platform}} if platform else {}),
        },
        "overlays/prod/environment.yaml": {
            "kind": "Environment",
            "metadata": {"name": "prod", **META},
            "cluster": {"name": "acme"},
            "storage_class": "standard",
            "production": production,
            "scale": "heavy",
        },
        "domains/sales/domain.yaml": {
            "kind": "Domain",
            "metadata": {"name": "sales", **META},
            **({"databases": {"backup": domain}} if domain else {}),
        },
    }
    for path, document in documents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(to_yaml({"apiVersion": "floe.dev/v1", **document}))
    try:
        warnings = compile_mesh(root).warnings
    except StageFailed as failed:
        warnings = failed.diagnostics
        assert {warning.rule.code for warning in warnings if warning.severity == "error"} == {"R055"}
    return tuple(warning for warning in warnings if warning.rule.code in ("R055", "R056"))


@pytest.mark.parametrize("database", ["postgresql", "cloudnative-pg"])
def test_production_without_backups_is_one_error(tmp_path: Path, database: str) -> None:
    (error,) = backup_diagnostics(tmp_path, database=database)
    assert error.rule.code == "R055"
    assert "polaris in floe-platform; dagster in floe-sales-domain" in error.message
    assert error.span
    assert error.span.file == "overlays/prod/environment.yaml"


def test_outside_production_no_backups_are_needed(tmp_path: Path) -> None:
    assert backup_diagnostics(tmp_path, production=False) == ()


@pytest.mark.parametrize(
    ("backup", "database"),
    [
        (STORE, "postgresql"),
        (NONE, "cloudnative-pg"),
        pytest.param(STORE, "cloudnative-pg", marks=pytest.mark.thorough),
        pytest.param(NONE, "postgresql", marks=pytest.mark.thorough),
    ],
)
def test_a_store_or_a_reason_is_enough(tmp_path: Path, backup: Any, database: str) -> None:
    assert backup_diagnostics(tmp_path, platform=backup, database=database) == ()


def test_backups_of_one_domain_do_not_cover_the_platform(tmp_path: Path) -> None:
    (error,) = backup_diagnostics(tmp_path, domain=STORE)
    assert "polaris in floe-platform" in error.message
    assert "sales" not in error.message


def test_backups_in_the_same_cluster_are_a_warning_once(tmp_path: Path) -> None:
    (warning,) = backup_diagnostics(tmp_path, platform=MINIO)
    assert (warning.rule.code, warning.severity) == ("R056", "warning")
    assert warning.span
    assert warning.span.file == "platform-manifest.yaml"
    assert backup_diagnostics(tmp_path, platform=MINIO, production=False) == ()


def test_backups_of_a_domain_in_the_same_cluster_are_a_warning(tmp_path: Path) -> None:
    (warning,) = backup_diagnostics(tmp_path, platform=STORE, domain=MINIO)
    assert warning.span
    assert warning.span.file == "domains/sales/domain.yaml"
