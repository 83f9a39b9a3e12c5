"""What the inputs compile to. Large parts are read only when they are used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.file_digests import FileDigests
from floe_compiler.model.files import FileSet, check_paths
from floe_compiler.model.mesh_files import MeshFiles
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import DELIVERY_UNIT
from floe_compiler.model.sites import environment_of
from floe_compiler.model.unit_result import UnitBody, UnitHead
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.namespaces import namespace_name

if TYPE_CHECKING:
    from floe_compiler.model.inputs import Cluster

ReadBody = Callable[[str, str], UnitBody]
"""Returns the body of a unit, given its environment and name."""


@dataclass(frozen=True, slots=True)
class CompiledEnvironment:
    """One environment in one cluster: the heads of its units by name, a reader of their bodies, and the cluster."""

    environment: str
    heads: Mapping[str, UnitHead]
    read_body: ReadBody = field(repr=False)
    cluster: Cluster | None = None

    def body(self, unit: str) -> UnitBody:
        """Return the texts and places of a unit."""
        return self.read_body(self.environment, unit)

    def places(self, unit: str) -> Places:
        """Return the places in the inputs of a unit's objects; empty if there is no such unit."""
        return self.body(unit).places(self.environment) if unit in self.heads else Places(self.environment)

    def has(self, path: str) -> bool:
        """Return whether an output file is one of this environment."""
        return any(path in head.files.paths for head in self.heads.values())

    def unit_of(self, path: str) -> str:
        """Return the unit that an output file belongs to. Raises KeyError if there is no such file."""
        for unit, head in self.heads.items():
            if path in head.files.paths:
                return unit
        raise KeyError(path)

    def of_kind(self, kind: str) -> Iterator[Object]:
        """Yield the objects of a kind, parsed from their texts."""
        for unit, head in self.heads.items():
            chosen = [index for index, path in enumerate(head.files.paths) if _kind(path) == kind.lower()]
            for text in [self.body(unit).texts[index] for index in chosen]:
                yield from_yaml(text)

    def in_namespace(self, namespace: str) -> list[Object]:
        """Return the objects of a namespace, parsed from their texts; of "", the objects without a namespace."""
        return [
            manifest
            for unit in self.heads
            if not namespace or unit in (namespace, DELIVERY_UNIT)
            for manifest in map(from_yaml, self.body(unit).texts)
            if manifest["metadata"].get("namespace", "") == namespace
        ]

    @property
    def objects(self) -> ObjectSet:
        """Return all objects, parsed from their texts."""
        return ObjectSet.of(self.manifests())

    def manifests(self) -> Iterator[Object]:
        """Yield all objects, unit by unit."""
        for unit in self.heads:
            yield from map(from_yaml, self.body(unit).texts)


class Compilation(msgspec.Struct, frozen=True):
    """What the inputs compile to: the checked environments, and all of their files."""

    environments: tuple[CompiledEnvironment, ...]
    files: FileSet
    digests: Mapping[str, str]
    """The digest of the inputs, by environment."""

    warnings: tuple[Diagnostic, ...] = ()
    chosen: Mapping[str, tuple[str, ...]] | None = None
    """The namespaces that `files` are of, by environment; None: all there is."""

    compiled_units: Mapping[str, int] = msgspec.field(default_factory=dict)
    """The number of units that were compiled and not recalled, by environment."""


def chosen_namespaces(frames: Mapping[str, Frame], domains: tuple[str, ...]) -> Mapping[str, tuple[str, ...]] | None:
    """Return the namespaces of some domains by environment; None if no domains are named."""
    if not domains:
        return None
    return {
        name: tuple(namespace_name(frame.environment, domain) for domain in domains if frame.site.has(domain))
        for name, frame in frames.items()
    }


def files_of(
    environments: tuple[CompiledEnvironment, ...],
    findings: Findings,
    chosen: Mapping[str, tuple[str, ...]] | None = None,
) -> FileSet:
    """Return the files of all units, or of those of the chosen namespaces. They are read when they are used.

    Two files on one path are findings (W001, W002).
    """
    together: dict[str, list[tuple[CompiledEnvironment, str]]] = defaultdict(list)
    for environment in environments:
        for unit in environment.heads:
            if chosen is None or unit in chosen[environment.environment]:
                together[environment_of(environment.environment)].append((environment, unit))
    # No path of an environment is equal to one of another: their names are labels in lower case.
    number = sum(check_paths(_digests_of(units), partial(_texts_of, units), findings) for units in together.values())
    return MeshFiles({name: partial(_files_of, units) for name, units in together.items()}, number)


def _files_of(units: Sequence[tuple[CompiledEnvironment, str]]) -> FileSet:
    return FileSet.of_digests(_digests_of(units), partial(_texts_of, units))


def _digests_of(units: Sequence[tuple[CompiledEnvironment, str]]) -> list[FileDigests]:
    return [environment.heads[unit].files for environment, unit in units]


def _texts_of(units: Sequence[tuple[CompiledEnvironment, str]], number: int) -> tuple[str, ...]:
    environment, unit = units[number]
    return environment.body(unit).texts


def _kind(path: str) -> str:
    """Return the kind of the object in a file, in lower case."""
    return path.rpartition("/")[2].partition("_")[0].partition(".")[0]
