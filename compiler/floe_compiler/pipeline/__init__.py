"""The stages in order, and nothing else."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from floe_compiler.load.digests import input_digests as input_digests  # re-exported: the pipeline's other question
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.files import File, FileSet, delivery_path, object_path
from floe_compiler.model.objects import ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered

if TYPE_CHECKING:
    from floe_compiler.components import Registry
    from floe_compiler.explain import Explanation
    from floe_compiler.model.plan import EnvironmentPlan, UnitPlan
    from floe_compiler.model.sources import Sources

Progress = Callable[[str], None]
Item = TypeVar("Item")
Result = TypeVar("Result")


def silent(_message: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the inputs compile to: the checked environments, and every file of them."""

    environments: tuple[Rendered, ...]
    files: FileSet
    digests: Mapping[str, str]
    """The digest of the inputs, by environment."""

    warnings: tuple[Diagnostic, ...] = ()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Look for no cycles: manifests are trees, and looking through so many takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_garbage_collection()
def compile_mesh(root: Path, environments: tuple[str, ...] = (), progress: Progress = silent) -> Compilation:
    """Return what the repository at `root` compiles to, for the environments named (default: all).

    Nothing is written. Raises StageFailed with every error of the first stage that finds any.
    """
    digests = input_digests(root)
    plans, warnings = plan_mesh(root, environments, progress)
    progress("rendering")
    rendered = _synthesized(plans)
    progress("applying base/ and overlays/")
    overlaid, overlay_warnings = _overlaid(root, rendered)
    progress("checking")
    check_warnings = _checked_together(overlaid)
    findings = Findings()
    files = FileSet.of((file for one in overlaid for file in _files(one)), findings)
    findings.finish()
    names = [one.environment for one in overlaid]
    kept = {name: digest for name, digest in digests.items() if name in names}
    return Compilation(overlaid, files, kept, (*warnings, *overlay_warnings, *check_warnings))


def plan_mesh(
    root: Path, environments: tuple[str, ...] = (), progress: Progress = silent
) -> tuple[tuple[EnvironmentPlan, ...], tuple[Diagnostic, ...]]:
    """Return the plans of the environments, and warnings: the first two stages. Raises StageFailed."""
    from floe_compiler.resolve import resolve

    progress("reading")
    sources, components, loaded = _read(root)
    progress("resolving")
    plans, resolved = resolve(sources, components, environments)
    return plans, (*loaded, *resolved)


def explain_file(root: Path, file: str, progress: Progress = silent) -> Explanation | None:
    """Return what each value of an output file follows from; None if the inputs compile to no such file.

    `file` is the path from the root. Raises StageFailed.
    """
    from floe_compiler.explain import explain
    from floe_compiler.model.objects import identify

    environment = file.split("/")[1] if file.count("/") > 1 else ""
    sources, components, _ = _read(root)
    if environment not in sources.environments:
        return None
    compiled = compile_mesh(root, (environment,), progress)
    rendered = compiled.environments[0]
    final = next((one for one in rendered.objects if _path(rendered, identify(one)) == file), None)
    if final is None:
        return None
    progress("varying what is written")
    name = str(identify(final))
    asked_by = str(rendered.origins.get(name, "the platform as a whole"))
    return explain(sources, components, environment, final, rendered.patched.get(name, ()), asked_by)


def _read(root: Path) -> tuple[Sources, Registry, tuple[Diagnostic, ...]]:
    from floe_compiler.components import registry
    from floe_compiler.load.mesh import load
    from floe_compiler.resolve.schemas import schemas

    components = registry()
    sources, warnings = load(root, schemas(components))
    return sources, components, warnings


def plan_units(plan: EnvironmentPlan) -> tuple[UnitPlan, ...]:
    """Return the plan of each unit of an environment: everything declared, and what follows from it for others."""
    from floe_compiler.declare import declare
    from floe_compiler.derive import plan_units as derived
    from floe_compiler.synthesize.python_constructs import objects_of

    return derived([declare(unit, objects_of) for unit in plan.units])


def _synthesized(plans: tuple[EnvironmentPlan, ...]) -> tuple[Rendered, ...]:
    from floe_compiler.synthesize import synthesize, synthesize_delivery

    rendered, _ = _each(
        plans,
        lambda plan: (
            _together([*synthesize(plan_units(plan), plan.cluster), synthesize_delivery(plan.delivery_plan())]),
            (),
        ),
    )
    return rendered


def _together(units: Sequence[Rendered]) -> Rendered:
    """Return the units of an environment as one."""
    return replace(
        units[0],
        namespace="",
        objects=ObjectSet.of(manifest for unit in units for manifest in unit.objects),
        connections=frozenset().union(*(unit.connections for unit in units)),
        launched=frozenset().union(*(unit.launched for unit in units)),
        exceptions=frozenset().union(*(unit.exceptions for unit in units)),
        ingress_groups=frozenset().union(*(unit.ingress_groups for unit in units)),
        existing_secrets=frozenset().union(*(unit.existing_secrets for unit in units)),
        delivery=frozenset().union(*(unit.delivery for unit in units)),
        origins={name: origin for unit in units for name, origin in unit.origins.items()},
    )


def _overlaid(root: Path, rendered: tuple[Rendered, ...]) -> tuple[tuple[Rendered, ...], tuple[Diagnostic, ...]]:
    from floe_compiler.load.yaml_reader import read_documents
    from floe_compiler.overlay.apply import apply_overlay

    memory = _Builds()
    return _each(rendered, lambda one: apply_overlay(root, one, read_documents, memory))


class _Builds:
    """What kustomize has built in this run, by the hash of its files."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def recall(self, key: str) -> str | None:
        return self._known.get(key)

    def remember(self, key: str, text: str) -> None:
        self._known[key] = text


def _checked(rendered: Rendered) -> tuple[Rendered, tuple[Diagnostic, ...]]:
    from floe_compiler.check import run_checks

    return rendered, run_checks(rendered)


def _checked_together(environments: tuple[Rendered, ...]) -> tuple[Diagnostic, ...]:
    from floe_compiler.check.across import check_across

    findings = Findings()
    findings.extend(check_across(environments))
    try:
        findings.extend(_each(environments, _checked)[1])
    except StageFailed as failure:
        findings.extend(failure.diagnostics)
    return findings.finish()


def _each(
    items: Iterable[Item], stage: Callable[[Item], tuple[Result, tuple[Diagnostic, ...]]]
) -> tuple[tuple[Result, ...], tuple[Diagnostic, ...]]:
    """Run a stage on each environment; raise StageFailed with the errors of all of them, not just of the first."""
    findings = Findings()
    results: list[Result] = []
    for item in items:
        try:
            result, warnings = stage(item)
        except StageFailed as failure:
            findings.extend(failure.diagnostics)
        else:
            results.append(result)
            findings.extend(warnings)
    return tuple(results), findings.finish()


def _files(rendered: Rendered) -> Iterable[File]:
    from floe_compiler.model.yaml_text import to_yaml

    for identity, manifest in rendered.objects.by_id.items():
        yield File(_path(rendered, identity), to_yaml(manifest), f"{rendered.environment}: {identity}")


def _path(rendered: Rendered, identity: ObjectId) -> str:
    if identity in rendered.delivery:
        return delivery_path(rendered.environment, identity)
    return object_path(rendered.environment, identity, cluster_scoped=not identity.namespace)
