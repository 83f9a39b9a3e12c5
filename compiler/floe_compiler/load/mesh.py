"""Files -> Sources: plain data with the line and column of every key and value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from floe_compiler.load import git_folder
from floe_compiler.load.authored import FOREIGN, Authored, authored_files, domain_key, environment_name
from floe_compiler.load.parents import parents_of, unused
from floe_compiler.load.rules import NO_MANIFEST, NOT_ONE_DOCUMENT, SECRET_VALUE, STRAY_FILE, WRONG_KIND
from floe_compiler.load.schema_check import SchemaCheck
from floe_compiler.load.secret_scan import may_assign_secret, secret_values
from floe_compiler.load.strays import is_certificates
from floe_compiler.load.text_file import read_text
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.codec import digest_of
from floe_compiler.model.diagnostics import Diagnostic, Findings, did_you_mean
from floe_compiler.model.document import Document
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.packed_documents import packed, unpacked
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span

API_VERSION = "floe.dev/v1"
MANIFEST_KIND = "PlatformManifest"
PARENT = "ParentManifest"
"""The name of the schema of a manifest that others extend, which need not be complete."""

CHUNK = 64
"""The number of files that one process reads at a time, in about 0.1 s."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class KnownDocuments(Protocol):
    """The documents of files that an earlier run has read without findings."""

    def get(self, file: str, text: str) -> tuple[Document, ...] | None:
        """Return the documents of a file with this text; None if they are not known."""

    def put(self, file: str, text: str, documents: bytes) -> None:
        """Keep the packed documents of a file."""


class Nothing:
    """Keeps no documents."""

    def get(self, _file: str, _text: str, /) -> None:
        """Return None."""

    def put(self, _file: str, _text: str, _documents: bytes, /) -> None:
        """Keep nothing."""


