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


def made(
    *objects: Object, use: ChartUse = USE, settings: Settings = DEVELOPMENT, files: dict[str, bytes] | None = None
) -> tuple[list[Object], list[str]]:
    """Return the delivered objects, and the findings as `code: message`."""
    findings = Findings()
    chart = RenderedChart(tuple(("templates/a.yaml", one) for one in objects))
    found = delivered(use, chart, settings, {("acme.example", "Wide"): False}, files or {}, findings)
    return [one.manifest for one in found], [f"{one.rule.code}: {one.message}" for one in findings.diagnostics]


def deployment(**pod: Any) -> Object:
    pod = {"containers": [{"name": "a", "image": "redis:7"}], **pod}
    return of("Deployment", "apps/v1", spec={"template": {"metadata": {"labels": {"app": "a"}}, "spec": pod}})


def pod_of(manifest: Object) -> Any:
    return manifest["spec"]["template"]["spec"]


def test_namespaces_are_added_where_the_kind_has_one() -> None:
    found, _ = made(
        of(),
        of(metadata={"namespace": "kube-system"}),
        of(metadata={"namespace": ""}),
        of("ClusterRole", "rbac.authorization.k8s.io/v1"),
        of("Wide", "acme.example/v1"),
        of("Thing", "acme.example/v1"),
    )
    assert [one["metadata"].get("namespace") for one in found] == [
        "floe-platform",
        "kube-system",
        "floe-platform",
        None,
        None,
        "floe-platform",
    ]


def test_the_labels_of_the_platform_are_added_and_those_of_the_chart_stay() -> None:
    own = {"app.kubernetes.io/name": "redis", "app.kubernetes.io/managed-by": "Helm", "x": "y"}
    ((found,), _) = made(of(metadata={"labels": own}))
    assert found["metadata"]["labels"] == {
        "app.kubernetes.io/name": "redis",
        "app.kubernetes.io/instance": "front",
        "app.kubernetes.io/component": "front",
        "app.kubernetes.io/part-of": DEVELOPMENT.platform.name,
        "app.kubernetes.io/managed-by": "floe-compile",
        "x": "y",
    }
    assert "annotations" not in found["metadata"]


def test_labels_that_change_are_not_in_the_templates_of_claims() -> None:
    labels = {"helm.sh/chart": "web-1.0.0", "app.kubernetes.io/version": "1", "app.kubernetes.io/name": "web"}
    claims = [
        {"metadata": {"name": "data", "labels": labels}, "spec": {"a": "b"}},
        {"metadata": {"name": "more", "labels": {"helm.sh/chart": "web-1.0.0"}}},
    ]
    ((found,), _) = made(of("StatefulSet", "apps/v1", spec={"volumeClaimTemplates": claims}))
    assert found["spec"]["volumeClaimTemplates"] == [
        {"metadata": {"name": "data", "labels": {"app.kubernetes.io/name": "web"}}, "spec": {"a": "b"}},
        {"metadata": {"name": "more"}},
    ]


