"""Locks: paths of the platform manifest that no other layer may override."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from pydantic import BaseModel

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean, nearest
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.inputs import SAME_EVERYWHERE, DataProduct, PlatformManifest
from floe_compiler.model.nested_fields import at
from floe_compiler.model.nested_models import models_in
from floe_compiler.model.plan import Component
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.resolve.layers import Layer, leaves
from floe_compiler.resolve.rules import LOCKED, UNKNOWN_LOCK
from floe_compiler.resolve.schemas import IDENTITY
from floe_compiler.resolve.scopes import PRODUCTS
from floe_compiler.resolve.slots import DERIVED, Registry, slot_path


def locked_paths(manifest: Document, registry: Registry, findings: Findings) -> Mapping[DataPath, int]:
    """Return the locked paths, each with its location in the list; report those that the manifest does not have.

    Those that begin with `products` are of every data product, and lock what environments may say of it.
    """
    found: dict[DataPath, int] = {}
    for index, lock in enumerate(manifest.data.get("locks") or ()):
        path = tuple(str(lock).split("."))
        if path[0] == PRODUCTS:
            hint = _hint_if_unknown_of_products(path[1:])
        else:
            hint = hint_if_unknown(PlatformManifest, registry.values(), path)
        if hint is None:
            found[path] = index
        else:
            findings.add(
                UNKNOWN_LOCK,
                f'the platform manifest has no "{lock}" to lock',
                manifest.span(("locks", index)),
                hint=hint,
            )
    return found


def _hint_if_unknown_of_products(path: tuple[str, ...]) -> str | None:
    """Return the hint for a path that environments cannot set for products; None if they can."""
    known = DataProduct.model_fields.keys() - set(SAME_EVERYWHERE)
    if not path:
        return None
    if path[0] not in known:
        return nearest(path[0], known, f"{PRODUCTS}.") or f"known: {', '.join(sorted(known))}"
    if path[0] == "steps" and len(path) > 1:
        return f"steps have names of their own; lock {PRODUCTS}.steps"
    return hint_if_unknown(DataProduct, (), path, f"{PRODUCTS}.")


def hint_if_unknown(
    document: type[BaseModel], components: Iterable[Component[Any]], path: tuple[str, ...], prefix: str = ""
) -> str | None:
    """Return the hint for the first unknown step of a path; None if the document has the path.

    A step is the field of a model, a slot or a part of its path, or any key where the document takes any.

    Args:
        document: The model of the document.
        components: The components that can fill its slots.
        path: The path.
        prefix: What comes before the path in hints.
    """
    models: list[type[BaseModel]] = [document]
    places = [(slot_path(one.slot), one.config) for one in components if one.slot != DERIVED]
    for depth, step in enumerate(path):
        here, next_ = path[:depth], path[: depth + 1]
        known = {name for model in models for name in model.model_fields}
        known |= {str(place[depth]) for place, _ in places if len(place) > depth and place[:depth] == here}
        known -= set() if depth else set(IDENTITY)
        if step not in known:
            return nearest(step, known, prefix + ".".join((*here, ""))) or did_you_mean(step, known)
        annotations = [model.model_fields[step].annotation for model in models if step in model.model_fields]
        if any(get_origin(one) is dict for one in annotations):
            return None
        models = [model for one in annotations for model in models_in(one)]
        models += [config for place, config in places if place == next_]
    return None


def check_locks(
    manifest: Document,
    locks: Mapping[DataPath, int],
    layers: Iterable[Layer],
    findings: Findings,
    products: Iterable[Document] = (),
) -> None:
    """Report every leaf of these layers that overrides a locked path, or discards one with a change of type.

    What the placement of a product says counts as that of the jobs of its domain.
    """
    written = [(path, path, value, layer.key_span(path)) for layer in layers for path, value in leaves(layer.data)]
    for product in products:
        for below, value in leaves(product.data.get("placement") or {}):
            path = ("placement", *below)
            written.append((path, ("placement", "jobs", *below), value, product.key_span(path)))
    for path, means, value, span in written:
        for lock, index in locks.items():
            if _overrides(manifest.data, lock, means, value):
                findings.add(
                    LOCKED,
                    f"{show_path(path)} may not be set here: {show_path(lock)} is locked",
                    span,
                    hint="remove it, or ask the owner of the platform manifest",
                    related=[Related(manifest.span(("locks", index)), "locked here")],
                )


def _overrides(manifest: Mapping[str, Any], lock: DataPath, path: DataPath, value: object) -> bool:
    if path[: len(lock)] == lock or lock[: len(path)] == path:
        return True
    changes_type = path[-1] == DISCRIMINATOR and lock[: len(path) - 1] == path[:-1]
    return changes_type and at(manifest, path) not in (None, value)
