"""The folders that Argo CD or Flux applies, and the objects that must not be delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.check.index import Index
from floe_compiler.check.objects.placement import misplaced
from floe_compiler.check.references.secret_keys import plain_keys
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.projects import KindPattern, Project
from floe_compiler.model.summary import Delivery, Subject

_ARGO = "argoproj.io"
_FLUX = "kustomize.toolkit.fluxcd.io"
_EVERYTHING = (KindPattern("*", "*"),)


def delivery(index: Index) -> Delivery:
    """Return the folders that are applied, the AppProjects, and the objects that must not be delivered."""
    projects = {
        identity.name: _project(manifest.get("spec", {})) for identity, manifest in index.of(_ARGO, "AppProject")
    }
    unwanted = {*(identity for identity, _ in misplaced(index)), *_refused_secrets(index)}
    return Delivery(tuple(_applied(index)), projects, tuple(sorted(map(Subject.of, unwanted))))


def _refused_secrets(index: Index) -> Iterator[ObjectId]:
    """Yield the Secrets in plain text, and those that nothing decrypts."""
    for identity, manifest in index.of("", "Secret"):
        if plain_keys(manifest) or (str(identity) in index.rendered.verbatim and not index.rendered.decrypts):
            yield identity


def _applied(index: Index) -> Iterator[tuple[str, str | None]]:
    for _, manifest in index.of(_ARGO, "Application"):
        spec = manifest.get("spec", {})
        yield spec.get("source", {}).get("path", ""), spec.get("project", "")
    for _, manifest in index.of(_FLUX, "Kustomization"):
        yield str(manifest.get("spec", {}).get("path", "")).removeprefix("./"), None


def _project(spec: Object) -> Project:
    """Return what an AppProject allows and denies; without lists, all namespaced kinds and no cluster-scoped kinds."""
    return Project(
        _patterns(spec["namespaceResourceWhitelist"]) if "namespaceResourceWhitelist" in spec else _EVERYTHING,
        _patterns(spec.get("namespaceResourceBlacklist", ())),
        _patterns(spec.get("clusterResourceWhitelist", ())),
        _patterns(spec.get("clusterResourceBlacklist", ())),
    )


def _patterns(entries: Iterable[Mapping[str, Any]]) -> tuple[KindPattern, ...]:
    return tuple(
        KindPattern(entry.get("group", ""), entry.get("kind", ""), entry.get("name") or "*") for entry in entries
    )
