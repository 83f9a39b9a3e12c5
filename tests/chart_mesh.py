"""A small Helm chart, and the small mesh that runs it. What needs helm itself is skipped where it is not installed."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.charts.archive import version_of
from floe_compiler.charts.vendored import Locked, digest_of_chart
from floe_compiler.cli import main
from small_mesh import small_mesh

HELM = shutil.which(os.environ.get("FLOE_COMPILE_HELM") or "helm")
NEEDS_HELM = pytest.mark.skipif(HELM is None, reason="not installed: helm 3 or 4")

CHART = """\
apiVersion: v2
name: web
version: 1.0.0
appVersion: 2.1.0
"""
VALUES = """\
replicas: 1
image: {repository: ghcr.io/acme/web, tag: 2.1.0}
greeting: hello
"""
HELPERS = """\
{{- define "web.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "web.selector" . }}
{{- end }}
{{- define "web.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      {{- include "web.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "web.selector" . | nindent 8 }}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: web
          image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
          env:
            - {name: GREETING, value: {{ .Values.greeting | quote }}}
          ports:
            - {name: http, containerPort: 8080}
          livenessProbe: {httpGet: {path: /, port: http}}
          readinessProbe: {httpGet: {path: /, port: http}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {cpu: 100m, memory: 64Mi}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "web.selector" . | nindent 4 }}
  ports:
    - {name: http, port: 8080, targetPort: http}
"""
WEB: Mapping[str, str] = {
    "Chart.yaml": CHART,
    "values.yaml": VALUES,
    "templates/_helpers.tpl": HELPERS,
    "templates/deployment.yaml": DEPLOYMENT,
    "templates/service.yaml": SERVICE,
}
"""The files of a chart of one server that keeps to the rules of the platform."""

MANIFEST, DOMAIN, ENVIRONMENT = "platform-manifest.yaml", "domains/sales/domain.yaml", "overlays/dev/environment.yaml"
DEPLOYED = "output/dev/floe-platform/deployment.apps_front.yaml"


def encoded(files: Mapping[str, str]) -> dict[str, bytes]:
    """Return files as bytes."""
    return {path: text.encode() for path, text in files.items()}


def write_chart(root: Path, files: Mapping[str, str]) -> None:
    """Vendor a chart, as `floe-compile vendor` does."""
    content = encoded(files)
    chart = version_of(content)
    for path, data in content.items():
        file = root / chart.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    lock = root / "vendor/charts/charts.lock"
    before = lock.read_text(encoding="utf-8") if lock.exists() else ""
    other_lines = [line for line in before.splitlines() if f"  {chart.name}/{chart.version}" not in line]
    locked = Locked(chart, digest_of_chart(content), "oci://ghcr.io/acme/charts/web").text()
    lock.write_text("".join(f"{line}\n" for line in sorted([*other_lines, locked])), encoding="utf-8")


def chart_mesh(
    root: Path,
    further: Mapping[str, str] | None = None,
    *,
    entry: Mapping[str, Any] | None = None,
    file: str = MANIFEST,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Make the small mesh with the release `front` of the chart, and return it.

    Args:
        root: The folder.
        further: Further files of the chart, or other ones.
        entry: What the entry says besides chart and version.
        file: The document with the entry.
        changes: Other top-level keys of documents, by file.
    """
    fields = {"chart": "web", "version": "1.0.0", **(entry or {})}
    charts = {"charts": {"front": fields}}
    changed = {**(changes or {}), file: {**(changes or {}).get(file, {}), **charts}}
    small_mesh(root, changed)
    write_chart(root, {**WEB, **(further or {})})
    return root


def run_verb(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return the code of a verb (default: check) in a mesh, and what it prints."""
    verb, *arguments_ = arguments or ("check",)
    capsys.readouterr()
    code = main([verb, *arguments_, "--root", str(root)])
    printed = capsys.readouterr()
    return code, printed.err + printed.out


def packed(files: Mapping[str, str | bytes], top: str = "web/") -> bytes:
    """Return a packed chart."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(f"{top}{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
