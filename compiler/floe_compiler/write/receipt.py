"""A receipt: which output follows from which inputs, by which compiler, all named by digests.

It is an in-toto statement (github.com/in-toto/attestation, spec/v1/statement.md), so tools that sign and keep such
statements take it as it is. Its subjects are the indexes of environments: each lists the SHA-256 of every file, so the
receipt of 25,000 files is small, and `sha256sum` can check it without this tool. It has no time, no user and no path
of a machine: the same inputs and the same compiler give the same bytes everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.files import sha256
from floe_compiler.model.plain_files import TooLarge, read_plain
from floe_compiler.model.span import Span
from floe_compiler.write.index import INDEX_FOLDER, index_path, render_index

STATEMENT = "https://in-toto.io/Statement/v1"
RECEIPT = "https://floe.dev/receipt/v1"
LARGE = 64_000_000

NO_RECEIPT = Rule(
    "W022",
    "not a receipt",
    "A file that is to be verified is not a receipt as `floe-compile receipt` writes it, or was damaged. Fetch it "
    "again, or write a new one.",
)

_SUBJECT = re.compile(rf"{re.escape(INDEX_FOLDER)}/([a-z0-9]([a-z0-9-]*[a-z0-9])?)\.index")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Digest(msgspec.Struct, frozen=True):
    """The digest of something."""

    sha256: str


class Named(msgspec.Struct, frozen=True):
    """A file by its path from the root, with its digest."""

    name: str
    digest: Digest


class Compiler(msgspec.Struct, frozen=True):
    """The compiler: its version, and the digest of its files, its components and the versions of its packages."""

    version: str
    digest: Digest


class Package(msgspec.Struct, frozen=True):
    """A package that the compiler uses, as a package URL (github.com/package-url/purl-spec)."""

    uri: str


class Predicate(msgspec.Struct, frozen=True):
    """What the output follows from. `path` is that of the mesh in its Git repository; empty at the top."""

    compiler: Compiler
    dependencies: tuple[Package, ...]
    inputs: tuple[Named, ...]
    path: str


class Receipt(msgspec.Struct, frozen=True):
    """The statement that the subjects follow from what the predicate names."""

    type_: str = msgspec.field(name="_type")
    subject: tuple[Named, ...]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: Predicate

    @classmethod
    def of(
        cls,
        outputs: Mapping[str, str],
        inputs: Mapping[str, str],
        compiler: Compiler,
        packages: Mapping[str, str],
        path: str,
    ) -> Receipt:
        """Return a receipt.

        Args:
            outputs: the digest of each environment's index, by environment.
            inputs: the digest of each input file, by path from the root.
            compiler: what has compiled them.
            packages: the version of each package that the compiler uses, by its package URL without a version.
            path: the path of the mesh in its Git repository.
        """
        return cls(
            STATEMENT,
            tuple(Named(index_path(name), Digest(outputs[name])) for name in sorted(outputs)),
            RECEIPT,
            Predicate(
                compiler,
                tuple(Package(f"{name}@{version}") for name, version in sorted(packages.items())),
                tuple(Named(name, Digest(inputs[name])) for name in sorted(inputs)),
                path,
            ),
        )

    @property
    def outputs(self) -> Mapping[str, str]:
        """The digest of each environment's index, by environment."""
        return {_environment(subject.name): subject.digest.sha256 for subject in self.subject}

    @property
    def packages(self) -> Mapping[str, str]:
        """The version of each package that the compiler used, by its package URL without it."""
        named = (package.uri.rpartition("@") for package in self.predicate.dependencies)
        return {name: version for name, _, version in named}

    @property
    def inputs(self) -> Mapping[str, str]:
        """The digest of each input file, by path from the root."""
        return {file.name: file.digest.sha256 for file in self.predicate.inputs}

    def text(self) -> str:
        """Return the receipt as the text of its file."""
        return json.dumps(msgspec.to_builtins(self), indent=1) + "\n"


def index_digests(digests: Mapping[str, str]) -> Mapping[str, str]:
    """Return the digest of the index that each environment has, by environment, given those of the compiled files."""
    entries: dict[str, list[tuple[str, str]]] = {}
    for path, digest in digests.items():
        entries.setdefault(path.split("/")[1], []).append((path, digest))
    return {name: sha256(render_index(own).encode()) for name, own in entries.items()}


def read_receipt(path: Path) -> Receipt:
    """Return the receipt in a file. What it says is not trusted: its names are only compared, and no path is opened.

    Raises:
        StageFailed: with W022 if it is not a receipt.
        OSError: if the file cannot be read.
    """
    file = path.as_posix()
    try:
        data = read_plain(path, LARGE)
    except TooLarge as error:
        raise _failed(f"it has {error.size} bytes, and no receipt has so many", Span(file)) from error
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        raise _failed(f"it is not JSON: {error.msg}", Span(file, error.lineno, error.colno)) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise _failed("it is not JSON", Span(file)) from error
    try:
        receipt = msgspec.convert(document, Receipt)
    except msgspec.ValidationError as error:
        raise _failed(f"it is not of this form: {error}", Span(file)) from error
    if problem := next(_problems(receipt), ""):
        raise _failed(problem, Span(file))
    return receipt


def _problems(receipt: Receipt) -> Iterator[str]:
    if (receipt.type_, receipt.predicate_type) != (STATEMENT, RECEIPT):
        yield f"its types are {receipt.type_} and {receipt.predicate_type}, not {STATEMENT} and {RECEIPT}"
    if not receipt.subject:
        yield "it names no output"
    for subject in receipt.subject:
        if not _SUBJECT.fullmatch(subject.name):
            yield f"{subject.name} is not the index of an environment"
    files = (*receipt.subject, *receipt.predicate.inputs)
    names: set[str] = set()
    for file in files:
        if not _DIGEST.fullmatch(file.digest.sha256):
            yield f"{file.name} has no SHA-256 digest"
        if file.name in names:
            yield f"it names {file.name} twice"
        names.add(file.name)


def _environment(subject: str) -> str:
    match = _SUBJECT.fullmatch(subject)
    return match[1] if match else ""


def _failed(problem: str, span: Span) -> StageFailed:
    hint = "fetch it again, or write a new one: floe-compile receipt > FILE"
    return StageFailed([Diagnostic(NO_RECEIPT, f"this is not a receipt: {problem}", span, hint=hint)])
