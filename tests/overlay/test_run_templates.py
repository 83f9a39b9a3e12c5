"""Patches reach the pods that an orchestrator launches, by their template as an object that is never written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from floe_compiler.cache.store import Memory
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.explaining import explain_files
from small_mesh import MANIFEST, small_mesh

NAMESPACE = "floe-sales-domain"
KUSTOMIZATION = "overlays/dev/kustomization.yaml"
CODE = f"output/dev/{NAMESPACE}/deployment.apps_code-orders.yaml"
STEPS = f"output/dev/{NAMESPACE}/configmap_step-pods-orders.yaml"
CACHE = Memory()
"""Most of the mesh is as another test has compiled it."""

CONTEXT = "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"


def files(root: Path, orchestrator: str, *patches: dict[str, Any], **more: Any) -> dict[str, str]:
    """Return the output of the small mesh with this orchestrator and these patches."""
    small_mesh(root, {MANIFEST: {"orchestrator": {"type": orchestrator}}})
    (root / KUSTOMIZATION).write_text(json.dumps({"patches": list(patches), **more}), encoding="utf-8")
    return dict(compile_mesh(root, cache=CACHE).files)


@cache
def unpatched(orchestrator: str) -> dict[str, str]:
    """Return the output of the small mesh with this orchestrator without patches."""
    with TemporaryDirectory() as folder:
        return files(Path(folder), orchestrator)


def json_patch(path: str, value: Any, **target: str) -> dict[str, Any]:
    return {"target": target, "patch": json.dumps([{"op": "add", "path": path, "value": value}])}


def merge_patch(name: str, template: dict[str, Any], **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE}
    patch = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": metadata, "template": template, **more}
    return {"patch": json.dumps(patch)}


def runs_of(found: Mapping[str, str]) -> dict[str, Any]:
    """Return what Dagster is told of its runs."""
    code = yaml.load(found[CODE], yaml.CSafeLoader)
    (text,) = (
        one["value"] for one in code["spec"]["template"]["spec"]["containers"][0]["env"] if one["name"] == CONTEXT
    )
    told: dict[str, Any] = json.loads(text.replace("$$", "$"))["k8s"]["run_k8s_config"]
    return told


def step_pod(found: Mapping[str, str]) -> dict[str, Any]:
    data = yaml.load(found[STEPS], yaml.CSafeLoader)["data"]
    pod: dict[str, Any] = yaml.load(data["transform.yaml"], yaml.CSafeLoader)
    return pod


DAGSTER = {"kind": "PodTemplate", "name": "run-orders"}


def test_fields_of_dagsters_runs(tmp_path: Path) -> None:
    before = unpatched("dagster")
    after = files(
        tmp_path,
        "dagster",
        json_patch("/template/spec/hostAliases", [{"ip": "10.0.0.1", "hostnames": ["a"]}], **DAGSTER),
        merge_patch(
            "run-orders",
            {
                "metadata": {"annotations": {"note": "costs $(MONEY)"}},
                "spec": {"containers": [{"name": "run", "resources": {"limits": {"memory": "3Gi"}}}]},
            },
        ),
    )
    assert {path for path in before if before[path] != after[path]} == {CODE}
    assert before.keys() == after.keys(), "the template itself is no file"
    was, now = runs_of(before), runs_of(after)
    assert now["pod_spec_config"] == {
        **was["pod_spec_config"],
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
    }
    assert now["container_config"]["resources"]["limits"] == {
        **was["container_config"]["resources"]["limits"],
        "memory": "3Gi",
    }
    assert now["pod_template_spec_metadata"]["annotations"] == {"note": "costs $(MONEY)"}
    assert "costs $$(MONEY)" in after[CODE], "Kubernetes must not replace it"
    assert {key: value for key, value in now.items() if key in ("job_metadata", "job_spec_config")} == {
        key: value for key, value in was.items() if key in ("job_metadata", "job_spec_config")
    }


def test_fields_of_airflows_steps_whose_reader_restarts(tmp_path: Path) -> None:
    target = {"kind": "PodTemplate", "name": "run-orders-transform"}
    before = unpatched("airflow")
    after = files(tmp_path, "airflow", json_patch("/template/spec/dnsPolicy", "Default", **target))
    assert step_pod(after) == {**step_pod(before), "spec": {**step_pod(before)["spec"], "dnsPolicy": "Default"}}
    changed = {path.rpartition("_")[2] for path in before if before[path] != after[path]}
    assert "step-pods-orders.yaml" in changed
    assert "airflow-scheduler.yaml" in changed, "by the hash of what it reads"


def test_what_nobody_patches_stays_as_it_is(tmp_path: Path) -> None:
    before = unpatched("dagster")
    note = json_patch("/metadata/annotations/note", "x", kind="Deployment", name="dagster-daemon")
    after = files(tmp_path, "dagster", note)
    assert before[CODE] == after[CODE]


@pytest.mark.parametrize("orchestrator", ["dagster", "airflow"])
def test_entries_that_name_no_kind_are_not_about_runs(orchestrator: str, tmp_path: Path) -> None:
    """They would change what is no object of the output, or fail at fields that a template does not have."""
    before = unpatched(orchestrator)
    labels = [{"pairs": {"team": "x"}}]
    everywhere = json_patch("/metadata/labels/note", "x", namespace=NAMESPACE)
    after = files(tmp_path, orchestrator, everywhere, labels=labels)
    if orchestrator == "dagster":
        assert runs_of(before) == runs_of(after)
    else:
        assert step_pod(before) == step_pod(after)


def test_what_has_the_template_is_changed_by_the_patch(tmp_path: Path) -> None:
    files(tmp_path, "dagster", json_patch("/template/spec/dnsPolicy", "Default", **DAGSTER))
    compiled, inputs = compile_mesh(tmp_path, cache=CACHE), read_inputs(tmp_path)
    ((_, explanation),) = explain_files(inputs, compiled, [CODE], cache=CACHE, only=lambda _: False)
    assert [str(span) for span in explanation.patches] == [f"{KUSTOMIZATION}:1:81"]
    (causes,) = [
        causes for path, value, causes in explanation.values if path[-1] == "value" and "dnsPolicy" in str(value)
    ]
    assert [cause.description for cause in causes] == ["follows from a patch"]


def errors(root: Path, *patches: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(StageFailed) as failed:
        files(root, "dagster", *patches)
    return [(one.rule.code, one.message, str(one.span)) for one in failed.value.diagnostics]


def test_only_the_template_can_be_patched(tmp_path: Path) -> None:
    found = errors(tmp_path, json_patch("/metadata/labels", {"team": "x"}, **DAGSTER))
    assert found == [
        ("K090", f"only the template of PodTemplate {NAMESPACE}/run-orders can be patched", f"{KUSTOMIZATION}:1:81")
    ]


def test_a_template_cannot_be_removed(tmp_path: Path) -> None:
    metadata = {"name": "run-orders", "namespace": NAMESPACE}
    patch = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": metadata, "$patch": "delete"}
    ((code, _, _),) = errors(tmp_path, {"patch": json.dumps(patch)})
    assert code == "K017"


def test_a_patch_of_runs_that_there_are_not_selects_nothing(tmp_path: Path) -> None:
    ((code, message, _),) = errors(tmp_path, json_patch("/template/spec/x", 1, kind="PodTemplate", name="run-order"))
    assert (code, "run-order" in message) == ("K017", True)


def test_patched_runs_are_checked_like_other_pods(tmp_path: Path) -> None:
    wrong = {
        "/template/spec/priorityClas": "x",
        "/template/spec/hostNetwork": True,
        "/template/spec/containers/0/image": "ghcr.io/acme/other:1.0.0",
    }
    found = errors(tmp_path, *(json_patch(path, value, **DAGSTER) for path, value in wrong.items()))
    codes = {code for code, _, _ in found}
    assert {"C037", "C038"} < codes
    assert any(code.startswith("C07") for code in codes)
