"""The objects of a unit as its last compilation left them: most are the same after an edit."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object
from floe_compiler.model.rendered import Rendered

KIND = "objects"
"""The kind of cache entry: the texts of objects, by the digest of each."""


class KnownObjects:
    """The texts of the objects of a unit in which no rule about single objects has found anything.

    What a text and those rules depend on, beside the object, is in the key of the entry.
    """

    def __init__(self, cache: Cache | None, compiler: str, unit: Rendered) -> None:
        self._cache = cache
        name = (unit.environment, unit.namespace, unit.kubernetes_version, unit.delivery_tool)
        self._key = digest_of(compiler, *name)
        data = cache.get(KIND, self._key) if cache else None
        self._texts = (decode(data, dict[str, str]) if data else None) or {}
        self._digests: dict[int, tuple[Object, str]] = {}

    def has(self, manifest: Object) -> bool:
        """Return whether an object is known."""
        return self._digest(manifest) in self._texts

    def text(self, manifest: Object) -> str | None:
        """Return the text of an object; None if it is not known."""
        return self._texts.get(self._digest(manifest))

    def keep(self, texts: Iterable[tuple[Object, str]]) -> None:
        """Keep the texts of objects for the next compilation, in the place of those that are known."""
        if self._cache is not None:
            by_digest = {digest: text for manifest, text in texts if (digest := self._digest(manifest))}
            self._cache.put(KIND, self._key, encode(by_digest))

    def _digest(self, manifest: Object) -> str:
        """Return the digest of an object; empty without a cache, and for what is not plain data, which is an error."""
        if self._cache is None:
            return ""
        remembered = self._digests.get(id(manifest))
        if remembered is None:
            remembered = self._digests[id(manifest)] = manifest, _digest(manifest)
        return remembered[1]


@remembered
def _digest(manifest: Object) -> str:
    try:
        return digest_of(encode(manifest))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""
