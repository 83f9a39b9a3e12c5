"""Argo CD: projects that allow no more than their folder, Applications that delete nothing by accident."""

from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from crds import assert_valid
from floe_compiler.kit.namespaces import namespace
from floe_compiler.model.inputs import ArgoCd
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeliveryPlan
from floe_compiler.model.trust import BundleSources, Trust
from floe_compiler.synthesize.delivery import delivery_objects
from support import as_text
from synthesize.delivery_plans import REPOSITORY, argocd_plan, plan_of


def of(plan: DeliveryPlan, kind: str) -> dict[str, Object]:
    return {manifest["metadata"]["name"]: manifest for manifest in delivery_objects(plan) if manifest["kind"] == kind}


def applications(**choices: Any) -> dict[str, Object]:
    return of(argocd_plan(**choices), "Application")


def test_each_folder_has_its_own_project_and_application() -> None:
    projects = of(argocd_plan(), "AppProject")
    assert projects.keys() == applications().keys()
    assert len(projects) == 4
    for name, application in applications().items():
        assert application["spec"]["project"] == name


@pytest.mark.parametrize("production", [False, True])
def test_applications_stay_inside_their_projects(production: bool) -> None:
    projects = of(argocd_plan(production=production), "AppProject")
    for name, application in applications(production=production).items():
        spec = projects[name]["spec"]
        assert spec["destinations"] == [application["spec"]["destination"]]
        assert spec["sourceRepos"] == [application["spec"]["source"]["repoURL"]] == [REPOSITORY]
        assert "*" not in str(spec["destinations"]) + str(spec["sourceRepos"])


def test_a_project_allows_its_namespace_of_its_cluster_and_no_cluster_scoped_object() -> None:
    project = of(argocd_plan(production=True), "AppProject")["acme-prod-sales-domain"]["spec"]
    assert project["destinations"] == [{"server": "https://prod.k8s.acme.example", "namespace": "floe-sales-domain"}]
    assert project["clusterResourceWhitelist"] == []


def test_projects_of_domains_allow_all_rendered_kinds_but_no_secrets_or_applications() -> None:
    refused = of(argocd_plan(), "AppProject")["acme-dev-sales-domain"]["spec"]["namespaceResourceBlacklist"]
    kinds = {manifest["kind"] for manifest in refused}
    assert kinds == {"Secret", "Application", "ApplicationSet", "AppProject"}


def test_the_clusters_project_allows_these_namespaces_and_nothing_namespaced() -> None:
    project = of(argocd_plan(), "AppProject")["acme-dev-cluster"]["spec"]
    allowed = [kind["name"] for kind in project["clusterResourceWhitelist"] if kind["kind"] == "Namespace"]
    assert sorted(allowed) == ["floe-finance-domain", "floe-platform", "floe-sales-domain"]
    assert project["namespaceResourceBlacklist"] == [{"group": "*", "kind": "*"}]
    assert not [kind for kind in project["clusterResourceWhitelist"] if "*" in kind.values()]


def test_the_clusters_project_allows_the_bundle_of_trusted_authorities_by_its_name() -> None:
    plan = argocd_plan()
    trust = Trust("acme-dev-trust", bundle=BundleSources(public=True))
    for trusted, names in ((trust, ["acme-dev-trust"]), (Trust("company-ca"), []), (None, [])):
        changed = replace(plan, settings=replace(plan.settings, trust=trusted))
        project = of(changed, "AppProject")["acme-dev-cluster"]["spec"]
        assert [kind["name"] for kind in project["clusterResourceWhitelist"] if kind["kind"] == "Bundle"] == names


