"""Objects and folders must not be too large."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object, ObjectId

_MOST_ANNOTATIONS = 256 * 1024

ANNOTATIONS = Rule(
    "C163",
    "annotations that are too large",
    f"All annotations of an object may have {_MOST_ANNOTATIONS} bytes in total. Move large values into a ConfigMap.",
)
DATA = Rule(
    "C164",
    "ConfigMap that is too large",
    "A ConfigMap or Secret may have 1 MiB of data. Split it, or put the data into an image or volume.",
)
FOLDER = Rule(
    "C165",
    "Namespace that is almost too large for Argo CD",
    "Argo CD refuses a folder whose manifests have more than 10 MB in total (reposerver.max.combined.directory."
    "manifests.size). Split the namespace, or raise the limit there.",
    "warning",
)
RULES = (ANNOTATIONS, DATA, FOLDER)

_MOST_DATA = 1024 * 1024
_MUCH = 8_000_000
_ENCODER = msgspec.json.Encoder(enc_hook=str)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects above the limits of Kubernetes, and namespaces near the limit of Argo CD."""
    folders: dict[str, int] = defaultdict(int)
    for identity, manifest in index.objects.items():
        # JSON without spaces is about a fifth smaller than YAML with its indentation.
        folders[identity.namespace] += _size(manifest) * 6 // 5
        size = _size_of_annotations(manifest)
        if size > _MOST_ANNOTATIONS:
            yield index.finding(
                ANNOTATIONS, identity, f"metadata.annotations has {size} bytes", "move large values into a ConfigMap"
            )
    for identity, manifest in index.of("", "ConfigMap", "Secret"):
        size = _size_of_data(manifest)
        if size > _MOST_DATA:
            yield index.finding(DATA, identity, f"its data has {size} bytes", "split it, or put the data into an image")
    for namespace, size in folders.items():
        if size > _MUCH:
            about = ObjectId("", "Namespace", "", namespace)
            message = f"its manifests have about {size / 1_000_000:.1f} MB"
            yield index.finding(FOLDER, about, message, "split the namespace, or raise the limit in Argo CD")


@remembered
def _size(manifest: Object) -> int:
    """Return the size of an object as JSON."""
    return len(_ENCODER.encode(manifest))


@remembered
def _size_of_annotations(manifest: Object) -> int:
    annotations = manifest.get("metadata", {}).get("annotations", {})
    return sum(_bytes(key) + _bytes(value) for key, value in annotations.items())


@remembered
def _size_of_data(manifest: Object) -> int:
    fields = ("data", "stringData", "binaryData")
    return sum(_bytes(value) for field in fields for value in manifest.get(field, {}).values())


def _bytes(text: str) -> int:
    return len(text.encode())
