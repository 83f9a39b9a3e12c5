"""The authored files, and the kind of document of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from floe_compiler.load.strays import Stray, strays_of
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import MANIFEST

KINDS: Mapping[str, re.Pattern[str]] = {
    "PlatformManifest": re.compile(re.escape(MANIFEST)),
    "Environment": re.compile(r"overlays/([^/]+)/environment\.yaml"),
    "ProductImages": re.compile(r"overlays/([^/]+)/images\.yaml"),
    "Domain": re.compile(r"domains/([^/]+)/domain\.yaml"),
    "DataProduct": re.compile(r"domains/([^/]+)/products/([^/]+)\.yaml"),
    "SemanticModel": re.compile(r"domains/([^/]+)/semantic/([^/]+)\.yaml"),
}
"""The kind of document by the file's path."""

FOREIGN = frozenset({"SemanticModel"})
"""The kinds that another program defines: such a document does not say its kind."""


class Authored(msgspec.Struct, frozen=True):
    """The authored files with their kinds, sorted by path, and stray files."""

    kinds: Mapping[str, str]
    strays: tuple[Stray, ...] = ()

    def without(self, is_omitted: Callable[[str], bool]) -> Authored:
        """Return the files that are not left out."""
        kinds = {file: kind for file, kind in self.kinds.items() if not is_omitted(file)}
        return Authored(kinds, tuple(stray for stray in self.strays if not is_omitted(stray.path)))

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Return the files of one kind."""
        return tuple(file for file, kind_of_file in self.kinds.items() if kind_of_file == kind)


def authored_files(inputs: InputFiles) -> Authored:
    """Return the authored files among the inputs.

    Anything at the path of a document counts as one: that a folder, a pipe or a broken link cannot be read is reported
    by the reader.
    """
    kinds = {path: kind for path in inputs.types if (kind := kind_of(path))}
    return Authored(kinds, strays_of(inputs, kinds, kind_of))


def kind_of(path: str) -> str:
    """Return the kind of document that belongs at a path; empty if there is none."""
    if path.startswith(".") or "/." in path:
        return ""
    return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(path)), "")


def environment_name(file: str) -> str:
    """Return the environment that a file in `overlays/<environment>/` belongs to."""
    return file.split("/")[1]


def domain_key(file: str) -> tuple[str, str]:
    """Return domain and name of a file `domains/<domain>/<folder>/<name>.yaml`."""
    _, domain, _, name = file.split("/")
    return domain, name.removesuffix(".yaml")
