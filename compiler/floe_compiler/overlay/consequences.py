"""Consequences of patches: a changed configuration restarts pods, and a changed Job gets a new name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from msgspec.structs import replace

from floe_compiler.model.annotations import HOOK
from floe_compiler.model.configuration import CONFIG_HASH, config_hash, contents_read
from floe_compiler.model.job_names import job_name, without_hash
from floe_compiler.model.nested_fields import mapping, with_value
from floe_compiler.model.objects import Object, ObjectId, ObjectSet, identify
from floe_compiler.model.pod_references import references_in
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.workloads import pod_template_place


def with_consequences(rendered: Rendered) -> Rendered:
    """Return the environment with the configuration hashes and Job names that follow from its objects and patches.

    A hand-written pod template gets the hash if it has the annotation, with any value.
    """
    config_maps: dict[str, dict[str, Object]] = defaultdict(dict)
    for identity, manifest in rendered.objects.by_id.items():
        if (identity.group, identity.kind) == ("", "ConfigMap"):
            config_maps[identity.namespace][identity.name] = manifest
    changed = {
        identity: after
        for identity, before in rendered.objects.by_id.items()
        if (after := _changed(identity, before, config_maps[identity.namespace], rendered.patched)) is not None
    }
    if not changed:
        return rendered
    renamed = {str(identity): str(identify(manifest)) for identity, manifest in changed.items()}
    objects = [changed.get(identity, manifest) for identity, manifest in rendered.objects.by_id.items()]
    return replace(
        rendered,
        objects=ObjectSet.of(objects),
        origins={renamed.get(name, name): origin for name, origin in rendered.origins.items()},
        patched={renamed.get(name, name): spans for name, spans in rendered.patched.items()},
    )


def _changed(
    identity: ObjectId,
    before: Object,
    config_maps: Mapping[str, Object],
    patched: Collection[str],
) -> Object | None:
    """Return the updated object; None if it does not change."""
    place = pod_template_place(before)
    annotations = {} if place is None else mapping(before, (*place, "metadata", "annotations"))
    read = contents_read(references_in(before), config_maps) if CONFIG_HASH in annotations else {}
    settled = config_hash(read)
    rolls = settled not in ("", annotations.get(CONFIG_HASH))
    if not rolls and not (_is_named_by_content(identity, before) and str(identity) in patched):
        return None
    manifest = before
    if rolls and place is not None:
        manifest = with_value(manifest, (*place, "metadata", "annotations", CONFIG_HASH), settled)
    if _is_named_by_content(identity, before):
        name = job_name(without_hash(identity.name), manifest["spec"])
        manifest = with_value(manifest, ("metadata", "name"), name)
    return manifest


def _is_named_by_content(identity: ObjectId, manifest: Object) -> bool:
    """Return whether this is a generated Job, and not a hook. Hand-written Jobs keep their names."""
    labels = manifest["metadata"].get("labels") or {}
    if HOOK in mapping(manifest, ("metadata", "annotations")):
        return False
    return identity.kind == "Job" and labels.get("app.kubernetes.io/managed-by") == "floe-compile"
