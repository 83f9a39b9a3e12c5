"""Digests of everything that the output of an environment is made from: equal digests, equal output."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path

from floe_compiler.load import git_folder
from floe_compiler.load.authored import environment_name, kind_of
from floe_compiler.model.codec import digest_of
from floe_compiler.model.component_packages import component_packages
from floe_compiler.model.input_files import InputFiles, Unread

_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_PACKAGE = re.compile(r"[A-Za-z0-9._-]+")


@lru_cache(maxsize=1)  # a run asks before it compiles, and when it has compiled
def input_digests(inputs: InputFiles) -> Mapping[str, str]:
    """Return the sha256 over all inputs of each environment: authored files, and the compiler itself.

    Nothing is parsed. The path of the output in its Git repository counts, too, and what Git is told to do with files
    there. An environment does not depend on another one's folder, except that all environments' settings count, as no
    two may share a namespace. Names of files that nothing reads count, too, as such a file is an error.
    """
    names, owners = _owners(inputs)
    lines: dict[str, list[str]] = {name: [] for name in ("", *names)}
    for path, type_ in inputs.types.items():
        lines[owners[path]].append(f"{path} {type_} {_digest_or_problem(inputs.contents.get(path, b''))}")
    start = f"{compiler_digest()} {git_folder.path_in_git(inputs.output_root)}"
    obeyed = [f"{path} {text}" for path, text in git_folder.obeyed_files(inputs.output_root).items()]
    shared = digest_of(start, *obeyed, *lines[""])
    return {name: digest_of(shared, name, *lines[name]) for name in names}


def files_of(inputs: InputFiles, environments: Collection[str]) -> Mapping[str, str]:
    """Return the sha256 of each file that the output of these environments may follow from, by path, sorted.

    These are all files but those in the folders of other environments; the settings of those count, too.
    """
    _, owners = _owners(inputs)
    return {
        path: hashlib.sha256(content).hexdigest()
        for path, content in sorted(inputs.contents.items())
        if isinstance(content, bytes) and owners[path] in ("", *environments)
    }


def _owners(inputs: InputFiles) -> tuple[Collection[str], Mapping[str, str]]:
    """Return the environments, and the one that each path belongs to; empty for what counts in all of them."""
    settings = {path: environment_name(path) for path in inputs.types if kind_of(path) == "Environment"}
    names = frozenset(settings.values())
    owners = dict.fromkeys(inputs.types, "")
    for path in inputs.types:
        if path.startswith("overlays/") and path not in settings and (owner := path.split("/")[1]) in names:
            owners[path] = owner
    return sorted(names), owners


def _digest_or_problem(content: bytes | Unread) -> str:
    """Return the digest of a file; if it cannot be read, the reason, which loading reports."""
    if isinstance(content, Unread):
        return f"{content.reason} {content.size}"
    return hashlib.sha256(content).hexdigest()


def _content(path: str) -> str:
    """Return the SHA-256 digest of a file; a fixed text if it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- hundreds of files, in every run
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return "unreadable"


def _files(root: str) -> Iterator[str]:
    """Yield the files of a package, by their paths from the root, in an order that is always the same."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield f"{folder[len(root) :]}/{name}"


@cache
def compiler_digest() -> str:
    """Return the digest of the compiler: its own files, components of others, and the versions of what it needs."""
    digest = hashlib.sha256()
    package = str(resources.files("floe_compiler"))
    for path in _files(package):
        if path.endswith((".py", ".conf", ".js", ".json", ".sh", ".yaml")):
            digest.update(f"{path} {_content(f'{package}{path}')}\n".encode())
    for point in component_packages():
        digest.update(f"{point.name} {point.value} {point.dist.version if point.dist else ''} ".encode())
        digest.update(_source(point.module).encode() + b"\n")
    for name in dependencies():
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.hexdigest()


def versions() -> Mapping[str, str]:
    """Return the version of each installed package that the compiler needs, or that has components for it, by name."""
    by_package = {name: _version(name) for name in dependencies()}
    by_package |= {point.dist.name: point.dist.version for point in component_packages() if point.dist}
    return {name: version for name, version in sorted(by_package.items()) if version}


def dependencies() -> tuple[str, ...]:
    """Return the packages that the compiler needs: a version of any may change what comes out, or what is accepted."""
    needed = [requirement for requirement in metadata.requires("floe-compile") or () if "extra ==" not in requirement]
    return tuple(sorted(match[0] for requirement in needed if (match := _PACKAGE.match(requirement))))


def _version(package: str) -> str:
    try:
        text = metadata.distribution(package).read_text("METADATA") or ""
    except metadata.PackageNotFoundError:  # such as one that only some systems need
        return ""
    # `metadata.version` parses all of it as a message, which takes five times as long.
    version = _VERSION.search(text)
    return version[1] if version else ""


def _source(module: str) -> str:
    """Return the digest of a module's file and of its package, which change without its version while it is written."""
    try:
        spec = find_spec(module)
        package = find_spec(spec.parent) if spec and spec.parent else None
    except (ImportError, ValueError):  # reported when the component is loaded
        return ""
    files = [spec.origin] if spec and spec.origin else []
    for folder in (package.submodule_search_locations or ()) if package else ():
        paths = (path for path in Path(folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        files += sorted(map(str, paths))
    return " ".join(map(_content, files))
