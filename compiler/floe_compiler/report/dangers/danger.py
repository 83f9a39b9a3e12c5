"""A danger, the change that it lies in, and the pods that it may touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from floe_compiler.model.lookup import at, mapping
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


class Surroundings:
    """What else an environment holds.

    Attributes:
        secrets_before: the ExternalSecrets before the change.
        stores: the ClusterSecretStores after it.
    """

    def __init__(self, before: Iterable[Object] = (), after: Iterable[Object] = ()) -> None:
        after = tuple(after)
        self.secrets_before = [one for one in before if one.get("kind") == "ExternalSecret"]
        self.stores = [one for one in after if one.get("kind") == "ClusterSecretStore"]
        self._by_namespace: dict[str, list[Object]] = defaultdict(list)
        for one in after:
            self._by_namespace[str(at(one, ("metadata", "namespace")))].append(one)

    def beside(self, namespace: str) -> Sequence[Object]:
        """Return what a namespace holds after the change."""
        return self._by_namespace.get(namespace, ())


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
    """Tell whether a quantity is less than another; not if one of them is none."""
    try:
        return parse_quantity(one) < parse_quantity(other)
    except ValueError:
        return False