def test_namespaces_allowed_by_name_are_never_pruned() -> None:
    plan = argocd_plan()
    rendered = namespace(plan.settings, "floe-platform", "platform", "platform@acme.example")
    options = rendered["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
    assert "Prune=false" in options
    assert "Delete=false" in options


def test_waves_order_projects_before_the_cluster_before_the_platform_before_domains() -> None:
    wave = "argocd.argoproj.io/sync-wave"
    projects = {project["metadata"]["annotations"][wave] for project in of(argocd_plan(), "AppProject").values()}
    waves = {name: application["metadata"]["annotations"][wave] for name, application in applications().items()}
    assert projects == {"-1"}
    assert waves == {
        "acme-dev-cluster": "0",
        "acme-dev-platform": "1",
        "acme-dev-finance-domain": "2",
        "acme-dev-sales-domain": "2",
    }


def test_deleting_an_application_leaves_its_objects_running() -> None:
    for manifest in delivery_objects(argocd_plan()):
        assert "finalizers" not in manifest["metadata"]


@pytest.mark.parametrize(
    ("production", "choices", "expected"),
    [
        (False, {}, {"enabled": True, "prune": True, "selfHeal": True}),
        (True, {}, {"enabled": True, "selfHeal": True}),
        (True, {"prune": True}, {"enabled": True, "prune": True, "selfHeal": True}),
        (False, {"prune": False}, {"enabled": True, "selfHeal": True}),
        (False, {"self_heal": False}, {"enabled": True, "prune": True}),
        (True, {"self_heal": False}, {"enabled": True}),
        (False, {"automated": False}, None),
    ],
)
def test_syncs_are_automatic_and_heal(production: bool, choices: dict[str, Any], expected: Object | None) -> None:
    for application in applications(production=production, **choices).values():
        assert application["spec"]["syncPolicy"].get("automated") == expected


def test_no_field_has_a_default_that_argo_cd_would_drop() -> None:
    def falses(value: Any) -> bool:
        if isinstance(value, dict):
            return any(falses(below) for below in value.values())
        return value is False

    assert not any(
        falses(application) for application in applications(production=True, self_heal=False, prune=False).values()
    )


def test_failed_syncs_are_retried_with_the_newest_commit() -> None:
    retry = applications()["acme-dev-sales-domain"]["spec"]["syncPolicy"]["retry"]
    assert retry["refresh"] is True
    assert retry["limit"] > 0
    waits = [min(10 * 2**attempt, 300) for attempt in range(retry["limit"])]
    assert sum(waits) >= 30 * 60


def test_applications_have_their_sync_options() -> None:
    assert applications()["acme-dev-cluster"]["spec"]["syncPolicy"]["syncOptions"] == [
        "CreateNamespace=false",
        "FailOnSharedResource=true",
        "PruneLast=true",
        "ServerSideApply=true",
    ]


def test_only_changes_of_the_folder_refresh_an_application() -> None:
    for application in applications().values():
        assert application["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"] == "."
        assert application["spec"]["source"]["path"].startswith("output/dev/")
        assert application["spec"]["source"]["directory"] == {"include": "*.yaml"}


def test_repository_and_revision_come_from_the_inputs() -> None:
    application = applications(revision="release", namespace="gitops")["acme-dev-platform"]
    assert application["metadata"]["namespace"] == "gitops"
    assert application["spec"]["source"]["targetRevision"] == "release"


@pytest.mark.parametrize("production", [False, True])
def test_objects_fit_the_published_definitions(production: bool) -> None:
    for manifest in delivery_objects(argocd_plan(production=production)):
        assert_valid(manifest)


@pytest.mark.parametrize("production", [False, True])
def test_delivery_by_argo_cd_is_rendered(production: bool, snapshot: SnapshotAssertion) -> None:
    assert as_text(delivery_objects(argocd_plan(production=production))) == snapshot


def test_artifacts_have_the_tag_of_the_environment() -> None:
    repository = "oci://ghcr.io/acme/data-platform"
    plan = plan_of(True, ArgoCd(type="argocd", repository=repository))
    applications_ = of(plan, "Application")
    assert len(applications_) == 4
    for name, application in applications_.items():
        assert_valid(application)
        source = application["spec"]["source"]
        assert (source["repoURL"], source["targetRevision"]) == (repository, "prod")
        assert source["path"].startswith("output/prod/")
        assert of(plan, "AppProject")[name]["spec"]["sourceRepos"] == [repository]