def test_pods_get_what_all_pods_have_unless_the_chart_says_otherwise() -> None:
    ((found,), _) = made(deployment())
    assert pod_of(found)["enableServiceLinks"] is False
    assert pod_of(found)["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    ((found,), _) = made(deployment(), settings=PRODUCTION)
    assert pod_of(found)["containers"][0]["imagePullPolicy"] == "Always"
    said = deployment(enableServiceLinks=True, containers=[{"image": "a", "imagePullPolicy": "Never"}])
    ((found,), _) = made(said)
    assert (pod_of(found)["enableServiceLinks"], pod_of(found)["containers"]) == (True, said_containers(said))


def said_containers(manifest: Object) -> Any:
    return pod_of(manifest)["containers"]


def test_images_come_from_mirrors() -> None:
    mirrors = {"docker.io": "mirror.acme.example/hub", "quay.io": "mirror.acme.example/quay"}
    settings = replace(DEVELOPMENT, platform=replace(DEVELOPMENT.platform, mirrors=mirrors, pull_secret="pull"))
    images = ("redis:7", "bitnami/redis:7", "quay.io/a/b@sha256:1", "ghcr.io/a/b:1", "mirror.acme.example/hub/x:1")
    containers = [{"name": str(number), "image": image} for number, image in enumerate(images)]
    ((found,), _) = made(deployment(initContainers=containers[:1], containers=containers), settings=settings)
    assert [one["image"] for one in pod_of(found)["containers"]] == [
        "mirror.acme.example/hub/library/redis:7",
        "mirror.acme.example/hub/bitnami/redis:7",
        "mirror.acme.example/quay/a/b@sha256:1",
        "ghcr.io/a/b:1",
        "mirror.acme.example/hub/x:1",
    ]
    assert pod_of(found)["initContainers"][0]["image"] == "mirror.acme.example/hub/library/redis:7"
    assert pod_of(found)["imagePullSecrets"] == [{"name": "pull"}]


def test_the_pods_of_a_declared_workload_get_the_labels_that_policies_select() -> None:
    use = replace(USE, pods=(ChartPods("a", ("polaris",), None),))
    cron = of("CronJob", "batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}})
    (found, told) = made(deployment(), cron, use=use)
    assert found[0]["spec"]["template"]["metadata"]["labels"] == {
        "app": "a",
        "floe.dev/chart-workload": "a",
        "access.floe.dev/polaris": "true",
    }
    template = found[1]["spec"]["jobTemplate"]["spec"]["template"]
    assert template["metadata"]["labels"]["floe.dev/chart-workload"] == "a"
    assert told == []


def test_pods_that_read_a_config_map_of_the_chart_restart_with_it() -> None:
    volume = {"name": "a", "configMap": {"name": "a"}}
    own, others = deployment(volumes=[volume]), deployment(volumes=[{"name": "a", "configMap": {"name": "b"}}])
    job = of("Job", "batch/v1", spec=own["spec"])
    (_, *found), _ = made(of(data={"a": "b"}), own, others, job)
    annotations = [one["spec"]["template"]["metadata"].get("annotations") for one in found]
    assert annotations == [{"floe.dev/config-hash": ""}, None, None]


def test_a_declared_workload_that_there_is_not() -> None:
    use = replace(USE, pods=(ChartPods("b", (), Span("platform-manifest.yaml", 7, 7)),))
    _, told = made(deployment(), use=use)
    assert told == ["H011: the chart web 1.0.0 renders no workload b with these values"]


def test_every_hook_is_decided() -> None:
    def hook(name: str, kinds: str) -> Object:
        annotations = {"helm.sh/hook": kinds, "helm.sh/hook-weight": "1", "own": "kept"}
        return of("Job", "batch/v1", metadata={"name": name, "annotations": annotations}, spec={"template": {}})

    hooks = (hook("before", "pre-install,pre-upgrade"), hook("check", "test"))
    found, told = made(*hooks)
    assert found == []
    assert told == [
        (
            "H007: Job/before of the chart web 1.0.0 is a hook (pre-install,pre-upgrade), "
            "and nothing says what becomes of it"
        ),
        "H008: Job/check of the chart web 1.0.0 is a test and is left out",
    ]
    found, told = made(*hooks, use=replace(USE, hooks={"Job/before": "apply", "Job/check": "omit"}))
    assert [one["metadata"]["annotations"] for one in found] == [{"own": "kept"}]
    assert told == []
    _, told = made(use=replace(USE, hooks={"Job/gone": "omit"}))
    assert told == ["H014: the chart web 1.0.0 has no hook Job/gone with these values"]


@pytest.mark.parametrize(("kinds", "code"), [("pre-install", "H007"), ("test", "H008")])
def test_a_misspelt_hook_is_told_once_and_at_its_name(kinds: str, code: str) -> None:
    job = of("Job", "batch/v1", metadata={"name": "before", "annotations": {"helm.sh/hook": kinds}}, spec={})
    place = Span("platform-manifest.yaml", 9, 9)
    use = replace(USE, hooks={"Job/befor": "apply"}, hook_places={"Job/befor": place})
    findings = Findings()
    delivered(use, RenderedChart((("templates/job.yaml", job),)), DEVELOPMENT, {}, {}, findings)
    (problem,) = findings.diagnostics
    assert (problem.rule.code, problem.span, problem.hint) == (code, place, 'write "Job/before" instead of "Job/befor"')


def test_a_secret_with_values_is_refused_and_its_values_are_not_told() -> None:
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
    assert len(made(of("Secret"))[0]) == 1, "one without values is filled by somebody else"


def test_definitions_are_kept_when_the_chart_is_gone() -> None:
    definition = of("CustomResourceDefinition", "apiextensions.k8s.io/v1")
    ((found,), _) = made(definition)
    assert found["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"


def test_the_place_of_an_object_is_the_line_with_its_kind() -> None:
    text = b"{{- if .Values.a }}\napiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: ConfigMap\n"
    chart = RenderedChart((("templates/a.yaml", of()), ("templates/b.yaml", of())))
    found = delivered(USE, chart, DEVELOPMENT, {}, {"templates/a.yaml": text}, Findings())
    assert [str(one.template) for one in found] == [
        "vendor/charts/web/1.0.0/templates/a.yaml:6:1",
        "vendor/charts/web/1.0.0/templates/b.yaml:1:1",
    ]
