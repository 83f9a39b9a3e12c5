"""The output of an environment as Helm charts: one for each folder that is delivered by itself.

The objects are files of the chart, which its only template prints: nothing in them is taken for a template. Helm
applies what is in `crds/` before all else, and never updates or deletes it
(helm.sh/docs/chart_best_practices/custom_resource_definitions).
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.output_paths import DELIVERY_FOLDER, TESTS_PREFIX
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import from_yaml, to_yaml
from floe_compiler.publish.archive import gzip, tar
from floe_compiler.publish.delivered import Delivery, deliveries
from floe_compiler.publish.helm_annotations import NoSuchHook, helm_annotations

NOT_FOR_HELM = Rule(
    "P003",
    "output that Helm cannot install",
    "Something in the output works with Argo CD or Flux, and Helm has nothing like it; or a chart has more than Helm "
    "can store of a release. Leave it out of the environment, or deliver it with one of them.",
)

OBJECTS, CRDS = "objects", "crds"
TEMPLATE = f"""\
{{{{- /* Prints each object as it was compiled. Nothing in it is a template. */ -}}}}
{{{{- range $path, $_ := .Files.Glob "{OBJECTS}/*.yaml" }}}}
---
{{{{ $.Files.Get $path }}}}
{{{{- end }}}}
"""
NO_VALUES = """\
{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "description": "This chart has no values: change the inputs of the mesh, and compile.",
  "type": "object",
  "additionalProperties": false
}
"""
LONGEST_NAME = 53
"""That of a release: helm.sh/docs/topics/charts#the-chartyaml-file, and `ValidateReleaseName` in Helm's code."""

LARGEST_RELEASE = 1024 * 1024
"""Helm keeps a release in a Secret, whose data may have a mebibyte (`MaxSecretSize` in Kubernetes)."""


class Chart(msgspec.Struct, frozen=True):
    """A chart: its name, which is that of its release too; the folder of the output and its namespace; its files.

    `rank` says which charts are installed first. `namespace` is empty for objects without one.
    """

    name: str
    folder: str
    namespace: str
    rank: int
    files: Mapping[str, bytes]

    def packed(self, version: str) -> bytes:
        """Return the chart as `helm package` packs it; the same bytes for the same files and version."""
        head = {
            "apiVersion": "v2",
            "name": self.name,
            "version": version,
            "type": "application",
            "description": f"{self.folder}, as floe-compile has compiled it",
        }
        files = {**self.files, "Chart.yaml": to_yaml(head).encode()}
        return gzip(tar({f"{self.name}/{path}": content for path, content in files.items()}))

    @property
    def content_version(self) -> str:
        """Return a version that follows from the files, for a chart that gets no other."""
        digest = hashlib.sha256(tar(self.files)).hexdigest()
        return f"0.0.0-sha{digest[:12]}"


def charts_of(files: Mapping[str, str]) -> tuple[Chart, ...]:
    """Return the charts of output files by path, in the order in which they are to be installed.

    Raises:
        StageFailed: with all that Helm cannot install (P003).
    """
    findings = Findings()
    delivered = deliveries(files)
    folders: dict[str, dict[str, str]] = {}
    for path in sorted(files):
        if f"/{DELIVERY_FOLDER}/" not in path:
            folder, _, file = path.replace(f"/{TESTS_PREFIX}", "/").rpartition("/")
            folders.setdefault(folder, {})[file] = path
    charts = [
        chart
        for folder, paths in folders.items()
        for chart in _chart(folder, {file: files[path] for file, path in paths.items()}, paths, delivered, findings)
    ]
    findings.finish()
    return tuple(sorted(charts, key=lambda chart: (chart.rank, chart.folder)))


def _chart(
    folder: str,
    texts: Mapping[str, str],
    paths: Mapping[str, str],
    delivered: tuple[Delivery, ...],
    findings: Findings,
) -> Iterator[Chart]:
    """Yield the chart of a folder, or nothing, with a finding, if nothing delivers the folder."""
    delivery = next((candidate for candidate in delivered if candidate.delivers(folder)), None)
    if delivery is None:
        message = "no Application or Kustomization applies this folder, so its chart has no name"
        hint = "let the delivery objects apply it, or leave it out"
        findings.add(NOT_FOR_HELM, message, Span(next(iter(paths.values()))), hint=hint)
        return
    files: dict[str, bytes] = {"templates/objects.yaml": TEMPLATE.encode(), "values.schema.json": NO_VALUES.encode()}
    namespace = ""
    for file, text in texts.items():
        manifest = from_yaml(text)
        namespace = namespace or identify(manifest).namespace
        place = CRDS if manifest.get("kind") == "CustomResourceDefinition" else OBJECTS
        files[f"{place}/{file}"] = _for_helm(manifest, text, paths[file], findings).encode()
    chart = Chart(_release_name(delivery.name), folder, namespace, delivery.rank, files)
    if (size := _stored(chart)) > LARGEST_RELEASE:
        message = f"its chart takes {size} bytes in the Secret of a release, which has room for {LARGEST_RELEASE}"
        hint = "let less stand in one namespace, or deliver it with Argo CD or Flux"
        findings.add(NOT_FOR_HELM, message, subject=folder, hint=hint)
    yield chart


def _for_helm(manifest: Object, text: str, path: str, findings: Findings) -> str:
    """Return the text of an object: as it is, or with the annotations that Helm needs."""
    subject = str(identify(manifest))
    if manifest.get("kind") == "Secret" and "sops" in manifest:
        message = "SOPS has encrypted it, and Helm would install it without decrypting it"
        hint = "write a SopsSecret or a SealedSecret, which are decrypted in the cluster"
        findings.add(NOT_FOR_HELM, message, Span(path), subject=subject, hint=hint)
        return text
    try:
        added = helm_annotations(manifest)
    except NoSuchHook as error:
        message = f"it is a hook of Argo CD's phase {error}, and Helm has none like it"
        hint = "make it a PreSync or PostSync hook, or an object without the annotation"
        findings.add(NOT_FOR_HELM, message, Span(path), subject=subject, hint=hint)
        return text
    if not added:
        return text
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), **added}
    return to_yaml({**manifest, "metadata": {**metadata, "annotations": annotations}})


def _release_name(name: str) -> str:
    """Return the name of a delivery object, cut and hashed if it is too long for a release."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _stored(chart: Chart) -> int:
    """Return how much Helm stores of a release: the files and what they are rendered to, packed, in Base64.

    It is `encodeRelease` in Helm's pkg/storage/driver, but for some hundred bytes about the release.
    """
    objects = [content.decode() for path, content in chart.files.items() if path.startswith(f"{OBJECTS}/")]
    files = [
        {"name": path, "data": base64.b64encode(content).decode()} for path, content in sorted(chart.files.items())
    ]
    release = json.dumps({"chart": {"files": files}, "manifest": "---\n".join(objects)}).encode()
    return len(base64.b64encode(zlib.compress(release, 9)))
