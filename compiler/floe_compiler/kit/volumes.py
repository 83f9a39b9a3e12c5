"""Volumes and mounts of a pod, from what its containers declare."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from floe_compiler.kit.meta import present
from floe_compiler.model.facts import ConfigFile, Container, Pod, Scratch, SecretFile, containers_of
from floe_compiler.model.objects import Object
from floe_compiler.model.quantities import parse_quantity

Value = TypeVar("Value")

TEMPORARY = Scratch("/tmp")  # noqa: S108 - the path inside a container, which every program expects to be writable
READ_ONLY = 0o444
EXECUTABLE = 0o555
GROUP_READABLE = 0o440


def scratches(container: Container) -> tuple[Scratch, ...]:
    """Return the writable folders of a container; `/tmp` is always among them."""
    declared = {scratch.path for scratch in container.scratch} | {claim.path for claim in container.claims}
    return container.scratch if TEMPORARY.path in declared else (TEMPORARY, *container.scratch)


def slug(path: str) -> str:
    """Return a path as a volume's name: `/var/run/postgresql` -> `var-run-postgresql`."""
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:50].strip("-")


def volumes(pod: Pod) -> list[Object]:
    """Return the pod's volumes (but for persistent claims), each once, sorted by name.

    Raises ValueError if two different volumes would have one name: a mistake of the component.
    """
    containers = containers_of(pod)
    found = [
        *_config_volumes(file for container in containers for file in container.config),
        *_scratch_volumes(containers),
        *_secret_volumes(file for container in containers for file in container.secret_files),
    ]
    claims = ((claim.name, claim.path) for container in containers for claim in container.claims)
    _distinct("volumes", (*((name, origin) for name, origin, _ in found), *claims))
    return [{"name": name, **source} for name, _, source in sorted(found, key=lambda one: one[0])]


Named = tuple[str, str, Object]
"""A volume's name, its purpose (a path or a ConfigMap), and its source."""


def _distinct(what: str, pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """Return the pairs as a mapping; raise ValueError if a key has two values."""
    found: dict[str, Value] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ValueError(f"two different {what} are called {key}")
    return found


def _scratch_volumes(containers: Iterable[Container]) -> Iterator[Named]:
    """Yield an emptyDir for each writable folder, in the largest size that a container asks for."""
    found: dict[str, Scratch] = {}
    for scratch in (scratch for container in containers for scratch in container.scratch):
        other = found.setdefault(scratch.path, scratch)
        size = max(other.size, scratch.size, key=parse_quantity)
        found[scratch.path] = replace(other, size=size, memory=other.memory or scratch.memory)
    if any(TEMPORARY in scratches(container) for container in containers):
        found.setdefault(TEMPORARY.path, TEMPORARY)
    for path, scratch in found.items():
        yield slug(path), path, {"emptyDir": present(medium="Memory" if scratch.memory else "", sizeLimit=scratch.size)}


def _config_volumes(files: Iterable[ConfigFile]) -> Iterator[Named]:
    executable: dict[str, bool] = {}
    for file in files:
        executable[file.config_map] = executable.get(file.config_map, False) or file.executable
    for name, mode in executable.items():
        source = {"name": name, "defaultMode": EXECUTABLE if mode else READ_ONLY}
        yield f"config-{name}", f"ConfigMap {name}", {"configMap": source}


def _secret_volumes(files: Iterable[SecretFile]) -> Iterator[Named]:
    """Yield a projected volume for each folder of secret files, which may come from several secrets."""
    by_path = _distinct("secret files", ((file.path, file.secret) for file in files))
    folders: dict[str, dict[str, list[Object]]] = {}
    for path, reference in sorted(by_path.items()):
        folder, name = posixpath.split(path)
        items = folders.setdefault(folder, {}).setdefault(reference.secret.name, [])
        items.append({"key": reference.key, "path": name})
    for folder, secrets in folders.items():
        sources = [{"secret": {"name": name, "items": items}} for name, items in secrets.items()]
        yield f"secret-{slug(folder)}", folder, {"projected": {"defaultMode": GROUP_READABLE, "sources": sources}}


def mounts(container: Container) -> list[Object]:
    """Return the container's mounts, sorted by path; raise ValueError if two of them have the same path."""
    found = _distinct("mounts", _mounts(container))
    return [found[path] for path in sorted(found)]


def _mounts(container: Container) -> Iterator[tuple[str, Object]]:
    for scratch in scratches(container):
        yield scratch.path, {"name": slug(scratch.path), "mountPath": scratch.path}
    for claim in container.claims:
        yield claim.path, {"name": claim.name, "mountPath": claim.path}
    for file in container.config:
        path, base = (file.path, posixpath.basename(file.path)) if file.single else (posixpath.dirname(file.path), "")
        mount = {"name": f"config-{file.config_map}", "mountPath": path, "readOnly": True}
        yield path, mount | present(subPath=base)
    for secret in container.secret_files:
        folder = posixpath.dirname(secret.path)
        yield folder, {"name": f"secret-{slug(folder)}", "mountPath": folder, "readOnly": True}
