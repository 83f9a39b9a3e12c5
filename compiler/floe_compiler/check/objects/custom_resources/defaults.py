"""The defaults of a CustomResourceDefinition, which the API server sets before it validates an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from floe_compiler.model.nested_fields import mapping


class Defaults(msgspec.Struct, frozen=True):
    """The defaults in a structural schema, by where they are; parts without any are left out.

    `own` are those of the fields of a mapping, and whether null may stand there. `fields`, `additional` and `items`
    are the defaults further below: in these fields, in any other, and in the items of a list.
    """

    own: Mapping[str, tuple[Any, bool]] = {}
    fields: Mapping[str, Defaults] = {}
    additional: Defaults | None = None
    items: Defaults | None = None

    def set_in(self, value: Any) -> Any:
        """Return the value with the defaults. Values that are set are kept, and never changed in place.

        Source: apiextensions-apiserver, `pkg/apiserver/schema/defaulting/algorithm.go`.
        """
        if isinstance(value, dict):
            missing = {
                key: default
                for key, (default, nullable) in self.own.items()
                if key not in value or (value[key] is None and not nullable)
            }
            completed = {**value, **missing}
            below = {
                key: defaults for key in completed if (defaults := self.fields.get(key, self.additional)) is not None
            }
            return completed | {key: defaults.set_in(completed[key]) for key, defaults in below.items()}
        if isinstance(value, list) and self.items is not None:
            return list(map(self.items.set_in, value))
        return value


def defaults_of(schema: Any) -> Defaults | None:
    """Return the defaults in a structural schema; None if there is none."""
    if not isinstance(schema, dict):
        return None
    properties = mapping(schema, ("properties",))
    fields = {key: defaults_of(below) or Defaults() for key, below in properties.items() if below}
    additional, items = defaults_of(schema.get("additionalProperties")), defaults_of(schema.get("items"))
    own = {
        key: (below["default"], bool(below.get("nullable")))
        for key, below in properties.items()
        if isinstance(below, dict) and "default" in below
    }
    if not own and not additional and not items and not any(map(_has_any, fields.values())):
        return None
    return Defaults(
        own, {key: below for key, below in fields.items() if additional or _has_any(below)}, additional, items
    )


def _has_any(defaults: Defaults) -> bool:
    return bool(defaults.own or defaults.fields or defaults.additional or defaults.items)
