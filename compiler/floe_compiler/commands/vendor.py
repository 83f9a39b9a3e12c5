"""`floe-compile vendor`: copy a parent of the platform manifest, or a Helm chart, into vendor/, and lock its digest."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_repository, find_root
from floe_compiler.commands.parent_manifests import below, locked, parent_documents
from floe_compiler.commands.vendor_chart import is_chart, vendor_chart
from floe_compiler.commands.vendor_parent import fetched_parent
from floe_compiler.model.layout import MANIFEST, VENDOR
from floe_compiler.model.plain_files import link_in

if TYPE_CHECKING:
    from floe_compiler.model.input_files import InputFiles

NOTES = """\
A parent: the manifest in the folder SOURCE, and those that it extends itself, are copied into vendor/, and
platform-manifest.yaml gets their place and digest. Nothing else of the folder is read. A folder that is already in
vendor/, such as a Git submodule, is only locked. Nothing is written if a manifest is wrong. SOURCE may also be a tag in
a registry, to which `floe-compile publish --parent` has pushed it; the login is that of `docker login`. If the manifest
says who must have signed it (`extends: {verify: {key: vendor/acme.pub}}`), no other parent is accepted.

A Helm chart: SOURCE is its place in a registry, its name after the URL of a repository of charts, a packed chart, or
its folder. helm fetches it, with your logins. Its files are copied into vendor/charts/<name>/<version>/, and
vendor/charts/charts.lock gets their digest. Compiling fetches nothing.

examples:
  floe-compile vendor ../enterprise-platform   copy and lock it, or a newer version of it
  floe-compile vendor vendor/enterprise        lock the submodule vendor/enterprise as it is now
  floe-compile vendor oci://ghcr.io/acme/enterprise-platform:1.4.0   take a parent from a registry
  floe-compile vendor oci://ghcr.io/acme/charts/redis --version 20.1.0
  floe-compile vendor https://charts.acme.example/stable/redis --version 20.1.0
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help=f"the folder with the parent's {MANIFEST}, or its tag in a registry; or a chart: URL, .tgz or folder",
    )
    parser.add_argument("--version", metavar="VERSION", help="the version of the chart (default: the newest)")
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="the name of the copy in vendor/ (default: that of the copy so far, or else the parent's metadata.name)",
    )
    add_repository(parser)
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Copy, and lock."""
    root = find_root(options.root)
    is_folder = Path(options.source, MANIFEST).is_file()
    with nullcontext(None) if is_folder or options.version else fetched_parent(options.source, root) as fetched:
        if fetched is None and is_chart(options.source):
            return _chart(root, options)
        if options.version:
            raise UsageError("--version is for charts: a parent has the version that is checked out, or its tag")
        if fetched is None and is_folder:
            _refuse_unsigned(root, options.source)
        return _parent(root, fetched or Path(options.source).resolve(), options)


def _parent(root: Path, source: Path, options: Namespace) -> int:
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.report.terminal import visible
    from floe_compiler.write.commit import reporting_refusals, write_file

    if not (source / MANIFEST).is_file():
        raise UsageError(f"there is no {MANIFEST} and no Chart.yaml in {options.source}")
    if source == root.resolve() or not (root / MANIFEST).is_file():
        raise UsageError(f"{root} must have a {MANIFEST} of its own, which extends the one in another folder")
    text = (root / MANIFEST).read_bytes().decode(errors="replace")
    is_copied = source.parent != (root / VENDOR).resolve()
    inputs = read_inputs(source)
    folder = f"{VENDOR}/{_name(options.name, text, inputs) if is_copied else source.name}"
    _check_target(root, folder, is_copied=is_copied)
    lock, manifests = locked(inputs, folder), below(inputs, folder)
    chain = parent_documents(root, inputs, folder)
    edited = _edited(text, lock)
    with reporting_refusals(root):
        if is_copied:
            _replace(root, folder, {document.file: manifests[document.file] for document in chain})
        write_file(f"{root}/{MANIFEST}", edited)
    names = " -> ".join(str(document.data["metadata"]["name"]) for document in reversed(chain))
    entry = f"{MANIFEST} extends {names}\n  path: {lock['path']}\n  digest: {lock['digest']}\n"
    sys.stdout.write(visible(entry))
    return DONE


def _refuse_unsigned(root: Path, source: str) -> None:
    """Refuse a folder if the parent must be signed, as only artifacts are."""
    from floe_compiler.commands.parent_signature import required_signature

    if required := required_signature(root):
        hint = "take it from its registry, floe-compile vendor oci://..., or remove verify"
        raise required.failed(f"{source} is a folder, which nobody signs", hint)


def _chart(root: Path, options: Namespace) -> int:
    if options.name:
        raise UsageError("--name is for parents: a chart keeps its name")
    if not (root / MANIFEST).is_file():
        raise UsageError(f"there is no {MANIFEST} in {root}")
    return vendor_chart(root, options.source, options.version)


def _name(option: str | None, text: str, inputs: InputFiles) -> str:
    """Return the name of the copy in vendor/."""
    extended = _extended(text)
    if option or not extended:
        own = _data(inputs.contents.get(MANIFEST, b"")).get("metadata")
        return option or (str(own.get("name", "")) if isinstance(own, dict) else "") or "parent"
    return extended.rpartition("/")[2]


def _extended(text: str) -> str:
    extends = _data(text.encode()).get("extends")
    return str(extends.get("path") or "") if isinstance(extends, dict) else ""


def _data(content: object) -> Mapping[str, object]:
    """Return what a manifest says; nothing if it cannot be read."""
    from floe_compiler.load.yaml_reader import read_documents

    text = content.decode(errors="replace") if isinstance(content, bytes) else ""
    documents, _ = read_documents(text, MANIFEST)
    return documents[0].data if documents and isinstance(documents[0].data, dict) else {}


def _check_target(root: Path, folder: str, *, is_copied: bool) -> None:
    """Refuse a folder that nothing should be written to."""
    from pydantic import TypeAdapter, ValidationError

    from floe_compiler.model.inputs import Extends

    try:
        TypeAdapter(Extends.model_fields["path"].rebuild_annotation()).validate_python(folder)
    except ValidationError:
        raise UsageError(f"{folder} cannot be a folder in vendor/; give it another name: --name") from None
    if link := link_in(root, folder):
        raise UsageError(f"{link} is a symbolic link; put a folder in its place")
    if is_copied and (root / folder / ".git").exists():
        raise UsageError(f"{folder} is a repository of its own; update it with git, then: floe-compile vendor {folder}")


def _edited(text: str, lock: Mapping[str, str]) -> str:
    from floe_compiler.load.extends_text import CannotEdit, with_parent

    try:
        return with_parent(text, lock)
    except CannotEdit as error:
        shown = ", ".join(f"{key}: {value}" for key, value in lock.items())
        raise UsageError(f"{MANIFEST} cannot be edited: {error}; or write by hand: extends: {{{shown}}}") from None


def _replace(root: Path, folder: str, files: Mapping[str, bytes]) -> None:
    """Write the manifests of a copy, and delete those of an older one."""
    from floe_compiler.write.commit import write_file

    for path in sorted((root / folder).rglob(MANIFEST)):
        if path.relative_to(root).as_posix() not in files:
            path.unlink()
            for above in (path.parent, path.parent.parent):
                if not any(above.iterdir()):
                    above.rmdir()
    for file, content in files.items():
        write_file(f"{root}/{file}", content.decode())
