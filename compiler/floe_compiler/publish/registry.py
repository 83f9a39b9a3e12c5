"""Pushes artifacts to a registry, and takes them from it: github.com/opencontainers/distribution-spec (v1.1.1)."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any

from floe_compiler.publish.artifact import INDEX_TYPE, MANIFEST_TYPE, Artifact, digest_of
from floe_compiler.publish.reference import Reference
from floe_compiler.publish.session import Login, Refused, Session

REDIRECTS = (301, 302, 303, 307, 308)
MOST_ATTACHED = 50
"""The most artifacts about another one that are read."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def push(reference: Reference, artifact: Artifact, login: Login, *, tag: str = "") -> None:
    """Make the artifact what a tag refers to (default: that of the reference; or its digest, which moves no tag).

    Blobs that the registry has are not sent again.

    Raises:
        Refused: if the registry cannot be reached, or refuses it.
    """
    _put(Session(reference, login, "pull,push"), tag or reference.tag, artifact)


def attach(reference: Reference, artifact: Artifact, login: Login) -> None:
    """Push an artifact about another one, its `subject`, so that whoever lists that one's referrers finds it.

    A registry without the API of referrers finds nothing by itself. For those, clients keep a list in a tag that is
    called after the digest (spec.md#pushing-manifests-with-subject).

    Raises:
        Refused: if the registry cannot be reached, or refuses it.
    """
    session = Session(reference, login, "pull,push")
    if "oci-subject" in _put(session, artifact.digest, artifact):
        return
    manifest = json.loads(artifact.manifest)
    tag = manifest["subject"]["digest"].replace(":", "-")
    answer = session.ask("GET", f"manifests/{tag}", kind=INDEX_TYPE)
    if answer.status != 404:
        session.expect(answer, 200)
    listed = _manifests(answer.body) if answer.status == 200 else []
    own = {
        "mediaType": MANIFEST_TYPE,
        "digest": artifact.digest,
        "size": len(artifact.manifest),
        "artifactType": manifest["artifactType"],
        "annotations": manifest["annotations"],
    }
    others = [descriptor for descriptor in listed if descriptor.get("digest") != artifact.digest]
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [*others, own]}
    body = json.dumps(index, separators=(",", ":")).encode()
    session.expect(session.ask("PUT", f"manifests/{tag}", body, INDEX_TYPE), 201)


def pull(reference: Reference, login: Login) -> Artifact | None:
    """Return the artifact that a tag refers to, with all of its blobs; None if there is no such tag.

    Raises:
        Refused: if the registry cannot be reached, refuses it, or has other bytes than those that it names.
    """
    return _pulled(Session(reference, login, "pull"), reference.tag)


def attached(reference: Reference, about: Artifact, kind: str, login: Login) -> tuple[Artifact, ...]:
    """Return the artifacts of a type that are about another one, as far as the registry knows of them.

    Raises:
        Refused: if the registry cannot be reached, refuses it, or has other bytes than those that it names.
    """
    session = Session(reference, login, "pull")
    answer = session.ask("GET", f"referrers/{about.digest}", kind=INDEX_TYPE)
    if answer.status != 200:  # a registry without the API of referrers
        answer = session.ask("GET", f"manifests/{about.digest.replace(':', '-')}", kind=INDEX_TYPE)
    if answer.status == 404:
        return ()
    session.expect(answer, 200)
    digests = (
        str(descriptor.get("digest"))
        for descriptor in _manifests(answer.body)
        if descriptor.get("artifactType") == kind
    )
    listed = [digest for digest in digests if _DIGEST.fullmatch(digest)][:MOST_ATTACHED]
    return tuple(artifact for digest in listed if (artifact := _pulled(session, digest)))


def _pulled(session: Session, name: str) -> Artifact | None:
    """Return the artifact with a tag or digest; None if there is none."""
    answer = session.ask("GET", f"manifests/{name}", kind=MANIFEST_TYPE)
    if answer.status == 404:
        return None
    session.expect(answer, 200)
    return Artifact(answer.body, tuple(_blob(session, digest) for digest in blobs_of(answer.body)))


def blobs_of(manifest: bytes) -> tuple[str, ...]:
    """Return the digests of the blobs that a manifest names. Raises Refused if it is not that of an artifact."""
    try:
        parsed = json.loads(manifest)
        return tuple(str(descriptor["digest"]) for descriptor in (parsed["config"], *parsed["layers"]))
    except (ValueError, KeyError, TypeError):
        raise Refused(
            "it is not an artifact of floe-compile, but something else, such as an image of several systems"
        ) from None


def _blob(session: Session, digest: str) -> bytes:
    answer = session.ask("GET", f"blobs/{digest}")
    if answer.status in REDIRECTS and "location" in answer.headers:
        answer = session.ask("GET", answer.headers["location"])  # the registry's storage, which needs no login
    session.expect(answer, 200)
    if digest_of(answer.body) != digest:
        raise Refused(f"the registry has other bytes for {digest} than those with this digest")
    return answer.body


def _manifests(index: bytes) -> list[dict[str, Any]]:
    try:
        manifests = json.loads(index)["manifests"]
    except (ValueError, KeyError, TypeError):
        manifests = None
    if not isinstance(manifests, list) or not all(isinstance(descriptor, dict) for descriptor in manifests):
        raise Refused("the registry's list of what is about the artifact cannot be read")
    return manifests


def _put(session: Session, name: str, artifact: Artifact) -> dict[str, str]:
    """Push an artifact under a tag or its digest, and return what the registry answers beside the status."""
    for blob in artifact.blobs:
        _push_blob(session, blob)
    answer = session.ask("PUT", f"manifests/{name}", artifact.manifest, MANIFEST_TYPE)
    session.expect(answer, 201)
    if answer.headers.get("docker-content-digest", artifact.digest) != artifact.digest:
        raise Refused("the registry stored other bytes than those that it got")
    return dict(answer.headers)


def _push_blob(session: Session, blob: bytes) -> None:
    digest = digest_of(blob)
    if session.ask("HEAD", f"blobs/{digest}").status == 200:
        return
    begun = session.ask("POST", "blobs/uploads/", b"")
    session.expect(begun, 202)
    place = begun.headers.get("location", "")
    if not place:
        raise Refused("the registry does not say where to send a blob")
    joint = "&" if urllib.parse.urlsplit(place).query else "?"
    session.expect(session.ask("PUT", f"{place}{joint}digest={urllib.parse.quote(digest)}", blob), 201)
