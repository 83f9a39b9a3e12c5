"""The objects of a chart, as they are delivered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.charts.objects import delivered
from floe_compiler.model.charts import ChartPods, ChartUse, ChartVersion, RenderedChart
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.objects import Object
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from support import DEVELOPMENT, PRODUCTION

USE = ChartUse(
    name="front",
    version=ChartVersion("web", "1.0.0"),
    namespace="floe-platform",
    scope="platform",
    values=b"{}",
    origin=Span("platform-manifest.yaml", 3, 3),
    version_origin=None,
    crds=True,
    hooks={},
    hook_places={},
    pods=(),
    places={},
    limits=None,
)


def of(kind: str = "ConfigMap", api_version: str = "v1", **rest: Any) -> Object:
    metadata = {"name": "a", **rest.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def result_of(
    *objects: Object, use: ChartUse = USE, settings: Settings = DEVELOPMENT, files: dict[str, bytes] | None = None
) -> tuple[list[Object], list[str]]:
    """Return the delivered objects, and the findings as `code: message`."""
    findings = Findings()
    chart = RenderedChart(tuple(("templates/a.yaml", manifest) for manifest in objects))
    objects_ = delivered(use, chart, settings, {("acme.example", "Wide"): False}, files or {}, findings)
    return [rendered.manifest for rendered in objects_], [
        f"{diagnostic.rule.code}: {diagnostic.message}" for diagnostic in findings.diagnostics
    ]


def deployment(**pod: Any) -> Object:
    pod = {"containers": [{"name": "a", "image": "redis:7"}], **pod}
    return of("Deployment", "apps/v1", spec={"template": {"metadata": {"labels": {"app": "a"}}, "spec": pod}})


def pod_of(manifest: Object) -> Any:
    return manifest["spec"]["template"]["spec"]


def test_namespaces_are_added_where_the_kind_has_one() -> None:
    manifests, _ = result_of(
        of(),
        of(metadata={"namespace": "kube-system"}),
        of(metadata={"namespace": ""}),
        of("ClusterRole", "rbac.authorization.k8s.io/v1"),
        of("Wide", "acme.example/v1"),
        of("Thing", "acme.example/v1"),
    )
    assert [manifest["metadata"].get("namespace") for manifest in manifests] == [
        "floe-platform",
        "kube-system",
        "floe-platform",
        None,
        None,
        "floe-platform",
    ]


def test_the_labels_of_the_platform_are_added_and_those_of_the_chart_stay() -> None:
    own = {"app.kubernetes.io/name": "redis", "app.kubernetes.io/managed-by": "Helm", "x": "y"}
    ((manifest,), _) = result_of(of(metadata={"labels": own}))
    assert manifest["metadata"]["labels"] == {
        "app.kubernetes.io/name": "redis",
        "app.kubernetes.io/instance": "front",
        "app.kubernetes.io/component": "front",
        "app.kubernetes.io/part-of": DEVELOPMENT.platform.name,
        "app.kubernetes.io/managed-by": "floe-compile",
        "x": "y",
    }
    assert "annotations" not in manifest["metadata"]


def test_changing_labels_are_not_in_claim_templates() -> None:
    labels = {"helm.sh/chart": "web-1.0.0", "app.kubernetes.io/version": "1", "app.kubernetes.io/name": "web"}
    claims = [
        {"metadata": {"name": "data", "labels": labels}, "spec": {"a": "b"}},
        {"metadata": {"name": "more", "labels": {"helm.sh/chart": "web-1.0.0"}}},
    ]
    ((manifest,), _) = result_of(of("StatefulSet", "apps/v1", spec={"volumeClaimTemplates": claims}))
    assert manifest["spec"]["volumeClaimTemplates"] == [
        {"metadata": {"name": "data", "labels": {"app.kubernetes.io/name": "web"}}, "spec": {"a": "b"}},
        {"metadata": {"name": "more"}},
    ]


def test_pods_get_defaults_unless_the_chart_sets_them() -> None:
    ((manifest,), _) = result_of(deployment())
    assert pod_of(manifest)["enableServiceLinks"] is False
    assert pod_of(manifest)["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    ((manifest,), _) = result_of(deployment(), settings=PRODUCTION)
    assert pod_of(manifest)["containers"][0]["imagePullPolicy"] == "Always"
    own_deployment = deployment(enableServiceLinks=True, containers=[{"image": "a", "imagePullPolicy": "Never"}])
    ((manifest,), _) = result_of(own_deployment)
    assert (pod_of(manifest)["enableServiceLinks"], pod_of(manifest)["containers"]) == (
        True,
        said_containers(own_deployment),
    )


def said_containers(manifest: Object) -> Any:
    return pod_of(manifest)["containers"]


def test_images_come_from_mirrors() -> None:
    mirrors = {"docker.io": "mirror.acme.example/hub", "quay.io": "mirror.acme.example/quay"}
    settings = replace(DEVELOPMENT, platform=replace(DEVELOPMENT.platform, mirrors=mirrors, pull_secret="pull"))
    images = ("redis:7", "bitnami/redis:7", "quay.io/a/b@sha256:1", "ghcr.io/a/b:1", "mirror.acme.example/hub/x:1")
    containers = [{"name": str(number), "image": image} for number, image in enumerate(images)]
    ((manifest,), _) = result_of(deployment(initContainers=containers[:1], containers=containers), settings=settings)
    assert [container["image"] for container in pod_of(manifest)["containers"]] == [
        "mirror.acme.example/hub/library/redis:7",
        "mirror.acme.example/hub/bitnami/redis:7",
        "mirror.acme.example/quay/a/b@sha256:1",
        "ghcr.io/a/b:1",
        "mirror.acme.example/hub/x:1",
    ]
    assert pod_of(manifest)["initContainers"][0]["image"] == "mirror.acme.example/hub/library/redis:7"
    assert pod_of(manifest)["imagePullSecrets"] == [{"name": "pull"}]


def test_pods_of_a_declared_workload_get_the_labels_for_policies() -> None:
    use = replace(USE, pods=(ChartPods("a", ("polaris",), None),))
    cron = of("CronJob", "batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}})
    (manifests, problems) = result_of(deployment(), cron, use=use)
    assert manifests[0]["spec"]["template"]["metadata"]["labels"] == {
        "app": "a",
        "floe.dev/chart-workload": "a",
        "access.floe.dev/polaris": "true",
    }
    template = manifests[1]["spec"]["jobTemplate"]["spec"]["template"]
    assert template["metadata"]["labels"]["floe.dev/chart-workload"] == "a"
    assert problems == []


def test_pods_that_read_a_config_map_of_the_chart_restart_with_it() -> None:
    volume = {"name": "a", "configMap": {"name": "a"}}
    own, other_deployment = (
        deployment(volumes=[volume]),
        deployment(volumes=[{"name": "a", "configMap": {"name": "b"}}]),
    )
    job = of("Job", "batch/v1", spec=own["spec"])
    (_, *workloads), _ = result_of(of(data={"a": "b"}), own, other_deployment, job)
    annotations = [workload["spec"]["template"]["metadata"].get("annotations") for workload in workloads]
    assert annotations == [{"floe.dev/config-hash": ""}, None, None]


def test_a_missing_declared_workload_is_reported() -> None:
    use = replace(USE, pods=(ChartPods("b", (), Span("platform-manifest.yaml", 7, 7)),))
    _, problems = result_of(deployment(), use=use)
    assert problems == ["H011: the chart web 1.0.0 renders no workload b with these values"]


def test_every_hook_needs_a_decision() -> None:
    def hook(name: str, kinds: str) -> Object:
        annotations = {"helm.sh/hook": kinds, "helm.sh/hook-weight": "1", "own": "kept"}
        return of("Job", "batch/v1", metadata={"name": name, "annotations": annotations}, spec={"template": {}})

    hooks = (hook("before", "pre-install,pre-upgrade"), hook("check", "test"))
    manifests, problems = result_of(*hooks)
    assert manifests == []
    assert problems == [
        (
            "H007: Job/before of the chart web 1.0.0 is a hook (pre-install,pre-upgrade), "
            "and nothing says what becomes of it"
        ),
        "H008: Job/check of the chart web 1.0.0 is a test and is left out",
    ]
    manifests, problems = result_of(*hooks, use=replace(USE, hooks={"Job/before": "apply", "Job/check": "omit"}))
    assert [manifest["metadata"]["annotations"] for manifest in manifests] == [{"own": "kept"}]
    assert problems == []
    _, problems = result_of(use=replace(USE, hooks={"Job/gone": "omit"}))
    assert problems == ["H014: the chart web 1.0.0 has no hook Job/gone with these values"]


@pytest.mark.parametrize(("kinds", "code"), [("pre-install", "H007"), ("test", "H008")])
def test_a_misspelt_hook_is_reported_once_at_its_name(kinds: str, code: str) -> None:
    job = of("Job", "batch/v1", metadata={"name": "before", "annotations": {"helm.sh/hook": kinds}}, spec={})
    place = Span("platform-manifest.yaml", 9, 9)
    use = replace(USE, hooks={"Job/befor": "apply"}, hook_places={"Job/befor": place})
    findings = Findings()
    delivered(use, RenderedChart((("templates/job.yaml", job),)), DEVELOPMENT, {}, {}, findings)
    (problem,) = findings.diagnostics
    assert (problem.rule.code, problem.span, problem.hint) == (code, place, 'write "Job/before" instead of "Job/befor"')


def test_a_secret_with_values_is_refused_without_showing_them() -> None:
    secret = of("Secret", data={"password": "c2VjcmV0"}, stringData={"user": "hunter2"})
    findings = Findings()
    chart = RenderedChart((("templates/secret.yaml", secret),))
    assert delivered(USE, chart, DEVELOPMENT, {}, {}, findings) == []
    (problem,) = findings.diagnostics
    assert problem.rule.code == "H009"
    assert "workloads.<name>.secrets: {a: [password, user]}" in problem.hint
    assert not {"c2VjcmV0", "hunter2"} & set(str(problem).split())
    assert "c2VjcmV0" not in str(problem)
    assert problem.secret
    assert len(result_of(of("Secret"))[0]) == 1, "a secret without values is filled elsewhere"


def test_definitions_are_kept_after_the_chart_is_removed() -> None:
    definition = of("CustomResourceDefinition", "apiextensions.k8s.io/v1")
    ((manifest,), _) = result_of(definition)
    assert manifest["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"


def test_the_place_of_an_object_is_the_line_with_its_kind() -> None:
    text = b"{{- if .Values.a }}\napiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: ConfigMap\n"
    chart = RenderedChart((("templates/a.yaml", of()), ("templates/b.yaml", of())))
    objects_ = delivered(USE, chart, DEVELOPMENT, {}, {"templates/a.yaml": text}, Findings())
    assert [str(rendered.template) for rendered in objects_] == [
        "vendor/charts/web/1.0.0/templates/a.yaml:6:1",
        "vendor/charts/web/1.0.0/templates/b.yaml:1:1",
    ]
