"""Where images are pulled from in an environment."""

from __future__ import annotations

from floe_compiler.model.images import registry_of
from floe_compiler.model.settings import Settings


def pull_from(settings: Settings, image: str) -> str:
    """Return the image reference that an environment pulls.

    An image without a registry comes from the platform's registry; an image of a mirrored registry comes from the
    mirror. An image that is already in the platform's registry or in a mirror is unchanged.
    """
    registry, mirrors = settings.platform.registry, settings.platform.mirrors
    if image.startswith(tuple(f"{place}/" for place in (registry, *mirrors.values()))):
        return image
    written = registry_of(image)
    if not written:
        return f"{registry}/{image}"
    mirror = mirrors.get(written)
    return f"{mirror}{image.removeprefix(written)}" if mirror else image


def pull_policy(settings: Settings) -> str:
    """Return the pull policy: production asks the registry each time, so that no revoked image starts (REQ-613)."""
    return "Always" if settings.environment.production else "IfNotPresent"
