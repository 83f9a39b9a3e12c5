"""Namespaces that are rendered, and those that are there already."""

from __future__ import annotations

from check.samples import resource, sample
from floe_compiler.check.objects import namespaces
from floe_compiler.link.namespaces import check
from floe_compiler.model.objects import identify

CHECKS = (namespaces.check, check)


def test_the_namespace_must_be_rendered() -> None:
    platform = sample()
    platform["Service/dagster"]["metadata"]["namespace"] = "floe-platfrom"
    assert platform.findings(*CHECKS) == [
        ("C013", "Service floe-platfrom/dagster", "there is no Namespace floe-platfrom in this environment")
    ]
    assert platform.hints(*CHECKS) == ['did you mean "floe-platform"?']


def test_kubernetes_own_namespaces_and_those_of_delivery_are_there_already() -> None:
    platform = sample()
    platform.add(resource("v1", "ConfigMap", "dns", "kube-system", data={}))
    platform.add(resource("argoproj.io/v1alpha1", "AppProject", "acme", "argocd", spec={}))
    account = platform.add(resource("v1", "ServiceAccount", "deployer", "flux-system"))
    assert [subject for _, subject, _ in platform.findings(*CHECKS)] == ["ServiceAccount flux-system/deployer"]
    platform.facts["delivery"] = frozenset({identify(account)})
    assert platform.findings(*CHECKS) == []
