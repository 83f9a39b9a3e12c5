"""YAML text -> documents of plain data, with the location of every key and value, or all errors in it.

Only YAML that every reader understands alike is accepted: no anchors, merge keys and tags, no keys but text, and no
unquoted scalar that one reader takes for text and another for a number or a boolean. ruamel.yaml delivers the events
with their positions; the data is built here, because what scalars mean and which keys may repeat is exactly what YAML
libraries differ in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from floe_compiler.load.text_file import CONTROL_CHARACTER, control_characters, invisible, span_at, visible
from floe_compiler.load.trailing_tabs import without_trailing_tabs
from floe_compiler.load.yaml_syntax import conflicts, directives, syntax_problem
from floe_compiler.model.credentials import names_secret
from floe_compiler.model.diagnostics import Diagnostic, Findings, Related, Rule
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.plain_scalars import Ambiguous, Scalar, read_plain
from floe_compiler.model.span import Span

DEEPEST = 100

# Syntax that libyaml and ruamel.yaml read differently: tabs, comments right after `|` and `>`, and lines like the
# start or end of a document, as they may in block scalars.
_READ_DIFFERENTLY = re.compile(r"\t|[|>][-+0-9]*#|^(?:---|\.\.\.)", re.MULTILINE)

_LONG_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\U([0-9A-Fa-f]{8})")
_HALF = re.compile("[\ud800-\udfff]")

DUPLICATE_KEY = Rule(
    "L010",
    "duplicate key",
    "A mapping has the same key twice; most YAML readers silently keep one of the values. Delete one of them.",
)
KEY_NOT_TEXT = Rule(
    "L011",
    "key is not text",
    'A key is a number, a switch (true, yes, on ...), a list or a mapping. Quote it, as in "on": or "5432":.',
)
NO_REFERENCES = Rule(
    "L012",
    "anchor, alias or merge key",
    "An input says what it means where it stands, so that its lines can be named in errors. Write the value out.",
)
NO_TAGS = Rule(
    "L013",
    "YAML tag",
    'Tags (!name, !!str) depend on the program that reads them. Write the value plainly; quote it ("5") if it is text.',
)
AMBIGUOUS_SCALAR = Rule(
    "L014",
    "ambiguous unquoted value",
    "YAML 1.1, YAML 1.2 and Kubernetes do not read this text alike, or read it as something it does not look like."
    " Quote it if it is text; otherwise write true, false, null or a plain decimal number.",
)
TOO_DEEP = Rule(
    "L015",
    "nested too deeply",
    f"Lists and mappings may be nested {DEEPEST} levels deep.",
)

NOT_A_CHARACTER = Rule(
    "L016",
    "invalid escape",
    "An escape in double quotes does not stand for a character: one half of a pair (\\ud83d without \\ude00), or a "
    "number beyond U+10FFFF. Write the character itself, both halves, or its number after \\U (\\U0001f600).",
)


def read_documents(text: str, file: str) -> tuple[list[Document], list[Diagnostic]]:
    """Return the documents of a YAML text that are not empty, and the findings.

    If any diagnostic is an error the documents are incomplete. After a syntax error the rest of the text is not read.
    """
    if problems := [*control_characters(text, file), *(conflicts(text, file) or directives(text, file))]:
        return [], problems
    text = without_trailing_tabs(text)
    if (sound := _sound_documents(text, file)) is not None:
        return sound, []
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    findings = Findings()
    documents = []
    try:
        for document in _built(YAML(typ="safe", pure=True).parse(text), file, findings):
            documents.append(document)  # noqa: PERF402 -- those before a mistake stay
    except YAMLError as error:
        problem = syntax_problem(error, text, file)
        # `*/15 * * * *` begins with an alias, and the rest of the line is a syntax error.
        if not any(
            finding.rule is NO_REFERENCES and _line_of(finding) == _line_of(problem) for finding in findings.diagnostics
        ):
            findings.extend([problem])
    except _TooDeepError as error:
        findings.add(TOO_DEEP, f"more than {DEEPEST} levels of nesting", error.span, hint="nest it less deeply")
    except (ValueError, OverflowError):  # ruamel.yaml does not catch what `chr` raises
        findings.extend([_beyond_unicode(text, file)])
    return documents, findings.diagnostics


def _beyond_unicode(text: str, file: str) -> Diagnostic:
    """Return the finding for the first escape with a number that no character has."""
    numbers = ((match, int(match[1], 16)) for match in _LONG_ESCAPE.finditer(text))
    start = next((match.start(1) - 2 for match, number in numbers if number > sys.maxunicode), 0)
    hint = "write the character itself"
    return Diagnostic(NOT_A_CHARACTER, "no character has this number", span_at(text, start, file), hint=hint)


def _sound_documents(text: str, file: str) -> list[Document] | None:
    """Return the documents of a text without errors; None if it may have some.

    libyaml parses ten times faster than ruamel.yaml, and gives the same events for what both accept, but for what
    `_READ_DIFFERENTLY` finds, for the places of values that are left out, and for documents that are one text. And its
    errors say less. So all such texts are for ruamel.yaml.
    """
    import yaml

    parser = getattr(yaml, "CSafeLoader", None)
    if parser is None or _READ_DIFFERENTLY.search(text):  # PyYAML can be built without its C part
        return None
    findings = Findings()
    try:
        documents = list(_built(yaml.parse(text, Loader=parser), file, findings))
    except (yaml.YAMLError, _TooDeepError):
        return None
    unsure = any("" in document.raw.values() or isinstance(document.data, str) for document in documents)
    return None if findings.diagnostics or unsure else documents


def _built(events: Iterator[Any], file: str, findings: Findings) -> Iterator[Document]:
    """Yield the documents of a parser's events, without empty ones."""
    for event in events:
        if _kind(event) == "DocumentStartEvent":
            document = _Builder(file, events, findings).document()
            if document.raw.get(()) != "":
                yield document


