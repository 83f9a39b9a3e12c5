"""The content of base/ and overlays/<environment>/, read once for an environment. Applying it reads no files."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Findings, Related, Rule
from floe_compiler.model.document import DataPath
from floe_compiler.model.input_files import InputFiles
from floe_compiler.model.layout import secret_place
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import sha256_of
from floe_compiler.overlay.hand_written import read_resources
from floe_compiler.overlay.kustomization import Kustomization, Resource, Step
from floe_compiler.overlay.kustomization_reader import BASE, read_environment
from floe_compiler.overlay.kustomize import find_kustomize, identity_of
from floe_compiler.overlay.source import Read, Source
from floe_compiler.overlay.units import unit_of

TWICE = Rule(
    "K013",
    "object defined twice",
    "A cluster would keep only one of them. Change a generated object with a patch, or delete one hand-written object.",
)


class Written(msgspec.Struct, frozen=True):
    """A hand-written object, and the folder of the kustomization that lists it."""

    manifest: Object
    span: Span
    folder: str
    values: Mapping[DataPath, Span]
    """The location of each value in it."""

    text: str = ""
    """The text of its file, if SOPS has signed that: nothing in it may change."""

    domain: str = ""
    """The domain in whose folder it is; empty for an object of the platform team."""

    template: Span | None = None
    """For an object of a Helm chart: its template. Its `span` is then that of the chart's entry."""

    def lines(self) -> list[str]:
        """Return where its values are in its file."""
        return [f"{span.line}:{span.column}" for span in self.values.values()]


@dataclass(frozen=True, slots=True)
class Overlay:
    """The kustomizations of an environment: plain data that can be sent to another process.

    `top` is None if the environment has neither base nor overlay. `steps` are in the order in which they are applied.
    `written` has the hand-written objects by unit. `program` identifies the version of kustomize; it is empty if there
    is nothing to patch.
    """

    environment: str
    top: Kustomization | None = None
    steps: tuple[Step, ...] = ()
    written: Mapping[str, Mapping[ObjectId, Written]] = field(default_factory=dict)
    program: str = ""
    _steps_of: Mapping[str | None, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    """The positions of the steps that name a unit literally; by None, those that may concern any unit."""

    def __post_init__(self) -> None:
        positions: dict[str | None, list[int]] = {}
        for position, step in enumerate(self.steps):
            positions.setdefault(step.selection.unit, []).append(position)
        object.__setattr__(self, "_steps_of", {unit: tuple(numbers) for unit, numbers in positions.items()})

    def without(self, units: Collection[str]) -> Overlay:
        """Return the overlay without the hand-written objects of these units."""
        remaining = {unit: written for unit, written in self.written.items() if unit not in units}
        return Overlay(self.environment, self.top, self.steps, remaining, self.program)

    def encrypted_units(self) -> frozenset[str]:
        """Return the units with Secrets that SOPS has encrypted."""
        return frozenset(
            unit
            for unit, written in self.written.items()
            if any(object_.text and identity.kind == "Secret" for identity, object_ in written.items())
        )

    def steps_for(self, units: Collection[str]) -> tuple[Step, ...]:
        """Return the steps that may select an object of these units, in order.

        Only steps that literally name an object or namespace of another unit are excluded.
        """
        positions = {position for unit in (None, *units) for position in self._steps_of.get(unit, ())}
        return tuple(self.steps[position] for position in sorted(positions))

    def digest_for(self, unit: str, *further: str) -> str:
        """Return a digest of the overlay's contribution to a unit: its hand-written objects and steps.

        The steps of `further` units count, too, as objects of the unit may be in them.
        """
        steps = self.steps_for({unit, *further})
        written = [
            [
                str(identity),
                object_.manifest,
                str(object_.span),
                object_.folder,
                object_.lines(),
                object_.text,
                str(object_.template),
            ]
            for identity, object_ in self.written.get(unit, {}).items()
        ]
        return sha256_of([self.program if steps else "", [step.digest for step in steps], written])


def own_folder(overlay: Overlay) -> str:
    """Return the folder whose kustomization generated objects count as part of: the base, or else the overlay's."""
    listed = {kustomization.folder for kustomization in overlay.top.walk()} if overlay.top else set()
    return overlay.top.folder if overlay.top and BASE not in listed else BASE


def read_overlay(
    inputs: InputFiles, environment: str, read: Read, domains: Collection[str] = ()
) -> tuple[Overlay, tuple[Diagnostic, ...]]:
    """Return the overlay of an environment, with the encrypted files of its domains, and warnings.

    Args:
        inputs: The files, with those of base/ and overlays/<environment>/; either may be missing.
        environment: The name of the environment.
        read: Turns YAML text and its file's name into documents.
        domains: The domains of the environment. No patch reaches their files.

    Raises:
        StageFailed: With all errors in the files (K004 to K016, K020, and those of `read`), or K001
            if there are patches and no kustomize.
    """
    findings = Findings()
    source = Source(inputs, read, findings)
    top = read_environment(source, environment)
    folders = tuple(top.walk()) if top else ()
    listed = [(resource, folder.folder, "") for folder in folders for resource in folder.resources]
    written = _written([*listed, *_of_domains(source, environment, domains)], findings)
    warnings = findings.finish()
    steps = tuple(step for kustomization in folders for step in kustomization.steps)
    program = identity_of(find_kustomize()) if steps else ""
    return Overlay(environment, top, steps, written, program), warnings


def _of_domains(source: Source, environment: str, domains: Collection[str]) -> Iterator[tuple[Resource, str, str]]:
    """Yield the objects in `domains/<domain>/secrets/<environment>/`, their folders, and their domains."""
    for file in source.inputs.contents:
        place = secret_place(file)
        if place and place.environment == environment and place.domain in domains:
            for resource in read_resources(source, file, Span(file)):
                yield resource, posixpath.dirname(file), place.domain


def _written(resources: Iterable[tuple[Resource, str, str]], findings: Findings) -> dict[str, dict[ObjectId, Written]]:
    """Return the hand-written objects by unit, given each with its folder and domain; record duplicates."""
    by_unit: dict[str, dict[ObjectId, Written]] = {}
    for resource, folder, domain in resources:
        identity = identify(resource.manifest)
        unit = by_unit.setdefault(unit_of(identity), {})
        if identity in unit:
            related = [Related(unit[identity].span, "also written here")]
            hint = "delete one of them; a patch changes what a base has"
            findings.add(TWICE, f"{identity} is defined twice", resource.span, related=related, hint=hint)
        else:
            unit[identity] = Written(resource.manifest, resource.span, folder, resource.values, resource.text, domain)
    return by_unit
