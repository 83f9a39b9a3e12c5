"""kustomize's results of earlier runs, so that it only starts for parts of objects that it has not seen yet.

Most patches touch a small part of an object (see `touched_fields`), which an edit of a product leaves as it is. The
results of a unit are in one entry, as thousands of small ones would take long to write.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.credentials import secret_in
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.overlay.changed_objects import ChangedObject, Result
from floe_compiler.overlay.units import unit_of

KIND = "patched"

Results = Mapping[ObjectId, Result]
"""The result for each object."""


class CachedResults(msgspec.Struct, frozen=True):
    """The results of a kustomize in a cache, for an environment; none without a cache.

    `compiler` is the digest of the compiler, and `program` the identity of kustomize.
    """

    cache: Cache | None = None
    compiler: str = ""
    program: str = ""
    environment: str = ""

    def of(self, program: str, environment: str) -> CachedResults:
        """Return the results of one kustomize for one environment."""
        return replace(self, program=program, environment=environment)

    def get(self, objects: Iterable[ChangedObject], version: str) -> dict[ObjectId, Result]:
        """Return kustomize's results for those of the objects that are known, for this version of Kubernetes."""
        results: dict[ObjectId, Result] = {}
        for key, items in self._entries(objects, version).items():
            data = self.cache.get(KIND, key) if self.cache else None
            parts = (decode(data, dict[str, Object | None]) if data else None) or {}
            for item in items:
                digest = _digest(item)
                if digest in parts and _is_of(parts[digest], item.identity):
                    results[item.identity] = Result(parts[digest])
        return results

    def put(self, objects: Iterable[ChangedObject], version: str, earlier: Results, new: Results) -> None:
        """Keep the results of units with new ones. One with warnings is not kept, as kustomize must say them again."""
        if self.cache is None:
            return
        results = {**earlier, **new}
        for key, items in self._entries(objects, version).items():
            if any(item.identity in new for item in items):
                pairs = ((item, results.get(item.identity)) for item in items)
                parts = {
                    _digest(item): result.part
                    for item, result in pairs
                    if result and _may_be_kept(item.identity, result)
                }
                self.cache.put(KIND, key, encode(parts))

    def _entries(self, objects: Iterable[ChangedObject], version: str) -> Mapping[str, list[ChangedObject]]:
        """Return the objects by the key of their unit's entry: all that kustomize is given, but for the objects."""
        units: dict[str, list[ChangedObject]] = defaultdict(list)
        for item in objects:
            units[unit_of(item.identity)].append(item)
        return {self._key(unit, items, version): items for unit, items in units.items()}

    def _key(self, unit: str, items: Iterable[ChangedObject], version: str) -> str:
        steps = sorted({step.digest for item in items for step in item.steps})
        return digest_of(self.compiler, self.program, self.environment, version, unit, *steps)


def _is_of(part: Object | None, identity: ObjectId) -> bool:
    """Return whether this may be the result for an object: None if it is removed, or else a part of it."""
    return part is None or identify(part, identity.namespace) == identity


def _may_be_kept(identity: ObjectId, result: Result) -> bool:
    """Return whether a result has no warning, and no value that must not be in the cache: the checks come later."""
    is_secret = identity.kind == "Secret" or bool(secret_in(json.dumps(result.part, ensure_ascii=False)))
    return not (result.warnings or is_secret)


def _digest(changed: ChangedObject) -> str:
    """Return the digest of what kustomize is given for one object."""
    steps = [step.digest for step in changed.steps]
    return digest_of(changed.folder, encode([changed.identity, changed.part, steps]))
