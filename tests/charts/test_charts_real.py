"""Charts in a mesh, rendered by the real helm: their objects, and the errors."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart_mesh import (
    DEPLOYED,
    DEPLOYMENT,
    DOMAIN,
    ENVIRONMENT,
    MANIFEST,
    NEEDS_HELM,
    SERVICE,
    WEB,
    chart_mesh,
    run_verb,
    write_chart,
)
from floe_compiler.charts import render
from floe_compiler.charts.helm import run_helm
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from pipeline.mesh_of_three import Recorder

pytestmark = [NEEDS_HELM, pytest.mark.real]

PLATFORM = "output/dev/floe-platform"
CLUSTER = {"name": "kind", "ingress_namespace": "traefik"}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: %s}\n"


def compiled(root: Path, file: str) -> Any:
    return yaml.load(compile_mesh(root, cache=Recorder()).files[file], yaml.CSafeLoader)


def errors(root: Path) -> list[tuple[str, str, str]]:
    """Return code, place and message of each error."""
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root, cache=Recorder())
    return [(diagnostic.rule.code, str(diagnostic.span), diagnostic.message) for diagnostic in failed.value.diagnostics]


def test_a_chart_becomes_objects_of_the_namespace(tmp_path: Path) -> None:
    root = chart_mesh(tmp_path, entry={"values": {"greeting": "good morning"}})
    manifest = compiled(root, DEPLOYED)
    assert manifest["metadata"]["namespace"] == "floe-platform"
    assert manifest["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "GREETING", "value": "good morning"}
    ]


def test_an_environment_and_a_domain_have_their_own_values_and_versions(tmp_path: Path) -> None:
    override = {"platform": {"charts": {"front": {"version": "1.1.0", "values": {"image": {"tag": "2.2.0"}}}}}}
    changes = {ENVIRONMENT: override}
    root = chart_mesh(tmp_path, entry={"values": {"greeting": "hi"}}, changes=changes)
    write_chart(root, {**WEB, "Chart.yaml": WEB["Chart.yaml"].replace("version: 1.0.0", "version: 1.1.0")})
    manifest = compiled(root, DEPLOYED)
    assert manifest["metadata"]["labels"]["helm.sh/chart"] == "web-1.1.0"
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "ghcr.io/acme/web:2.2.0"
    assert container["env"][0]["value"] == "hi"


def test_patches_reach_the_objects_of_a_chart(tmp_path: Path) -> None:
    root = chart_mesh(tmp_path)
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: front, namespace: floe-platform}\n"
    for file, text in {
        "overlays/dev/kustomization.yaml": "resources: [../../base]\n",
        "base/kustomization.yaml": "patches: [path: patch.yaml]\n",
        "base/patch.yaml": f"{head}spec: {{minReadySeconds: 5}}\n",
    }.items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")
    assert compiled(root, DEPLOYED)["spec"]["minReadySeconds"] == 5


def test_policies_follow_from_declared_facts(tmp_path: Path) -> None:
    workload = {
        "ports": {"http": 8080},
        "connects": [{"host": "api.acme.example", "port": 443}],
        "interface": {"port": "http"},
        "calls": [{"server": "back", "chart": "back", "port": 8080}],
    }
    charts = {
        "front": {"chart": "web", "version": "1.0.0", "workloads": {"front": workload}},
        "back": {"chart": "web", "version": "1.0.0", "workloads": {"back": {"ports": {"http": 8080}}}},
    }
    root = chart_mesh(tmp_path, changes={ENVIRONMENT: {"cluster": CLUSTER}})
    manifest = yaml.load((root / MANIFEST).read_text(encoding="utf-8"), yaml.CSafeLoader)
    (root / MANIFEST).write_text(yaml.safe_dump({**manifest, "charts": charts}), encoding="utf-8")
    files = compile_mesh(root).files
    front = yaml.load(files[f"{PLATFORM}/networkpolicy.networking.k8s.io_front.yaml"], yaml.CSafeLoader)["spec"]
    back = yaml.load(files[f"{PLATFORM}/networkpolicy.networking.k8s.io_back.yaml"], yaml.CSafeLoader)["spec"]
    assert front["podSelector"] == {"matchLabels": {"floe.dev/chart-workload": "front"}}
    assert front["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "traefik"
    }
    assert [rule["ports"][0]["port"] for rule in front["egress"]] == [443, 8080]
    assert back["ingress"][0]["from"][0]["podSelector"]["matchLabels"] == {"access.floe.dev/back": "true"}
    pods = yaml.load(files[DEPLOYED], yaml.CSafeLoader)["spec"]["template"]["metadata"]["labels"]
    assert pods["access.floe.dev/back"] == "true"
    service = yaml.load(files[f"{PLATFORM}/service_front-interface.yaml"], yaml.CSafeLoader)["spec"]
    assert service["selector"] == {"floe.dev/chart-workload": "front"}
    assert [port["port"] for port in service["ports"]] == [8080]


def test_an_interface_is_opened_by_the_environment(tmp_path: Path) -> None:
    ingress: dict[str, Any] = {"type": "ingress", "class": "traefik", "domain": "dev.acme.example"}
    ingress = {**ingress, "auth": {"type": "none", "reason": "a test"}}
    entry = {"workloads": {"front": {"ports": {"http": 8080}, "interface": {"port": "http", "authenticates": True}}}}
    root = chart_mesh(tmp_path, entry=entry, changes={ENVIRONMENT: {"cluster": CLUSTER, "ingress": ingress}})
    files = compile_mesh(root).files
    (rule,) = yaml.load(files[f"{PLATFORM}/ingress.networking.k8s.io_front.yaml"], yaml.CSafeLoader)["spec"]["rules"]
    assert rule["host"] == "front.dev.acme.example"
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "front-interface", "port": {"name": "http"}}


def test_pods_restart_when_a_config_map_of_the_chart_changes(tmp_path: Path) -> None:
    mounted = "      volumes: [{name: extra, configMap: {name: extra}}]\n      containers:"
    text = DEPLOYMENT.replace("      containers:", mounted).replace(
        "          ports:", "          volumeMounts: [{name: extra, mountPath: /etc/extra}]\n          ports:"
    )
    hashes = {
        compiled(
            chart_mesh(tmp_path / word, {"templates/deployment.yaml": text, "templates/a.yaml": CONFIG % word}),
            DEPLOYED,
        )["spec"]["template"]["metadata"]["annotations"]["floe.dev/config-hash"]
        for word in ("one", "two")
    }
    assert len(hashes) == 2
    assert "" not in hashes


def test_secrets_come_from_the_source_of_the_environment(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace(
        "          ports:", "          envFrom: [{secretRef: {name: front-login}}]\n          ports:"
    )
    entry = {"workloads": {"front": {"secrets": {"front-login": ["password"]}}}}
    annotations = "metadata:\n  annotations: {floe.dev/exception-secretVariables: it reads nothing else}\n"
    root = chart_mesh(
        tmp_path,
        {"templates/deployment.yaml": text.replace("metadata:\n", annotations, 1)},
        entry=entry,
        changes={MANIFEST: {"secrets": {"type": "existing"}}},
    )
    assert DEPLOYED in compile_mesh(root).files
    undeclared = chart_mesh(tmp_path / "undeclared", {"templates/deployment.yaml": text})
    assert any("front-login" in message for _, _, message in errors(undeclared))


@pytest.mark.parametrize(
    ("files", "values", "code", "place", "message_part"),
    [
        (
            {"values.schema.json": '{"properties": {"replicas": {"type": "integer"}}}'},
            {"replicas": "many"},
            "H005",
            "replicas",
            "the chart web 1.0.0 does not take values.replicas: got string, want integer",
        ),
        ({"templates/a.yaml": "a: {{ .Values.a.b }}\n"}, {}, "H005", "front", "nil pointer evaluating interface {}.b"),
        ({"templates/a.yaml": '{{ required "say a" .Values.a }}\n'}, {}, "H005", "front", "say a"),
        ({"templates/a.yaml": "a: [\n"}, {}, "H005", "front", "YAML parse error on web/templates/a.yaml"),
        ({"Chart.yaml": WEB["Chart.yaml"] + 'kubeVersion: ">=1.90"\n'}, {}, "H005", "front", "requires kubeVersion"),
        (
            {"templates/a.yaml": CONFIG % "{{ randAlphaNum 9 | quote }}"},
            {},
            "H006",
            "front",
            "renders templates/a.yaml differently each time",
        ),
        ({"templates/a.yaml": CONFIG % "{{ now | quote }}"}, {}, "H006", "front", "differently each time"),
        ({"templates/a.yaml": "just: text\n"}, {}, "H012", "front", "no mapping with metadata"),
        (
            {"templates/a.yaml": CONFIG.replace("ConfigMap", "Secret") % '{{ "x" | b64enc }}'},
            {},
            "H009",
            "front",
            "Secret floe-platform/extra of the chart web 1.0.0 has values",
        ),
        ({"templates/a.yaml": SERVICE}, {}, "H013", "front", "Service floe-platform/front is in two places"),
    ],
)
def test_one_mistake_is_one_error_at_the_entry(
    files: Mapping[str, str], values: Mapping[str, Any], code: str, place: str, message_part: str, tmp_path: Path
) -> None:
    root = chart_mesh(tmp_path, files, entry={"values": values})
    ((found_code, span, message),) = errors(root)
    assert found_code == code
    assert message_part in message
    line = int(span.split(":")[1])
    assert f'"{place}":' in (root / MANIFEST).read_text(encoding="utf-8").splitlines()[line - 1]


def test_an_error_names_the_line_of_the_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = chart_mesh(tmp_path, {"templates/a.yaml": "# one\n# two\na: {{ .Values.a.b }}\n"})
    _, text = run_verb(root, capsys)
    assert "vendor/charts/web/1.0.0/templates/a.yaml:3:" in text
    assert "Traceback" not in text
    assert "/tmp" not in text


def test_a_finding_of_a_check_names_the_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DEPLOYMENT.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
    root = chart_mesh(tmp_path, {"templates/deployment.yaml": text})
    _, output = run_verb(root, capsys)
    assert "allowPrivilegeEscalation" in output
    assert "platform-manifest.yaml:" in output
    assert "see also vendor/charts/web/1.0.0/templates/deployment.yaml:2:1: its template" in output


def domain_entry(chart: str = "web", **entry: Any) -> Mapping[str, Mapping[str, Any]]:
    return {DOMAIN: {"charts": {"front": {"chart": chart, "version": "1.0.0", **entry}}}}


def test_a_domain_runs_the_charts_that_the_policy_allows(tmp_path: Path) -> None:
    allowed = {MANIFEST: {"domain_policy": {"charts": ["web"]}}}
    root = chart_mesh(tmp_path / "allowed", file=DOMAIN, changes=allowed)
    assert "output/dev/floe-sales-domain/deployment.apps_front.yaml" in compile_mesh(root).files
    refused = chart_mesh(tmp_path / "refused", file=DOMAIN)
    ((code, span, message),) = errors(refused)
    assert (code, message) == ("R022", "a domain may not run the chart web")
    assert span.startswith(f"{DOMAIN}:")
    by_platform = chart_mesh(tmp_path / "platform", file=ENVIRONMENT)
    environment = yaml.load((by_platform / ENVIRONMENT).read_text(encoding="utf-8"), yaml.CSafeLoader)
    charts = environment.pop("charts")
    (by_platform / ENVIRONMENT).write_text(
        yaml.safe_dump({**environment, "domains": {"sales": {"charts": charts}}}), encoding="utf-8"
    )
    assert "output/dev/floe-sales-domain/deployment.apps_front.yaml" in compile_mesh(by_platform).files


@pytest.mark.parametrize(
    ("template", "values", "message_part"),
    [
        (CONFIG.replace("name: extra", "name: extra, namespace: floe-platform") % "b", {}, "it is in floe-platform"),
        (
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: extra}\n",
            {},
            "may have no ClusterRole",
        ),
        ("", {"image": {"repository": "evil.example/web"}}, "image evil.example/web:2.1.0 is not from a registry"),
    ],
)
def test_the_chart_of_a_domain_may_not_reach_outside_its_namespace(
    template: str, values: Mapping[str, Any], message_part: str, tmp_path: Path
) -> None:
    allowed = {MANIFEST: {"domain_policy": {"charts": ["web"]}}}
    files = {"templates/a.yaml": template} if template else {}
    root = chart_mesh(tmp_path, files, entry={"values": values}, file=DOMAIN, changes=allowed)
    ((code, span, message),) = errors(root)
    assert code == "H010"
    assert message_part in message
    assert span.startswith(f"{DOMAIN}:")


def test_a_domains_own_file_opens_nothing_of_the_platform(tmp_path: Path) -> None:
    calls = [{"server": "polaris", "port": 8181, "shared": True}]
    entry = {"workloads": {"front": {"calls": calls, "kubernetes_api": True}}}
    allowed = {MANIFEST: {"domain_policy": {"charts": ["web"]}}}
    problems = errors(chart_mesh(tmp_path, entry=entry, file=DOMAIN, changes=allowed))
    assert [(code, "shared services" in message or "Kubernetes API" in message) for code, _, message in problems] == [
        ("R022", True),
        ("R022", True),
    ]


def test_rendered_charts_are_cached_by_all_their_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    real = run_helm

    def counted(*arguments: Any) -> str:
        runs.append(arguments[1].name)
        return real(*arguments)

    monkeypatch.setattr(render, "run_helm", counted)
    cache = Recorder()
    root = chart_mesh(tmp_path)
    first = compile_mesh(root, cache=cache)
    assert runs == ["front", "front"], "helm runs twice, to compare the output"
    assert compile_mesh(root, cache=cache).files == first.files
    assert len(runs) == 2
    chart_mesh(root, entry={"values": {"greeting": "hi"}})
    assert compile_mesh(root, cache=cache).files[DEPLOYED] != first.files[DEPLOYED]
    assert len(runs) == 4
    chart_mesh(root, {"values.yaml": WEB["values.yaml"].replace("hello", "bye")})
    assert "bye" in compile_mesh(root, cache=cache).files[DEPLOYED]
    assert len(runs) == 6
    chart_mesh(
        root,
        {"values.yaml": WEB["values.yaml"].replace("hello", "bye")},
        changes={MANIFEST: {"kubernetes": {"version": "1.33"}}},
    )
    compile_mesh(root, cache=cache)
    assert len(runs) == 8


def test_an_edit_compiles_the_namespace_of_the_chart(tmp_path: Path) -> None:
    cache = Recorder()
    root = chart_mesh(tmp_path)
    compile_mesh(root, cache=cache)
    chart_mesh(root, entry={"values": {"greeting": "hi"}})
    then = Recorder(cache)
    compile_mesh(root, cache=then)
    assert then.compiled == {"dev/floe-platform"}


def test_definitions_of_a_chart_are_those_of_the_cluster(tmp_path: Path) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.acme.example"},
        "spec": {
            "group": "acme.example",
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
    template = (
        '{{- if .Capabilities.APIVersions.Has "acme.example/v1/Thing" }}\n'
        "apiVersion: acme.example/v1\nkind: Thing\nmetadata: {name: one}\n{{- end }}\n"
    )
    further = {"crds/things.yaml": yaml.safe_dump(definition), "templates/thing.yaml": template}
    flux = {MANIFEST: {"delivery": {"type": "flux", "repository": "https://github.com/acme/small.git"}}}
    files = compile_mesh(chart_mesh(tmp_path, further, changes=flux)).files
    file = "output/dev/_cluster/customresourcedefinition.apiextensions.k8s.io_things.acme.example.yaml"
    definition_ = yaml.load(files[file], yaml.CSafeLoader)
    assert definition_["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
    assert f"{PLATFORM}/thing.acme.example_one.yaml" in files
    without = chart_mesh(tmp_path, further, entry={"crds": False}, changes=flux)
    assert not [path for path in compile_mesh(without).files if "thing" in path]


def test_explain_leads_to_the_entry_and_the_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = chart_mesh(tmp_path)
    assert run_verb(root, capsys, "compile")[0] == 0
    code, text = run_verb(root, capsys, "explain", DEPLOYED)
    assert code == 0
    assert "asked for by platform-manifest.yaml:" in text
    assert "from the template vendor/charts/web/1.0.0/templates/deployment.yaml:2:1" in text


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    mesh, copy = (chart_mesh(tmp_path / name) for name in ("one", "other"))
    assert compile_mesh(mesh).files == compile_mesh(copy).files


def test_helm_itself_accepts_the_chart_of_these_tests(tmp_path: Path) -> None:
    from chart_mesh import HELM

    for path, text in WEB.items():
        file = tmp_path / "web" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert HELM
    run = subprocess.run([HELM, "lint", str(tmp_path / "web")], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
