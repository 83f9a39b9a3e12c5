"""Deletions that need approval, as Git cannot restore the data once Argo CD or Flux has pruned the objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.write.folders import with_parents

# Deleting one of these destroys data, or everything inside a namespace or behind an application.
PRECIOUS = {
    "application.argoproj.io": "Application",
    "applicationset.argoproj.io": "ApplicationSet",
    "customresourcedefinition.apiextensions.k8s.io": "CustomResourceDefinition",
    "kustomization.kustomize.toolkit.fluxcd.io": "Kustomization",
    "namespace": "Namespace",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "cluster.postgresql.cnpg.io": "Cluster",
    "statefulset.apps": "StatefulSet",
}
APPLICATIONS = frozenset({"application.argoproj.io", "kustomization.kustomize.toolkit.fluxcd.io"})
FEW = 10
SHARE = 3

NEEDS_PERMISSION = Rule(
    "W006",
    "deletion that needs permission",
    "Compiling would delete a whole namespace or environment, an object with data or other objects, or more than a "
    "third of an environment. If that is intended, allow it with --allow-delete.",
)


class Deletions(msgspec.Struct, frozen=True):
    """What may not be deleted of some environments.

    `refused` are the scopes, each with a description. `leave` are the scopes to allow: allowing a namespace also allows
    deleting its objects in other folders. `further` are those that are to be allowed after these.
    """

    refused: tuple[tuple[str, str], ...] = ()
    leave: tuple[str, ...] = ()
    further: tuple[str, ...] = ()


def refused_deletions(
    delete: Iterable[str], wanted: Collection[str], owned: Collection[str], allow_delete: frozenset[str]
) -> Deletions:
    """Return the deletions that are large or lose data, and that `allow_delete` does not cover.

    Args:
        delete: the paths to be deleted.
        wanted: the paths that will exist afterwards.
        owned: the paths that the tool has written so far.
        allow_delete: `<environment>`, `<environment>/<folder>`, or with the cluster between them.
    """
    delete, staying = list(delete), with_parents(wanted)
    refused = _refused(delete, staying, owned, allow_delete)
    scopes = [scope for scope, _ in refused if "/_" not in scope]
    rest = _refused(delete, staying, owned, allow_delete | frozenset(scopes)) if scopes else refused
    return Deletions(tuple(refused), tuple(scopes), tuple(scope for scope, _ in rest))


def report_refused(deletions: Sequence[Deletions], findings: Findings) -> None:
    """Report (W006) refused deletions: one error for each environment, or folder of one or several environments."""
    first = [scope for environment in deletions for scope in environment.leave]
    scopes = dict.fromkeys([*first, *(scope for environment in deletions for scope in environment.further)])
    leave = " ".join(f"--allow-delete {scope}" for scope in scopes)
    # A domain that is removed leaves every environment.
    alike: dict[str, list[tuple[str, str]]] = {}
    for scope, deletion in (pair for environment in deletions for pair in environment.refused):
        if scope in scopes:
            alike.setdefault(scope.partition("/")[2] or scope, []).append((scope, deletion))
    for group in alike.values():
        findings.add(
            NEEDS_PERMISSION,
            f"compiling would delete {', '.join(deletion for _, deletion in group)}",
            subject=", ".join(f"output/{scope}" for scope, _ in group),
            hint=f"if {'that' if len(scopes) == 1 else 'all of it'} is meant: floe-compile {leave}",
        )


def _refused(
    delete: list[str], staying: Collection[str], owned: Collection[str], allow_delete: frozenset[str]
) -> list[tuple[str, str]]:
    """Return the scopes with refused deletions, each with a description.

    `staying` are the folders that do not become empty.
    """
    allowed = [path for path in delete if is_allowed(path, allow_delete)]
    waiting = _without_applications(allowed, [path for path in delete if not is_allowed(path, allow_delete)])
    refused: list[tuple[str, str]] = []
    for environment, paths in _grouped(waiting, _environment).items():
        if f"{OUTPUT}/{environment}" not in staying:
            refused.append((environment, f"all {len(paths)} files of environment {environment}"))
        else:
            refused.extend(_refused_of(environment, paths, staying, owned))
    return refused


def _without_applications(allowed: Iterable[str], refused: Iterable[str]) -> list[str]:
    """Return the refused deletions, except one application for each namespace that may be deleted."""
    spare = Counter(_environment(path) for path in allowed if _kind(path) == "namespace")
    still_refused = []
    for path in refused:
        environment = _environment(path)
        if _kind(path) in APPLICATIONS and spare[environment]:
            spare[environment] -= 1
        else:
            still_refused.append(path)
    return still_refused


def _refused_of(
    environment: str, delete: list[str], staying: Collection[str], owned: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield the refused deletions of an environment that is kept: the scope to allow, and a description."""
    remaining = 0
    for scope, paths in _grouped(delete, _folder).items():
        if f"{OUTPUT}/{scope}" not in staying:
            number = "1 file" if len(paths) == 1 else f"{len(paths)} files"
            yield scope, f"everything in {scope} ({number})"
        elif precious := [_describe(path) for path in paths if _kind(path) in PRECIOUS]:
            yield scope, f"{', '.join(precious)} in {scope}"
        else:
            remaining += len(paths)
    total = sum(_environment(path) == environment for path in owned)
    if remaining > FEW and remaining * SHARE > total:
        yield environment, f"{remaining} of the {total} files of environment {environment}"


def is_allowed(path: str, allow_delete: frozenset[str]) -> bool:
    """Return whether a deletion is allowed. Allowing a namespace's folder also allows deleting the Namespace."""
    folders = _folder(path).split("/")
    namespace = path.rpartition("/")[2].removeprefix("namespace_").removesuffix(".yaml")
    above = {"/".join(folders[:depth]) for depth in range(1, len(folders) + 1)}
    return not allow_delete.isdisjoint({*above, "/".join((*folders[:-1], namespace))})


def _environment(path: str) -> str:
    return path.split("/")[1]


def _folder(path: str) -> str:
    """Return the folder of a file below output/: `prod/floe-platform`, or with a cluster between them."""
    return path.removeprefix(f"{OUTPUT}/").rpartition("/")[0]


def _grouped(paths: Iterable[str], part: Callable[[str], str]) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(part(path), []).append(path)
    return groups


def _kind(path: str) -> str:
    return path.rpartition("/")[2].partition("_")[0]


def _describe(path: str) -> str:
    name = path.rpartition("_")[2].removesuffix(".yaml")
    return f"{PRECIOUS[_kind(path)]} {name}"
