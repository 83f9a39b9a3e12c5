"""The charts of an output: their files, annotations for Helm, and objects that Helm cannot install."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Mapping

import pytest
import yaml

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.publish import helm_charts
from floe_compiler.publish.helm_charts import Chart, charts_of

SALES = "output/dev/floe-sales"
OTHER = "output/dev/other/configmap_a.yaml"
CONFIG = f"{SALES}/configmap_a.yaml"
TEXT = to_yaml(
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "floe-sales"},
        "data": {"a": "{{ .Values.a }} {{`x`}}\n---\n${b}\n"},
    }
)


def application(folder: str, name: str, wave: int = 0, kind: str = "Application") -> dict[str, str]:
    """Return the file of an Application that delivers a folder."""
    path = {"source": {"path": f"teams/mesh/{folder}"}} if kind == "Application" else {"path": f"./{folder}"}
    metadata = {"name": name, "annotations": {"argocd.argoproj.io/sync-wave": str(wave)}}
    return {
        f"output/dev/_delivery/{kind.lower()}_{name}.yaml": to_yaml({"kind": kind, "metadata": metadata, "spec": path})
    }


def job(annotations: Mapping[str, str]) -> str:
    metadata = {"name": "j", "namespace": "floe-sales", "annotations": dict(annotations)}
    return to_yaml({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {}})


def of_sales(files: Mapping[str, str]) -> Chart:
    (chart,) = charts_of({**files, **application(SALES, "acme-dev-sales")})
    return chart


def told_to_helm(text: str) -> dict[str, str]:
    """Return the annotations that a Job gets for Helm."""
    content = of_sales({f"{SALES}/job.batch_j.yaml": text}).files["objects/job.batch_j.yaml"]
    notes = yaml.safe_load(content)["metadata"]["annotations"]
    return {name: value for name, value in notes.items() if name.startswith("helm.sh/")}


def problems(files: Mapping[str, str]) -> list[str]:
    with pytest.raises(StageFailed) as failed:
        charts_of(files)
    return [f"{diagnostic.span or diagnostic.subject}: {diagnostic.message}" for diagnostic in failed.value.diagnostics]


def test_objects_are_files_with_the_same_bytes() -> None:
    chart = of_sales({CONFIG: TEXT})
    assert chart.files["objects/configmap_a.yaml"] == TEXT.encode()
    assert "{{ .Values.a }}" in TEXT
    assert (chart.name, chart.namespace, chart.folder) == ("acme-dev-sales", "floe-sales", SALES)


def test_a_packed_chart_depends_on_its_content_and_not_on_the_order() -> None:
    files = {CONFIG: TEXT, f"{SALES}/job.batch_j.yaml": job({})}
    shuffled = dict(random.Random(1).sample(sorted(files.items()), len(files)))
    first, second = of_sales(files), of_sales(shuffled)
    assert first.packed("1.0.0") == second.packed("1.0.0")
    assert first.content_version == second.content_version
    assert first.content_version != of_sales({CONFIG: TEXT}).content_version
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(first.packed("1.0.0")))) as archive:
        assert {member.name.partition("/")[0] for member in archive} == {"acme-dev-sales"}
        head = archive.extractfile("acme-dev-sales/Chart.yaml")
        assert head
        assert yaml.safe_load(head) == {
            "apiVersion": "v2",
            "name": "acme-dev-sales",
            "version": "1.0.0",
            "type": "application",
            "description": f"{SALES}, as floe-compile has compiled it",
        }


def test_definitions_come_first() -> None:
    text = to_yaml(
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}
    )
    assert of_sales({CONFIG: TEXT, f"{SALES}/crd_x.yaml": text}).files["crds/crd_x.yaml"] == text.encode()


def test_the_order_is_that_of_the_waves_of_applications() -> None:
    folders = {"output/dev/_cluster": 0, "output/dev/a": 2, "output/dev/floe-platform": 1}
    files = {f"{folder}/configmap_a.yaml": TEXT for folder in folders}
    for folder, wave in folders.items():
        files |= application(folder, folder.rpartition("/")[2].strip("_"), wave)
    assert [chart.name for chart in charts_of(files)] == ["cluster", "floe-platform", "a"]


def test_the_order_is_that_in_which_kustomizations_wait() -> None:
    chain = ["output/dev/z", "output/dev/m", "output/dev/a"]
    files = {f"{folder}/configmap_a.yaml": TEXT for folder in chain}
    for index, folder in enumerate(chain):
        needed = [{"name": f"k{index - 1}"}] if index else []
        spec = {"path": f"./{folder}/", "dependsOn": needed}
        kustomization = {"kind": "Kustomization", "metadata": {"name": f"k{index}"}, "spec": spec}
        files[f"output/dev/_delivery/{index}.yaml"] = to_yaml(kustomization)
    assert [chart.folder for chart in charts_of(files)] == chain


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"argocd.argoproj.io/hook": "PostSync"}, {"helm.sh/hook": "post-install,post-upgrade"}),
        ({"argocd.argoproj.io/hook": "PostDelete,PreSync"}, {"helm.sh/hook": "pre-install,pre-upgrade,post-delete"}),
        (
            {
                "argocd.argoproj.io/hook": "PreSync",
                "argocd.argoproj.io/hook-delete-policy": "HookSucceeded,BeforeHookCreation",
                "argocd.argoproj.io/sync-wave": "-2",
            },
            {
                "helm.sh/hook": "pre-install,pre-upgrade",
                "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
                "helm.sh/hook-weight": "-2",
            },
        ),
        (
            {"floe.dev/after-sync": "true"},
            {"helm.sh/hook": "post-install,post-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation"},
        ),
        ({"argocd.argoproj.io/sync-options": "Prune=false, Replace=true"}, {"helm.sh/resource-policy": "keep"}),
        ({"argocd.argoproj.io/sync-options": "Replace=true"}, {}),
        ({"kustomize.toolkit.fluxcd.io/prune": "disabled"}, {"helm.sh/resource-policy": "keep"}),
        ({"argocd.argoproj.io/sync-wave": "3"}, {}),
    ],
)
def test_jobs_get_annotations_for_helm(annotations: Mapping[str, str], expected: Mapping[str, str]) -> None:
    assert told_to_helm(job(annotations)) == expected


def test_only_an_annotation_is_added() -> None:
    text = job({"argocd.argoproj.io/hook": "PostSync"})
    content = of_sales({f"{SALES}/job.batch_j.yaml": text}).files["objects/job.batch_j.yaml"].decode()
    added = [line for line in content.splitlines() if line not in text.splitlines()]
    assert added == ["    helm.sh/hook: post-install,post-upgrade"]


def test_tests_of_a_namespace_are_in_its_chart() -> None:
    text = job({"floe.dev/after-sync": "true"})
    chart = of_sales({CONFIG: TEXT, "output/dev/_tests_floe-sales/job.batch_j.yaml": text})
    assert {path for path in chart.files if path.startswith("objects/")} == {
        "objects/configmap_a.yaml",
        "objects/job.batch_j.yaml",
    }


def test_a_long_name_fits_a_release() -> None:
    long = "a" * 60
    (first,) = charts_of({CONFIG: TEXT, **application(SALES, f"{long}-x")})
    (second,) = charts_of({CONFIG: TEXT, **application(SALES, f"{long}-y")})
    assert len(first.name) == len(second.name) == 53
    assert first.name != second.name


def test_everything_that_helm_cannot_install_is_reported_at_once() -> None:
    secret = to_yaml(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {}, "sops": {"mac": "x"}}
    )
    files = {
        f"{SALES}/job.batch_j.yaml": job({"argocd.argoproj.io/hook": "SyncFail,PostSync"}),
        f"{SALES}/secret_s.yaml": secret,
        OTHER: TEXT,
        **application(SALES, "acme-dev-sales"),
    }
    assert problems(files) == [
        f"{SALES}/job.batch_j.yaml:1:1: it is a hook of Argo CD's phase SyncFail, and Helm has none like it",
        f"{SALES}/secret_s.yaml:1:1: SOPS has encrypted it, and Helm would install it without decrypting it",
        f"{OTHER}:1:1: no Application or Kustomization applies this folder, so its chart has no name",
    ]


def test_a_release_that_is_too_large_for_helm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {CONFIG: TEXT, **application(SALES, "acme-dev-sales")}
    monkeypatch.setattr(helm_charts, "LARGEST_RELEASE", 100)
    (message,) = problems(files)
    assert message.startswith(f"{SALES}: its chart takes ")
