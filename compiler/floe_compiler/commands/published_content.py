"""What `floe-compile publish` publishes: the output of an environment, or a manifest that others extend."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.current_output import current_output
from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.commands.parent_manifests import parent_documents
from floe_compiler.commands.receipt import receipt_of
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.layout import MANIFEST, VENDOR

if TYPE_CHECKING:
    from floe_compiler.write.receipt import Receipt


class Content(msgspec.Struct, frozen=True):
    """The files by path, the type of their artifact, and the annotations that name it.

    `committed` are the places that must be what the last commit has. `made_from` are the digests of the inputs by path,
    and `packages` the package URLs of what has compiled them.
    """

    files: Mapping[str, bytes]
    kind: str
    names: Mapping[str, str]
    committed: tuple[str, ...]
    parameters: Mapping[str, str]
    made_from: Mapping[str, str]
    packages: tuple[str, ...] = ()


def output_of(chosen: Chosen, options: Namespace) -> Content:
    """Return the output of the environment that is chosen.

    Raises:
        StageFailed: if the inputs are wrong, or the output is not what they compile to.
    """
    from floe_compiler.model.files import sha256
    from floe_compiler.model.output_paths import OUTPUT
    from floe_compiler.publish.artifact import ARTIFACT_TYPE
    from floe_compiler.write.index import index_path, render_index

    (environment,) = chosen.environments
    with current_output(chosen, options) as current:
        # What was compiled, and not what is on the disk by now.
        files = {path: text.encode() for path, text in current.compiled.files.items()}
        receipt: Receipt = receipt_of(current)
    index = index_path(environment)
    files[index] = render_index((path, sha256(content)) for path, content in files.items()).encode()
    return Content(
        files,
        ARTIFACT_TYPE,
        {"title": environment},
        (f"{OUTPUT}/{environment}", index),
        {"environment": environment},
        receipt.inputs,
        tuple(package.uri for package in receipt.predicate.dependencies),
    )


def parent_in(root: Path) -> Content:
    """Return the manifest of a folder, with those that it extends.

    Raises:
        UsageError: if there is none.
        StageFailed: if one of them is wrong.
    """
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.model.files import sha256
    from floe_compiler.publish.parent import PARENT_TYPE

    if not (root / MANIFEST).is_file():
        raise UsageError(f"there is no {MANIFEST} in {root}")
    place = f"{VENDOR}/published"
    inputs = read_inputs(root)
    try:
        documents = parent_documents(root, inputs, place)
    except StageFailed as failed:
        raise StageFailed([_where_it_is(diagnostic, f"{place}/") for diagnostic in failed.diagnostics]) from None
    paths = [document.file.removeprefix(f"{place}/") for document in documents]
    files = {path: content for path in paths if isinstance(content := inputs.contents.get(path), bytes)}
    metadata = documents[-1].data["metadata"]
    names = {"title": str(metadata["name"]), "version": str(metadata.get("version", ""))}
    digests = {path: sha256(content) for path, content in files.items()}
    return Content(files, PARENT_TYPE, names, tuple(paths), {"parent": names["title"]}, digests)


def _where_it_is(diagnostic: Diagnostic, place: str) -> Diagnostic:
    """Return a finding about a manifest that was looked at as if it were in vendor/, at its own file."""
    span = diagnostic.span
    return replace(diagnostic, span=span._replace(file=span.file.removeprefix(place)) if span else None)
