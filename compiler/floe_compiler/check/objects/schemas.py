"""Validation of each object against the schema of its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from floe_compiler.check.objects.custom_resources.cel_rules import Rules, rules_of
from floe_compiler.check.objects.custom_resources.defaults import Defaults, defaults_of
from floe_compiler.check.objects.custom_resources.definitions import definition_schemas, definition_scope
from floe_compiler.check.objects.custom_resources.published import published_schema
from floe_compiler.check.objects.numbers_or_texts import text_violations
from floe_compiler.check.objects.violations import Violation, violations_of
from floe_compiler.model.annotations import FILE
from floe_compiler.model.kubernetes_schemas import (
    OBJECT_META,
    URI,
    KubernetesSchemas,
    Schema,
    known_versions,
    kubernetes_schemas,
)
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object

if TYPE_CHECKING:
    from jsonschema_rs import Draft4Validator, Draft202012Validator, Registry

_NO_NULLS = {"not": {"type": "null"}, "additionalProperties": {"$ref": "#"}, "items": {"$ref": "#"}}
_PLAIN = Violation(
    (), "contains something that JSON cannot represent: a key that is not a string, or a value of another type"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    validator: Draft202012Validator | Draft4Validator
    schema: Schema
    defaults: Defaults | None = None
    rules: Rules | None = None

    def violations(self, value: Any) -> Iterable[Violation]:
        """Yield the violations of `value`."""
        if self.defaults:
            value = self.defaults.set_in(value)
        if self.validator.is_valid(value):
            if self.rules:
                yield from self.rules.violations(value, self.schema)
            return
        for error in self.validator.iter_errors(value):
            yield from violations_of(error, self.schema)


def schemas_for(version: str, definitions: tuple[Object, ...]) -> Schemas:
    """Return the schemas of an environment; if its Kubernetes version has no schemas, those of the newest version.

    Args:
        version: The version of Kubernetes.
        definitions: The CustomResourceDefinitions of the environment.
    """
    return _prepared(version, _Same(definitions))


class Schemas:
    """The schemas of one environment: those of Kubernetes, of rendered definitions, and of published ones.

    Validators are compiled on first use; those that do not depend on the environment are compiled only once. `scopes`
    says, by group and kind, whether a defined kind is namespaced; `installed` are the definitions of `crds/`.
    """

    def __init__(self, kubernetes: KubernetesSchemas, definitions: Iterable[Object]) -> None:
        from jsonschema_rs import Draft202012Validator

        crds = tuple(definitions)
        self.kubernetes = kubernetes
        self.scopes = dict(map(definition_scope, crds))
        self.installed = tuple(crd for crd in crds if FILE in mapping(crd, ("metadata", "annotations")))
        self._rendered = {key: schema for definition in crds for key, schema in definition_schemas(definition)}
        self._compiled: dict[tuple[str, str], _Compiled | None] = {}
        self._metadata = _of_kubernetes(kubernetes, OBJECT_META)
        self._no_nulls = Draft202012Validator(_NO_NULLS)

    def violations(self, manifest: Object) -> tuple[Violation, ...]:
        """Return the violations of an object; if its kind has no schema, only those in its metadata."""
        key = (str(manifest.get("apiVersion", "")), str(manifest.get("kind", "")))
        try:
            compiled = self._find(key)
            violations = list(compiled.violations(manifest)) if compiled else []
            own = key in self.kubernetes.kinds
            violations += text_violations(self.kubernetes, manifest) if own else self._metadata_violations(manifest)
        except ValueError:  # from jsonschema-rs: the object is not plain data
            return (_PLAIN,)
        return tuple(violations)

    def knows(self, api_version: str, kind: str) -> bool:
        """Return whether there is a schema for this kind."""
        return self._find((api_version, kind)) is not None

    def has_nulls(self, manifest: Object) -> bool:
        """Return whether there is a null anywhere in an object."""
        try:
            return not self._no_nulls.is_valid(manifest)
        except ValueError:
            return True

    def _metadata_violations(self, manifest: Object) -> Iterable[Violation]:
        for violation in self._metadata.violations(manifest.get("metadata", {})):
            drop = None if violation.drop is None else ("metadata", *violation.drop)
            yield Violation(("metadata", *violation.path), violation.message, violation.hint, drop)

    def _find(self, key: tuple[str, str]) -> _Compiled | None:
        if key not in self._compiled:
            self._compiled[key] = self._compile(key)
        return self._compiled[key]

    def _compile(self, key: tuple[str, str]) -> _Compiled | None:
        if key in self.kubernetes.kinds:
            return _of_kubernetes(self.kubernetes, self.kubernetes.kinds[key])
        if key in self._rendered:
            return _of_definition(self._rendered[key])
        return _of_publication(*key)


@cache
def _of_publication(api_version: str, kind: str) -> _Compiled | None:
    schema = published_schema(api_version, kind)
    return _of_definition(schema) if schema else None


def _of_definition(schema: Schema) -> _Compiled | None:
    """Return the compiled schema; None if it is not one, which Kubernetes' schema of the definition refuses."""
    from jsonschema_rs import Draft4Validator

    try:
        # Definitions are OpenAPI 3.0, in which exclusiveMinimum has the meaning of draft 4.
        validator = Draft4Validator(dict(schema), mask="the value")
    except ValueError:
        return None
    return _Compiled(validator, schema, defaults_of(schema), rules_of(schema, schema))


class _Same:
    """Definitions as a key: the units of an environment share one tuple, faster to compare than its content."""

    def __init__(self, definitions: tuple[Object, ...]) -> None:
        self.definitions = definitions

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.definitions is self.definitions

    def __hash__(self) -> int:
        return id(self.definitions)


@lru_cache(maxsize=8)  # the units of an environment share their definitions, and so their compiled validators
def _prepared(version: str, key: _Same) -> Schemas:
    kubernetes = kubernetes_schemas(version) or kubernetes_schemas(known_versions()[-1])
    if kubernetes is None:
        raise FileNotFoundError("the data files of kubernetes-validate")
    return Schemas(kubernetes, key.definitions)


@cache
def _of_kubernetes(schemas: KubernetesSchemas, name: str) -> _Compiled:
    from jsonschema_rs import Draft202012Validator

    reference = {"$ref": f"{URI}#/$defs/{name}"}
    validator = Draft202012Validator(reference, registry=_registry(schemas), mask="the value")
    return _Compiled(validator, schemas.document)


@cache
def _registry(schemas: KubernetesSchemas) -> Registry:
    from jsonschema_rs import Registry

    return Registry([(URI, dict(schemas.document))])
