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
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh, explain_file
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


def runs_of(files: Mapping[str, str]) -> dict[str, Any]:
    """Return what Dagster is told of its runs."""
    code = yaml.load(files[CODE], yaml.CSafeLoader)
    (text,) = (
        container_["value"]
        for container_ in code["spec"]["template"]["spec"]["containers"][0]["env"]
        if container_["name"] == CONTEXT
    )
    context: dict[str, Any] = json.loads(text.replace("$$", "$"))["k8s"]["run_k8s_config"]
    return context


def step_pod(files: Mapping[str, str]) -> dict[str, Any]:
    data = yaml.load(files[STEPS], yaml.CSafeLoader)["data"]
    pod: dict[str, Any] = yaml.load(data["transform.yaml"], yaml.CSafeLoader)
    return pod


DAGSTER = {"kind": "PodTemplate", "name": "run-orders"}


def test_a_patch_changes_pods_of_dagster_runs(tmp_path: Path) -> None:
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


def test_a_patch_changes_pods_of_airflow_steps_and_restarts_their_reader(tmp_path: Path) -> None:
    target = {"kind": "PodTemplate", "name": "run-orders-transform"}
    before = unpatched("airflow")
    after = files(tmp_path, "airflow", json_patch("/template/spec/dnsPolicy", "Default", **target))
    assert step_pod(after) == {**step_pod(before), "spec": {**step_pod(before)["spec"], "dnsPolicy": "Default"}}
    changed = {path.rpartition("_")[2] for path in before if before[path] != after[path]}
    assert "step-pods-orders.yaml" in changed
    assert "airflow-scheduler.yaml" in changed, "by the hash of what it reads"


def test_unpatched_templates_are_unchanged(tmp_path: Path) -> None:
    before = unpatched("dagster")
    note = json_patch("/metadata/annotations/note", "x", kind="Deployment", name="dagster-daemon")
    after = files(tmp_path, "dagster", note)
    assert before[CODE] == after[CODE]


@pytest.mark.parametrize("orchestrator", ["dagster", "airflow"])
def test_entries_without_a_kind_do_not_select_runs(orchestrator: str, tmp_path: Path) -> None:
    """They would change what is no object of the output, or fail at fields that a template does not have."""
    before = unpatched(orchestrator)
    labels = [{"pairs": {"team": "x"}}]
    everywhere = json_patch("/metadata/labels/note", "x", namespace=NAMESPACE)
    after = files(tmp_path, orchestrator, everywhere, labels=labels)
    if orchestrator == "dagster":
        assert runs_of(before) == runs_of(after)
    else:
        assert step_pod(before) == step_pod(after)


def test_the_object_with_the_template_changes_with_the_patch(tmp_path: Path) -> None:
    files(tmp_path, "dagster", json_patch("/template/spec/dnsPolicy", "Default", **DAGSTER))
    explanation = explain_file(tmp_path, CODE, cache=CACHE)
    assert explanation is not None
    assert [str(span) for span in explanation.patches] == [f"{KUSTOMIZATION}:1:81"]
    (causes,) = [
        causes for path, value, causes in explanation.values if path[-1] == "value" and "dnsPolicy" in str(value)
    ]
    assert [cause.description for cause in causes] == ["follows from a patch"]


def errors(root: Path, *patches: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(StageFailed) as failed:
        files(root, "dagster", *patches)
    return [(diagnostic.rule.code, diagnostic.message, str(diagnostic.span)) for diagnostic in failed.value.diagnostics]


def test_only_the_template_can_be_patched(tmp_path: Path) -> None:
    problems_ = errors(tmp_path, json_patch("/metadata/labels", {"team": "x"}, **DAGSTER))
    assert problems_ == [
        ("K090", f"only the template of PodTemplate {NAMESPACE}/run-orders can be patched", f"{KUSTOMIZATION}:1:81")
    ]


def test_a_template_cannot_be_removed(tmp_path: Path) -> None:
    metadata = {"name": "run-orders", "namespace": NAMESPACE}
    patch = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": metadata, "$patch": "delete"}
    ((code, _, _),) = errors(tmp_path, {"patch": json.dumps(patch)})
    assert code == "K017"


def test_a_patch_of_missing_runs_selects_nothing(tmp_path: Path) -> None:
    ((code, message, _),) = errors(tmp_path, json_patch("/template/spec/x", 1, kind="PodTemplate", name="run-order"))
    assert (code, "run-order" in message) == ("K017", True)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("/template/spec/priorityClas", "x", "C037"),
        ("/template/spec/hostNetwork", True, "C07"),
        ("/template/spec/containers/0/image", "ghcr.io/acme/other:1.0.0", "C038"),
    ],
)
def test_patched_runs_are_checked_like_other_pods(path: str, value: Any, code: str, tmp_path: Path) -> None:
    problems_ = errors(tmp_path, json_patch(path, value, **DAGSTER))
    assert any(problem[0].startswith(code) for problem in problems_), problems_
