"""The definitions of custom resources in `crds/`: others install them, so they are read, and not rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.load.rules import NO_DEFINITION
from floe_compiler.load.text_file import read_text
from floe_compiler.model.annotations import FILE
from floe_compiler.model.cache import Cache
from floe_compiler.model.codec import decode, digest_of
from floe_compiler.model.credentials import secret_in
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import DEFINITIONS
from floe_compiler.model.nested_fields import at, items, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span

KIND = "definitions"
"""The kind of entry in the cache with the definitions of a file."""

_API_VERSION, _KIND = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
_SUFFIXES = (".yaml", ".yml", ".json")
_TEXTS = frozenset({"description", "example", "externalDocs", "title"})
_NAMES = ("properties", "patternProperties", "definitions", "$defs")
MOST_VALUES = 1_000_000
"""The largest definition among those of ten operators, Argo CD's Application sets, has 24,000."""

_ENCODER = msgspec.msgpack.Encoder(enc_hook=str)  # YAML may have dates

Complain = Callable[[str, str], Iterable[Diagnostic]]
"""Returns what is wrong with a text that is not YAML, given the text and the name of its file."""


def may_define(path: str) -> bool:
    """Return whether a file in `crds/` is read."""
    return path.endswith(_SUFFIXES)


def read_definitions(
    inputs: InputFiles, cache: Cache, compiler: str, complain: Complain
) -> tuple[bytes, tuple[Diagnostic, ...]]:
    """Return the definitions in `crds/` as MessagePack (empty if there are none), and warnings.

    Only what the checks need is kept of each: group, kind, scope and schemas. Of two with one name, the last counts.

    Args:
        inputs: All files among the inputs.
        cache: Keeps the definitions of each file.
        compiler: The digest of the compiler.
        complain: What to say of a text that is not YAML.

    Raises StageFailed with an error for each file that cannot be read, or has no definition (L108).
    """
    findings = Findings()
    by_name: dict[str, Object] = {}
    for file in inputs.contents:
        if file.startswith(f"{DEFINITIONS}/") and may_define(file):
            text, problems = read_text(inputs, file)
            findings.extend(problems)
            if text is not None:
                for definition in _known(file, text, cache, compiler, complain, findings):
                    by_name[definition["metadata"]["name"]] = definition
    definitions = [by_name[name] for name in sorted(by_name)]
    return _ENCODER.encode(definitions) if definitions else b"", findings.finish()


def _known(
    file: str, text: str, cache: Cache, compiler: str, complain: Complain, findings: Findings
) -> tuple[Object, ...]:
    key = digest_of(compiler, file, text)
    if (data := cache.get(KIND, key)) and (cached := decode(data, tuple[dict[str, Any], ...])):
        return cached
    before = len(findings.diagnostics)
    definitions = tuple(_read(file, text, complain, findings))
    try:
        data = _ENCODER.encode(definitions)
    except OverflowError:
        findings.add(
            NO_DEFINITION, f"{file} has a number with more than 64 bits", Span(file), hint="quote it, or write less"
        )
        return ()
    if len(findings.diagnostics) == before and not secret_in(data.decode(errors="replace")):
        cache.put(KIND, key, data)
    return definitions


def _read(file: str, text: str, complain: Complain, findings: Findings) -> Iterator[Object]:
    """Yield the definitions of a file, with findings about it."""
    documents = _documents(text)
    if documents is None:
        # Definitions are written by others, so the rules for inputs do not apply; but syntax errors are reported.
        problems = [problem for problem in complain(text, file) if problem.severity == "error"][:1]
        findings.extend(problems or [Diagnostic(NO_DEFINITION, "the file is not YAML", Span(file))])
        return
    objects = [item for document in documents for item in (document, *items(document, ("items",)))]
    definitions = [item for item in objects if isinstance(item, dict) and item.get("kind") == _KIND]
    for definition in definitions:
        if problem := _problem(definition):
            hint = "write it as `kubectl get crd NAME -o yaml` shows it"
            findings.add(NO_DEFINITION, problem, Span(file), hint=hint)
        else:
            yield _essence(definition, file)
    if not definitions:
        hint = f"write what `kubectl get crd NAME -o yaml` shows, or take the file out of {DEFINITIONS}/"
        findings.add(NO_DEFINITION, f"{file} has no CustomResourceDefinition", Span(file), hint=hint)


def _documents(text: str) -> list[Any] | None:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Takes a plain `=`, which is an operator in YAML 1.1, for the text that it is to everyone else."""

    Loader.add_constructor("tag:yaml.org,2002:value", Loader.construct_yaml_str)
    try:
        documents = list(yaml.load_all(text, Loader=Loader))
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that does not exist
        return None
    return documents if _fits(documents) else None


def _fits(documents: list[Any]) -> bool:
    """Return whether documents have at most MOST_VALUES. Aliases of aliases have billions of them in a few lines."""
    waiting, count = list(documents), 0
    while waiting and count <= MOST_VALUES:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
    return count <= MOST_VALUES


def _problem(definition: Object) -> str:
    """Return what a definition lacks; empty if it says all that the checks need."""
    name = at(definition, ("metadata", "name"))
    if definition.get("apiVersion") != _API_VERSION:
        return f"the CustomResourceDefinition {name} is of {definition.get('apiVersion')}, not of {_API_VERSION}"
    needed = {
        "metadata.name": name,
        "spec.group": at(definition, ("spec", "group")),
        "spec.names.kind": at(definition, ("spec", "names", "kind")),
    }
    for place, value in needed.items():
        if not isinstance(value, str) or not value:
            return f"a CustomResourceDefinition has no {place}"
    if at(definition, ("spec", "scope")) not in ("Namespaced", "Cluster"):
        return f"spec.scope of the CustomResourceDefinition {name} is neither Namespaced nor Cluster"
    if not list(mappings(definition, ("spec", "versions"))):
        return f"the CustomResourceDefinition {name} has no spec.versions"
    return ""


def _essence(definition: Object, file: str) -> Object:
    spec = definition["spec"]
    versions = [
        {"name": str(version.get("name", "")), "schema": {"openAPIV3Schema": _without_texts(schema)}}
        for version in mappings(definition, ("spec", "versions"))
        if isinstance(schema := at(version, ("schema", "openAPIV3Schema")), dict)
    ]
    return {
        "apiVersion": _API_VERSION,
        "kind": _KIND,
        "metadata": {"name": definition["metadata"]["name"], "annotations": {FILE: file}},
        "spec": {
            "group": spec["group"],
            "scope": spec["scope"],
            "names": {"kind": spec["names"]["kind"]},
            "versions": versions,
        },
    }


def _without_texts(schema: Mapping[str, Any]) -> Object:
    """Return a schema without what only people read; a property may be named like such a word."""
    kept: Object = {}
    for word, value in schema.items():
        if word in _NAMES and isinstance(value, dict):
            kept[word] = {name: _below(below) for name, below in value.items()}
        elif word not in _TEXTS:
            kept[word] = value if word in ("default", "enum", "x-kubernetes-validations") else _below(value)
    return kept


def _below(value: Any) -> Any:
    if isinstance(value, list):
        return [_below(item) for item in value]
    return _without_texts(value) if isinstance(value, dict) else value
