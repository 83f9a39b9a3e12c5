"""Every written object is applied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from check.samples import Platform, resource
from floe_compiler.link.delivery import check
from floe_compiler.model.objects import identify
from floe_compiler.model.plan import DeliveryPlan
from floe_compiler.synthesize.delivery import delivery_objects
from synthesize.delivery_plans import argocd_plan, flux_plan

Planned = Callable[..., DeliveryPlan]
with_both_tools = pytest.mark.parametrize("planned", [argocd_plan, flux_plan])


def platform(planned: Planned) -> Platform:
    """Return a platform that is delivered, with an object in each folder."""
    delivered = delivery_objects(planned(production=True))
    platform_ = Platform({}, {"delivery": frozenset(map(identify, delivered))})
    for manifest in delivered:
        platform_.add(manifest)
    platform_.add(resource("v1", "Namespace", "floe-sales-domain", ""))
    platform_.add(resource("external-secrets.io/v1", "ClusterSecretStore", "vault", ""))
    platform_.add(resource("v1", "ConfigMap", "settings", "floe-sales-domain"))
    platform_.add(resource("v1", "Service", "polaris", "floe-platform"))
    return platform_


def findings(sample: Platform) -> list[tuple[str, str]]:
    return [(code, subject) for code, subject, _ in sample.findings(check)]


@with_both_tools
def test_rendered_objects_are_delivered(planned: Planned) -> None:
    assert findings(platform(planned)) == []


@with_both_tools
def test_a_folder_without_an_application_or_kustomization_is_found_once(planned: Planned) -> None:
    sample = platform(planned)
    sample.add(resource("v1", "ConfigMap", "one", "kube-system"))
    sample.add(resource("v1", "Service", "two", "kube-system"))
    assert sample.findings(check) == [
        ("C170", "ConfigMap kube-system/one", "the delivery tool does not apply output/prod/kube-system")
    ]


@with_both_tools
def test_objects_with_other_errors_have_no_hint_to_allow_them(planned: Planned) -> None:
    sample = platform(planned)
    sample.add(resource("v1", "ConfigMap", "without-namespace", ""))
    sample.add(resource("v1", "ConfigMap", "elsewhere", "monitoring"))
    sample.add(resource("rbac.authorization.k8s.io/v1", "ClusterRole", "reader", "floe-sales-domain"))
    sample.add(resource("v1", "Secret", "plain", "floe-sales-domain", stringData={"password": "x"}))
    assert findings(sample) == []


@pytest.mark.parametrize(
    ("api_version", "kind", "name", "namespace"),
    [
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "admins", ""),
        ("v1", "Namespace", "kube-system", ""),
        ("v1", "Secret", "password", "floe-sales-domain"),
        ("argoproj.io/v1alpha1", "Application", "more", "floe-platform"),
    ],
)
def test_objects_that_a_project_refuses_are_reported(api_version: str, kind: str, name: str, namespace: str) -> None:
    sample = platform(argocd_plan)
    sample.add(resource(api_version, kind, name, namespace))
    assert [code for code, _ in findings(sample)] == ["C171"]
    assert sample.hints(check) == ["allow it with a patch of the AppProject in overlays/"]


def test_flux_has_no_projects() -> None:
    sample = platform(flux_plan)
    sample.add(resource("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "admins", ""))
    assert findings(sample) == []


def test_a_patched_project_allows_more() -> None:
    sample = platform(argocd_plan)
    sample.add(resource("rbac.authorization.k8s.io/v1", "ClusterRole", "reader", ""))
    allowed = sample["AppProject/acme-prod-cluster"]["spec"]["clusterResourceWhitelist"]
    allowed.append({"group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "read*"})
    assert findings(sample) == []
    allowed[-1]["name"] = "write*"
    assert [code for code, _ in findings(sample)] == ["C171"]


def test_without_delivery_nothing_is_checked() -> None:
    sample = Platform({})
    sample.add(resource("v1", "ConfigMap", "one", "monitoring"))
    assert findings(sample) == []
