"""Everything that is written is applied: by an Application that its project lets do so, or by a Kustomization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.placement import misplaced
from floe_compiler.check.secret_keys import plain_keys
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.files import folder_path
from floe_compiler.model.objects import Object, ObjectId

NOT_APPLIED = Rule(
    "C170",
    "Folder that nothing applies",
    "The delivery tool is told of the folders of the platform, of its domains, and of cluster-scoped objects. "
    "What lies in another namespace would never reach the cluster. Move it into one of those namespaces, or let "
    "whoever owns the other one deliver it.",
)
NOT_ALLOWED = Rule(
    "C171",
    "Object that its Argo CD project refuses",
    "The AppProject of the object's folder does not allow its kind or name, so the sync would fail. "
    "Allow it on purpose: patch the AppProject in overlays/<env>/.",
)

_ARGO = "argoproj.io"
_FLUX = "kustomize.toolkit.fluxcd.io"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects in folders that nothing applies, and those that an AppProject refuses.

    Objects that lie in the wrong place, and Secrets in plain text, are told of elsewhere: nobody should allow them.
    """
    rendered = index.rendered
    if not rendered.delivery:
        return
    projects = {identity.name: manifest.get("spec", {}) for identity, manifest in index.of(_ARGO, "AppProject")}
    applied = dict(_applied(index, projects))
    unknown: set[str] = set()
    wrong = {*misplaced(index), *(identity for identity, manifest in index.of("", "Secret") if plain_keys(manifest))}
    for identity in index.objects:
        if identity in rendered.delivery or identity in wrong:
            continue
        folder = folder_path(rendered.environment, identity.namespace)
        if folder not in applied:
            unknown.add(identity.namespace)
        elif not _allows(applied[folder], identity):
            message = f"the AppProject of {folder} does not allow {identity.kind}"
            yield index.finding(NOT_ALLOWED, identity, message, "allow it with a patch of the AppProject in overlays/")
    for namespace in sorted(unknown):
        message = f"nothing applies what lies in {folder_path(rendered.environment, namespace)}"
        yield index.finding(
            NOT_APPLIED, f"namespace {namespace}", message, "use the namespace of the platform or a domain"
        )


def _applied(index: Index, projects: Mapping[str, Object]) -> Iterator[tuple[str, Object]]:
    """Yield each folder that is applied, with its project's specification; Flux has none, and allows everything."""
    for _, manifest in index.of(_ARGO, "Application"):
        spec = manifest.get("spec", {})
        yield spec.get("source", {}).get("path", ""), projects.get(spec.get("project", ""), {})
    for _, manifest in index.of(_FLUX, "Kustomization"):
        path = str(manifest.get("spec", {}).get("path", ""))
        yield path.removeprefix("./"), {"clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}


def _allows(project: Object, identity: ObjectId) -> bool:
    """Tell whether a project lets an object be applied, as Argo CD decides it (`app_project_types.go`)."""
    scope = "namespace" if identity.namespace else "cluster"
    allowed = project.get(f"{scope}ResourceWhitelist")
    if allowed is None:
        allowed = [{"group": "*", "kind": "*"}] if identity.namespace else []
    refused = project.get(f"{scope}ResourceBlacklist") or []
    return _matches(allowed, identity) and not _matches(refused, identity)


def _matches(entries: Iterable[Mapping[str, Any]], identity: ObjectId) -> bool:
    return any(
        fnmatchcase(identity.group, entry.get("group", ""))
        and fnmatchcase(identity.kind, entry.get("kind", ""))
        and fnmatchcase(identity.name, entry.get("name") or "*")
        for entry in entries
    )
