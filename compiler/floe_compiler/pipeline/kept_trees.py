"""What cdk8s has decided of units: most edits change what is in objects, not which there are or what they depend on."""

from __future__ import annotations

from typing import Any

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.node.cdk8s_process import RunCdk8s

KIND = "trees"
"""The kind of cache entry: the answer of cdk8s for one construct tree."""


class KeptTrees(msgspec.Struct, frozen=True):
    """The answers for the construct trees of units. An answer follows from what is asked, and from the compiler."""

    cache: Cache | None
    compiler: str

    def or_from(self, cdk8s: RunCdk8s) -> RunCdk8s:
        """Return a function that runs cdk8s for those trees alone whose answers are not known."""

        def run(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
            keys = [digest_of(self.compiler, encode(chart)) for chart in charts]
            known = {key: answer for key in keys if (answer := self._get(key))}
            asked = {key: chart for key, chart in zip(keys, charts, strict=True) if key not in known}
            answers = cdk8s([*asked.values()]) if asked else []
            for key, answer in zip(asked, answers, strict=True):
                known[key] = answer
                if self.cache and not answer.get("failures"):
                    self.cache.put(KIND, key, encode(answer))
            return [known[key] for key in keys]

        return run

    def _get(self, key: str) -> dict[str, Any] | None:
        data = self.cache.get(KIND, key) if self.cache else None
        return decode(data, dict[str, Any]) if data else None
