"""The real helm takes the charts of the mesh in this repository: it lints them, and renders the same bytes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from chart_mesh import HELM, NEEDS_HELM
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.publish.helm_charts import Chart, charts_of

pytestmark = [NEEDS_HELM, pytest.mark.real]

ROOT = Path(__file__).parents[2]


def files_of(root: Path, environment: str) -> dict[str, str]:
    """Return the committed output of an environment."""
    folder = root / "output" / environment
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}


def packed(folder: Path, chart: Chart) -> Path:
    file = folder / f"{chart.name}.tgz"
    file.write_bytes(chart.packed("1.2.3"))
    return file


def helm(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(HELM), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def rendered(chart: Chart, file: Path, *options: str) -> list[str]:
    """Return the objects that helm renders, without the comment above each."""
    place = ("--namespace", chart.namespace or "default")
    done = helm("template", chart.name, file, *place, "--include-crds", *options)
    assert done.returncode == 0, done.stderr
    documents = f"\n{done.stdout}".split("\n---\n# Source: ")
    return sorted(f"{text.partition(chr(10))[2].strip(chr(10))}\n" for text in documents if text.strip())


def objects(chart: Chart) -> list[str]:
    """Return the objects in the files of a chart."""
    return sorted(text.decode() for path, text in chart.files.items() if path.startswith(("objects/", "crds/")))


@pytest.mark.parametrize(
    ("root", "environment"),
    [(ROOT, "prod"), (ROOT / "tests/golden/flux", "prod"), (ROOT / "tests/golden/clusters", "prod")],
    ids=["argocd", "flux", "clusters"],
)
def test_helm_renders_the_compiled_objects(tmp_path: Path, root: Path, environment: str) -> None:
    files = files_of(root, environment)
    by_helm: list[str] = []
    for chart in charts_of(files):
        file = packed(tmp_path, chart)
        assert rendered(chart, file) == objects(chart)
        linted = helm("lint", file)
        assert linted.returncode == 0, linted.stdout
        by_helm += objects(chart)
    delivered = [text for path, text in files.items() if "/_delivery/" not in path]
    assert len(by_helm) == len(delivered) > 10
    assert [added_to(manifest, delivered) for manifest in by_helm if manifest not in delivered] == [
        ["helm.sh/"] for manifest in by_helm if manifest not in delivered
    ]


def added_to(text: str, delivered: list[str]) -> list[str]:
    """Return the prefixes of the annotations added to a text, which must be the only difference."""
    now = yaml.safe_load(text)
    annotations = now["metadata"]["annotations"]
    added = [name for name in annotations if name.startswith("helm.sh/")]
    for name in added:
        del annotations[name]
    assert to_yaml(now) in delivered
    return sorted({name.partition("/")[0] + "/" for name in added})


def chart_with(tmp_path: Path, data: Mapping[str, str]) -> tuple[Chart, Path]:
    metadata = {"name": "a", "namespace": "floe-sales"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
    application = {
        "kind": "Application",
        "metadata": {"name": "a"},
        "spec": {"source": {"path": "output/dev/floe-sales"}},
    }
    texts = {"output/dev/floe-sales/configmap_a.yaml": config, "output/dev/_delivery/a.yaml": application}
    (chart,) = charts_of({path: to_yaml(manifest) for path, manifest in texts.items()})
    return chart, packed(tmp_path, chart)


def test_text_is_never_taken_for_a_template_or_a_document_separator(tmp_path: Path) -> None:
    data = {
        "braces": "{{ .Values.a }}{{- if }} {{`",
        "documents": "a: b\n---\n# Source: x\nc: d\n",
        "last": "two lines at the end\n\n\n",
        "z": "one line at the end\n",
    }
    chart, file = chart_with(tmp_path, data)
    (text,) = rendered(chart, file)
    assert yaml.safe_load(text)["data"] == data


def test_a_chart_has_no_values(tmp_path: Path) -> None:
    _, file = chart_with(tmp_path, {})
    done = helm("template", "a", file, "--set", "replicas=2")
    assert done.returncode == 1
    assert "replicas" in done.stderr
