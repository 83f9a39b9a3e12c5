"""Explanations in the cache: all values of a file are explained at once, as people ask for several, one by one."""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.explain.variations import scalars
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.credentials import secret_in
from floe_compiler.model.explanation import Explanation
from floe_compiler.model.sites import environment_of
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.pipeline.compilation import Compilation

EXPLAINED = "explained"
"""The kind of cache entry: the causes of the values of a file, without the values."""


class KnownExplanations:
    """The explanations of the files of one compilation, which follow from its inputs and the compiler alone."""

    def __init__(self, cache: Cache, compiled: Compilation) -> None:
        self._cache, self._compiled = cache, compiled

    def get(self, file: str) -> Explanation | None:
        """Return the explanation of a compiled file; None if it is not known."""
        explanation = decode(self._cache.get(EXPLAINED, self._key(file)) or b"", Explanation)
        text = self._compiled.files[file]
        manifest = from_yaml(text)
        values = dict(scalars(manifest))
        if explanation is None or [path for path, _, _ in explanation.values] != [*values]:
            return None
        causes = tuple((path, values[path], causes) for path, _, causes in explanation.values)
        return replace(explanation, manifest=manifest, text=text, values=causes)

    def put(self, file: str, explanation: Explanation) -> None:
        """Keep an explanation, unless a value that is overridden in it may be a secret."""
        overridden = [text for _, _, causes in explanation.values for cause in causes for text, _ in cause.overrides]
        if secret_in("\n".join(overridden)):
            return
        causes = tuple((path, None, causes) for path, _, causes in explanation.values)
        data = encode(replace(explanation, manifest={}, text="", values=causes))
        self._cache.put(EXPLAINED, self._key(file), data)

    def _key(self, file: str) -> str:
        site = next(environment for environment in self._compiled.environments if environment.has(file)).environment
        return digest_of(self._compiled.digests[environment_of(site)], file)
