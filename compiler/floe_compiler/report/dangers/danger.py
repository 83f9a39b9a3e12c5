"""A danger, the change that it lies in, and the pods that it may touch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.selectors import Labels
from floe_compiler.model.workloads import containers_of, pod_template

Fields = tuple[str, ...]


@dataclass(frozen=True, order=True, slots=True)
class Danger:
    """A risk of a change; `word` never changes its meaning.

    The sentence leaves out which object it is about, so that the same danger of many objects can be told once.
    """

    word: str
    sentence: str


class Whole(Protocol):
    """All objects of an environment, which are read only when they are asked for."""

    def of_kind(self, kind: str) -> Iterable[Object]:
        """Yield the objects of a kind."""

    def in_namespace(self, namespace: str) -> Sequence[Object]:
        """Return the objects of a namespace; those without one for an empty name."""


class Objects:
    """Objects that are at hand."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = tuple(objects)

    def of_kind(self, kind: str) -> Iterable[Object]:
        """Yield the objects of a kind."""
        return (one for one in self._objects if one.get("kind") == kind)

    def in_namespace(self, namespace: str) -> Sequence[Object]:
        """Return the objects of a namespace; those without one for an empty name."""
        return [one for one in self._objects if (at(one, ("metadata", "namespace")) or "") == namespace]


class Surroundings:
    """What else an environment holds: objects before a change, and all objects after it."""

    def __init__(self, before: Iterable[Object] = (), after: Whole | None = None) -> None:
        self._before = before
        self._after = after or Objects(())
        self._beside: dict[str, Sequence[Object]] = {}

    @cached_property
    def secrets_before(self) -> Sequence[Object]:
        """Return the ExternalSecrets before the change."""
        return [one for one in self._before if one.get("kind") == "ExternalSecret"]

    @cached_property
    def stores(self) -> Sequence[Object]:
        """Return the ClusterSecretStores after the change."""
        return list(self._after.of_kind("ClusterSecretStore"))

    def beside(self, namespace: str) -> Sequence[Object]:
        """Return what a namespace holds after the change."""
        if namespace not in self._beside:
            self._beside[namespace] = self._after.in_namespace(namespace)
        return self._beside[namespace]


@dataclass(frozen=True, slots=True)
class Change:
    """One object before and after: empty where there was none, or will be none."""

    identity: ObjectId
    before: Object
    after: Object
    surroundings: Surroundings

    @property
    def kind(self) -> str:
        """Return the kind of the object."""
        return self.identity.kind

    @property
    def beside(self) -> Sequence[Object]:
        """Return what its namespace holds after the change, the object included."""
        return self.surroundings.beside(self.identity.namespace)


Detector = Callable[[Change], Iterator[Danger]]


def containers(manifest: Object) -> dict[str, Object]:
    """Return the containers of an object's pods by name, those that prepare them too."""
    return {one.name: one.data for one in containers_of(mapping(pod_template(manifest), ("spec",)))}


def pods_beside(change: Change) -> list[Labels]:
    """Return the labels of the pods, by template, that the namespace still has after the change."""
    templates = filter(None, (pod_template(one) for one in change.beside))
    return [mapping(template, ("metadata", "labels")) for template in templates]


def less(one: str, other: str) -> bool:
    """Return whether a quantity is less than another; not if one of them is none."""
    try:
        return parse_quantity(one) < parse_quantity(other)
    except ValueError:
        return False
