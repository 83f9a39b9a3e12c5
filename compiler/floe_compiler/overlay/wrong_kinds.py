"""Fields of hand-written objects at which kustomize fails, such as labels of pods that are a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.nested_fields import at
from floe_compiler.model.objects import ObjectId
from floe_compiler.overlay.hand_written import NOT_AN_OBJECT
from floe_compiler.overlay.overlay import Written

_SAID = re.compile(r"considering field '(?P<field>[^']+)' .*wrong node kind: expected (?P<kind>\w+)Node", re.DOTALL)
"""Source: kustomize's api/filters/fieldspec/fieldspec.go, and ErrorIfInvalid in kyaml/yaml/fns.go."""

_KINDS: Mapping[str, tuple[type | tuple[type, ...], str, str]] = {
    "Mapping": (dict, "a mapping", 'write a mapping: its lines have a key, a ":" and a value'),
    "Sequence": (list, "a list", 'write a list: begin each item with "- "'),
    "Scalar": ((str, int, float), "a single value", "write one value, not a mapping or a list"),
}


def wrong_kind(error: str, identity: ObjectId, written: Written | None) -> Diagnostic | None:
    """Return the mistake in a hand-written object that an error of kustomize is about; None if it is another one.

    Args:
        error: the error.
        identity: the object on which kustomize fails.
        written: the object as it is written; None for a generated object.
    """
    match = _SAID.search(error)
    if written is None or match is None or match["kind"] not in _KINDS:
        return None
    types, words, hint = _KINDS[match["kind"]]
    for path, value in _values(written.manifest, match["field"].split("/")):
        if value is not None and not isinstance(value, types):
            span = written.values.get(path, written.span)
            return Diagnostic(NOT_AN_OBJECT, f"{show_path(path)} is not {words}", span, str(identity), hint)
    return None  # a patch has changed it


def _values(data: Any, steps: Sequence[str], above: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    """Yield the values at a path in kustomize's words, where `[]` after a step means each item of the list."""
    if not steps:
        yield above, data
        return
    first, *deeper = steps
    below, path = at(data, (first.removesuffix("[]"),)), (*above, first.removesuffix("[]"))
    if not first.endswith("[]"):
        yield from _values(below, deeper, path)
    elif isinstance(below, list):
        for number, item in enumerate(below):
            yield from _values(item, deeper, (*path, number))