def _kind(event: object) -> str:
    """Return the name of an event's class, which is the same in ruamel.yaml and PyYAML."""
    return type(event).__name__


def _line_of(problem: Diagnostic) -> int:
    return problem.span.line if problem.span else 0


class _TooDeepError(Exception):
    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


@dataclass(slots=True)
class _Builder:
    """Builds one document from the parser's events, each consumed once and in order."""

    file: str
    events: Iterator[Any]
    findings: Findings
    keys: dict[DataPath, Span] = field(default_factory=dict)
    values: dict[DataPath, Span] = field(default_factory=dict)
    raw: dict[DataPath, str] = field(default_factory=dict)

    def document(self) -> Document:
        return Document(self.file, self.value(next(self.events), ()), self.keys, self.values, self.raw)

    def value(self, event: Any, path: DataPath) -> Any:
        span = self.values[path] = self.span(event)
        self.check_decoration(event, span, path)
        if len(path) >= DEEPEST:
            raise _TooDeepError(span)
        if _kind(event) == "ScalarEvent":
            return self.scalar(event, path) if event.implicit[0] else self.text(event)
        if _kind(event) == "MappingStartEvent":
            return self.mapping(path)
        if _kind(event) == "SequenceStartEvent":
            return self.sequence(path)
        return None  # an alias, which check_decoration has reported

    def sequence(self, path: DataPath) -> list[Any]:
        items: list[Any] = []
        while _kind(event := next(self.events)) != "SequenceEndEvent":
            items.append(self.value(event, (*path, len(items))))
        return items

    def mapping(self, path: DataPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while _kind(event := next(self.events)) != "MappingEndEvent":
            key = self.key(event, path)
            child = (*path, key)
            if key in values:
                first = Related(self.keys[child], "first given here")
                message = f"{show_path(child)} is given twice"
                self.findings.add(DUPLICATE_KEY, message, self.span(event), hint="delete one of them", related=(first,))
            self.keys[child] = self.span(event)
            values[key] = self.value(next(self.events), child)
        return values

    def key(self, event: Any, path: DataPath) -> str:
        span = self.span(event)
        self.check_decoration(event, span, path)
        if _kind(event) != "ScalarEvent":
            if _kind(event) != "AliasEvent":
                self.findings.add(KEY_NOT_TEXT, "a key is a list or a mapping", span, hint="quote it if it is text")
                self.value(event, (*path, "?"))
            return str(span)
        text = self.text(event)
        if event.implicit[0] and (character := invisible(text)):
            message = f"the key {visible(text)} has the invisible character {character[1]} in it"
            self.findings.add(CONTROL_CHARACTER, message, span, hint="delete it, or write a space")
        if event.implicit[0] and text == "<<":
            self.findings.add(NO_REFERENCES, "merge key <<", span, hint="write the merged keys out")
        elif event.implicit[0] and not isinstance(read_plain(text), str):
            shown = _shown(text, path)
            message = f"not every YAML reader takes the key {shown} for text" if text else "a key is empty"
            self.findings.add(KEY_NOT_TEXT, message, span, hint=f'write "{shown}"' if text else "write a key")
        return text

    def text(self, event: Any) -> str:
        """Return the text of a scalar, with halves of a character joined, as JSON escapes an emoji by two halves."""
        text: str = event.value
        if not _HALF.search(text):
            return text
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if joined.encode("utf-16-le") != text.encode("utf-16-le", "surrogatepass"):
            hint = "write the character itself, or both halves"
            self.findings.add(NOT_A_CHARACTER, "an escape stands for half of a character", self.span(event), hint=hint)
        return joined

    def scalar(self, event: Any, path: DataPath) -> Scalar:
        text: str = event.value
        value = read_plain(text)
        if isinstance(value, Ambiguous):
            shown = _shown(text, path)
            meant = f", {value.meant} if it is {value.kind}" if value.meant and shown == text else ""
            hint = f'write "{shown}" if it is text{meant}'
            message = f"unquoted {shown} can be read as {value.kind}"
            self.findings.add(AMBIGUOUS_SCALAR, message, self.span(event), hint=hint)
            return text
        if not isinstance(value, str):
            self.raw[path] = text
        return value

    def check_decoration(self, event: Any, span: Span, path: DataPath) -> None:
        if _kind(event) == "AliasEvent":
            message = f"alias *{_shown(event.anchor or '', path)}"
            hint = 'if it is text, such as the schedule "*/15 * * * *", quote it; otherwise write the value out'
            self.findings.add(NO_REFERENCES, message, span, hint=hint)
        elif event.anchor is not None:
            message = f"anchor &{_shown(event.anchor, path)}"
            self.findings.add(NO_REFERENCES, message, span, hint="delete it and write aliases out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            message = f"tag {_shown(tag.replace('tag:yaml.org,2002:', '!!'), path)}"
            self.findings.add(NO_TAGS, message, span, hint="delete it; quote the value if it is text")

    def span(self, event: Any) -> Span:
        mark: Any = event.start_mark
        return Span(self.file, mark.line + 1, mark.column + 1)


def _shown(text: str, path: DataPath) -> str:
    """Return a text for a message: cut if it is long, left out if it may be a part of a secret."""
    if any(names_secret(str(step)) for step in path):
        return "..."
    return text if len(text) <= 60 else f"{text[:57]}..."
