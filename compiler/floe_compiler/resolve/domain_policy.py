"""What domain teams may set in their own files. The platform team owns the limits (`domain_policy`).

The files of the platform team are not limited, also not in what they say of a single domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.images import is_image, registry_of
from floe_compiler.model.inputs import (
    Domain,
    DomainPolicy,
    JobPlacement,
    Placement,
    PlatformManifest,
    Quota,
    Toleration,
)
from floe_compiler.model.plan import QuotaGrowth
from floe_compiler.model.pod_metadata import beyond
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, Merged, leaves
from floe_compiler.resolve.limits import SetLimit
from floe_compiler.resolve.locks import hint_if_unknown
from floe_compiler.resolve.products import WrittenProduct
from floe_compiler.resolve.rules import BEYOND_POLICY, UNKNOWN_LOCK
from floe_compiler.resolve.slots import Registry

POLICY: DataPath = ("domain_policy",)
QUOTA: DataPath = ("quota",)
DEVICES: DataPath = ("steps", "devices")
IMAGE: DataPath = ("semantic_layer", "image")
"""The one image that a domain may name outside of its products."""

CLASSES = {"priority_class": "priority_classes", "runtime_class": "runtime_classes"}
"""Settings of a placement that name a class, and the lists of the policy that allow them."""

METADATA = ("labels", "annotations")
"""Settings of a placement with labels and annotations, whose prefixes the policy allows."""

AMOUNTS = tuple(Quota.model_fields)
DOCUMENT = frozenset({"apiVersion", "kind", "metadata"})
ASK = "ask the platform team to set it under `domains` in the environment.yaml, or to allow it under `domain_policy`"

ASK_FOR_JOBS = "ask the platform team to allow placement.jobs under `domain_policy.may_set`"


def check_domain(
    manifest: PlatformManifest,
    platform: Merged,
    limits: Sequence[SetLimit],
    own: Layer,
    domain: Merged,
    findings: Findings,
) -> None:
    """Report what a domain's own file sets beyond the policy.

    Args:
        manifest: The platform's settings in the environment.
        platform: The layers that these come from.
        limits: The limits of the platform's manifests. Where one allows less than the policy, it is for that to report.
        own: The domain's own file.
        domain: All layers of the domain.
        findings: The errors are added here.
    """
    policy = manifest.domain_policy
    refused = tuple(_not_allowed(policy, own))
    for path in refused:
        message = f"a domain's own file may not set {show_path(path)}"
        hint = f"allowed: {', '.join(policy.may_set or ()) or 'nothing'}; {ASK}"
        related = _related(platform, (*POLICY, "may_set"))
        findings.add(BEYOND_POLICY, message, own.key_span(path), hint=hint, related=related)
    for name in AMOUNTS:
        path = (*QUOTA, name)
        origin = domain.origins.get(path, (None,))[0]
        most = str(getattr(policy.quota, name))
        if (
            origin
            and origin.layer is own
            and path not in refused
            # Beyond a limit that does not allow the most, it is an error already (R090).
            and all(limit.bounds.allows(most) for limit in limits if limit.path == path)
            and parse_quantity(str(origin.value)) > parse_quantity(most)
        ):
            message = f"{show_path(path)} is {origin.value}, but a domain may set {most} at most"
            findings.add(
                BEYOND_POLICY, message, origin.span, hint=f"set {most} or less; {ASK}", related=_quota(platform, name)
            )
    for path, (origin, *_) in domain.origins.items():
        if path[:-1] == DEVICES and origin.layer is own and path not in refused:
            _check_device(
                policy, platform, "all steps of a domain ask", (str(path[-1]), origin.value), origin.span, findings
            )
    image = domain.origins.get(IMAGE, (None,))[0]
    if image and image.layer is own and is_image(str(image.value)):
        _check_image(manifest, str(image.value), image.span, findings)
    for path, value in _own_placement(own, domain):
        if not any(other[: len(path)] == path or path[: len(other)] == other for other in refused):
            _check_placement(manifest, path, value, own.span, findings)


def check_products(
    manifest: PlatformManifest, platform: Merged, products: Iterable[WrittenProduct], findings: Findings
) -> None:
    """Report what the files of products ask for beyond the policy.

    That is images, devices, and nodes (as in the domain's `placement.jobs`).
    """
    policy = manifest.domain_policy
    for written in products:
        document = written.document
        _check_image(manifest, written.product.spec.image, written.own_span(("image",)), findings)
        _check_devices(policy, platform, written, findings)
        values = {("placement", name): value for name, value in (document.data.get("placement") or {}).items()}
        for path, value in values.items():
            if not written.own_span(path):
                continue
            if policy.may_set is not None and not _is_allowed(policy, ("placement", "jobs", path[1])):
                message = f"a product of a domain may not set {show_path(path)}"
                hint = f"allowed for domains: {', '.join(policy.may_set) or 'nothing'}; {ASK_FOR_JOBS}"
                related = _related(platform, (*POLICY, "may_set"))
                findings.add(BEYOND_POLICY, message, document.key_span(path), hint=hint, related=related)
            else:
                _check_placement(manifest, path, value, document.span, findings)


def _check_placement(
    manifest: PlatformManifest, path: DataPath, value: Any, place: Callable[[DataPath], Span | None], findings: Findings
) -> None:
    """Report a part of a placement that a domain may not have; `place` returns where a path was written."""
    policy, placement = manifest.domain_policy, manifest.placement
    if path[-1] == "tolerations":
        allowed = (*policy.tolerations, *placement.services.tolerations, *placement.jobs.tolerations)
        for index, toleration in enumerate(map(Toleration.model_validate, value)):
            if not any(_covers(tolerated, toleration) for tolerated in allowed):
                message = f"a domain may not tolerate {_taint(toleration)}"
                hint = f"allowed: {', '.join(dict.fromkeys(map(_taint, allowed))) or 'none'}; {ASK}"
                findings.add(BEYOND_POLICY, message, place((*path, index, "key")), hint=hint)
    if path[-1] in METADATA:
        for key in beyond(value, policy.prefixes):
            message = f"a domain may not set the {path[-1][:-1]} {key}"
            prefixes = f", and those with {', '.join(policy.prefixes)}" if policy.prefixes else ""
            remedy = "ask the platform team to allow its prefix under `domain_policy.prefixes`"
            hint = f"allowed: keys without a prefix{prefixes}; {remedy}"
            findings.add(BEYOND_POLICY, message, place((*path, key)), hint=hint)
    for setting, plural in CLASSES.items():
        names = dict.fromkeys(name for name in (*getattr(policy, plural), getattr(placement.jobs, setting)) if name)
        if path[-1] == setting and value is not None and value not in names:
            message = f"a domain may not use the {setting.replace('_', ' ')} {value}"
            hint = f"allowed: {', '.join(names) or 'none'}; {ASK}"
            findings.add(BEYOND_POLICY, message, place(path), hint=hint)


def check_may_set(registry: Registry, manifest: PlatformManifest, platform: Merged, findings: Findings) -> None:
    """Report paths in `may_set` that no domain.yaml has."""
    components = registry.within(("domain", "each"))
    for index, path in enumerate(manifest.domain_policy.may_set or ()):
        hint = hint_if_unknown(Domain, components, tuple(path.split(".")))
        if hint is not None:
            span = platform.span((*POLICY, "may_set", index))
            findings.add(UNKNOWN_LOCK, f'domain.yaml has no "{path}" to set', span, hint=hint)


def _check_image(manifest: PlatformManifest, image: str, span: Span | None, findings: Findings) -> None:
    """Report an image that a domain's own file names, at `span`, and that is of a registry which it may not use."""
    images, further = manifest.images, manifest.domain_policy.registries
    hosts = tuple(images.mirrors)
    prefixes = (images.registry, *images.mirrors.values(), *further)
    registry = registry_of(image)
    if span and registry and registry not in hosts and not image.startswith(tuple(f"{prefix}/" for prefix in prefixes)):
        findings.add(
            BEYOND_POLICY,
            f"image {image} is not from a registry that domains may use",
            span,
            hint=f"allowed: {', '.join(dict.fromkeys((images.registry, *hosts, *further)))}; push it to one of "
            "them, or ask the platform team to add its registry under `domain_policy.registries`",
        )


def _check_devices(policy: DomainPolicy, platform: Merged, written: WrittenProduct, findings: Findings) -> None:
    """Report steps that ask for more devices of a kind than the platform gives to one."""
    for index, step in enumerate(written.product.spec.steps):
        for name, count in step.devices.items():
            span = written.own_span(("steps", index, "devices", name))
            _check_device(policy, platform, f"step {step.name} asks", (name, count), span, findings)


def _check_device(
    policy: DomainPolicy,
    platform: Merged,
    who_asks: str,
    device: tuple[str, int],
    span: Span | None,
    findings: Findings,
) -> None:
    """Report a number of devices of one kind, written at `span`, that is more than a step may have."""
    name, count = device
    most = policy.devices.get(name, 0)
    if span and count > most:
        devices = ", ".join(f"{device}: {number}" for device, number in policy.devices.items() if number)
        findings.add(
            BEYOND_POLICY,
            f"{who_asks} for {count} {name}, but a step may have {most} at most",
            span,
            hint=f"allowed: {devices or 'none'}; ask the platform team to allow it under `domain_policy.devices`",
            related=_related(platform, (*POLICY, "devices", name)),
        )


def quota_growth(merged: Merged, places: Iterable[DataPath], most: Quota | None = None) -> QuotaGrowth:
    """Return the amounts of a quota that no file sets at one of the places, each with the most that it may grow to."""
    free = (name for name in AMOUNTS if not any(_is_written(merged, (*place, name)) for place in places))
    return tuple((name, str(getattr(most, name)) if most else "") for name in free)


def _is_written(merged: Merged, path: DataPath) -> bool:
    origins = merged.origins.get(path)
    return bool(origins and origins[0].layer.document)


def _not_allowed(policy: DomainPolicy, own: Layer) -> Iterator[DataPath]:
    """Yield the paths that a domain's file sets, as far as the policy does not allow them."""
    if policy.may_set is None:
        return
    for path, _ in leaves({key: value for key, value in own.data.items() if key not in DOCUMENT}):
        if not _is_allowed(policy, path):
            yield path


def _is_allowed(policy: DomainPolicy, path: DataPath) -> bool:
    allowed = (tuple(setting.split(".")) for setting in policy.may_set or ())
    return any(path[: len(setting)] == setting for setting in allowed)


def _own_placement(own: Layer, domain: Merged) -> Iterator[tuple[DataPath, Any]]:
    """Yield what a domain's own file sets of its placement, with its path."""
    for place, model in (("services", Placement), ("jobs", JobPlacement)):
        for name in model.model_fields:
            path: DataPath = ("placement", place, name)
            origin = domain.origins.get(path, (None,))[0]
            if origin and origin.layer is own:
                yield path, origin.value
            below = {leaf[-1]: origins[0] for leaf, origins in domain.origins.items() if leaf[:-1] == path}
            written = {key: origin.value for key, origin in below.items() if origin.layer is own}
            if written and name in METADATA:
                yield path, written


def _covers(allowed: Toleration, toleration: Toleration) -> bool:
    """Return whether an allowed toleration includes another one."""
    same_value = allowed.any_value or (not toleration.any_value and allowed.value == toleration.value)
    return (allowed.key, allowed.effect) == (toleration.key, toleration.effect) and same_value


def _taint(toleration: Toleration) -> str:
    """Return a taint as kubectl writes it: `key=value:effect`."""
    return f"{toleration.key}{f'={toleration.value}' if toleration.value else ''}:{toleration.effect}"


def _quota(platform: Merged, name: str) -> list[Related]:
    return _related(platform, (*POLICY, "quota", name))


def _related(platform: Merged, path: DataPath) -> list[Related]:
    span = platform.span(path) if _is_written(platform, path) else None
    return [Related(span, "the limit")] if span else []
