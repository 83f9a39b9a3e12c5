"""Files -> Sources: plain data with the line and column of every key and value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from floe_compiler.load.authored import Authored, authored_files, environment_name, product_key
from floe_compiler.load.rules import NO_MANIFEST, NOT_ONE_DOCUMENT, STRAY_FILE, WRONG_KIND
from floe_compiler.load.schema_check import SchemaCheck
from floe_compiler.load.secret_scan import secret_values
from floe_compiler.load.text_file import read_file
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.diagnostics import Diagnostic, Findings, did_you_mean
from floe_compiler.model.document import Document
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.model.span import Span

API_VERSION = "floe.dev/v1"


def load(root: Path, schemas: Mapping[str, Mapping[str, Any]]) -> tuple[Sources, tuple[Diagnostic, ...]]:
    """Return everything authored below `root`, checked against the JSON Schemas (by kind), and warnings.

    Raises StageFailed with every problem of every file.
    """
    findings = Findings()
    check = SchemaCheck(schemas)
    authored = authored_files(root)
    for stray in authored.strays:
        findings.add(STRAY_FILE, stray.problem, Span(stray.path), hint=stray.hint)
    documents = {
        file: document
        for file, kind in authored.kinds.items()
        if (document := _document(root, file, kind, check, findings)) is not None
    }
    sources = _sources(authored, documents, findings)
    warnings = findings.finish()
    assert sources is not None  # noqa: S101 - without a manifest, finish() has raised
    return sources, warnings


def _document(root: Path, file: str, kind: str, check: SchemaCheck, findings: Findings) -> Document | None:
    """Return the one document of a file if it is of the kind that belongs there; None, with findings, if not."""
    text, problems = read_file(root, file)
    findings.extend(problems)
    if text is None:
        return None
    documents, problems = read_documents(text, file)
    findings.extend(problems)
    if any(problem.severity == "error" for problem in problems):
        return None
    if len(documents) != 1:
        findings.add(
            NOT_ONE_DOCUMENT, f"{file} holds {len(documents)} documents", Span(file), hint=f"write one {kind} in it"
        )
        return None
    document = documents[0]
    if not _is_kind(document, kind, findings):
        return None
    findings.extend(secret_values(document))
    findings.extend(check.problems(kind, document))
    return document


def _is_kind(document: Document, kind: str, findings: Findings) -> bool:
    data = document.data
    if not isinstance(data, dict):
        findings.add(WRONG_KIND, f"{document.file} is not a mapping", Span(document.file), hint=f"write {_one(kind)}")
        return False
    for key, wanted in (("apiVersion", API_VERSION), ("kind", kind)):
        if data.get(key) != wanted:
            said = f'{key} is "{data[key]}"' if key in data else f"{key} is missing"
            findings.add(
                WRONG_KIND,
                f"{said}, but {document.file} must be {_one(kind)} of {API_VERSION}",
                document.span((key,)),
                hint=did_you_mean(str(data.get(key, "")), [wanted]) if key in data else f"add `{key}: {wanted}`",
            )
            return False
    return True


def _one(kind: str) -> str:
    """Return the kind with its article."""
    return f"an {kind}" if kind[0] in "AEIOU" else f"a {kind}"


def _sources(authored: Authored, documents: Mapping[str, Document], findings: Findings) -> Sources | None:
    if MANIFEST not in authored.kinds:
        if all(stray.meant != MANIFEST for stray in authored.strays):
            hint = "run floe-compile in the repository's root, or name it with --root"
            findings.add(NO_MANIFEST, f"there is no {MANIFEST} here", Span(MANIFEST), hint=hint)
        return None
    products: dict[str, dict[str, Document]] = {}
    for file in authored.of_kind("DataProduct"):
        if file in documents:
            domain, product = product_key(file)
            products.setdefault(domain, {})[product] = documents[file]
    domains = {
        file.split("/")[1]: DomainSource(documents[file], products.get(file.split("/")[1], {}))
        for file in authored.of_kind("Domain")
        if file in documents
    }
    environments = {
        environment_name(file): documents[file] for file in authored.of_kind("Environment") if file in documents
    }
    manifest = documents.get(MANIFEST)
    return Sources(manifest, environments, domains) if manifest else None
