"""What a patch entails: pods roll when their configuration was patched, and a patched Job is a new Job."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from floe_compiler.kit.pods import CONFIG_HASH
from floe_compiler.kit.workloads import HASH_LENGTH, job_name
from floe_compiler.model.objects import Object, ObjectId, ObjectSet, identify
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.yaml_text import sha256_of


def with_consequences(rendered: Rendered) -> Rendered:
    """Return the environment with the configuration hashes and Job names that follow from its patches."""
    configuration = {
        (identity.namespace, identity.name): manifest.get("data", {})
        for identity, manifest in rendered.objects.by_id.items()
        if identity.kind == "ConfigMap" and str(identity) in rendered.patched
    }
    changed = {
        identity: manifest
        for identity, before in rendered.objects.by_id.items()
        if (manifest := _changed(identity, before, configuration, rendered.patched)) is not None
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
    configuration: Mapping[tuple[str, str], Any],
    patched: Collection[str],
) -> Object | None:
    """Return what becomes of one object; None if it stays as it is."""
    template = _template(before)
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    read = sorted({name for name in _config_maps(template) if (identity.namespace, name) in configuration})
    rolls = bool(read) and CONFIG_HASH in annotations
    if not rolls and not (_is_named_by_content(identity, before) and str(identity) in patched):
        return None
    manifest = copy.deepcopy(before)
    if rolls:
        data = {name: configuration[identity.namespace, name] for name in read}
        # On top of the hash before the patch, as the other ConfigMaps that the pod reads still count.
        settled = sha256_of({"generated": annotations[CONFIG_HASH], "patched": data})
        _template(manifest)["metadata"]["annotations"][CONFIG_HASH] = settled
    if _is_named_by_content(identity, before):
        manifest["metadata"]["name"] = job_name(identity.name[: -HASH_LENGTH - 1], manifest["spec"])
    return manifest


def _is_named_by_content(identity: ObjectId, manifest: Object) -> bool:
    """Tell whether this is a Job of ours: one written by hand keeps the name that its author gave it."""
    labels = manifest["metadata"].get("labels") or {}
    return identity.kind == "Job" and labels.get("app.kubernetes.io/managed-by") == "floe-compile"


def _template(manifest: Object) -> Object:
    """Return the pod template of a controller; an empty mapping for other objects."""
    spec = manifest.get("spec") or {}
    spec = (spec.get("jobTemplate") or {}).get("spec") or spec
    found: Object = spec.get("template") or {}
    return found if isinstance(found, dict) else {}


def _config_maps(template: Object) -> Iterator[str]:
    for volume in (template.get("spec") or {}).get("volumes") or ():
        if "configMap" in volume:
            yield str(volume["configMap"].get("name", ""))
