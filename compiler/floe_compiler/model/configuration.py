"""What pods read from ConfigMaps, and its hash: pods restart when the hash changes.

The objects may be malformed: nothing is assumed about their structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object
from floe_compiler.model.pod_references import Reference
from floe_compiler.model.yaml_text import sha256_of

CONFIG_HASH = "floe.dev/config-hash"
"""The annotation of a pod template that holds the hash."""


def config_hash(contents: Mapping[str, Mapping[str, str]]) -> str:
    """Return the hash of what pods read, by ConfigMap and key; empty if they read nothing."""
    if not contents:
        return ""
    try:
        return _hash_of(tuple((name, tuple(data.items())) for name, data in contents.items()))
    except TypeError:  # not only text, which is an error that is to come
        return sha256_of(contents)


@lru_cache(maxsize=512)  # many pods read the same, and several stages ask
def _hash_of(contents: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> str:
    return sha256_of({name: dict(data) for name, data in contents})


def contents_read(
    references: Iterable[Reference], config_maps: Mapping[str, Object]
) -> Mapping[str, Mapping[str, str]]:
    """Return what pods read from these ConfigMaps of their namespace, by name and key.

    Args:
        references: What the pods use (`model.pod_references`).
        config_maps: The ConfigMaps by name.
    """
    contents: dict[str, dict[str, str]] = {}
    for reference in references:
        if reference.kind == "ConfigMap" and reference.name in config_maps:
            manifest = config_maps[reference.name]
            data = mapping(manifest, ("data",)) | mapping(manifest, ("binaryData",))
            contents.setdefault(reference.name, {}).update(
                {key: text for key, text in data.items() if reference.key in ("", key)}
            )
    return contents
