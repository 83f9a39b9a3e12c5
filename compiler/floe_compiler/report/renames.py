"""Objects that replace one of another name or namespace: those of a renamed product or domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from floe_compiler.model.images import parse_image
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers.places import images, output_names, products
from floe_compiler.report.manifests import Manifests


def former_objects(before: Manifests, after: Manifests) -> Mapping[ObjectId, Object]:
    """Return, for each new workload, the deleted workload that it seems to replace.

    They run the same images or products, and have the same name or the same namespace. Also, they write outputs of the
    same name, or are products without any, or the namespace of the deleted one is gone.
    """
    gone = [identity for identity in before.by_id if identity not in after.by_id]
    new = [identity for identity in after.by_id if identity not in before.by_id]
    kept_namespaces = {identity.namespace for identity in before.by_id if identity in after.by_id}
    lost = {identity.name for identity in gone if identity.kind == "Namespace"} - kept_namespaces
    by_name, by_namespace = defaultdict(list), defaultdict(list)
    for identity in gone:
        by_namespace[identity.kind, identity.namespace].append(identity)
        by_name[identity.kind, identity.name].append(identity)
    predecessors = {}
    for identity in new:
        manifest = after.by_id[identity]
        moved, replaced = by_name[identity.kind, identity.name], by_namespace[identity.kind, identity.namespace]
        others = (
            before.by_id[other]
            for other in (*moved, *replaced)
            if (other.namespace in lost and other in moved) or _same_outputs(manifest, before.by_id[other])
        )
        if former := _same_program(manifest, others):
            predecessors[identity] = former
    return predecessors


def _same_program(manifest: Object, others: Iterable[Object]) -> Object | None:
    """Return the first of the others that runs the same images, or the same products: their images may move, too."""
    own_images, run = _images(manifest), products(manifest)
    return next(
        (
            other
            for other in others
            if (own_images and _images(other) == own_images) or (run and products(other) == run)
        ),
        None,
    )


def _same_outputs(manifest: Object, other: Object) -> bool:
    names, others = output_names(manifest), output_names(other)
    return bool(names & others) or (not (names or others) and bool(products(manifest)) and bool(products(other)))


def _images(manifest: Object) -> set[str]:
    """Return the images of a workload without their versions, which may change at the same time."""
    repositories = set()
    for name in images(manifest):
        try:
            image = parse_image(name)
        except ValueError:
            return set()
        repositories.add(f"{image.registry}/{image.repository}")
    return repositories
