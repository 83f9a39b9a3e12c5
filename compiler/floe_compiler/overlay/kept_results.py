"""kustomize's results of earlier runs, so that it only starts for parts of objects that it has not seen yet.

Most patches touch a small part of an object (see `touched_fields`), which an edit of a product leaves as it is.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.objects import Object
from floe_compiler.overlay.changed_objects import ChangedObject, Result

KIND = "patched"


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    part: Object | None


class KeptResults(msgspec.Struct, frozen=True):
    """The results of a kustomize in a cache; none without a cache.

    `compiler` is the digest of the compiler, and `program` the identity of kustomize.
    """

    cache: Cache | None = None
    compiler: str = ""
    program: str = ""

    def of(self, program: str) -> KeptResults:
        """Return the results of one kustomize."""
        return replace(self, program=program)

    def get(self, changed: ChangedObject, version: str) -> Result | None:
        """Return kustomize's result for an object, for this version of Kubernetes; None if it is not known."""
        data = self.cache.get(KIND, self._key(changed, version)) if self.cache else None
        entry = decode(data, _Entry) if data else None
        return Result(entry.part) if entry else None

    def put(self, changed: ChangedObject, version: str, result: Result) -> None:
        """Keep a result. One with warnings is not kept, as kustomize must say them again."""
        if self.cache and not result.warnings:
            self.cache.put(KIND, self._key(changed, version), encode(_Entry(result.part)))

    def _key(self, changed: ChangedObject, version: str) -> str:
        """Return the digest of everything that kustomize is given for an object."""
        steps = [step.digest for step in changed.steps]
        return digest_of(
            self.compiler, self.program, version, changed.folder, encode([changed.identity, changed.part, steps])
        )
