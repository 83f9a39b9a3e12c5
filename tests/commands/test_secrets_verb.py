"""`floe-compile secrets` lists what the output reads, no more and no less, and never a value."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import redirect_stdout
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


def listed(root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, Any]]]:
    assert main(["secrets", "--format", "json", "--root", str(root)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    return {one["environment"]: one["secrets"] for one in document["environments"]}


@pytest.fixture(scope="module")
def reference() -> dict[str, list[dict[str, Any]]]:
    """Return what is listed of the reference mesh."""
    with redirect_stdout(io.StringIO()) as out:
        assert main(["secrets", "--format", "json", "--root", str(ROOT)]) == 0
    return {one["environment"]: one["secrets"] for one in json.loads(out.getvalue())["environments"]}


def test_all_secrets_that_the_output_makes_are_listed_and_no_others(reference: dict[str, list[dict[str, Any]]]) -> None:
    assert tuple(reference) == ENVIRONMENTS
    for environment, secrets in reference.items():
        made = {
            (one["metadata"]["namespace"], one["metadata"]["name"]) for one in objects_in(environment, EXTERNAL_SECRET)
        }
        assert made
        assert {(one["namespace"], one["name"]) for one in secrets if one["source"] != "existing"} == made


@pytest.mark.parametrize("environment", ["prod", "staging"])
def test_what_the_store_needs(environment: str, reference: dict[str, list[dict[str, Any]]]) -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    for one in objects_in(environment, EXTERNAL_SECRET):
        for entry in one["spec"].get("data", ()):
            asked[entry["remoteRef"]["key"]].add(entry["remoteRef"]["property"])
    found: dict[str, set[str]] = defaultdict(set)
    for secret in reference[environment]:
        assert secret["source"] == "store"
        found[secret["path"]] |= {key["property"] for key in secret["keys"] if key["value"] == "needed"}
    assert found == asked
    assert asked


def uses(environment: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield namespace, secret, key and reader of each use of a secret by a pod of the output."""
    for manifest in objects_in(environment, *WORKLOADS):
        if runs := workload(identify(manifest), manifest):
            for one in references(runs.pod):
                if one.kind == "Secret":
                    yield runs.id.namespace, one.name, one.key, manifest["metadata"]["name"]


@pytest.mark.parametrize("environment", ["dev", "prod", pytest.param("staging", marks=pytest.mark.thorough)])
def test_whoever_reads_a_secret_is_named_with_its_keys(
    environment: str, reference: dict[str, list[dict[str, Any]]]
) -> None:
    found = {(one["namespace"], one["name"]): one for one in reference[environment]}
    count = 0
    certificates = {
        (one["metadata"]["namespace"], one["spec"]["secretName"])
        for one in objects_in(environment, "certificate.cert-manager.io")
    }
    for namespace, name, key, reader in uses(environment):
        if (namespace, name) in certificates:  # cert-manager creates it
            continue
        secret = found[namespace, name]
        assert not key or key in {one["key"] for one in secret["keys"]}
        assert any(reader == one or reader.startswith(f"{one}-") for one in secret["read_by"]), (name, reader)
        count += 1
    assert count
    assert all(secret["read_by"] for secret in found.values())


EXISTING = {"type": "external", "host": "db.example", "secret": {"name": "dagster-db", "existing": True}}


def test_a_secret_that_somebody_else_creates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orchestrator = {"type": "dagster", "database": EXISTING}
    root = small_mesh(tmp_path, {MANIFEST: {"orchestrator": orchestrator}})
    (secret,) = [one for one in listed(root, capsys)["dev"] if one["name"] == "dagster-db"]
    assert (secret["source"], secret["namespace"], secret["path"]) == ("existing", "floe-sales-domain", "")
    assert secret["keys"] == [
        {"key": "password", "value": "needed", "property": "", "must_be": ""},
        {"key": "username", "value": "needed", "property": "", "must_be": ""},
    ]
    assert "dagster-webserver" in secret["read_by"]


STEP = {"name": "transform", "type": "dbt", "secrets": {"CRM_KEY": {"secret": "crm", "key": "api-key"}}}


def test_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
def test_a_secret_that_gets_there_in_another_way(
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


def test_a_user_name_that_readers_expect_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The compiler writes it elsewhere; it is no secret."""
    rules = [{"names": ["minio-*"], "use": {"type": "existing"}}]
    root = small_mesh(tmp_path, {MANIFEST: {"secret_rules": rules, "storage": {"type": "minio"}}})
    assert main(["secrets", "--root", str(root)]) == 0
    assert "  keys: password, username (must be minio-admin)\n" in capsys.readouterr().out
    (secret,) = [one for one in listed(root, capsys)["dev"] if one["name"] == "minio-admin"]
    assert [(key["key"], key["must_be"]) for key in secret["keys"]] == [("password", ""), ("username", "minio-admin")]


def test_generated_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = small_mesh(tmp_path, {PRODUCT: {"steps": [STEP]}})
    (secret,) = listed(root, capsys)["dev"]
    assert (secret["source"], secret["owner"]) == ("generated", "floe-sales-domain")
    assert secret["keys"] == [{"key": "api-key", "value": "generated", "property": "", "must_be": ""}]


def test_a_mesh_without_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(small_mesh(tmp_path, {}), capsys) == {"dev": []}


def test_mistakes_are_told_as_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
