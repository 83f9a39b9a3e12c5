"""What pods read from ConfigMaps, and the hash of it, with which they restart when it changes.

The objects may be malformed: nothing is assumed about their structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object
from floe_compiler.model.pod_references import Reference
from floe_compiler.model.yaml_text import sha256_of

CONFIG_HASH = "floe.dev/config-hash"
"""The annotation of a pod template that holds the hash."""


def config_hash(contents: Mapping[str, Mapping[str, str]]) -> str:
    """Return the hash of what pods read, by ConfigMap and key; empty if that is nothing."""
    return sha256_of(contents) if contents else ""


def contents_read(
    references: Iterable[Reference], config_maps: Mapping[str, Object]
) -> Mapping[str, Mapping[str, str]]:
    """Return by name and key what pods read of these ConfigMaps of their namespace.

    Args:
        references: What the pods use (`model.pod_references`).
        config_maps: The ConfigMaps by name.
    """
    contents: dict[str, dict[str, str]] = {}
    for one in references:
        if one.kind == "ConfigMap" and one.name in config_maps:
            manifest = config_maps[one.name]
            data = mapping(manifest, ("data",)) | mapping(manifest, ("binaryData",))
            contents.setdefault(one.name, {}).update({key: text for key, text in data.items() if one.key in ("", key)})
    return contents