class Map(Protocol):
    """Calls a function with each item, perhaps in other processes, and returns the results in order."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
        """Return the results."""


class Texts(msgspec.Struct, frozen=True):
    """Some files to be read as documents: path, kind of document and text of each, and the schemas by kind."""

    files: tuple[tuple[str, str, str], ...]
    schemas: Mapping[str, Mapping[str, Any]]


def load(
    inputs: InputFiles,
    schemas: Mapping[str, Mapping[str, Any]],
    known_documents: KnownDocuments | None = None,
    run: Map = map,
    is_omitted: Callable[[str], bool] = lambda _file: False,
) -> tuple[Sources, tuple[Diagnostic, ...]]:
    """Return everything authored, checked against the JSON Schemas (by kind), and warnings.

    Args:
        inputs: The files.
        schemas: The JSON Schema of each kind of document.
        known_documents: Documents from earlier runs.
        run: Runs the reading of many files.
        is_omitted: Whether a file, by its path, is left out.

    Raises StageFailed with every problem of every file.
    """
    findings = Findings()
    authored = authored_files(inputs).without(is_omitted)
    for stray in authored.strays:
        findings.add(STRAY_FILE, stray.problem, Span(stray.path), hint=stray.hint)
    read = partial(
        _documents, inputs, schemas=schemas, known_documents=known_documents or Nothing(), run=run, findings=findings
    )
    documents = read(authored.kinds)
    sources = _sources(authored, documents, findings)
    parents = _parents(inputs, sources.manifest, read, findings) if sources else ()
    authorities = _authorities(inputs, findings)
    warnings = findings.finish()
    assert sources is not None  # noqa: S101 - without a manifest, finish() has raised
    path, obeyed = git_folder.path_in_git(inputs.output_root), git_folder.obeyed_files(inputs.output_root)
    return replace(sources, path=path, obeyed=obeyed, parents=parents, authorities=authorities), warnings


def load_parents(
    inputs: InputFiles, manifest: Document, schemas: Mapping[str, Mapping[str, Any]]
) -> tuple[Document, ...]:
    """Return the manifests that a manifest extends, the topmost first, checked as `load` does.

    Raises StageFailed with every problem of the first that has any.
    """
    findings = Findings()
    read = partial(_documents, inputs, schemas=schemas, known_documents=Nothing(), run=map, findings=findings)
    parents = parents_of(inputs, manifest, lambda file: read({file: PARENT}).get(file), findings)
    findings.finish()
    return parents


def _parents(
    inputs: InputFiles,
    manifest: Document,
    read: Callable[[Mapping[str, str]], Mapping[str, Document]],
    findings: Findings,
) -> tuple[Document, ...]:
    """Return the manifests that the manifest extends, the topmost first; report those that it could but does not."""
    for file in unused(inputs, manifest):
        hint = f"extend it in {MANIFEST}, or remove it: floe-compile vendor {file.removesuffix(f'/{MANIFEST}')}"
        findings.add(STRAY_FILE, f"{file} is not read by anything", Span(file), hint=hint)
    return parents_of(inputs, manifest, lambda file: read({file: PARENT}).get(file), findings)


def _authorities(inputs: InputFiles, findings: Findings) -> Mapping[str, str]:
    """Return the texts of the files with certificates."""
    texts: dict[str, str] = {}
    for path, type_ in inputs.types.items():
        if type_ == "file" and is_certificates(path):
            text, problems = read_text(inputs, path)
            findings.extend(problems)
            if text is not None:
                texts[path] = text
    return texts


def _documents(
    inputs: InputFiles,
    kinds: Mapping[str, str],
    schemas: Mapping[str, Mapping[str, Any]],
    known_documents: KnownDocuments,
    run: Map,
    findings: Findings,
) -> Mapping[str, Document]:
    """Return the valid documents of files by their path, in the order of `kinds`: the kind of document of each."""
    read: dict[str, str] = {}
    texts: dict[str, str] = {}
    by_file: dict[str, Document] = {}
    for file in kinds:
        text, problems = read_text(inputs, file)
        findings.extend(problems)
        if text is None:
            continue
        read[file] = text
        if not problems and (documents := known_documents.get(file, text)):
            by_file[file] = documents[0]
        else:
            texts[file] = text
    files = [(file, kinds[file], text) for file, text in texts.items()]
    chunks = [Texts(tuple(files[start : start + CHUNK]), schemas) for start in range(0, len(files), CHUNK)]
    for file, data, problems in (result for results in run(read_texts, chunks) for result in results):
        findings.extend(problems)
        if isinstance(data, Document):
            by_file[file] = data
        elif data and (documents := unpacked(data)):
            by_file[file] = documents[0]
            if not problems:
                known_documents.put(file, texts[file], data)
    return {file: replace(by_file[file], digest=digest_of(file, read[file])) for file in kinds if file in by_file}


def read_texts(texts: Texts) -> list[tuple[str, bytes | Document | None, list[Diagnostic]]]:
    """Return the document of each file (as bytes, if it can be packed and kept) and its findings.

    The document is None if the file has errors.
    """
    check = SchemaCheck(texts.schemas)
    results = []
    for file, kind, text in texts.files:
        findings = Findings()
        document = _document(file, kind, text, check, findings)
        compact = packed((document,)) if document and not may_assign_secret(document) else None
        results.append((file, compact or document, findings.diagnostics))
    return results


def _document(file: str, kind: str, text: str, check: SchemaCheck, findings: Findings) -> Document | None:
    """Return the one document of a file if it is of the kind that belongs there; None, with findings, if not."""
    documents, problems = read_documents(text, file)
    findings.extend(problems)
    if any(problem.severity == "error" for problem in problems):
        return None
    written = MANIFEST_KIND if kind == PARENT else kind
    if len(documents) != 1:
        findings.add(
            NOT_ONE_DOCUMENT, f"{file} holds {len(documents)} documents", Span(file), hint=f"write one {written} in it"
        )
        return None
    document = documents[0]
    if not _is_kind(document, written, findings):
        return None
    secrets = secret_values(document)
    findings.extend(secrets.values())
    places = [path for path, problem in secrets.items() if problem.rule is SECRET_VALUE]
    findings.extend(check.problems(kind, document, places))
    return document


def _is_kind(document: Document, kind: str, findings: Findings) -> bool:
    data = document.data
    if not isinstance(data, dict):
        hint = "write `cubes:` or `views:`" if kind in FOREIGN else f"write {_with_article(kind)}"
        findings.add(WRONG_KIND, f"{document.file} is not a mapping", Span(document.file), hint=hint)
        return False
    if kind in FOREIGN:
        return True
    for key, wanted in (("apiVersion", API_VERSION), ("kind", kind)):
        if data.get(key) != wanted:
            actual = f'{key} is "{data[key]}"' if key in data else f"{key} is missing"
            findings.add(
                WRONG_KIND,
                f"{actual}, but {document.file} must be {_with_article(kind)} of {API_VERSION}",
                document.span((key,)),
                hint=did_you_mean(str(data.get(key, "")), [wanted]) if key in data else f"add `{key}: {wanted}`",
            )
            return False
    return True


def _with_article(kind: str) -> str:
    """Return the kind with its article."""
    return f"an {kind}" if kind[0] in "AEIOU" else f"a {kind}"


def _sources(authored: Authored, documents: Mapping[str, Document], findings: Findings) -> Sources | None:
    if MANIFEST not in authored.kinds:
        if all(stray.meant != MANIFEST for stray in authored.strays):
            hint = "run floe-compile in the repository's root, or name it with --root"
            findings.add(NO_MANIFEST, f"there is no {MANIFEST} here", Span(MANIFEST), hint=hint)
        return None
    products, models = (_by_domain(authored.of_kind(kind), documents) for kind in ("DataProduct", "SemanticModel"))
    domains = {
        (name := file.split("/")[1]): DomainSource(documents[file], products.get(name, {}), models.get(name, {}))
        for file in authored.of_kind("Domain")
        if file in documents
    }
    environments = {
        environment_name(file): documents[file] for file in authored.of_kind("Environment") if file in documents
    }
    images = {
        environment_name(file): documents[file] for file in authored.of_kind("ProductImages") if file in documents
    }
    manifest = documents.get(MANIFEST)
    return Sources(manifest, environments, domains, images=images) if manifest else None


def _by_domain(files: Iterable[str], documents: Mapping[str, Document]) -> Mapping[str, Mapping[str, Document]]:
    """Return the documents of these files, as far as they are valid, by domain and name."""
    by_domain: dict[str, dict[str, Document]] = {}
    for file in files:
        if file in documents:
            domain, name = domain_key(file)
            by_domain.setdefault(domain, {})[name] = documents[file]
    return by_domain
