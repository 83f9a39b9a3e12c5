"""A hint with the object that an entry without a match probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.overlay.matching import OneObject, Selection


def nearest_hint(selection: Selection, manifests: Sequence[Object]) -> str:
    """Return a hint with the object nearest to the selection, and the difference if there is only one."""
    if not manifests:
        return "its folder includes no objects: list them under resources"
    if isinstance(selection, OneObject) and (hint := _differs_in_one_field(selection, manifests)):
        return hint
    likenesses = dict.fromkeys(text for manifest in manifests for text in selection.likeness(manifest))
    near = difflib.get_close_matches(selection.describe(), likenesses, n=1, cutoff=0.3)
    return f"nearest match: {near[0]}" if near else "no object is similar"


def _differs_in_one_field(selection: OneObject, manifests: Sequence[Object]) -> str:
    """Return the hint for an object of the same kind and name that has another namespace or version."""
    for manifest in manifests:
        identity = identify(manifest)
        if identity == selection.identity:
            return f"the object's apiVersion is {manifest['apiVersion']}"
        if _without_namespace(identity) == _without_namespace(selection.identity):
            return f"the object is in another namespace: write namespace: {identity.namespace or 'nothing'}"
    return ""


def _without_namespace(identity: ObjectId) -> ObjectId:
    return identity._replace(namespace="")
