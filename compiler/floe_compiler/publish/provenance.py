"""The provenance of a published artifact: from which inputs, and by which compiler, it was built, and who says so.

It is SLSA's (slsa.dev/spec/v1.1/provenance), as an in-toto statement. Who signs it vouches for the builder. There is no
time in it, so that the same commit gives the same statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from floe_compiler.publish.artifact import Artifact
from floe_compiler.publish.reference import Reference

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "https://floe.dev/publish/v1"
BY_HAND = "https://floe.dev/by-hand/v1"
"""The builder if no other is named: somebody ran floe-compile, who is known by the key alone."""


class Source(msgspec.Struct, frozen=True):
    """The commit: its hash with the algorithm, the URL of its repository, and the path of the mesh in that."""

    revision: str
    repository: str
    path: str


class Built(msgspec.Struct, frozen=True):
    """What an artifact was made from.

    `parameters` say what was asked for. `files` are the digests of the input files, by path. `compiler` are version and
    digest of floe-compile, `packages` the package URLs of what it uses.
    """

    parameters: Mapping[str, str]
    files: Mapping[str, str]
    compiler: tuple[str, str]
    packages: tuple[str, ...]


def provenance(reference: Reference, artifact: Artifact, source: Source, built: Built, builder: str) -> bytes:
    """Return the statement about an artifact; the same bytes for the same arguments."""
    version, digest = built.compiler
    algorithm, _, commit = source.revision.partition(":")
    repository = {
        "uri": f"git+{source.repository}" if source.repository else "git+file:",
        "digest": {"gitCommit" if algorithm == "sha1" else f"gitCommit_{algorithm}": commit},
    }
    files = [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(built.files.items())]
    compiler = {"uri": f"pkg:pypi/floe-compile@{version}", "digest": {"sha256": digest}}
    packages = [{"uri": uri} for uri in built.packages]
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": f"{reference.registry}/{reference.name}", "digest": _digest(artifact)}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {**built.parameters, "path": source.path},
                "resolvedDependencies": [repository, *files, compiler, *packages],
            },
            "runDetails": {"builder": {"id": builder}},
        },
    }
    return json.dumps(statement, separators=(",", ":")).encode()


def _digest(artifact: Artifact) -> Mapping[str, str]:
    algorithm, _, value = artifact.digest.partition(":")
    return {algorithm: value}
