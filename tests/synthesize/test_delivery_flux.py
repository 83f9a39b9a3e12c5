"""Flux: one source and one Kustomization for each folder, which delete nothing by accident."""

from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from crds import assert_valid
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.inputs import Flux, SyncTests
from floe_compiler.model.objects import Object
from floe_compiler.synthesize.delivery import delivery_objects
from support import as_text, changed
from synthesize.delivery_plans import REPOSITORY, flux_plan, plan_of


def kustomizations(**choices: Any) -> dict[str, Object]:
    objects = delivery_objects(flux_plan(**choices))
    return {
        manifest["metadata"]["name"]: manifest["spec"] for manifest in objects if manifest["kind"] == "Kustomization"
    }


def repository(**choices: Any) -> Object:
    repositories = [
        manifest for manifest in delivery_objects(flux_plan(**choices)) if manifest["kind"] == "GitRepository"
    ]
    assert [manifest["metadata"]["name"] for manifest in repositories] == ["acme-dev"]
    spec: Object = repositories[0]["spec"]
    return spec


def test_only_the_environments_own_output_is_fetched() -> None:
    assert repository(revision="release") == {
        "url": REPOSITORY,
        "ref": {"branch": "release"},
        "interval": "5m",
        "sparseCheckout": ["output/dev"],
    }


def test_a_private_repository_is_read_with_a_secret() -> None:
    assert repository(secret="git-credentials")["secretRef"] == {"name": "git-credentials"}


def test_every_folder_is_applied_from_the_source_that_fetches_it() -> None:
    fetched = [f"./{path}/" for path in repository()["sparseCheckout"]]
    assert len(kustomizations()) == 4
    for spec in kustomizations().values():
        assert spec["sourceRef"] == {"kind": "GitRepository", "name": "acme-dev"}
        assert spec["path"].startswith(fetched[0])


def test_the_platform_waits_for_the_cluster_and_domains_for_the_platform() -> None:
    before = {
        name: [dependency["name"] for dependency in spec.get("dependsOn", [])]
        for name, spec in kustomizations().items()
    }
    assert before == {
        "acme-dev-cluster": [],
        "acme-dev-platform": ["acme-dev-cluster"],
        "acme-dev-finance-domain": ["acme-dev-platform"],
        "acme-dev-sales-domain": ["acme-dev-platform"],
    }


def test_health_is_awaited_except_in_the_folder_of_the_cluster() -> None:
    waits = {name: spec["wait"] for name, spec in kustomizations().items()}
    assert waits.pop("acme-dev-cluster") is False
    assert set(waits.values()) == {True}


def test_a_rollout_has_a_timeout_and_is_retried() -> None:
    for spec in kustomizations().values():
        assert parse_duration(spec["timeout"]) > 600
        assert parse_duration(spec["retryInterval"]) < parse_duration(spec["interval"])


@pytest.mark.parametrize(
    ("production", "choices", "expected"),
    [(False, {}, True), (True, {}, False), (True, {"prune": True}, True), (False, {"prune": False}, False)],
)
def test_production_is_pruned_only_if_configured(production: bool, choices: dict[str, Any], expected: bool) -> None:
    assert {spec["prune"] for spec in kustomizations(production=production, **choices).values()} == {expected}


def test_deleting_a_kustomization_leaves_its_objects_running() -> None:
    assert {spec["deletionPolicy"] for spec in kustomizations().values()} == {"Orphan"}


def test_nothing_in_the_output_is_rewritten_or_replaced_by_force() -> None:
    for spec in kustomizations().values():
        assert spec["force"] is False
        assert not spec.keys() & {"targetNamespace", "postBuild", "patches", "images", "namePrefix", "commonMetadata"}


