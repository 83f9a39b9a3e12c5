"""The JSON Schemas of Kubernetes: the data files of kubernetes-validate, whose own validator is slow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

URI = "urn:kubernetes"
"""The URI of the definitions, for references in a compiled schema."""

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


@dataclass(frozen=True, eq=False)  # no slots, as cached properties need a __dict__
class KubernetesSchemas:
    """The schemas of one Kubernetes version: the definitions, and the name of each kind's definition."""

    document: Schema
    kinds: Mapping[tuple[str, str], str]

    def definition(self, name: str) -> Schema:
        """Return the definition with this name."""
        definition: Schema = self.document["$defs"][name]
        return definition

    @cached_property
    def groups(self) -> frozenset[str]:
        """Return the API groups of Kubernetes; the core group is empty."""
        return frozenset(api_version.rpartition("/")[0] for api_version, _ in self.kinds)

    def owns(self, group: str) -> bool:
        """Return whether an API group is one of Kubernetes' own; groups of custom resources have a dot."""
        return "." not in group or group in self.groups

    @property
    def names(self) -> Mapping[str, Schema]:
        """Return the definitions by name."""
        definitions: Mapping[str, Schema] = self.document["$defs"]
        return definitions


def kubernetes_schemas(version: str) -> KubernetesSchemas | None:
    """Return the schemas of a Kubernetes version (`1.34`, `1.34.2`), or None if they are not available."""
    number = ".".join(version.split(".")[:2])
    return _load(_folder() / f"v{number}.0-local-strict" / "_definitions.json")


def known_versions() -> tuple[str, ...]:
    """Return the Kubernetes versions with available schemas, oldest first."""
    numbers = (path.name.removeprefix("v").split(".")[:2] for path in _folder().glob("v*-local-strict"))
    return tuple(".".join(number) for number in sorted(numbers, key=lambda number: [int(part) for part in number]))


@cache
def _folder() -> Path:
    # Only the path is looked up, as importing the package imports jsonschema and more.
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("kubernetes_validate")
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"


@cache
def _load(path: Path) -> KubernetesSchemas | None:
    if not path.is_file():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    kinds = {
        (f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"], kind["kind"]): name
        for name, definition in document["$defs"].items()
        for kind in definition.get("x-kubernetes-group-version-kind", ())
    }
    return KubernetesSchemas(document, kinds)
