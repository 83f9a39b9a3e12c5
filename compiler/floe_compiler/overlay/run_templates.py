"""Patches of the pods that programs launch at run time: their templates as objects, while kustomize runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.launched_templates import as_object, pod_templates, with_template
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.matching import OneObject, Selection, Target

ONLY_TEMPLATE = Rule(
    "K090",
    "patch of launched pods outside their template",
    "For patches, pods that an orchestrator launches are a PodTemplate with their name. Only what is below `template` "
    "reaches them: write labels and annotations there.",
)


def templates_of(rendered: Rendered) -> dict[ObjectId, Object]:
    """Return the templates of a unit's launched pods as objects; none for those that no object describes."""
    templates: dict[ObjectId, Object] = {}
    for identity, pods in pod_templates(rendered.launched, rendered.objects.by_id).items():
        try:
            templates[identity] = as_object(identity, pods, rendered.objects.by_id)
        except (IndexError, KeyError, TypeError, ValueError):
            continue  # reported where launched pods are checked
    return templates


def names_kind(selection: Selection) -> bool:
    """Return whether an entry names a kind: others are not about launched pods, which are not objects of the output."""
    return isinstance(selection, OneObject) or (isinstance(selection, Target) and "kind" in dict(selection.fields))


def patches_of_runs(
    rendered: Rendered, objects: Mapping[ObjectId, Object], reached: Mapping[ObjectId, Iterable[Step]]
) -> dict[str, tuple[Patch, ...]]:
    """Return the patches of templates by the object that has these, if it changed; they change none of its own values.

    Args:
        rendered: The unit as it was rendered.
        objects: Its objects after the patches.
        reached: The steps that reach each object, and each template.
    """
    patches: dict[str, tuple[Patch, ...]] = {}
    for identity, pods in pod_templates(rendered.launched, rendered.objects.by_id).items():
        by = pods.description.by if pods.description else None
        if by is not None and identity in reached and objects.get(by) != rendered.objects.by_id[by]:
            patches[str(by)] = (*patches.get(str(by), ()), *(Patch(step.span, {}) for step in reached[identity]))
    return patches


def put_back(
    rendered: Rendered,
    templates: Mapping[ObjectId, Object],
    objects: Mapping[ObjectId, Object],
    places: Mapping[ObjectId, Span],
    findings: Findings,
) -> dict[ObjectId, Object]:
    """Return the objects of a unit without templates: what describes launched pods has these as they are now.

    Args:
        rendered: The unit as it was rendered.
        templates: The templates before the patches.
        objects: All objects after the patches, with the templates.
        places: The patches that reach a template.
        findings: What cannot be put back is added here.
    """
    left = {identity: manifest for identity, manifest in objects.items() if identity not in templates}
    described_templates = pod_templates(rendered.launched, rendered.objects.by_id)
    for identity, before in templates.items():
        after, described = objects.get(identity, before), described_templates[identity].description
        if {key: value for key, value in after.items() if key != "template"} != {
            key: value for key, value in before.items() if key != "template"
        }:
            message = f"only the template of {identity} can be patched"
            hint = "write what is to be changed below `template`"
            findings.add(ONLY_TEMPLATE, message, places.get(identity), subject=str(identity), hint=hint)
        elif after != before and described is not None and described.by in left:
            left[described.by] = with_template(described, left, after["template"])
    return left
