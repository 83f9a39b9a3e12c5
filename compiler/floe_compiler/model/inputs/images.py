"""`overlays/<environment>/images.yaml`: the images of data products in one environment."""

from __future__ import annotations

from typing import Literal

from floe_compiler.model.fields import ImageReference
from floe_compiler.model.inputs.common import Input, Metadata


class ProductImages(Input):
    """The images of data products in one environment, a line for each, which programs may update."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The API version of the document."""
    kind: Literal["ProductImages"]
    """The kind of document."""
    metadata: Metadata
    """Name of the environment, and owner of the file. The name must be that of the folder."""
    images: dict[str, dict[str, ImageReference]]
    """By domain and product: the image, with an exact tag (`sales/orders:1.4.2`), a digest, or both."""
