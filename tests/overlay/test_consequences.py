"""Patched configuration rolls the pods that read it, and a patched Job gets a name of its own."""

from __future__ import annotations

import copy
from typing import Any

from floe_compiler.model.objects import ObjectSet, identify
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.overlay.consequences import with_consequences

PATCH = (Span("overlays/dev/patch.yaml"),)
HASH = "floe.dev/config-hash"


def named(kind: str, name: str, api_version: str, **body: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "floe-compile"}
    metadata = {"name": name, "namespace": "sales", "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def template(*config_maps: str) -> dict[str, Any]:
    volumes = [{"name": name, "configMap": {"name": name}} for name in config_maps]
    return {"metadata": {"annotations": {HASH: "before"}}, "spec": {"volumes": volumes}}


SETTINGS = named("ConfigMap", "settings", "v1", data={"a": "1"})
READER = named("Deployment", "reader", "apps/v1", spec={"template": template("settings", "others")})
OTHER = named("Deployment", "other", "apps/v1", spec={"template": template("others")})
JOB = named("Job", "migrate-12345678", "batch/v1", spec={"template": template("others")})


def after(*patched: dict[str, Any]) -> Rendered:
    """Return what follows from patches of these objects."""
    objects = {identify(one): one for one in (SETTINGS, READER, OTHER, JOB)}
    objects |= {identify(one): one for one in patched}
    names = {str(identify(one)): PATCH for one in patched}
    return with_consequences(Rendered("dev", ObjectSet.of(objects.values()), patched=names, origins={}))


def hash_of(rendered: Rendered, name: str) -> str:
    (found,) = (one for one in rendered.objects if one["metadata"]["name"] == name)
    return str(found["spec"]["template"]["metadata"]["annotations"][HASH])


def test_without_patches_everything_stays() -> None:
    assert list(after().objects) == list(ObjectSet.of([SETTINGS, READER, OTHER, JOB]))


def test_only_the_readers_of_patched_configuration_roll() -> None:
    one, two = after({**SETTINGS, "data": {"a": "2"}}), after({**SETTINGS, "data": {"a": "3"}})
    assert len({hash_of(one, "reader"), hash_of(two, "reader"), "before"}) == 3
    assert hash_of(one, "other") == "before"


def test_a_patched_job_is_a_new_job_and_is_remembered_under_its_new_name() -> None:
    names = []
    for deadline in (1, 2):
        job = copy.deepcopy(JOB)
        job["spec"]["activeDeadlineSeconds"] = deadline
        rendered = after(job)
        (name,) = (one["metadata"]["name"] for one in rendered.objects.of_kind("Job"))
        assert rendered.patched == {f"Job.batch sales/{name}": PATCH}
        names.append(name)
    assert len({*names, "migrate-12345678"}) == 3
    assert all(name.startswith("migrate-") and len(name) == len("migrate-12345678") for name in names)


def test_a_job_that_reads_patched_configuration_is_a_new_job_too() -> None:
    job = named("Job", "migrate-12345678", "batch/v1", spec={"template": template("settings")})
    objects = ObjectSet.of([{**SETTINGS, "data": {"a": "2"}}, job])
    rendered = with_consequences(Rendered("dev", objects, patched={str(identify(SETTINGS)): PATCH}))
    (found,) = rendered.objects.of_kind("Job")
    assert found["metadata"]["name"] != "migrate-12345678"


def test_a_job_written_by_hand_keeps_its_name() -> None:
    job = copy.deepcopy(JOB)
    job["metadata"]["labels"] = {}
    (found,) = after(job).objects.of_kind("Job")
    assert found["metadata"]["name"] == "migrate-12345678"
