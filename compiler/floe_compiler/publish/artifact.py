"""An environment's output as an OCI artifact that Flux and Argo CD take.

Both take a manifest with one layer that is an archive. Argo CD refuses a media type that is not in its setting
`reposerver.oci.layer.media.types`, which does not have that of Flux's own layers by default; Flux takes the first
layer, whatever its media type (argo-cd `util/oci/client.go`, source-controller `ocirepository_controller.go`). The form
of the manifest: github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import msgspec

from floe_compiler.publish.archive import gzip, tar

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
ARTIFACT_TYPE = "application/vnd.floe.output.v1"
CONFIG_TYPE = "application/vnd.oci.empty.v1+json"
CONFIG = b"{}"


class Artifact(msgspec.Struct, frozen=True):
    """What is pushed: a manifest, and the blobs that it refers to."""

    manifest: bytes
    blobs: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """Return the digest by which one gets exactly this artifact."""
        return digest_of(self.manifest)


def digest_of(content: bytes) -> str:
    """Return the digest of a manifest or blob, as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def artifact_of(files: Mapping[str, bytes], annotations: Mapping[str, str], kind: str = ARTIFACT_TYPE) -> Artifact:
    """Return the artifact of files by path, with annotations of its manifest; the same bytes for the same arguments.

    `kind` is the type of the artifact: an output, or a parent (`publish/parent.py`).
    """
    return artifact_with(gzip(tar(files)), LAYER_TYPE, kind, annotations)


def artifact_with(
    layer: bytes, layer_type: str, kind: str, annotations: Mapping[str, str], about: Artifact | None = None
) -> Artifact:
    """Return the artifact of one layer, which may be about another artifact."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": kind,
        "config": descriptor(CONFIG_TYPE, CONFIG),
        "layers": [descriptor(layer_type, layer)],
        **({"subject": descriptor(MANIFEST_TYPE, about.manifest)} if about else {}),
        "annotations": dict(sorted(annotations.items())),
    }
    return Artifact(json.dumps(manifest, separators=(",", ":")).encode(), (CONFIG, layer))


def descriptor(media_type: str, content: bytes) -> dict[str, str | int]:
    """Return how a manifest names a content."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
