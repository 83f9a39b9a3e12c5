"""All objects must be delivered: by an Application whose AppProject allows them, or by a Kustomization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.output_paths import folder_path, in_repository
from floe_compiler.model.projects import KindPattern, Project
from floe_compiler.model.rendered import DELIVERY_UNIT
from floe_compiler.model.summary import Subject, Summary

NOT_APPLIED = Rule(
    "C170",
    "folder that is not delivered",
    "The delivery tool applies the folders of the platform, of its domains, and of cluster-scoped objects. Objects in "
    "other namespaces would never reach the cluster. Move them into one of those namespaces, or let the owner of the "
    "other namespace deliver them.",
)
NOT_ALLOWED = Rule(
    "C171",
    "object not allowed by its AppProject",
    "The AppProject of the object's folder does not allow its kind or name, so the sync would fail. "
    "If the object is intended, patch the AppProject in overlays/<env>/.",
)
RULES = (NOT_APPLIED, NOT_ALLOWED)

_SPECIAL = {*"*?["}
_HINT = "allow it with a patch of the AppProject in overlays/"


def check(environment: Environment) -> Iterator[Finding]:
    """Yield objects in folders that are not delivered, and objects that their AppProject does not allow.

    Misplaced objects and Secrets in plain text are left out, as other rules report them: they must not be allowed.
    """
    if DELIVERY_UNIT not in environment.units:
        return
    applied = {path: project for unit in environment.units.values() for path, project in unit.delivery.applied}
    permissions = _permissions(environment)
    unknown: dict[str, tuple[str, ObjectId]] = {}
    for name, unit in environment.units.items():
        for namespace in unit.objects if name != DELIVERY_UNIT else ():
            folder = folder_path(environment.facts.environment, namespace)
            path = in_repository(environment.facts.path, folder)
            if path not in applied:
                for identity in _wanted(environment, unit, namespace):
                    unknown.setdefault(namespace, (name, identity))
            elif (project := applied[path]) is not None:
                allowed = permissions.get(project, _BY_DEFAULT)
                if not _allows_all(allowed, unit, namespace):
                    yield from _refused(environment, unit, namespace, folder, allowed)
    for namespace, (name, first) in sorted(unknown.items()):
        message = f"the delivery tool does not apply {folder_path(environment.facts.environment, namespace)}"
        hint = "use the namespace of the platform or a domain"
        yield Finding(NOT_APPLIED, name, first, message, hint)


class _Names(NamedTuple):
    """The name patterns of an AppProject's list for one kind."""

    exact: frozenset[str]
    patterns: tuple[str, ...]

    def have(self, name: str) -> bool:
        """Return whether a name matches one of them."""
        return name in self.exact or any(fnmatchcase(name, pattern) for pattern in self.patterns)


class _Permissions:
    """What an AppProject allows, by Argo CD's rules (`app_project_types.go`); each kind is looked up once."""

    def __init__(self, project: Project) -> None:
        self._lists = {
            True: (project.namespaced, project.not_namespaced),
            False: (project.cluster, project.not_cluster),
        }
        self._known: dict[tuple[bool, str, str], tuple[_Names, _Names]] = {}

    def allows_all(self, namespaced: bool, group: str, kind: str) -> bool:
        """Return whether all objects of a kind are allowed, with any name."""
        allowed, refused = self._names(namespaced, group, kind)
        return "*" in allowed.patterns and not any(refused)

    def allows(self, identity: ObjectId) -> bool:
        """Return whether an object is allowed."""
        allowed, refused = self._names(bool(identity.namespace), identity.group, identity.kind)
        return allowed.have(identity.name) and not refused.have(identity.name)

    def _names(self, namespaced: bool, group: str, kind: str) -> tuple[_Names, _Names]:
        key = (namespaced, group, kind)
        if key not in self._known:
            allowed, refused = self._lists[namespaced]
            self._known[key] = (_names_of(allowed, group, kind), _names_of(refused, group, kind))
        return self._known[key]


def _names_of(patterns: Iterable[KindPattern], group: str, kind: str) -> _Names:
    names = {
        pattern.name for pattern in patterns if fnmatchcase(group, pattern.group) and fnmatchcase(kind, pattern.kind)
    }
    exact = frozenset(name for name in names if not _SPECIAL & {*name})
    return _Names(exact, tuple(sorted(names - exact)))


_BY_DEFAULT = _Permissions(Project((KindPattern("*", "*"),), (), (), ()))
"""The default of an AppProject: all namespaced objects are allowed."""


def _permissions(environment: Environment) -> dict[str, _Permissions]:
    """Return the permissions of the AppProjects, by name; equal AppProjects share their lookups."""
    alike: dict[Project, _Permissions] = {}
    permissions = {}
    for unit in environment.units.values():
        for name, project in unit.delivery.projects.items():
            permissions[name] = alike.setdefault(project, _Permissions(project))
    return permissions


def _allows_all(permissions: _Permissions, unit: Summary, namespace: str) -> bool:
    return all(
        permissions.allows_all(bool(namespace), group, kind)
        or all(permissions.allows(ObjectId(group, kind, namespace, name)) for name in names)
        for group, kinds in unit.objects[namespace].items()
        for kind, names in kinds.items()
    )


def _kinds(unit: Summary, namespace: str) -> Iterator[tuple[str, str]]:
    return ((group, kind) for group, kinds in unit.objects[namespace].items() for kind in kinds)


def _wanted(environment: Environment, unit: Summary, namespace: str) -> Iterator[ObjectId]:
    """Yield the objects of a namespace that are neither misplaced nor Secrets in plain text."""
    lost = () if namespace in environment.known_namespaces else unit.stray
    wrong = {*unit.delivery.unwanted, *lost}
    for group, kind in _kinds(unit, namespace):
        for name in unit.objects[namespace][group][kind]:
            if Subject(group, kind, namespace, name) not in wrong:
                yield ObjectId(group, kind, namespace, name)


def _refused(
    environment: Environment, unit: Summary, namespace: str, folder: str, permissions: _Permissions
) -> Iterator[Finding]:
    for identity in _wanted(environment, unit, namespace):
        if not permissions.allows(identity):
            message = f"the AppProject of {folder} does not allow {identity.kind}"
            yield Finding(NOT_ALLOWED, unit.unit, identity, message, _HINT)
