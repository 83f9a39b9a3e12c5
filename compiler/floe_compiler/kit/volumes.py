"""Volumes and mounts of a pod, from what its containers declare."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec.structs import replace

from floe_compiler.kit.csi import NO_CSI, CsiFiles, csi_mounts, csi_volumes
from floe_compiler.kit.meta import present
from floe_compiler.kit.volume_names import secrets_volume, slug
from floe_compiler.model.facts import ConfigFile, Container, Pod, Scratch, SecretFile, containers_of
from floe_compiler.model.objects import Object
from floe_compiler.model.quantities import parse_quantity

Value = TypeVar("Value")

TEMPORARY = Scratch("/tmp")  # noqa: S108 - the path in the container, which all programs expect to be writable
READ_ONLY = 0o444
EXECUTABLE = 0o555
GROUP_READABLE = 0o440


def scratches(container: Container) -> tuple[Scratch, ...]:
    """Return the writable folders of a container, always with `/tmp`."""
    declared = {scratch.path for scratch in container.scratch} | {claim.path for claim in container.claims}
    return container.scratch if TEMPORARY.path in declared else (TEMPORARY, *container.scratch)


def volumes(pod: Pod, csi: CsiFiles = NO_CSI) -> list[Object]:
    """Return the pod's volumes, except persistent claims, each once, sorted by name.

    Raises ValueError if two different volumes have the same name, which is a bug in the component.
    """
    containers = containers_of(pod)
    named = [
        *_config_volumes(file for container in containers for file in container.config),
        *_scratch_volumes(containers),
        *_secret_volumes(
            file for container in containers for file in container.secret_files if file.path not in csi.files
        ),
        *_host_volumes(containers),
        *csi_volumes(csi),
        *_mount_volumes(containers),
    ]
    claims = ((claim.name, claim.path) for container in containers for claim in container.claims)
    _distinct("volumes", (*((name, origin) for name, origin, _ in named), *claims))
    return [{"name": name, **source} for name, _, source in sorted(named, key=lambda volume: volume[0])]


Named = tuple[str, str, Object]
"""A volume's name, its purpose (a path or a ConfigMap), and its source."""


def _distinct(kind: str, pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """Return the pairs as a mapping; raise ValueError if a key has two values."""
    values: dict[str, Value] = {}
    for key, value in pairs:
        if values.setdefault(key, value) != value:
            raise ValueError(f"two different {kind} are called {key}")
    return values


def _scratch_volumes(containers: Iterable[Container]) -> Iterator[Named]:
    """Yield an emptyDir for each writable folder, with the largest size that a container needs."""
    by_path: dict[str, Scratch] = {}
    for scratch in (scratch for container in containers for scratch in container.scratch):
        other = by_path.setdefault(scratch.path, scratch)
        size = max(other.size, scratch.size, key=parse_quantity)
        by_path[scratch.path] = replace(other, size=size, memory=other.memory or scratch.memory)
    if any(TEMPORARY in scratches(container) for container in containers):
        by_path.setdefault(TEMPORARY.path, TEMPORARY)
    for path, scratch in by_path.items():
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
        yield secrets_volume(folder), folder, {"projected": {"defaultMode": GROUP_READABLE, "sources": sources}}


def _host_volumes(containers: Iterable[Container]) -> Iterator[Named]:
    for host in dict.fromkeys(host for container in containers for host in container.host_paths):
        kind = {"type": "DirectoryOrCreate"} if host.writable else {}
        yield f"node-{slug(host.on_node)}", host.on_node, {"hostPath": {"path": host.on_node, **kind}}


def _mount_volumes(containers: Iterable[Container]) -> Iterator[Named]:
    """Yield a volume for each ConfigMap and claim; one that no container writes to is attached read-only."""
    mounted = [mount for container in containers for mount in container.mounts]
    for name in dict.fromkeys(mount.name for mount in mounted if mount.kind == "ConfigMap"):
        yield f"given-{name}", f"ConfigMap {name}", {"configMap": {"name": name, "defaultMode": READ_ONLY}}
    for name in dict.fromkeys(mount.name for mount in mounted if mount.kind == "PersistentVolumeClaim"):
        writable = any(mount.writable for mount in mounted if mount.name == name)
        source = {"claimName": name, **present(readOnly=not writable or None)}
        yield f"claim-{name}", f"claim {name}", {"persistentVolumeClaim": source}


def mounts(container: Container, csi: CsiFiles = NO_CSI) -> list[Object]:
    """Return the container's mounts, sorted by path; raise ValueError if two of them have the same path."""
    by_path = _distinct("mounts", _mounts(container, csi))
    return [by_path[path] for path in sorted(by_path)]


def _mounts(container: Container, csi: CsiFiles) -> Iterator[tuple[str, Object]]:
    for scratch in scratches(container):
        yield scratch.path, {"name": slug(scratch.path), "mountPath": scratch.path}
    for host in container.host_paths:
        path = host.path or host.on_node
        yield (
            path,
            {"name": f"node-{slug(host.on_node)}", "mountPath": path, **present(readOnly=not host.writable or None)},
        )
    for mounted in container.mounts:
        prefix = "given" if mounted.kind == "ConfigMap" else "claim"
        read_only = present(readOnly=not mounted.writable or None)
        yield mounted.path, {"name": f"{prefix}-{mounted.name}", "mountPath": mounted.path, **read_only}
    for claim in container.claims:
        yield claim.path, {"name": claim.name, "mountPath": claim.path}
    for file in container.config:
        path, base = (file.path, posixpath.basename(file.path)) if file.single else (posixpath.dirname(file.path), "")
        mount = {"name": f"config-{file.config_map}", "mountPath": path, "readOnly": True}
        yield path, mount | present(subPath=base)
    for secret in container.secret_files:
        if secret.path not in csi.files:
            folder = posixpath.dirname(secret.path)
            yield folder, {"name": secrets_volume(folder), "mountPath": folder, "readOnly": True}
    yield from csi_mounts(container, csi)
