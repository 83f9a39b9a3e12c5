"""The parents of a platform manifest: vendored copies, each locked by the digest that the manifest below it has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

from floe_compiler.load.rules import NO_PARENT, WRONG_DIGEST
from floe_compiler.load.text_file import read_text
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import MANIFEST, MOST_PARENTS, PARENT_DIGEST, PARENT_PATH, VENDOR
from floe_compiler.model.nested_fields import at

EXTENDS = "extends"

Read = Callable[[str], Document | None]
"""Returns the valid document of a file; None if it has errors, which are reported."""


def parents_of(inputs: InputFiles, manifest: Document, read: Read, findings: Findings) -> tuple[Document, ...]:
    """Return the manifests that a manifest extends, the topmost first.

    Each names its parent by a path from its own folder. If something is wrong with one, the chain ends there.

    Args:
        inputs: The files.
        manifest: The valid manifest of the mesh.
        read: Reads a parent.
        findings: The errors are added here.
    """
    parents: list[Document] = []
    child, folder = manifest, ""
    while extends := _extended(child):
        folder += f"{extends['path']}/"
        file = f"{folder}{MANIFEST}"
        if len(parents) == MOST_PARENTS:
            names = " -> ".join(str(at(parent.data, ("metadata", "name"))) for parent in (manifest, *parents))
            message = f"more than {MOST_PARENTS} manifests extend one another: {names} -> ..."
            hint = "does one of them extend a copy of itself? Let one extend something higher up"
            findings.add(NO_PARENT, message, child.span((EXTENDS, "path")), hint=hint)
            break
        parent = _parent(inputs, child, file, findings)
        document = read(file) if parent else None
        if document is None:
            break
        parents.append(document)
        child = document
    return tuple(reversed(parents))


def _extended(manifest: Document) -> Mapping[str, str] | None:
    """Return what a manifest says of its parent; None if it extends none, or if that has errors already."""
    extends = manifest.data.get(EXTENDS)
    forms = {"path": PARENT_PATH, "digest": PARENT_DIGEST}
    is_right = isinstance(extends, dict) and all(
        re.fullmatch(form, str(extends.get(key))) for key, form in forms.items()
    )
    return extends if is_right else None


def digest_of_manifest(content: bytes) -> str:
    """Return the digest that locks a manifest. Line breaks do not count, as Git may change them.

    It is what `sha256sum` prints of the file. As the manifest has the digest of its own parent, it locks all of them.
    """
    digest = hashlib.sha256(content.replace(b"\r\n", b"\n"))
    return f"sha256:{digest.hexdigest()}"


def unused(inputs: InputFiles, manifest: Document) -> tuple[str, ...]:
    """Return the vendored manifests right in `vendor/` that the manifest of the mesh does not extend."""
    used = at(manifest.data, (EXTENDS, "path"))
    folders = (f"{VENDOR}/{name}" for name in inputs.names_in(VENDOR))
    return tuple(
        f"{folder}/{MANIFEST}" for folder in folders if folder != used and inputs.is_file(f"{folder}/{MANIFEST}")
    )


def _parent(inputs: InputFiles, child: Document, file: str, findings: Findings) -> bool:
    """Return whether a parent is there, and is the one that its child has locked; report it if not."""
    content = inputs.contents.get(file)
    folder = file.removesuffix(f"/{MANIFEST}")
    if not isinstance(content, bytes):
        _, problems = read_text(inputs, file)
        is_absent = not inputs.link_in(file) and file not in inputs.types
        hint = f"vendor it: floe-compile vendor FOLDER, which writes {folder}" if is_absent else problems[0].hint
        message = f"{file} is the parent, but {problems[0].message}"
        findings.add(NO_PARENT, message, child.span((EXTENDS, "path")), hint=hint)
        return False
    actual = digest_of_manifest(content)
    if actual != child.data[EXTENDS]["digest"]:
        message = f"{folder} is locked to another digest; its {MANIFEST} has {actual}"
        if child.file == MANIFEST:
            hint = f"undo what has changed there, or, if it is a new version on purpose, floe-compile vendor {folder}"
        else:
            hint = f"undo what has changed in {VENDOR}/, where nothing is edited"
        findings.add(WRONG_DIGEST, message, child.span((EXTENDS, "digest")), hint=hint)
        return False
    return True
