"""The manifests that make up a parent: that of its folder, and those that it extends itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.model.layout import MANIFEST, VENDOR

if TYPE_CHECKING:
    from floe_compiler.model.document import Document
    from floe_compiler.model.input_files import InputFiles


def parent_documents(root: Path, source: InputFiles, folder: str) -> tuple[Document, ...]:
    """Return the documents of a parent as they will be below a folder in vendor/, the topmost first.

    Args:
        root: the repository that has, or gets, this folder.
        source: the files of the parent's own folder.
        folder: the folder, from the root.

    Raises:
        StageFailed: if a manifest is wrong.
    """
    from floe_compiler.components import registry
    from floe_compiler.load.mesh import load_parents
    from floe_compiler.model.document import Document
    from floe_compiler.model.input_files import InputFiles
    from floe_compiler.resolve.schemas import plain_schemas

    types = {f"{folder}/{path}": kind for path, kind in source.types.items()}
    child = Document(MANIFEST, {"metadata": {"name": "this platform"}, "extends": locked(source, folder)})
    return load_parents(InputFiles(root, types, below(source, folder), root), child, plain_schemas(registry()))


def below(source: InputFiles, folder: str) -> dict[str, bytes]:
    """Return the manifests among the files of a parent's folder, by their path below another folder."""
    return {
        f"{folder}/{path}": content
        for path, content in source.contents.items()
        if (path == MANIFEST or path.startswith(f"{VENDOR}/")) and isinstance(content, bytes)
    }


def locked(source: InputFiles, folder: str) -> Mapping[str, str]:
    """Return what a manifest says of a parent: its folder, and the digest of its manifest."""
    from floe_compiler.load.parents import digest_of_manifest

    content = source.contents.get(MANIFEST)
    return {"path": folder, "digest": digest_of_manifest(content if isinstance(content, bytes) else b"")}
