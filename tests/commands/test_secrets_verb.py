"""`floe-compile secrets` lists what the output reads, no more and no less, and never a value."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from floe_compiler.model.objects import identify
from floe_compiler.model.pod_references import references
from floe_compiler.model.workloads import workload
from output_files import ROOT, WORKLOADS, objects_in
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

EXTERNAL_SECRET = "externalsecret.external-secrets.io"
ENVIRONMENTS = ("dev", "prod", "staging")


def listed(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, list[dict[str, Any]]]:
    assert main(["secrets", "--format", "json", "--root", str(root), *words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    return {environment["environment"]: environment["secrets"] for environment in document["environments"]}


def test_exactly_the_secrets_of_the_output_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    secrets_of = listed(ROOT, capsys)
    assert tuple(secrets_of) == ENVIRONMENTS
    for environment, secrets in secrets_of.items():
        rendered = {
            (manifest["metadata"]["namespace"], manifest["metadata"]["name"])
            for manifest in objects_in(environment, EXTERNAL_SECRET)
        }
        assert rendered
        assert {
            (secret["namespace"], secret["name"]) for secret in secrets if secret["source"] != "existing"
        } == rendered


@pytest.mark.parametrize("environment", ["prod", "staging"])
def test_keys_needed_in_the_store_are_listed(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    requested_keys: dict[str, set[str]] = defaultdict(set)
    for manifest in objects_in(environment, EXTERNAL_SECRET):
        for entry in manifest["spec"].get("data", ()):
            requested_keys[entry["remoteRef"]["key"]].add(entry["remoteRef"]["property"])
    listed_keys: dict[str, set[str]] = defaultdict(set)
    for secret in listed(ROOT, capsys, "--env", environment)[environment]:
        assert secret["source"] == "store"
        listed_keys[secret["path"]] |= {key["property"] for key in secret["keys"] if key["value"] == "needed"}
    assert listed_keys == requested_keys
    assert requested_keys


def uses(environment: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield namespace, secret, key and reader of each use of a secret by a pod of the output."""
    for manifest in objects_in(environment, *WORKLOADS):
        if runs := workload(identify(manifest), manifest):
            for reference in references(runs.pod):
                if reference.kind == "Secret":
                    yield runs.id.namespace, reference.name, reference.key, manifest["metadata"]["name"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_readers_of_a_secret_are_named_with_its_keys(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    by_name = {
        (manifest["namespace"], manifest["name"]): manifest
        for manifest in listed(ROOT, capsys, "--env", environment)[environment]
    }
    count = 0
    certificates = {
        (manifest["metadata"]["namespace"], manifest["spec"]["secretName"])
        for manifest in objects_in(environment, "certificate.cert-manager.io")
    }
    for namespace, name, key, reader in uses(environment):
        if (namespace, name) in certificates:  # cert-manager creates it
            continue
        secret = by_name[namespace, name]
        assert not key or key in {secret_["key"] for secret_ in secret["keys"]}
        assert any(reader == reader_ or reader.startswith(f"{reader_}-") for reader_ in secret["read_by"]), (
            name,
            reader,
        )
        count += 1
    assert count
    assert all(secret["read_by"] for secret in by_name.values())


EXISTING = {"type": "external", "host": "db.example", "secret": {"name": "dagster-db", "existing": True}}


def test_an_external_secret_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orchestrator = {"type": "dagster", "database": EXISTING}
    root = small_mesh(tmp_path, {MANIFEST: {"orchestrator": orchestrator}})
    (secret,) = [manifest for manifest in listed(root, capsys)["dev"] if manifest["name"] == "dagster-db"]
    assert (secret["source"], secret["namespace"], secret["path"]) == ("existing", "floe-sales-domain", "")
    assert secret["keys"] == [
        {"key": "password", "value": "needed", "property": "", "must_be": ""},
        {"key": "username", "value": "needed", "property": "", "must_be": ""},
    ]
    assert "dagster-webserver" in secret["read_by"]


STEP = {"name": "transform", "type": "dbt", "secrets": {"CRM_KEY": {"secret": "crm", "key": "api-key"}}}


def test_the_list_is_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = {"type": "external-secrets", "store": {"name": "vault"}}
    root = small_mesh(tmp_path, {MANIFEST: {"secrets": store}, PRODUCT: {"steps": [STEP]}})
    assert main(["secrets", "--root", str(root), "--env", "dev"]) == 0
    expected = (
        "dev/floe-sales-domain crm\n"
        "  create it in the store: small/dev/floe-sales-domain/crm\n"
        "  keys: api-key\n"
        "  read by: orders\n"
    )
    assert capsys.readouterr() == (expected, "")


WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "existing": ({"type": "existing"}, "create the Secret in the namespace floe-sales-domain"),
    "sops": (
        {"type": "sops"},
        "encrypt a SopsSecret for the namespace floe-sales-domain with SOPS, in domains/sales/secrets/dev",
    ),
    "sealed-secrets": (
        {"type": "sealed-secrets"},
        "seal it for the namespace floe-sales-domain, as a SealedSecret in domains/sales/secrets/dev",
    ),
    "csi": (
        {"type": "csi", "provider": {"type": "aws"}},
        "create it in the store of the CSI driver: small/dev/floe-sales-domain/crm",
    ),
}


@pytest.mark.parametrize("source", WAYS)
def test_a_secret_from_another_source_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    use, place = WAYS[source]
    rules = [{"names": ["crm"], "use": use}]
    root = small_mesh(tmp_path, {MANIFEST: {"secret_rules": rules}, PRODUCT: {"steps": [STEP]}})
    assert main(["secrets", "--root", str(root)]) == 0
    assert capsys.readouterr().out == f"dev/floe-sales-domain crm\n  {place}\n  keys: api-key\n  read by: orders\n"
    (secret,) = listed(root, capsys)["dev"]
    assert (secret["source"], secret["keys"][0]["value"]) == (source, "needed")
    kinds = {"existing": "Secret", "sops": "SopsSecret", "sealed-secrets": "SealedSecret", "csi": ""}
    assert secret["kind"] == kinds[source]
    assert secret["keys"][0]["property"] == ("api-key" if source == "csi" else "")


def test_an_expected_user_name_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The compiler writes it elsewhere; it is no secret."""
    rules = [{"names": ["minio-*"], "use": {"type": "existing"}}]
    root = small_mesh(tmp_path, {MANIFEST: {"secret_rules": rules, "storage": {"type": "minio"}}})
    assert main(["secrets", "--root", str(root)]) == 0
    assert "  keys: password, username (must be minio-admin)\n" in capsys.readouterr().out
    (secret,) = [manifest for manifest in listed(root, capsys)["dev"] if manifest["name"] == "minio-admin"]
    assert [(key["key"], key["must_be"]) for key in secret["keys"]] == [("password", ""), ("username", "minio-admin")]


def test_generated_secrets_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = small_mesh(tmp_path, {PRODUCT: {"steps": [STEP]}})
    (secret,) = listed(root, capsys)["dev"]
    assert (secret["source"], secret["owner"]) == ("generated", "floe-sales-domain")
    assert secret["keys"] == [{"key": "api-key", "value": "generated", "property": "", "must_be": ""}]


def test_a_mesh_without_secrets_has_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(small_mesh(tmp_path, {}), capsys) == {"dev": []}


def test_errors_of_the_inputs_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = small_mesh(tmp_path, {ENVIRONMENT: {"storage_class": None}, DOMAIN: {}})
    assert main(["secrets", "--root", str(root), "--env", "dew"]) == 2
    assert capsys.readouterr().err == 'floe-compile: there is no environment "dew"; did you mean "dev"?\n'
    assert main(["secrets", "--root", str(root)]) == 1
    assert "storage_class is missing" in capsys.readouterr().err


def test_one_secret_with_two_meanings_is_the_error_of_compiling(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = ROOT / "tests/errors/two-meanings-of-one-secret"
    root = small_mesh(tmp_path, {})
    for path in case.rglob("*.yaml"):
        target = root / path.relative_to(case)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    assert main(["secrets", "--root", str(root)]) == 1
    assert capsys.readouterr().err == (case / "expected.txt").read_text(encoding="utf-8")
