"""What pods read from ConfigMaps, and the hash of it, with which they restart when it changes.

Objects are looked at as they come, also before anything has said that they have the shape of their kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import sha256_of

CONFIG_HASH = "floe.dev/config-hash"
"""The annotation of a pod template that holds the hash."""


def config_hash(contents: Mapping[str, Mapping[str, str]]) -> str:
    """Return the hash of what pods read, by ConfigMap and key; empty if that is nothing."""
    return sha256_of(contents) if contents else ""


def contents_read(pod: Object, config_maps: Mapping[str, Object]) -> Mapping[str, Mapping[str, str]]:
    """Return by name and key what a pod's specification reads of these ConfigMaps of its namespace."""
    contents: dict[str, dict[str, str]] = {}
    for name, key in keys_read(pod):
        if name in config_maps:
            data = _mapping(config_maps[name], "data") | _mapping(config_maps[name], "binaryData")
            contents.setdefault(name, {}).update({one: text for one, text in data.items() if key in ("", one)})
    return contents


def keys_read(pod: Object) -> Iterator[tuple[str, str]]:
    """Yield the name of each ConfigMap that a pod's specification reads, with the key; "" stands for all keys."""
    mounted: dict[str, list[str]] = {}
    for container in (*_mappings(pod, "initContainers"), *_mappings(pod, "containers")):
        for source in _mappings(container, "envFrom"):
            yield from _of(_mapping(source, "configMapRef"), [""])
        for variable in _mappings(container, "env"):
            reference = _mapping(_mapping(variable, "valueFrom"), "configMapKeyRef")
            yield from _of(reference, [str(reference.get("key"))])
        for mount in _mappings(container, "volumeMounts"):
            # What is mounted as a single file has the name of its key, unless the volume gives it another.
            mounted.setdefault(str(mount.get("name")), []).append(str(mount.get("subPath", "")))
    for volume in _mappings(pod, "volumes"):
        yield from _of_source(volume, mounted.get(str(volume.get("name")), [""]))
        for source in _mappings(_mapping(volume, "projected"), "sources"):
            yield from _of_source(source, [""])


def _of_source(source: Object, keys: list[str]) -> Iterator[tuple[str, str]]:
    config_map = _mapping(source, "configMap")
    yield from _of(config_map, [str(item.get("key")) for item in _mappings(config_map, "items")] or keys)


def _of(reference: Object, keys: list[str]) -> Iterator[tuple[str, str]]:
    if reference:
        yield from ((str(reference.get("name")), key) for key in keys)


def _mapping(owner: Object, key: str) -> Object:
    found = owner.get(key)
    return found if isinstance(found, dict) else {}


def _mappings(owner: Object, key: str) -> list[Object]:
    found = owner.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
