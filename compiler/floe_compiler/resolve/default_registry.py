"""Images that come from the default registry, as neither they nor the platform name another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.images import registry_of
from floe_compiler.resolve.environment import Frame
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.presence import domains_in
from floe_compiler.resolve.rules import DEFAULT_REGISTRY


def check_default_registry(frames: Iterable[Frame], findings: Findings) -> None:
    """Warn once, at the first image of a data product for which the default registry is taken."""
    for frame in frames:
        if frame.platform.merged.span(("images", "registry")) is not None:
            continue
        for layer in _images(frame):
            image = layer.data["image"]
            if isinstance(image, str) and not registry_of(image):
                registry = frame.settings.platform.registry
                message = f"{image} names no registry, so it is pulled from the default: {registry}/{image}"
                hint = f"name yours in platform-manifest.yaml, such as images: {{registry: {registry}/acme}}"
                findings.add(DEFAULT_REGISTRY, message, layer.span(("image",)), hint=hint)
                return


def _images(frame: Frame) -> Iterator[Layer]:
    """Yield, for each data product in an environment, the layer that gives its image."""
    domains = frame.inputs.sources.domains
    for name in domains_in(frame.inputs.sources, frame.document, frame.settings.environment.name):
        for product, document in sorted(domains[name].products.items()):
            if frame.overrides.is_enabled(name, product, document):
                layers = frame.overrides.with_own(name, product, document)
                yield from [layer for layer in layers if "image" in layer.data][-1:]
