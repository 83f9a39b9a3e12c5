"""Annotations for the delivery tool, and for no other."""

from __future__ import annotations

from floe_compiler.kit.delivery import guarded, replaced
from support import DEVELOPMENT, changed

ARGO_CD, FLUX = (
    changed(DEVELOPMENT, platform={"delivery": "argocd"}),
    changed(DEVELOPMENT, platform={"delivery": "flux"}),
)


def test_neither_tool_deletes_objects_with_data() -> None:
    assert guarded(ARGO_CD)["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert guarded(FLUX) == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def test_objects_kept_on_purpose_do_not_make_the_application_out_of_sync() -> None:
    ignored = {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}
    assert replaced(ARGO_CD) == ignored
    assert ignored.items() <= guarded(ARGO_CD).items()
    assert replaced(FLUX) == {}
