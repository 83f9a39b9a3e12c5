"""The answers of cdk8s for units: most edits change the content of objects, not their number or dependencies."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.node.cdk8s_process import Answer, RunCdk8s

KIND = "trees"
"""The kind of cache entry: the answer of cdk8s for one construct tree."""


class CachedTrees(msgspec.Struct, frozen=True):
    """The answers for the construct trees of units. An answer depends on the tree and on the compiler."""

    cache: Cache | None
    compiler: str

    def or_from(self, cdk8s: RunCdk8s) -> RunCdk8s:
        """Return a function that runs cdk8s for those trees alone whose answers are not known."""

        def run(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
            keys = [digest_of(self.compiler, encode(chart)) for chart in charts]
            answers = {
                key: answer for key, chart in zip(keys, charts, strict=True) if (answer := self._get(key, chart))
            }
            missing = {key: chart for key, chart in zip(keys, charts, strict=True) if key not in answers}
            new_answers = cdk8s([*missing.values()]) if missing else []
            for key, answer in zip(missing, new_answers, strict=True):
                answers[key] = answer
                if self.cache and not answer.get("failures"):
                    self.cache.put(KIND, key, encode(answer))
            return [answers[key] for key in keys]

        return run

    def _get(self, key: str, chart: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer for a tree; None if it is not known, or not one about each of its objects."""
        data = self.cache.get(KIND, key) if self.cache else None
        answer = decode(data, Answer) if data else None
        if answer is None or sorted(tree.at for tree in answer.objects) != [*range(_size(chart))]:
            return None
        return cast("dict[str, Any]", msgspec.to_builtins(answer))


def _size(chart: dict[str, Any]) -> int:
    """Return the number of objects of a tree."""
    return len(chart["objects"]) + sum(len(file["objects"]) for file in chart["included"])
