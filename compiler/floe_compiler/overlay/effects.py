"""The objects that each step of the kustomizations reaches, determined before kustomize runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.overlay.kustomization import Kustomization, Step
from floe_compiler.overlay.matching import OneObject
from floe_compiler.overlay.overlay import Overlay, Written, own_folder
from floe_compiler.overlay.run_templates import names_kind
from floe_compiler.overlay.units import unit_of


@dataclass(slots=True)
class Effects:
    """The effects of steps on objects.

    `folders` has the folder of the kustomization that lists an object. `reached` has, in order, the steps that may
    change an object: those that select it as it is, and those that may select it by labels or images that an earlier
    step sets. `deleted` are the objects that a step certainly removes. `visible` has, for each watched step, the
    objects that its kustomization includes.
    """

    objects: Mapping[ObjectId, Object]
    folders: Mapping[ObjectId, str]
    reached: dict[ObjectId, list[Step]] = field(default_factory=dict)
    deleted: set[ObjectId] = field(default_factory=set)
    visible: dict[Step, list[ObjectId]] = field(default_factory=dict)


def effects_of(
    overlay: Overlay,
    generated: Mapping[ObjectId, Object],
    written: Mapping[ObjectId, Written],
    watched: Collection[Step] = (),
    templates: Collection[ObjectId] = (),
) -> Effects:
    """Return the effects of an overlay's steps on these objects, which may be those of one unit or of all.

    `templates` are those of launched pods, which only entries that name a kind reach, and none removes.
    """
    objects = {**generated, **{identity: object_.manifest for identity, object_ in written.items()}}
    folders = {
        **dict.fromkeys(generated, own_folder(overlay)),
        **{identity: object_.folder for identity, object_ in written.items()},
    }
    effects = Effects(objects, folders)
    if overlay.top:
        _Walk(frozenset(map(unit_of, objects)), frozenset(watched), effects, frozenset(templates)).visit(
            overlay.top, ()
        )
    return effects


class _Walk(msgspec.Struct, frozen=True):
    """Walks the tree in kustomize's order."""

    units: frozenset[str]
    watched: frozenset[Step]
    effects: Effects
    templates: frozenset[ObjectId] = frozenset()

    def visit(self, kustomization: Kustomization, coming: Iterable[ObjectId]) -> list[ObjectId]:
        """Return the objects that result from a kustomization applied to those of `coming`."""
        folders = self.effects.folders
        visible = [*coming, *(identity for identity, folder in folders.items() if folder == kustomization.folder)]
        for part in kustomization.parts:
            visible += self.visit(part, ())
        for component in kustomization.components:
            visible = self.visit(component, visible)
        for step in kustomization.steps:
            if step in self.watched:
                self.effects.visible[step] = visible
            if step.selection.unit is None or step.selection.unit in self.units:
                visible = self.apply(step, visible)
        return visible

    def apply(self, step: Step, visible: list[ObjectId]) -> list[ObjectId]:
        """Record the objects that a step reaches; return those that it does not delete."""
        reached = [identity for identity in visible if self.reaches(step, identity)]
        if step.deletes:
            gone = {identity for identity in reached if self.deletes(step, identity)}
            self.effects.deleted.update(gone)
            visible = [identity for identity in visible if identity not in gone]
        for identity in reached:
            self.effects.reached.setdefault(identity, []).append(step)
        return visible

    def reaches(self, step: Step, identity: ObjectId) -> bool:
        """Return whether a step selects an object, as it is or as earlier steps may have changed it."""
        if identity in self.templates and (step.deletes or not names_kind(step.selection)):
            return False
        manifest = self.effects.objects[identity]
        return step.selection.matches(manifest) or (
            identity in self.effects.reached and step.selection.may_match(manifest, self.changes_so_far(identity))
        )

    def deletes(self, step: Step, identity: ObjectId) -> bool:
        """Return whether a deleting step certainly selects an object, whatever earlier steps have changed."""
        return isinstance(step.selection, OneObject) or identity not in self.effects.reached

    def changes_so_far(self, identity: ObjectId) -> Iterator[str]:
        """Yield the texts of the steps that may have changed an object so far."""
        return (step.says() for step in self.effects.reached[identity])
