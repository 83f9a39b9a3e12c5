"""The objects in plain YAML files that a component ships, which cdk8s reads with Include."""

from __future__ import annotations

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.facts import PlainYaml
from floe_compiler.model.objects import Object

NOT_READABLE = Rule(
    "S106",
    "YAML of a component that cannot be read",
    "A YAML file that a component ships is not valid YAML, or contains something other than Kubernetes objects with"
    " apiVersion, kind and metadata.name. The component must change.",
)


class Included(msgspec.Struct, frozen=True):
    """A YAML file of a component, and its objects in order."""

    text: str
    objects: tuple[Object, ...]


def read(file: PlainYaml, component: str) -> Included:
    """Return the file with its objects; empty documents are left out.

    `component` is the component's name in diagnostics. Raises StageFailed (S106) if the file has anything else.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        documents = list(YAML(typ="safe", pure=True).load_all(file.text))
    except YAMLError as error:
        raise _failed(file, component, " ".join(str(error).split())) from None
    objects = tuple(document for document in documents if document not in (None, {}, []))
    for number, document in enumerate(objects, 1):
        if not _is_object(document):
            raise _failed(file, component, f"object {number} has no apiVersion, kind or metadata.name")
    return Included(file.text, objects)


def _is_object(document: object) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        return False
    return all(isinstance(field, str) for field in (document.get("apiVersion"), document.get("kind"))) and isinstance(
        document["metadata"].get("name"), str
    )


def _failed(file: PlainYaml, component: str, problem: str) -> StageFailed:
    return StageFailed([Diagnostic(NOT_READABLE, f"{file.name}: {problem}", subject=component)])
