"""Images that come from the default registry, as neither they nor the platform name another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.images import registry_of
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.rules import DEFAULT_REGISTRY


def check_default_registry(frames: Iterable[Frame], findings: Findings) -> None:
    """Warn once, at the first image of a data product for which the default registry is taken; say how many others."""
    for frame in frames:
        origins = frame.platform.merged.origins.get(("images", "registry"))
        if origins and origins[0].layer.document:
            continue
        layers = [layer for layer in _images(frame) if _names_no_registry(layer.data["image"])]
        if not layers:
            continue
        first, *others = layers
        registry, image = frame.settings.platform.registry, first.data["image"]
        message = f"{image} names no registry, so it is pulled from the default: {registry}/{image}{_so_are(others)}"
        hint = f"name yours in platform-manifest.yaml, such as images: {{registry: {registry}/acme}}"
        findings.add(DEFAULT_REGISTRY, message, first.span(("image",)), hint=hint)
        return


def _so_are(others: Sequence[Layer]) -> str:
    """Return in words how many other data products are concerned."""
    if not others:
        return ""
    return "; so is that of 1 more data product" if len(others) == 1 else f"; so are those of {len(others)} more"


def _names_no_registry(image: object) -> bool:
    return isinstance(image, str) and not registry_of(image)


def _images(frame: Frame) -> Iterator[Layer]:
    """Yield, for each data product in an environment, the layer that gives its image."""
    domains = frame.inputs.sources.domains
    for name in domains_in(frame.inputs.sources, frame.document, frame.settings.environment.name):
        for product, document in sorted(domains[name].products.items()):
            if frame.overrides.is_enabled(name, product, document):
                layers = frame.overrides.with_own(name, product, document)
                yield from [layer for layer in layers if "image" in layer.data][-1:]
