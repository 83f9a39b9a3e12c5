"""Images must have an exact version and come from an approved registry."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import with_hint
from floe_compiler.model.images import Image, parse_image
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.workloads import Workload

MUTABLE = Rule(
    "C150",
    "image without an exact version",
    "An image needs an exact tag or a digest. Without a tag, or with one that moves (latest, main, stable ...), each "
    "node may run a different program.",
)
REGISTRY = Rule(
    "C151",
    "image from an unapproved registry",
    "With `images.mirrors`, all images must come from the mirrors or from `images.registry`, so that only approved "
    "images run. Use one of them, or add a mirror for the registry. (Without mirrors, any registry is allowed.)",
)
POLICY = Rule(
    "C152",
    "image pull policy that does not fit the environment",
    "In production, each start pulls the image (Always), so that credentials and content are checked. "
    "Elsewhere, nodes use the images they already have (IfNotPresent).",
)
RULES = (MUTABLE, REGISTRY, POLICY)

_POLICIES = ("Always", "IfNotPresent", "Never")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield images without an exact version or approved registry, and wrong pull policies."""
    policy = "Always" if index.rendered.production else "IfNotPresent"
    for workload in index.workloads.values():
        for place, reference in _images(workload):
            yield from _image(index, workload.id, place, reference)
        for container in workload.containers:
            actual = container.data.get("imagePullPolicy", "missing")
            if actual != policy and actual in (*_POLICIES, "missing"):  # others are refused anyway
                message = f"{container.place}.imagePullPolicy is {actual}"
                yield index.finding(POLICY, workload.id, message, f"set {policy}")


def _images(workload: Workload) -> Iterator[tuple[str, str]]:
    for container in workload.containers:
        yield f"{container.place}.image", container.data.get("image", "")
    for volume in workload.pod.get("volumes", ()):
        if "image" in volume:
            place = workload.at(f"spec.volumes[{volume.get('name', '')}].image.reference")
            yield place, volume["image"].get("reference", "")


def _image(index: Index, identity: ObjectId, place: str, reference: str) -> Iterator[Diagnostic]:
    try:
        image = parse_image(reference)
    except ValueError as error:
        yield index.finding(MUTABLE, identity, *with_hint(f"{place}: {error}"))
        return
    for rule, verdict, hint in _problems(index, image):
        origins = index.rendered.image_origins.get(reference, ())
        # What a data product names is one mistake, however many containers run it.
        for span in origins:
            subject = f"{index.rendered.environment}: {reference}"
            yield Diagnostic(rule, f"image {reference} {verdict}", span, subject, hint)
        if not origins:
            yield index.finding(rule, identity, f"{place} is {reference}, which {verdict}", hint)


def _problems(index: Index, image: Image) -> Iterator[tuple[Rule, str, str]]:
    if image.is_mutable:
        verdict = f'has the tag "{image.tag}", which moves' if image.tag else "has no tag"
        yield MUTABLE, verdict, "give it an exact tag, or a digest"
    registries = index.rendered.image_registries
    if registries and not any(_is_from(image, registry) for registry in registries):
        yield REGISTRY, "is not from an allowed registry", f"allowed: {', '.join(registries)}"


def _is_from(image: Image, registry: str) -> bool:
    return f"{image.registry}/{image.repository}/".startswith(f"{registry.rstrip('/')}/")