def test_tests_of_a_namespace_run_after_it_and_report_failures() -> None:
    plan = flux_plan(production=True)
    tested = replace(plan, settings=changed(plan.settings, platform={"sync_tests": SyncTests(enabled=True)}))
    specs = {
        manifest["metadata"]["name"]: manifest["spec"]
        for manifest in delivery_objects(tested)
        if manifest["kind"] == "Kustomization"
    }
    names = {"acme-prod-platform-tests", "acme-prod-sales-domain-tests", "acme-prod-finance-domain-tests"}
    assert specs.keys() - kustomizations(production=True).keys() == names
    assert specs["acme-prod-sales-domain-tests"] == {
        "sourceRef": {"kind": "GitRepository", "name": "acme-prod"},
        "path": "./output/prod/_tests_floe-sales-domain",
        "dependsOn": [{"name": "acme-prod-sales-domain"}],
        "interval": "1h",
        "retryInterval": "2m",
        "timeout": "15m",
        "wait": True,
        "prune": True,
        "deletionPolicy": "Delete",
        "force": False,
    }
    for manifest in delivery_objects(tested):
        assert_valid(manifest)


@pytest.mark.parametrize("production", [False, True])
def test_objects_fit_the_published_definitions(production: bool) -> None:
    for manifest in delivery_objects(flux_plan(production=production, secret="git-credentials")):
        assert_valid(manifest)


@pytest.mark.parametrize("production", [False, True])
def test_delivery_by_flux_is_rendered(production: bool, snapshot: SnapshotAssertion) -> None:
    assert as_text(delivery_objects(flux_plan(production=production))) == snapshot


def test_only_namespaces_with_encrypted_secrets_are_decrypted() -> None:
    def decrypted(decryption: Any) -> dict[str, Any]:
        plan = flux_plan(decryption=decryption)
        sales = [replace(namespace, encrypted=namespace.scope == "sales") for namespace in plan.namespaces]
        objects = delivery_objects(replace(plan, namespaces=tuple(sales)))
        for manifest in objects:
            assert_valid(manifest)
        return {
            manifest["metadata"]["name"]: manifest["spec"]["decryption"]
            for manifest in objects
            if "decryption" in manifest.get("spec", {})
        }

    assert decrypted({"secret": "sops-age"}) == {
        "acme-dev-sales-domain": {"provider": "sops", "secretRef": {"name": "sops-age"}}
    }
    assert decrypted({}) == {"acme-dev-sales-domain": {"provider": "sops"}}, "Flux logs in to a key service as itself"
    assert decrypted(None) == {}


ARTIFACTS = "oci://ghcr.io/acme/data-platform"


def artifacts(**choices: Any) -> Object:
    plan = plan_of(False, Flux.model_validate({"type": "flux", "repository": ARTIFACTS, **choices}))
    (source,) = [manifest for manifest in delivery_objects(plan) if manifest["kind"] == "OCIRepository"]
    assert_valid(source)
    assert source["metadata"]["name"] == "acme-dev"
    spec: Object = source["spec"]
    return spec


def test_artifacts_have_the_tag_of_the_environment() -> None:
    assert artifacts() == {"url": ARTIFACTS, "ref": {"tag": "dev"}, "interval": "5m"}
    assert artifacts(revision="1.4.2")["ref"] == {"tag": "1.4.2"}
    assert artifacts(secret="registry-login")["secretRef"] == {"name": "registry-login"}


def test_paths_in_artifacts_begin_with_the_output() -> None:
    plan = plan_of(False, Flux(type="flux", repository=ARTIFACTS))
    specs = [manifest["spec"] for manifest in delivery_objects(plan) if manifest["kind"] == "Kustomization"]
    assert len(specs) == 4
    for spec in specs:
        assert spec["sourceRef"] == {"kind": "OCIRepository", "name": "acme-dev"}
        assert spec["path"].startswith("./output/dev/")
    assert not [manifest for manifest in delivery_objects(plan) if manifest["kind"] == "GitRepository"]


def test_signatures_are_verified_with_keys_or_identities() -> None:
    assert artifacts(verify={"secret": "cosign-pub"})["verify"] == {
        "provider": "cosign",
        "secretRef": {"name": "cosign-pub"},
    }
    signer = {"issuer": "^https://issuer.example$", "subject": "^https://git.example/acme/"}
    assert artifacts(verify={"identities": [signer]})["verify"] == {"provider": "cosign", "matchOIDCIdentity": [signer]}
