"""Reads the kustomization.yaml files into a tree of Kustomizations, and finds all errors in them."""

from __future__ import annotations

import posixpath

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.layout import KUSTOMIZATION
from floe_compiler.model.span import Span
from floe_compiler.overlay.allowed_fields import MALFORMED, check_fields, items, value_at
from floe_compiler.overlay.hand_written import read_resources
from floe_compiler.overlay.item_steps import read_item
from floe_compiler.overlay.kustomization import Kind, Kustomization, Resource, Step, StepField
from floe_compiler.overlay.listed_paths import NOT_FOUND, PATH_NOT_ALLOWED, has_kustomization, tree_of
from floe_compiler.overlay.patches import read_patch
from floe_compiler.overlay.source import Source

BASE = "base"

OVERLAY_WITHOUT_BASE = Rule(
    "K011",
    "overlay without base",
    "If there is a base, an environment's kustomization.yaml must list it, as it also represents the generated objects."
    " Without it, kustomize run by hand would show something different from what floe-compile renders.",
)

# The order in which kustomize applies them. Source: api/internal/target/kusttarget_configplugin.go.
_STEP_FIELDS: tuple[StepField, ...] = ("patches", "labels", "replicas", "images")


def read_environment(source: Source, environment: str) -> Kustomization | None:
    """Return the kustomization of an environment: its overlay, which includes the base, or else the base.

    Returns None if there is neither. Errors are added to the source's findings.
    """
    folder = f"overlays/{environment}"
    has_base = has_kustomization(source.inputs, BASE, None, source.findings)
    if not has_kustomization(source.inputs, folder, None, source.findings):
        return _read(source, BASE, "Kustomization", ()) if has_base else None
    return _read(source, folder, "Kustomization", ())


def _read(source: Source, folder: str, kind: Kind, above: tuple[str, ...]) -> Kustomization:
    file = f"{folder}/{KUSTOMIZATION}"
    document = _document(source, file)
    if document is None:
        return Kustomization(folder, kind)
    allowed = check_fields(document, kind, source.findings)
    folders = (*above, folder)
    resources, parts = _listed(source, folder, document, folders)
    has_base = source.inputs.is_file(f"{BASE}/{KUSTOMIZATION}")
    if allowed and has_base and not above and folder != BASE and all(part.folder != BASE for part in parts):
        hint = 'list "../../base" under resources'
        message = "the overlay does not list the base"
        source.findings.add(OVERLAY_WITHOUT_BASE, message, document.key_span(("resources",)), hint=hint)
    components = [
        _read(source, location, "Component", folders)
        for path in items(document, "components", source.findings)
        if (location := _located(source, folder, document, path))
        and _is_kustomization(source, location, document.span(path), folders)
    ]
    steps = [replace(step, folders=folders) for step in _steps(source, folder, document)]
    return Kustomization(folder, kind, tuple(resources), tuple(parts), tuple(components), tuple(steps))


def _document(source: Source, file: str) -> Document | None:
    before = len(source.findings.diagnostics)
    documents = source.documents(file, Span(file))
    if len(documents) == 1 and isinstance(documents[0].data, dict):
        return documents[0]
    if len(source.findings.diagnostics) == before:
        span = documents[-1].span(()) if documents else Span(file)
        source.findings.add(
            MALFORMED, f"a {KUSTOMIZATION} is one mapping", span, hint="write its fields, such as `resources:`"
        )
    return None


def _listed(
    source: Source, folder: str, document: Document, above: tuple[str, ...]
) -> tuple[list[Resource], list[Kustomization]]:
    """Return the objects and the folders that `resources` lists."""
    resources: list[Resource] = []
    parts: list[Kustomization] = []
    for path in items(document, "resources", source.findings):
        span = document.span(path)
        if value_at(document, path) in document.data["resources"][: path[-1]]:
            source.findings.add(
                MALFORMED, f"{value_at(document, path)} is listed twice", span, hint="delete one of the entries"
            )
            continue
        if tree_of(folder) != BASE and _is_base(folder, value_at(document, path)):
            # The base also represents the generated objects, so it is a part even if the folder does not exist.
            exists = source.inputs.is_file(f"{BASE}/{KUSTOMIZATION}")
            parts.append(_read(source, BASE, "Kustomization", above) if exists else Kustomization(BASE))
            continue
        location = _located(source, folder, document, path)
        if location and source.inputs.is_file(location):
            resources += read_resources(source, location, span)
        elif location and _is_kustomization(source, location, span, above):
            parts.append(_read(source, location, "Kustomization", above))
    return resources, parts


def _is_base(folder: str, path: object) -> bool:
    return isinstance(path, str) and posixpath.normpath(posixpath.join(folder, path)) == BASE


def _located(source: Source, folder: str, document: Document, path: DataPath) -> str | None:
    text = value_at(document, path)
    if isinstance(text, str):
        return source.locate(folder, text, document, path)
    source.findings.add(
        MALFORMED, f"{show_path(path)} is not a path", document.span(path), hint="write the path of a file or folder"
    )
    return None


def _is_kustomization(source: Source, location: str, span: Span, above: tuple[str, ...]) -> bool:
    """Return whether a kustomization.yaml above may list this path as a folder; add a finding if not."""
    if source.inputs.is_file(location):
        message = f"{location} is a file, not a folder with a {KUSTOMIZATION}"
        source.findings.add(
            NOT_FOUND, message, span, hint="list objects under `resources`, and patches under `patches`"
        )
    elif location in above:
        source.findings.add(PATH_NOT_ALLOWED, f"{location}/ lists itself", span, hint="take it out")
    elif not has_kustomization(source.inputs, location, span, source.findings):
        source.findings.add(NOT_FOUND, f"{location}/ has no {KUSTOMIZATION}", span, hint="list its files instead")
    else:
        return True
    return False


def _steps(source: Source, folder: str, document: Document) -> list[Step]:
    steps: list[Step] = []
    for field in _STEP_FIELDS:
        for path in items(document, field, source.findings):
            if field == "patches":
                steps += read_patch(source, folder, document, path)
            else:
                steps += read_item(document, field, path, source.findings)
    return steps
