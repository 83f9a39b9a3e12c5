"""One environment's objects -> the same with base/ and overlays/<environment>/ applied.

Generated objects first meet the patches of base/, which hold for all environments, then those of their overlay.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from floe_compiler.model.diagnostics import Diagnostic, Findings, Rule
from floe_compiler.model.objects import Object, ObjectId, ObjectSet, identify
from floe_compiler.model.rendered import Rendered
from floe_compiler.overlay.consequences import with_consequences
from floe_compiler.overlay.effects import Effects, effects_of
from floe_compiler.overlay.exchange import uncarriable
from floe_compiler.overlay.kustomization_reader import read_environment
from floe_compiler.overlay.patches import IDENTITY_CHANGED
from floe_compiler.overlay.portions import Memory, build_changed
from floe_compiler.overlay.source import Read, Source

NOT_CARRIED = Rule(
    "K019",
    "value that kustomize loses",
    "A patched object holds a control character, a key or a number that does not survive kustomize. Encode such text"
    " (base64), write such a number as text, or set in the inputs what the patch sets.",
)


def apply_overlay(
    root: Path, rendered: Rendered, read: Read, memory: Memory
) -> tuple[Rendered, tuple[Diagnostic, ...]]:
    """Return the environment with its hand-written objects and patches applied, and warnings.

    Args:
        root: The repository, with base/ and overlays/<environment>/; either may be missing.
        rendered: The environment as synthesized.
        read: Turns YAML text and its file's name into documents.
        memory: What kustomize made of the same files before.

    Raises:
        StageFailed: With everything that is wrong with the kustomizations (K001 to K019, and what `read` finds).
    """
    findings = Findings()
    top = read_environment(Source(root, read, findings), rendered.environment)
    findings.finish()  # with objects missing, it would be wrong to say that a patch matches nothing
    if top is None:
        return with_consequences(rendered), findings.finish()
    effects = effects_of(top, rendered.environment, rendered.objects, findings)
    _check_carriable(effects, findings)
    findings.finish()
    built = {identify(manifest): manifest for manifest in build_changed(top, effects, memory, findings)}
    findings.finish()
    _check_identities(effects, built, findings)
    return with_consequences(_result(rendered, effects, built)), findings.finish()


def _check_carriable(effects: Effects, findings: Findings) -> None:
    for identity, steps in effects.changed.items():
        if lost := uncarriable(effects.objects[identity]):
            message = f"{identity} holds {lost}, which kustomize loses, so it cannot be patched"
            findings.add(NOT_CARRIED, message, steps[0].listed, subject=str(identity))


def _check_identities(effects: Effects, built: dict[ObjectId, Object], findings: Findings) -> None:
    """Record objects that are not themselves any more, which no check of the patches alone has found."""
    expected = effects.changed.keys() - effects.deleted
    others = ", ".join(str(identity) for identity in sorted(built.keys() - expected)) or "nothing"
    for identity in sorted(expected - built.keys()):
        message = f"{identity} is gone after the patches; in its place there is {others}"
        findings.add(IDENTITY_CHANGED, message, effects.changed[identity][-1].span, subject=str(identity))


def _result(rendered: Rendered, effects: Effects, built: dict[ObjectId, Object]) -> Rendered:
    kept = {identity: manifest for identity, manifest in effects.objects.items() if identity not in effects.changed}
    gone = {str(identity) for identity in effects.deleted}
    written = {str(identity): span for identity, span in effects.written.items()}
    patched = {
        str(identity): tuple(dict.fromkeys(step.span for step in steps))
        for identity, steps in sorted(effects.changed.items())
    }
    origins = {**rendered.origins, **written}
    return replace(
        rendered,
        objects=ObjectSet(dict(sorted((kept | built).items()))),
        origins={name: origin for name, origin in origins.items() if name not in gone},
        patched={name: spans for name, spans in patched.items() if name not in gone},
        removed={
            identity: tuple(step.span for step in effects.changed.get(identity, ()))
            for identity in sorted(effects.deleted)
        },
    )
