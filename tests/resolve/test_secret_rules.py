"""Each rule for secrets must match a secret in one of its environments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from small_mesh import ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

STORE = {"type": "external-secrets", "store": {"name": "vault"}}
EXISTING = {"type": "existing"}
CSI = {"type": "csi", "provider": {"type": "gcp", "project": "acme-data"}}
STEP = {"name": "transform", "type": "dbt", "secrets": {"CRM_KEY": {"secret": "crm", "key": "api-key"}}}


def mesh(root: Path, *rules: dict[str, Any], **manifest: Any) -> Path:
    changes = {MANIFEST: {"secrets": STORE, "secret_rules": list(rules), **manifest}, PRODUCT: {"steps": [STEP]}}
    return small_mesh(root, changes)


def prod(root: Path, **platform: Any) -> None:
    """Add an environment."""
    document = json.loads((root / MANIFEST).read_text())
    assert document["kind"] == "PlatformManifest"
    (root / "overlays/prod").mkdir()
    (root / "overlays/prod/environment.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "floe.dev/v1",
                "kind": "Environment",
                "metadata": {"name": "prod", "owner": "@acme/platform"},
                "cluster": {"name": "prod"},
                "storage_class": "standard",
                "platform": platform,
            }
        )
    )


def warnings_of(root: Path, *environments: str) -> list[tuple[str, str]]:
    """Return the codes and messages of the warnings."""
    try:
        diagnostics = compile_mesh(root, environments).warnings
    except StageFailed as failed:
        diagnostics = failed.diagnostics
    return [
        (diagnostic.rule.code, diagnostic.message)
        for diagnostic in diagnostics
        if diagnostic.rule.code.startswith("R06")
    ]


def test_a_rule_that_matches_no_secret_is_reported(tmp_path: Path) -> None:
    rules = [
        {"names": ["crm"], "use": EXISTING},
        {"names": ["crn", "c"], "use": EXISTING},
        {"names": ["c*"], "scopes": ["sales"], "use": {"type": "existing"}},
    ]
    assert warnings_of(mesh(tmp_path, *rules)) == [
        ("R061", "no secret is called crn or c, or an earlier rule has it"),
        ("R061", "no secret of sales is called c*, or an earlier rule has it"),
    ]


def test_a_rule_needs_to_match_in_one_environment_only(tmp_path: Path) -> None:
    root = mesh(tmp_path, {"names": ["crm"], "use": EXISTING}, {"names": ["crn"], "use": EXISTING})
    prod(root, secret_rules=[{"names": ["crn"], "use": EXISTING}])
    assert [code for code, _ in warnings_of(root)] == ["R061", "R061"], "one in each file"
    assert [code for code, _ in warnings_of(root, "dev")] == [], "what other environments need is unknown"
    assert [code for code, _ in warnings_of(root, "prod")] == ["R061"], "but this rule is the environment's own"


def test_secrets_of_the_platform_itself_count(tmp_path: Path) -> None:
    images = {"registry": "ghcr.io", "pull_secret": "registry"}
    assert warnings_of(mesh(tmp_path, {"names": ["registry"], "use": EXISTING}, images=images)) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ["R062"]),
        ([{"names": ["registry"], "use": {"type": "existing"}}], []),
        ([{"names": ["registry"], "scopes": ["sales"], "use": {"type": "existing"}}], ["R062"]),
    ],
)
def test_a_secret_that_no_pod_mounts_cannot_come_from_the_csi_driver(
    tmp_path: Path, rules: list[dict[str, Any]], expected: list[str]
) -> None:
    images = {"registry": "ghcr.io", "pull_secret": "registry"}
    assert [code for code, _ in warnings_of(mesh(tmp_path, *rules, secrets=CSI, images=images))] == expected


def test_a_secret_of_a_custom_resource_cannot_come_from_the_csi_driver(tmp_path: Path) -> None:
    orchestrator = {"type": "dagster", "database": {"type": "cloudnative-pg"}}
    backup = {"type": "none", "reason": "there is no data yet"}
    root = mesh(tmp_path, secrets=CSI, orchestrator=orchestrator, databases={"backup": backup})
    needed = "dagster-postgresql needs dagster-postgresql-admin"
    message = f"the CSI driver only brings secrets to pods that mount them, but {needed}"
    assert warnings_of(root) == [("R062", message)]


def test_a_secret_copied_to_other_namespaces_cannot_come_from_the_csi_driver(tmp_path: Path) -> None:
    storage = {"type": "minio"}
    rule = {"names": ["polaris-client-sales-orders"], "scopes": ["platform"], "use": CSI}
    root = mesh(tmp_path, rule, secrets={"type": "generated"}, storage=storage, catalog={"type": "polaris"})
    needed = "floe-sales-domain needs polaris-client-sales-orders"
    assert warnings_of(root) == [("R062", f"the CSI driver only brings secrets to pods that mount them, but {needed}")]


def test_rules_may_name_scopes_of_the_platform(tmp_path: Path) -> None:
    rule = {"scopes": ["platform", "nodes", "sales"], "use": EXISTING}
    assert warnings_of(mesh(tmp_path, rule)) == []


def test_an_environment_may_have_other_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = mesh(tmp_path, {"names": ["crm"], "use": EXISTING})
    document = json.loads(json.dumps({"platform": {"secret_rules": []}}))
    small_mesh(root, {ENVIRONMENT: document})
    (root / MANIFEST).write_text(
        json.dumps(
            {
                "apiVersion": "floe.dev/v1",
                "kind": "PlatformManifest",
                "metadata": {"name": "small", "version": "1.0.0", "owner": "@acme/platform"},
                "orchestrator": {"type": "kubernetes"},
                "compute": {"type": "duckdb"},
                "secrets": STORE,
                "secret_rules": [{"names": ["crm"], "use": EXISTING}],
                "delivery": {"type": "argocd", "repository": "https://github.com/acme/small.git"},
            }
        )
    )
    small_mesh_product = root / PRODUCT
    small_mesh_product.write_text(
        small_mesh_product.read_text().replace("type: dbt", "type: dbt\n    secrets: {K: {secret: crm, key: a}}")
    )
    assert main(["secrets", "--root", str(root), "--format", "json"]) == 0
    (secret,) = json.loads(capsys.readouterr().out)["environments"][0]["secrets"]
    assert secret["source"] == "store"
