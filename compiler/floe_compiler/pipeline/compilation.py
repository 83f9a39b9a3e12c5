"""What the inputs compile to, with everything that is large read only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.files import FileSet
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.unit_result import UnitBody, UnitHead
from floe_compiler.model.yaml_text import from_yaml

ReadBody = Callable[[str, str], UnitBody]
"""Returns the body of a unit, given its environment and name."""


@dataclass(frozen=True, slots=True)
class CompiledEnvironment:
    """One environment: the heads of its units by name, and how to come by their bodies."""

    environment: str
    heads: Mapping[str, UnitHead]
    read_body: ReadBody = field(repr=False)

    def body(self, unit: str) -> UnitBody:
        """Return the texts and places of a unit."""
        return self.read_body(self.environment, unit)

    def places(self, unit: str) -> Places:
        """Return the authored places of a unit's objects; none of a unit that is not there."""
        return self.body(unit).places(self.environment) if unit in self.heads else Places(self.environment)

    @property
    def objects(self) -> ObjectSet:
        """Return all objects, read back from their texts."""
        return ObjectSet.of(self.manifests())

    def manifests(self) -> Iterator[Object]:
        """Yield all objects, unit by unit."""
        for unit in self.heads:
            yield from map(from_yaml, self.body(unit).texts)


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the inputs compile to: the checked environments, and every file of them."""

    environments: tuple[CompiledEnvironment, ...]
    files: FileSet
    digests: Mapping[str, str]
    """The digest of the inputs, by environment."""

    warnings: tuple[Diagnostic, ...] = ()


def files_of(environments: tuple[CompiledEnvironment, ...]) -> FileSet:
    """Return the files of all environments, sorted by path; their texts are read one unit at a time."""
    owners = {
        file.path: (environment, unit, index)
        for environment in environments
        for unit, head in environment.heads.items()
        for index, file in enumerate(head.files)
    }
    files = sorted(
        (file.path, file.sha256, file.blob)
        for one in environments
        for head in one.heads.values()
        for file in head.files
    )

    def read(path: str) -> str:
        environment, unit, index = owners[path]
        return environment.body(unit).texts[index]

    return FileSet.known(files, read)
