"""Patched configuration restarts the pods that read it, and a patched Job gets a new name."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from floe_compiler.model.configuration import config_hash
from floe_compiler.model.objects import ObjectSet, identify
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.overlay.consequences import with_consequences

PATCH = (Patch(Span("overlays/dev/patch.yaml"), {}),)
HASH = "floe.dev/config-hash"


def named(kind: str, name: str, api_version: str, **body: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "floe-compile"}
    metadata = {"name": name, "namespace": "sales", "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def template(*config_maps: str) -> dict[str, Any]:
    volumes = [{"name": name, "configMap": {"name": name}} for name in config_maps]
    return {"metadata": {"annotations": {HASH: "by hand"}}, "spec": {"volumes": volumes}}


DATA = {"a": "1"}
SETTINGS = named("ConfigMap", "settings", "v1", data=DATA)
READER = named("Deployment", "reader", "apps/v1", spec={"template": template("settings", "others")})
OTHER = named("Deployment", "other", "apps/v1", spec={"template": template("others")})
JOB = named("Job", "migrate-12345678", "batch/v1", spec={"template": template("others")})


def after(*patched: dict[str, Any]) -> Rendered:
    """Return what follows from patches of these objects."""
    objects = {identify(manifest): manifest for manifest in (SETTINGS, READER, OTHER, JOB)}
    objects |= {identify(manifest): manifest for manifest in patched}
    names = {str(identify(manifest)): PATCH for manifest in patched}
    return with_consequences(Rendered("dev", ObjectSet.of(objects.values()), patched=names, origins={}))


def hash_of(rendered: Rendered, name: str) -> str:
    (manifest,) = (manifest for manifest in rendered.objects if manifest["metadata"]["name"] == name)
    return str(manifest["spec"]["template"]["metadata"]["annotations"][HASH])


def test_pods_have_the_hash_of_the_configuration_they_read() -> None:
    rendered = after()
    assert hash_of(rendered, "reader") == config_hash({"settings": DATA})
    assert hash_of(rendered, "other") == "by hand", "nothing here says what is in the others"
    assert list(with_consequences(rendered).objects) == list(rendered.objects)


@pytest.mark.parametrize("patch", [{"data": {"a": "2"}}, {"binaryData": {"b": "AAAA"}}])
def test_only_readers_of_changed_configuration_restart(patch: dict[str, Any]) -> None:
    rendered = after({**SETTINGS, **patch})
    assert hash_of(rendered, "reader") == config_hash({"settings": DATA | next(iter(patch.values()))})
    assert hash_of(rendered, "reader") != config_hash({"settings": DATA})
    assert hash_of(rendered, "other") == "by hand"


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"name": "main", "envFrom": [{"configMapRef": {"name": "settings"}}]}]},
        {"volumes": [{"name": "all", "projected": {"sources": [{"configMap": {"name": "settings"}}]}}]},
    ],
)
def test_configuration_may_be_read_in_any_way(spec: dict[str, Any]) -> None:
    reader = copy.deepcopy(READER)
    reader["spec"]["template"]["spec"] = spec
    assert hash_of(after(reader), "reader") == config_hash({"settings": DATA})


def test_a_malformed_pod_or_one_without_the_annotation_is_unchanged() -> None:
    without, broken = copy.deepcopy(READER), copy.deepcopy(OTHER)
    without["spec"]["template"]["metadata"] = {}
    broken["spec"]["template"]["spec"] = "none"
    rendered = after(without, broken)
    assert without in list(rendered.objects)
    assert broken in list(rendered.objects)


def test_a_single_pod_has_the_hash_too() -> None:
    pod = named("Pod", "alone", "v1", spec=template("settings")["spec"])
    pod["metadata"]["annotations"] = {HASH: ""}
    (manifest,) = after(pod).objects.of_kind("Pod")
    assert manifest["metadata"]["annotations"][HASH] == config_hash({"settings": DATA})


def test_a_patched_job_gets_a_new_name() -> None:
    names = []
    for deadline in (1, 2):
        job = copy.deepcopy(JOB)
        job["spec"]["activeDeadlineSeconds"] = deadline
        rendered = after(job)
        (name,) = (manifest["metadata"]["name"] for manifest in rendered.objects.of_kind("Job"))
        assert rendered.patched == {f"Job.batch sales/{name}": PATCH}
        names.append(name)
    assert len({*names, "migrate-12345678"}) == 3
    assert all(name.startswith("migrate-") and len(name) == len("migrate-12345678") for name in names)


def test_a_job_that_reads_patched_configuration_gets_a_new_name() -> None:
    job = named("Job", "migrate-12345678", "batch/v1", spec={"template": template("settings")})
    objects = ObjectSet.of([{**SETTINGS, "data": {"a": "2"}}, job])
    rendered = with_consequences(Rendered("dev", objects, patched={str(identify(SETTINGS)): PATCH}))
    (manifest,) = rendered.objects.of_kind("Job")
    assert manifest["metadata"]["name"] != "migrate-12345678"


def test_a_job_written_by_hand_keeps_its_name() -> None:
    job = copy.deepcopy(JOB)
    job["metadata"]["labels"] = {}
    (manifest,) = after(job).objects.of_kind("Job")
    assert manifest["metadata"]["name"] == "migrate-12345678"


@pytest.mark.parametrize("spec", [[], "text", {"jobTemplate": []}, {"template": {"metadata": {"annotations": HASH}}}])
def test_a_malformed_spec_does_not_crash(spec: Any) -> None:
    odd = named("Widget", "odd", "acme.example/v1", spec=spec)
    assert odd in list(after(odd).objects)


def test_a_hook_keeps_its_name_as_each_sync_recreates_it() -> None:
    hook = copy.deepcopy(named("Job", "smoke", "batch/v1", spec={"template": template("others")}))
    hook["metadata"]["annotations"] = {"argocd.argoproj.io/hook": "PostSync"}
    assert "smoke" in {manifest["metadata"]["name"] for manifest in after(hook).objects}
