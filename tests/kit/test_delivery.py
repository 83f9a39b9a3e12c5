"""Annotations for the delivery tool, and for no other."""

from __future__ import annotations

from floe_compiler.kit.delivery import guarded, replaced
from support import DEVELOPMENT, changed

ARGO_CD, FLUX = (
    changed(DEVELOPMENT, platform={"delivery": "argocd"}),
    changed(DEVELOPMENT, platform={"delivery": "flux"}),
)


def test_what_holds_data_is_deleted_by_neither_tool() -> None:
    assert guarded(ARGO_CD)["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert guarded(FLUX) == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def test_what_is_left_over_on_purpose_does_not_call_the_application_out_of_sync() -> None:
    ignored = {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}
    assert replaced(ARGO_CD) == ignored
    assert ignored.items() <= guarded(ARGO_CD).items()
    assert replaced(FLUX) == {}
