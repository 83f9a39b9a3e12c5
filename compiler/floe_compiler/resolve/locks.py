"""Locks: paths of a platform manifest that no layer below it may override."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_origin

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean, nearest
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.inputs import SAME_EVERYWHERE, DataProduct, PlatformManifest
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.nested_fields import at
from floe_compiler.model.nested_models import may_be_value, models_in
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.resolve.layers import Layer, leaves, merge
from floe_compiler.resolve.rules import LOCKED, UNKNOWN_LOCK
from floe_compiler.resolve.scopes import IDENTITY, PRODUCTS
from floe_compiler.resolve.slots import DERIVED, Registry, slot_path


class Lock(msgspec.Struct, frozen=True):
    """A locked path: the manifest that locks it, and the place there."""

    manifest: Document
    index: int

    @property
    def place(self) -> Related:
        """Return where it is locked."""
        return Related(self.manifest.span(("locks", self.index)), "locked here")

    @property
    def owner(self) -> str:
        """Return who may take the lock away."""
        if self.manifest.file == MANIFEST:
            return "the owner of the platform manifest"
        return f"{self.manifest.data['metadata']['owner']}, the owner of {parent_name(self.manifest)}"


Locks = Mapping[DataPath, Lock]
"""The locked paths."""


def parent_name(manifest: Document) -> str:
    """Return a parent as messages name it."""
    return f'the parent "{manifest.data["metadata"]["name"]}"'


def locked_paths(manifests: Iterable[Document], registry: Registry, findings: Findings) -> Locks:
    """Return the locked paths; report those that a manifest does not have.

    Those that begin with `products` are of every data product, and lock what environments may say of it.

    Args:
        manifests: The manifests, the topmost first. The first to lock a path counts.
        registry: The components that can fill slots.
        findings: The errors are added here.
    """
    locks: dict[DataPath, Lock] = {}
    for manifest in manifests:
        for index, lock in enumerate(manifest.data.get("locks") or ()):
            path = tuple(str(lock).split("."))
            if path[0] == PRODUCTS:
                hint = _hint_if_unknown_of_products(path[1:])
            else:
                hint = hint_if_unknown(PlatformManifest, registry, path)
            if hint is None:
                locks.setdefault(path, Lock(manifest, index))
            else:
                message = f'the platform manifest has no "{lock}" to lock'
                findings.add(UNKNOWN_LOCK, message, manifest.span(("locks", index)), hint=hint)
    return locks


def check_manifests(layers: Sequence[Layer], locks: Locks, findings: Findings) -> None:
    """Report what a manifest says in spite of the locks of those that it extends.

    Args:
        layers: The manifests, the topmost first.
        locks: The locks of all of them.
        findings: The errors are added here.
    """
    for number, layer in enumerate(layers[1:], start=1):
        above = {layer.document.file for layer in layers[:number] if layer.document}
        inherited = {path: lock for path, lock in locks.items() if lock.manifest.file in above}
        own = {key: value for key, value in layer.data.items() if key not in IDENTITY}
        check_locks(merge(layers[:number]).data, inherited, [replace(layer, data=own)], findings)


def _hint_if_unknown_of_products(path: tuple[str, ...]) -> str | None:
    """Return the hint for a path that environments cannot set for products; None if they can."""
    known = DataProduct.model_fields.keys() - set(SAME_EVERYWHERE)
    if not path:
        return None
    if path[0] not in known:
        return nearest(path[0], known, f"{PRODUCTS}.") or f"known: {', '.join(sorted(known))}"
    if path[0] == "steps" and len(path) > 1:
        return f"steps have names of their own; lock {PRODUCTS}.steps"
    return hint_if_unknown(DataProduct, Registry(), path, f"{PRODUCTS}.")


def hint_if_unknown(
    document: type[BaseModel], components: Registry, path: tuple[str, ...], prefix: str = ""
) -> str | None:
    """Return the hint for the first unknown step of a path; None if the document has the path.

    A step is the field of a model, a slot or a part of its path, or any key where the document takes any.

    Args:
        document: The model of the document.
        components: The components that can fill its slots.
        path: The path.
        prefix: What comes before the path in hints.
    """
    return _walk(document, components, path, prefix)[0]


def settings_below(document: type[BaseModel], components: Registry, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the settings below a known path, sorted; none if there is a value there."""
    return _walk(document, components, path, "")[1]


def _walk(
    document: type[BaseModel], components: Registry, path: tuple[str, ...], prefix: str
) -> tuple[str | None, tuple[str, ...]]:
    """Return the hint for the first unknown step of a path, or None; and the names of the settings below it."""
    models: list[type[BaseModel]] = [document]
    places = [(slot_path(slot), (slot, type_)) for slot, type_ in components if slot != DERIVED]
    is_value = False
    for depth, step in enumerate(path):
        here, next_ = path[:depth], path[: depth + 1]
        known = {name for model in models for name in model.model_fields}
        known |= {str(place[depth]) for place, _ in places if len(place) > depth and place[:depth] == here}
        known -= set() if depth else set(IDENTITY)
        if step not in known:
            if not known and here:  # there is nothing below a value
                return f'did you mean "{prefix}{".".join(here)}"?', ()
            return nearest(step, known, prefix + ".".join((*here, ""))) or did_you_mean(step, known), ()
        annotations = [model.model_fields[step].annotation for model in models if step in model.model_fields]
        if any(get_origin(annotation) is dict for annotation in annotations):
            return None, ()
        is_value = any(map(may_be_value, annotations))
        models = [model for annotation in annotations for model in models_in(annotation)]
        chosen = [key for place, key in places if place == next_]
        if chosen and path[depth + 1 :] == (DISCRIMINATOR,):  # every component has it
            return None, ()
        models += [components[key].config for key in chosen]
    below = {name for model in models for name in model.model_fields}
    below |= {str(place[len(path)]) for place, _ in places if len(place) > len(path) and place[: len(path)] == path}
    return None, () if is_value else tuple(sorted(below))


def check_locks(
    above: Mapping[str, Any],
    locks: Locks,
    layers: Iterable[Layer],
    findings: Findings,
    products: Iterable[Document] = (),
) -> None:
    """Report every leaf of these layers that overrides a locked path, or discards one with a change of type.

    What the placement of a product says counts as that of the jobs of its domain.

    Args:
        above: What is set above the layers.
        locks: The locks.
        layers: The layers.
        findings: The errors are added here.
        products: The files of products that are checked, too.
    """
    if not locks:
        return
    written = [(path, path, value, layer.key_span(path)) for layer in layers for path, value in leaves(layer.data)]
    for product in products:
        for below, value in leaves(product.data.get("placement") or {}):
            path = ("placement", *below)
            written.append((path, ("placement", "jobs", *below), value, product.key_span(path)))
    for path, means, value, span in written:
        for locked, lock in locks.items():
            if _overrides(above, locked, means, value):
                message = f"{show_path(path)} may not be set here: {show_path(locked)} is locked"
                findings.add(LOCKED, message, span, hint=f"remove it, or ask {lock.owner}", related=[lock.place])


def _overrides(above: Mapping[str, Any], lock: DataPath, path: DataPath, value: object) -> bool:
    if path[: len(lock)] == lock or lock[: len(path)] == path:
        return True
    changes_type = path[-1] == DISCRIMINATOR and lock[: len(path) - 1] == path[:-1]
    return changes_type and at(above, path) not in (None, value)
