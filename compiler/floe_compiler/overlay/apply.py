"""Applies base/ and overlays/<environment>/ to units of an environment.

The patches of base/, which all environments share, are applied first, then those of the overlay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Findings, Rule, ordered
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.value_spans import Patch, value_spans
from floe_compiler.overlay.cached_results import CachedResults
from floe_compiler.overlay.changed_objects import Built, ChangedObject
from floe_compiler.overlay.changed_values import changed_values
from floe_compiler.overlay.consequences import with_consequences
from floe_compiler.overlay.effects import Effects, effects_of
from floe_compiler.overlay.encrypted import ENCRYPTED
from floe_compiler.overlay.exchange import uncarriable
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.matching import names_its_object
from floe_compiler.overlay.merge_schema import schemas_of
from floe_compiler.overlay.merge_types import merge_type
from floe_compiler.overlay.overlay import TWICE, Overlay, Written
from floe_compiler.overlay.patched_objects import build_changed
from floe_compiler.overlay.run_templates import patches_of_runs, put_back, templates_of
from floe_compiler.overlay.touched_fields import labels_selected_by, touched_part, with_untouched
from floe_compiler.overlay.units import unit_of

NOT_CARRIED = Rule(
    "K019",
    "value that kustomize loses",
    "A patched object has a control character, a key or a number that kustomize cannot preserve. Encode such text"
    " (base64), write such a number as text, or make the change in the inputs instead of a patch.",
)


class Applied(msgspec.Struct, frozen=True):
    """A unit with its hand-written objects and patches.

    `rendered` is valid only if `findings` has no error. `hits` are the digests of the steps that select something in
    the unit, and of their deletions that are sound; `dead_steps` and `dead_deletions` need those of all units.
    """

    rendered: Rendered
    findings: tuple[Diagnostic, ...]
    hits: frozenset[str]


def apply_overlay(
    overlay: Overlay, units: Mapping[str, Rendered], cache: CachedResults | None = None
) -> dict[str, Applied]:
    """Return units of an environment with the overlay applied. The result for a unit does not depend on the others.

    Args:
        overlay: The environment's overlay.
        units: By name (`unit_of`), the generated objects of a unit and its declared facts.
        cache: kustomize's results of earlier runs.

    Raises:
        StageFailed: If kustomize is not found (K001) or does not end (K002). Other errors are findings of a unit.
    """
    prepared = {name: _prepare(overlay, name, rendered) for name, rendered in units.items()}
    version = next((rendered.kubernetes_version for rendered in units.values()), "")
    changed = [changed for unit in prepared.values() for changed in unit.changed]
    built = build_changed(overlay, changed, version, cache)
    return {name: _finish(rendered, prepared[name], built) for name, rendered in units.items()}


class _Prepared(msgspec.Struct, frozen=True):
    """The state of a unit before kustomize runs."""

    written: Mapping[ObjectId, Written]
    effects: Effects
    changed: tuple[ChangedObject, ...]
    findings: tuple[Diagnostic, ...]
    templates: Mapping[ObjectId, Object]
    """Those of launched pods."""


def _prepare(overlay: Overlay, name: str, rendered: Rendered) -> _Prepared:
    findings = Findings()
    templates = templates_of(rendered) if overlay.steps else {}
    generated = {**rendered.objects.by_id, **templates}
    written = {
        identity: object_ for identity, object_ in overlay.written.get(name, {}).items() if identity not in generated
    }
    _check_generated(overlay, generated, findings)
    effects = effects_of(overlay, generated, written, templates=templates)
    changed, labels = [], labels_selected_by(overlay.steps)
    for identity, steps in effects.reached.items():
        if identity in written and written[identity].text:
            _check_signed(identity, effects.objects[identity], steps, findings)
            continue
        part = touched_part(effects.objects[identity], steps, labels)
        if lost := uncarriable(part):
            message = f"{identity} has {lost}, which kustomize cannot preserve, so it cannot be patched"
            hint = "encode such text (base64), write such a number as text, or change the inputs instead of patching"
            findings.add(NOT_CARRIED, message, steps[0].listed, subject=str(identity), hint=hint)
        else:
            changed.append(ChangedObject(identity, part, effects.folders[identity], tuple(steps)))
    return _Prepared(written, effects, tuple(changed), tuple(findings.diagnostics), templates)


def _check_signed(identity: ObjectId, manifest: Object, steps: Sequence[Step], findings: Findings) -> None:
    """Record patches that name an object that SOPS has signed. Others, such as labels for all, leave it as it is."""
    for step in steps:
        if names_its_object(step.selection) and not step.deletes and step.selection.matches(manifest):
            message = f"{identity} is signed by SOPS, so a patch would make it unreadable"
            hint = "change its file with `sops edit`, and remove the patch"
            findings.add(ENCRYPTED, message, step.span, subject=str(identity), hint=hint, related=step.related())


def _check_generated(overlay: Overlay, generated: Mapping[ObjectId, Object], findings: Findings) -> None:
    """Record hand-written objects that are also generated."""
    for identity in generated:
        if (written := overlay.written.get(unit_of(identity), {}).get(identity)) is not None:
            of_chart, by_hand = "switch it off or rename it in the chart's values", "list a patch of it under patches"
            hint = of_chart if written.template else by_hand
            findings.add(TWICE, f"{identity} is generated by floe-compile", written.span, hint=hint)


def _finish(rendered: Rendered, unit: _Prepared, built: Built) -> Applied:
    """Return a unit with the results for its changed objects."""
    of_templates, reached = Findings(), unit.effects.reached
    places = {identity: reached[identity][0].span for identity in unit.templates if identity in reached}
    objects = put_back(rendered, unit.templates, _objects(unit, built), places, of_templates)
    signed = {str(name): resource.text for name, resource in unit.written.items() if resource.text and name in objects}
    before = {
        identity: manifest for identity, manifest in unit.effects.objects.items() if identity not in unit.templates
    }
    problems = (problem for changed in unit.changed for problem in built.problems.get(changed.identity, ()))
    removed = {
        identity: tuple(dict.fromkeys(step.span for step in steps))
        for identity, steps in sorted(unit.effects.reached.items())
        if identity not in objects and identity not in unit.templates
    }
    written = {str(identity): object_.span for identity, object_ in unit.written.items()}
    patched = _patched(unit, built, rendered.kubernetes_version)
    for name, patches in patches_of_runs(rendered, objects, reached).items():
        patched[name] = (*patched.get(name, ()), *patches)
    gone = set(map(str, removed))
    applied = replace(
        rendered,
        objects=ObjectSet(dict(sorted(objects.items()))),
        origins={name: origin for name, origin in {**rendered.origins, **written}.items() if name not in gone},
        unpatched=ObjectSet(dict(sorted(before.items()))) if patched or removed else None,
        patched=patched,
        removed=removed,
        verbatim=signed,
        templates={
            str(identity): resource.template for identity, resource in unit.written.items() if resource.template
        },
        values={
            str(identity): value_spans(object_.values, object_.manifest) for identity, object_ in unit.written.items()
        },
    )
    hits = {step for steps in unit.effects.reached.values() for step in steps}
    findings = ordered((*unit.findings, *problems, *of_templates.diagnostics))
    deletions = (built.deletions[changed.identity] for changed in unit.changed)
    hit = frozenset(step.digest for step in hits).union(*deletions)
    return Applied(with_consequences(applied), findings, hit)


def _patched(unit: _Prepared, built: Built, version: str) -> dict[str, tuple[Patch, ...]]:
    """Return what each patch changed in each object that is still there."""
    patched: dict[str, tuple[Patch, ...]] = {}
    for changed in (changed for changed in unit.changed if changed.identity not in unit.templates):
        result = built.results.get(changed.identity)
        if result is not None and result.part is not None:
            type_ = merge_type(schemas_of(version), changed.part)
            if patches := changed_values(changed.part, result.part, changed.steps, type_):
                patched[str(changed.identity)] = patches
    return patched


def _objects(unit: _Prepared, built: Built) -> dict[ObjectId, Object]:
    """Return the objects of a unit with the results of kustomize merged in."""
    objects = dict(unit.effects.objects)
    for identity, steps in unit.effects.reached.items():
        written = unit.written.get(identity)
        if (
            written
            and written.text
            and any(step.deletes and step.selection.matches(written.manifest) for step in steps)
        ):
            del objects[identity]
    for changed in unit.changed:
        if (result := built.results.get(changed.identity)) is None:
            continue  # there is a finding
        if result.part is None:
            del objects[changed.identity]
        else:
            objects[changed.identity] = with_untouched(objects[changed.identity], changed.part, result.part)
    return objects
