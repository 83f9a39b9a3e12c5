"""What an environment has run, as far as its output tells."""

from __future__ import annotations

import re
from collections.abc import Iterable

from floe_compiler.model.images import registry_of


def names_image(texts: Iterable[str], image: str) -> bool:
    """Return whether one of these texts names an image.

    In the output, an image may have the registry of the platform, or that of a mirror, before what the input says.
    """
    rest = re.escape(image.removeprefix(f"{registry_of(image)}/"))
    pattern = re.compile(rf"/{rest}(?![\w.@:/-])")
    return any(pattern.search(text) for text in texts)
