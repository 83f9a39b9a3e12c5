"""Digests of everything that the output of an environment is made from: equal digests, equal output."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path

from floe_compiler.load import git_folder
from floe_compiler.load.authored import environment_name, kind_of
from floe_compiler.load.input_tree import DEEPEST, input_tree
from floe_compiler.model.layout import DEFINITIONS, MANIFEST, MOST_BYTES

SHARED = (MANIFEST, "base", DEFINITIONS, "domains")

_PACKAGE = re.compile(r"[A-Za-z0-9._-]+")


def input_digests(root: Path) -> Mapping[str, str]:
    """Return the sha256 over all inputs of each environment: authored files, and the compiler itself.

    Only reads files; nothing is parsed. The path of the mesh in its Git repository counts, too. An environment does not
    depend on another one's folder, except that all environments' settings count, as no two may share a namespace. Of
    what nothing reads, the name counts: it is a mistake.
    """
    tree = input_tree(root)
    environments = [environment_name(path) for path in tree if kind_of(path) == "Environment"]
    settings = [f"overlays/{name}/environment.yaml" for name in environments]
    names: dict[str, list[str]] = {name: [] for name in ("", *environments)}
    for path in tree:
        owner = path.split("/")[1] if path.startswith("overlays/") else ""
        names[owner if owner in environments else ""].append(path)
    start = f"{compiler_digest()} {git_folder.path_in_git(root)}"
    shared = _digest(root, [*SHARED, *settings], names[""], start)
    return {name: _digest(root, [f"overlays/{name}"], names[name], shared) for name in environments}


def _digest(root: Path, places: Iterable[str], names: Iterable[str], start: str) -> str:
    digest = hashlib.sha256(start.encode())
    for name in names:
        digest.update(b"\n" + name.encode(errors="surrogateescape"))
    for place in places:
        for path in _files(str(root), place):
            named = path.encode(errors="surrogateescape")  # as the file system has it
            digest.update(b"\n" + named + b" " + _content(f"{root}/{path}").encode())
    return digest.hexdigest()


def _content(path: str) -> str:
    """Return the digest of a file; of one that cannot be read, a word, as it is for loading to complain."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            size = os.fstat(file.fileno()).st_size
            # A larger file is never read: that it lies there is the mistake.
            return f"{size} bytes" if size > MOST_BYTES else hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return "unreadable"


def _files(root: str, place: str) -> Iterator[str]:
    """Yield the files of a place, by their paths from the root, in an order that is always the same."""
    if os.path.isfile(f"{root}/{place}"):  # noqa: PTH113 -- pathlib takes three times as long, in every run
        yield place
    for folder, folders, names in os.walk(f"{root}/{place}"):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = folder[len(root) + 1 :]
        if below.count("/") >= DEEPEST:
            folders.clear()
        for name in sorted(names):
            if not name.startswith(".") and os.path.isfile(f"{folder}/{name}"):  # noqa: PTH113
                yield f"{below}/{name}"


@cache
def compiler_digest() -> str:
    """Return the digest of the compiler: its own files, components of others, and the versions of what it needs."""
    digest = hashlib.sha256()
    package = str(resources.files("floe_compiler"))
    for path in _files(package, "."):
        if path.endswith((".py", ".js", ".json", ".sh")):
            digest.update(f"{path} {_content(f'{package}/{path}')}\n".encode())
    for point in sorted(metadata.entry_points(group="floe_compile.components"), key=lambda point: point.name):
        digest.update(f"{point.name} {point.value} {point.dist.version if point.dist else ''} ".encode())
        digest.update(_source(point.module).encode() + b"\n")
    for name in dependencies():
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.hexdigest()


def dependencies() -> tuple[str, ...]:
    """Return the packages that the compiler needs: a version of any may change what comes out, or what is accepted."""
    needed = [one for one in metadata.requires("floe-compile") or () if "extra ==" not in one]
    return tuple(sorted(match[0] for one in needed if (match := _PACKAGE.match(one))))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # such as one that only some systems need
        return ""


def _source(module: str) -> str:
    """Return the digest of a module's file and of its package, which change without its version while it is written."""
    try:
        found = find_spec(module)
        package = find_spec(found.parent) if found and found.parent else None
    except (ImportError, ValueError):  # told when the component is loaded
        return ""
    files = [found.origin] if found and found.origin else []
    for folder in (package.submodule_search_locations or ()) if package else ():
        paths = (path for path in Path(folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        files += sorted(map(str, paths))
    return " ".join(map(_content, files))
