"""Files among the inputs that nothing reads: what they say would be silently ignored."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from floe_compiler.load.definitions import may_define
from floe_compiler.load.input_tree import TREES, is_documentation
from floe_compiler.load.listed import listed_files
from floe_compiler.model.input_files import EntryType, InputFiles
from floe_compiler.model.layout import (
    AUTHORITIES,
    DEFINITIONS,
    FORMER_CACHE,
    KUSTOMIZATION,
    MANIFEST,
    VENDOR,
    secret_place,
)

HEADS = {"domains": "domain.yaml", "overlays": "environment.yaml"}
"""The document that makes a folder in one of these a domain, or an environment."""

_OTHERS = ("images.yaml",)
"""The documents that a folder may have beside the one that says what it is."""

_IN_DOMAINS = (
    "in domains/ there are domains/<domain>/domain.yaml, domains/<domain>/products/<product>.yaml, "
    "domains/<domain>/semantic/<model>.yaml and domains/<domain>/secrets/<environment>/<encrypted file>.yaml"
)
_IN_OVERLAYS = "in overlays/ there is a folder for each environment"

_DISGUISED = re.compile(r"\.?(?P<stem>.+?)(?P<endings>(?:\.ya?ml|\.txt)*)", re.IGNORECASE)


_CERTIFICATES = re.compile(rf"{AUTHORITIES}/[A-Za-z0-9][A-Za-z0-9._-]*\.(pem|crt)")


class Stray(msgspec.Struct, frozen=True, order=True):
    """A file, folder or link that nothing reads, what is wrong with it, and what to do.

    `meant` is the path of the document that it was probably meant to be.
    """

    path: str
    problem: str
    hint: str
    meant: str = ""


def strays_of(inputs: InputFiles, documents: Collection[str], kind_of: Callable[[str], str]) -> tuple[Stray, ...]:
    """Return what nothing reads, by path.

    Args:
        inputs: All that lies where inputs are written.
        documents: The paths of the authored documents.
        kind_of: Tells the kind of document that belongs at a path.
    """
    listed = listed_files(inputs)
    tree = {path: type_ for path, type_ in inputs.types.items() if not _is_expected(path, type_)}
    headless = [path for path in tree if _is_headless(path, tree)]
    unread = {
        path: type_
        for path, type_ in tree.items()
        if path not in documents
        and (type_ == "link" or path in TREES or path not in (listed or ()))
        and not _is_below(path, documents)
        and not (type_ == "file" and _is_secret(path, tree))
    }
    renamed = {path: meant for path, type_ in unread.items() if (meant := _meant(path, type_, tree, kind_of))}
    if any(posixpath.basename(meant) == KUSTOMIZATION for meant in renamed.values()):
        listed = None  # it would list some of the others
    strays = [_not_read(path, f"rename it to {meant}", meant) for path, meant in renamed.items()]
    for folder in headless:
        head = f"{folder}/{HEADS[posixpath.dirname(folder)]}"
        if head not in renamed.values():
            strays.append(_not_read(folder, f"write {head}, or remove the folder"))
    for path, type_ in unread.items():
        if path not in renamed and not _is_below(path, headless) and path not in headless:
            strays += _stray(path, type_, listed)
    return tuple(sorted(strays))


def is_certificates(path: str) -> bool:
    """Return whether a file may hold the certificates of authorities that environments trust."""
    return bool(_CERTIFICATES.fullmatch(path))


_BY_THEIR_NAMES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    DEFINITIONS: (may_define, f"in {DEFINITIONS}/ there are CustomResourceDefinitions, in YAML files"),
    AUTHORITIES: (is_certificates, f"in {AUTHORITIES}/ there are certificates, in files named *.pem or *.crt"),
}
"""Folders of which only the files with the right ending are read, and what these hold."""


def _stray(path: str, type_: EntryType, listed: Collection[str] | None) -> Iterator[Stray]:
    """Yield what is wrong with an entry that is not a document, and that no kustomization lists."""
    place, _, name = path.rpartition("/")
    if name == KUSTOMIZATION and type_ in ("folder", "other"):
        yield Stray(path, f"{path} is not a regular file", "write a file in its place, or remove it")
    elif path != FORMER_CACHE and (type_ == "folder" or name.startswith(".")):
        return
    elif type_ == "link":
        hint = "put what it leads to in its place, or remove it"
        yield Stray(path, f"{path} is a symbolic link, which is not followed", hint)
    elif not place:
        yield _not_read(path, _how_to_be_at_the_top(path))
    elif (top := path.partition("/")[0]) in _BY_THEIR_NAMES:
        is_read, hint = _BY_THEIR_NAMES[top]
        if not is_read(path):
            yield _not_read(path, hint)
    elif path.startswith("domains/"):
        yield _not_read(path, _IN_DOMAINS)
    elif place == "overlays":
        yield _not_read(path, _IN_OVERLAYS)
    elif listed is not None:
        yield _not_read(path, _how_to_list(path, listed))


def _how_to_be_at_the_top(path: str) -> str:
    if path == FORMER_CACHE:
        return "remove it: results are kept in the user's cache folder, as those in a repository could be forged"
    return "make it a folder" if path in TREES else f"remove it: {MANIFEST} is what is read"


def _how_to_list(path: str, listed: Collection[str]) -> str:
    folder, name = posixpath.split(path)
    if name == KUSTOMIZATION:
        return f"list its folder in {posixpath.dirname(folder)}/{KUSTOMIZATION}, or remove it"
    top = "/".join(folder.split("/")[: 2 if folder.startswith("overlays/") else 1])
    while folder != top and f"{folder}/{KUSTOMIZATION}" not in listed:
        folder = posixpath.dirname(folder)
    file = f"{folder}/{KUSTOMIZATION}"
    return f"list it in {file if file in listed else f'a new {file}'} under resources or patches, or remove it"


def _meant(path: str, type_: EntryType, tree: Collection[str], kind_of: Callable[[str], str]) -> str:
    """Return the free path of the document that something was probably meant to be; empty if none comes close."""
    folder, name = posixpath.split(path)
    disguised = _DISGUISED.fullmatch(name)
    if type_ == "folder" or disguised is None or (name.startswith(".") and not disguised["endings"]):
        return ""
    stem = disguised["stem"]
    if folder in HEADS:
        is_named = disguised["endings"] and f"{stem}.yaml" not in (*HEADS.values(), KUSTOMIZATION)
        meant = f"{folder}/{stem}/{HEADS[folder]}" if is_named else ""
    elif kind_of(f"{folder}/{stem}.yaml") in ("DataProduct", "SemanticModel"):
        meant = f"{folder}/{stem}.yaml" if "." not in stem else ""
    else:
        near = difflib.get_close_matches(f"{stem.casefold()}.yaml", _heads(folder, kind_of), n=1, cutoff=0.9)
        meant = posixpath.join(folder, near[0]) if near else ""
    return "" if meant in tree else meant


def _heads(folder: str, kind_of: Callable[[str], str]) -> list[str]:
    """Return the names that mean something in a folder."""
    heads = [head for head in (MANIFEST, *HEADS.values(), *_OTHERS) if kind_of(posixpath.join(folder, head))]
    return [*heads, KUSTOMIZATION] if folder.partition("/")[0] in ("base", "overlays") else heads


def _is_expected(path: str, type_: EntryType) -> bool:
    """Tell whether it is one of the folders of inputs, vendored, or documentation."""
    is_vendored = path.partition("/")[0] == VENDOR
    return is_vendored or (path in TREES and type_ == "folder") or is_documentation(path.rpartition("/")[2])


def _is_secret(path: str, tree: Collection[str]) -> bool:
    """Tell whether it is an encrypted file of a domain, for an environment that there is."""
    place = secret_place(path)
    return place is not None and f"overlays/{place.environment}" in tree


def _is_headless(path: str, tree: Mapping[str, EntryType]) -> bool:
    """Tell whether it is a folder that lacks the document which says what it is."""
    head = HEADS.get(posixpath.dirname(path))
    return head is not None and tree[path] == "folder" and f"{path}/{head}" not in tree


def _is_below(path: str, folders: Collection[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:length]) in folders for length in range(1, len(parts)))


def _not_read(path: str, hint: str, meant: str = "") -> Stray:
    return Stray(path, f"{path} is not read by anything", hint, meant)
