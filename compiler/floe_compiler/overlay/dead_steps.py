"""Steps that select nothing in a whole environment, which is known once all units are patched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.launched_templates import KIND
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.overlay.effects import effects_of
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.kustomization_reader import BASE
from floe_compiler.overlay.listed_paths import tree_of
from floe_compiler.overlay.nearest import nearest_hint
from floe_compiler.overlay.overlay import Overlay

DEAD_ENTRY = Rule(
    "K017",
    "patch that matches nothing",
    "The entry selects no object of this environment, so it has no effect: it is misspelt, or its target no longer"
    " exists. kustomize itself reports few of these.",
)


def dead_steps(
    overlay: Overlay, hits: Collection[str], manifests: Callable[[], Iterable[Object]]
) -> tuple[Diagnostic, ...]:
    """Return an error for each step that selects nothing.

    Args:
        overlay: The environment's overlay.
        hits: The `hits` of all units of the environment.
        manifests: Returns the objects of all units, patched or not. It is called only for dead steps, to name the
            object that is most similar to the selection.
    """
    dead = [step for step in overlay.steps if step.digest not in hits]
    if not dead:
        return ()
    written = {identity: object_ for unit in overlay.written.values() for identity, object_ in unit.items()}
    objects = {identity: manifest for manifest in manifests() if (identity := identify(manifest)) not in written}
    if any(KIND in step.selection.describe() for step in dead):
        objects |= dict(_possible_templates(objects))
    effects = effects_of(overlay, dict(sorted(objects.items())), written, dead)
    return tuple(
        _dead(overlay.environment, step, [effects.objects[identity] for identity in effects.visible[step]])
        for step in dead
    )


def _possible_templates(objects: Iterable[ObjectId]) -> Iterator[tuple[ObjectId, Object]]:
    """Yield what templates of launched pods there may be: they have the names of their accounts."""
    for account in objects:
        if account.kind == "ServiceAccount":
            identity = ObjectId("", KIND, account.namespace, account.name)
            metadata = {"name": account.name, "namespace": account.namespace}
            yield identity, {"apiVersion": "v1", "kind": KIND, "metadata": metadata}


def _dead(environment: str, step: Step, visible: list[Object]) -> Diagnostic:
    noun = {"patches": "the patch", "images": "the image"}.get(step.field, f"the entry of {step.field}")
    message = f"{noun} matches nothing: {step.selection.describe()}"
    hint = nearest_hint(step.selection, visible)
    if tree_of(step.listed.file) == BASE:
        hint += "; if only other environments have it, move the entry to their overlays"
    subject = f"{environment}: all objects"  # apart from the message, so that environments share a finding
    return Diagnostic(DEAD_ENTRY, message, step.span, subject, hint, step.related())
