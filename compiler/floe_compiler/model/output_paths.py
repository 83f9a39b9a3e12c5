"""Where each object is in the compiled output: its folder, and the name of its file."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from floe_compiler.model.delivered_texts import Tool
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.sites import environment_of

OUTPUT = "output"
CLUSTER_FOLDER = "_cluster"
DELIVERY_FOLDER = "_delivery"
TESTS_PREFIX = "_tests_"
"""Before a namespace's name: the folder of the Jobs that Flux applies after all else in the namespace."""

LONGEST_NAME = 150
"""Leaves room for the folders: Windows allows a path of 260 characters by default."""

# Windows does not allow these before the first dot, in any folder
# (learn.microsoft.com/windows/win32/fileio/naming-a-file).
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)")
_UNSAFE = re.compile(r"[^a-z0-9.-]")
_BROKEN_ESCAPE = re.compile(r"%[0-9a-f]?$")


@lru_cache(maxsize=8192)  # one run after another asks for the same
def object_path(site: str, identity: ObjectId, cluster_scoped: bool) -> str:
    """Return the path of an object's file: `output/<site>/<namespace or _cluster>/<file name>`.

    The site is the environment, or `<environment>/<cluster>` if that has several clusters (`model/sites.py`).

    Raises:
        ValueError: if a namespaced object has no namespace; the checks refuse such objects earlier.
    """
    if not cluster_scoped and not identity.namespace:
        raise ValueError(f"{identity} has no namespace")
    return f"{folder_path(site, '' if cluster_scoped else identity.namespace)}/{file_name(identity)}"


def folder_path(site: str, namespace: str = "") -> str:
    """Return the folder of a namespace's objects; without a namespace, that of cluster-scoped objects."""
    folder = _portable(_escape(namespace)) if namespace else CLUSTER_FOLDER
    return f"{OUTPUT}/{site}/{folder}"


def tests_folder(site: str, namespace: str) -> str:
    """Return the folder of what Flux applies after all other objects of a namespace."""
    return f"{OUTPUT}/{site}/{TESTS_PREFIX}{_escape(namespace)}"


def tests_path(site: str, identity: ObjectId) -> str:
    """Return the path of such an object."""
    return f"{tests_folder(site, identity.namespace)}/{file_name(identity)}"


def in_repository(mesh: str, path: str) -> str:
    """Return the path from the top of the Git repository, given that of the mesh, which is empty at the top."""
    return f"{mesh}/{path}" if mesh else path


def delivery_path(site: str, identity: ObjectId, tool: Tool) -> str:
    """Return the path of an Argo CD or Flux object, in any namespace: `output/<environment>/_delivery/…`.

    One Argo CD delivers all clusters of an environment, and each cluster's Flux its own: its folder is in the site's.
    """
    owner = environment_of(site) if tool == "argocd" else site
    return f"{OUTPUT}/{owner}/{DELIVERY_FOLDER}/{file_name(identity)}"


def file_name(identity: ObjectId) -> str:
    """Return `<kind>[.<group>]_<name>.yaml` in lower case, safe on every file system.

    The version is left out, so that a new apiVersion is an edit, not a deletion. Only lower-case letters, digits, `.`
    and `-` are kept; the rest is percent-encoded (RBAC names may have `:`). So `_` is only between kind and name, and
    before the hash that ends a long name.
    """
    group = f".{identity.group}" if identity.group else ""
    stem = _portable(f"{_escape(identity.kind.lower() + group)}_{_escape(identity.name)}")
    if len(stem) > LONGEST_NAME:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:8]
        stem = f"{_BROKEN_ESCAPE.sub('', stem[: LONGEST_NAME - 9])}_{digest}"
    return f"{stem}.yaml"


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02x}" for byte in match[0].encode()), text)


def _portable(name: str) -> str:
    return f"%{ord(name[0]):02x}{name[1:]}" if _RESERVED.match(name) else name
