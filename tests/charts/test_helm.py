"""helm is found, and runs without the user's settings: no plugins, no cluster, no network."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from chart_mesh import NEEDS_HELM, WEB, chart_mesh, encoded, run_verb
from floe_compiler.charts import helm
from floe_compiler.charts.helm import VARIABLE, Helm, HelmError, Release, find_helm, run_helm
from floe_compiler.charts.templates import objects_in
from floe_compiler.model.diagnostics import StageFailed

CAPABLE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  kubernetes: {{ .Capabilities.KubeVersion.Version | quote }}
  {{- range list "apps/v1/Deployment" "policy/v1/PodDisruptionBudget" "keda.sh/v1alpha1" "keda.sh/v1alpha1/ScaledObject"
    "acme.example/v1" "policy/v1/PodSecurityPolicy" }}
  {{ replace "/" "." . }}: {{ $.Capabilities.APIVersions.Has . | quote }}
  {{- end }}
  pods: {{ lookup "v1" "Pod" "" "" | toJson | quote }}
  host: {{ getHostByName "localhost" | quote }}
"""


def release(**files: str) -> Release:
    named = {path.replace("__", "/") + ".yaml": text for path, text in files.items()}
    return Release("front", "floe-platform", encoded({**WEB, **named}), b"{}", "1.34", (), crds=True)


def a_helm(tmp_path: Path, version: str, script: str = "") -> str:
    """Return a program that reports this version of helm."""
    program = tmp_path / "helm"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys, time\nif sys.argv[1] == 'version':\n"
        f"    print({version!r}); sys.exit()\n{script}\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return str(program)


def test_a_missing_helm_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv(VARIABLE, raising=False)
    code, text = run_verb(chart_mesh(tmp_path / "mesh"), capsys, "check", "--quiet")
    assert code == 1
    assert "error[H001]: there is no helm on the PATH" in text
    assert "install helm 4" in text
    assert "platform-manifest.yaml:" in text.partition("error[H001]")[0]
    assert text.count("error[") == 1


def test_a_mesh_without_charts_needs_no_helm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from small_mesh import small_mesh

    monkeypatch.setenv(VARIABLE, "no-such-helm")
    code, text = run_verb(small_mesh(tmp_path, {}), capsys, "compile")
    assert code == 0, text


@pytest.mark.parametrize("version", ["v2.17.0", "v3.13.3", "v5.0.0", "", "something else"])
def test_an_unsupported_version_is_refused(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, a_helm(tmp_path, version))
    with pytest.raises(StageFailed) as caught:
        find_helm()
    (problem,) = caught.value.diagnostics
    assert problem.rule.code == "H001"
    assert "is not supported" in problem.message


@pytest.mark.parametrize("version", ["v3.14.0", "v3.22", "v4.3.1", "v4.3.1+g1234"])
def test_a_supported_version_is_accepted(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = a_helm(tmp_path, version)
    monkeypatch.setenv(VARIABLE, program)
    assert find_helm() == Helm(program, version)


def test_a_name_that_is_not_a_program_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "no-such-helm")
    with pytest.raises(StageFailed, match="1 problem") as caught:
        find_helm()
    assert f"{VARIABLE} names no-such-helm" in caught.value.diagnostics[0].message


def test_helm_gets_no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "HELM_PLUGINS", "KUBECONFIG", "https_proxy", "HELM_REGISTRY_CONFIG"):
        monkeypatch.setenv(name, "of the user")
    print_all = "print(json.dumps([dict(os.environ), sys.argv[1:], os.getcwd(), sys.stdin.read()]))"
    program = Helm(a_helm(tmp_path, "v4.0.0", print_all), "v4.0.0")
    variables, arguments, folder, values = json.loads(run_helm(program, release()))
    assert "of the user" not in variables.values()
    assert not {name for name in variables if name.startswith(("AWS", "HELM_REGISTRY"))}
    for name in ("HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "KUBECONFIG"):
        assert variables[name].startswith(folder)
    assert not Path(folder).exists(), "the folder is removed afterwards"
    assert arguments[:6] == ["template", "front", "chart", "--namespace", "floe-platform", "--values"]
    assert arguments[7:9] == ["--kube-version", "1.34.0"]
    assert values == ""


def test_a_helm_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm, "SECONDS", 1)
    with pytest.raises(StageFailed) as caught:
        run_helm(Helm(a_helm(tmp_path, "v4.0.0", "time.sleep(60)"), "v4.0.0"), release())
    assert caught.value.diagnostics[0].rule.code == "H002"


def test_a_helm_that_does_not_start_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StageFailed) as caught:
        run_helm(Helm(str(tmp_path / "gone"), "v4.0.0"), release())
    assert caught.value.diagnostics[0].rule.code == "H002"


@NEEDS_HELM
@pytest.mark.real
def test_helm_gets_version_and_apis_of_the_cluster() -> None:
    release_ = Release(
        "front",
        "floe-platform",
        encoded({"Chart.yaml": WEB["Chart.yaml"], "templates/a.yaml": CAPABLE}),
        b"{}",
        "1.33",
        ("keda.sh/v1alpha1", "keda.sh/v1alpha1/ScaledObject"),
        crds=True,
    )
    ((_, manifest),) = objects_in(run_helm(find_helm(), release_))
    assert manifest["data"] == {
        "kubernetes": "v1.33.0",
        "apps.v1.Deployment": "true",
        "policy.v1.PodDisruptionBudget": "true",
        "keda.sh.v1alpha1": "true",
        "keda.sh.v1alpha1.ScaledObject": "true",
        "acme.example.v1": "false",
        "policy.v1.PodSecurityPolicy": "false",
        "pods": "{}",
        "host": "",
    }


@NEEDS_HELM
@pytest.mark.real
def test_helm_fetches_no_schema(tmp_path: Path) -> None:
    """The check H015 refuses such a chart before; this shows what happens otherwise."""
    schema = '{"$ref": "http://schemas.acme.example/values.json"}'
    files = encoded({**WEB, "values.schema.json": schema})
    with pytest.raises(HelmError, match=r"127\.0\.0\.1:9|failing loading"):
        run_helm(find_helm(), Release("front", "a", files, b"{}", "1.34", (), crds=True))
