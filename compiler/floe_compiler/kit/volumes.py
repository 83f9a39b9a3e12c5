"""Volumes and mounts of a pod, from what its containers declare."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from floe_compiler.kit.meta import present
from floe_compiler.model.facts import ConfigFile, Container, Pod, Scratch, SecretFile
from floe_compiler.model.objects import Object

TEMPORARY = Scratch("/tmp")  # noqa: S108 - the path inside a container, which every program expects to be writable
READ_ONLY = 0o444
EXECUTABLE = 0o555
GROUP_READABLE = 0o440


def containers_of(pod: Pod) -> tuple[Container, ...]:
    """Return all containers of a pod, those that set it up first."""
    return (*pod.setup, *pod.containers)


def scratches(container: Container) -> tuple[Scratch, ...]:
    """Return the writable folders of a container; `/tmp` is always among them."""
    declared = {scratch.path for scratch in container.scratch} | {claim.path for claim in container.claims}
    return container.scratch if TEMPORARY.path in declared else (TEMPORARY, *container.scratch)


def slug(path: str) -> str:
    """Return a path as a volume's name: `/var/run/postgresql` -> `var-run-postgresql`."""
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:50].strip("-")


def _secret_folder(path: str) -> str:
    return f"secret-{slug(posixpath.dirname(path))}"


def volumes(pod: Pod) -> list[Object]:
    """Return the pod's volumes (but for persistent claims), each once, sorted by name."""
    found: dict[str, Object] = {}
    for container in containers_of(pod):
        found |= _config_volumes(container.config)
        for scratch in scratches(container):
            name = slug(scratch.path)
            found[name] = {"name": name, "emptyDir": _empty_dir(scratch)}
    found |= _secret_volumes(file for container in containers_of(pod) for file in container.secret_files)
    return [found[name] for name in sorted(found)]


def _empty_dir(scratch: Scratch) -> Object:
    return present(medium="Memory" if scratch.memory else "", sizeLimit=scratch.size)


def _config_volumes(files: Iterable[ConfigFile]) -> Mapping[str, Object]:
    by_map: dict[str, bool] = {}
    for file in files:
        by_map[file.config_map] = by_map.get(file.config_map, False) or file.executable
    return {
        f"config-{name}": {
            "name": f"config-{name}",
            "configMap": {"name": name, "defaultMode": EXECUTABLE if executable else READ_ONLY},
        }
        for name, executable in by_map.items()
    }


def _secret_volumes(files: Iterable[SecretFile]) -> Mapping[str, Object]:
    """Return a projected volume for each folder of secret files, whatever secrets they come from."""
    folders: dict[str, dict[str, dict[str, str]]] = {}
    for file in sorted(set(files), key=lambda file: file.path):
        secrets = folders.setdefault(_secret_folder(file.path), {})
        secrets.setdefault(file.secret.secret.name, {})[file.secret.key] = posixpath.basename(file.path)
    return {
        folder: {
            "name": folder,
            "projected": {
                "defaultMode": GROUP_READABLE,
                "sources": [
                    {"secret": {"name": name, "items": [{"key": key, "path": path} for key, path in keys.items()]}}
                    for name, keys in secrets.items()
                ],
            },
        }
        for folder, secrets in folders.items()
    }


def mounts(container: Container) -> list[Object]:
    """Return the container's mounts, sorted by path."""
    found: dict[str, Object] = {}
    for scratch in scratches(container):
        found[scratch.path] = {"name": slug(scratch.path), "mountPath": scratch.path}
    for claim in container.claims:
        found[claim.path] = {"name": claim.name, "mountPath": claim.path}
    for file in container.config:
        path, base = (file.path, posixpath.basename(file.path)) if file.single else (posixpath.dirname(file.path), "")
        mount = {"name": f"config-{file.config_map}", "mountPath": path, "readOnly": True}
        found[path] = mount | present(subPath=base)
    for secret in container.secret_files:
        folder = posixpath.dirname(secret.path)
        found[folder] = {"name": _secret_folder(secret.path), "mountPath": folder, "readOnly": True}
    return [found[path] for path in sorted(found)]
