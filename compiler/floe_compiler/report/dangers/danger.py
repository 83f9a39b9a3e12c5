"""Dangers, changes, and the pods that they may affect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import msgspec

from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.read_texts import read_only
from floe_compiler.model.selectors import Labels
from floe_compiler.model.workloads import containers_of, pod_template

Fields = tuple[str, ...]

SECRET_KINDS = ("ExternalSecret", "SealedSecret", "Secret", "SecretProviderClass", "SopsSecret")
"""The kinds of objects that bring secrets to a namespace."""

KINDS_BEFORE = ("Certificate", *SECRET_KINDS)
"""The kinds of which all objects before a change matter, the unchanged ones too."""


class Danger(msgspec.Struct, frozen=True, order=True):
    """A risk of a change; `word` never changes its meaning.

    The sentence does not name the object, so that the danger can be reported once for many objects.
    """

    word: str
    sentence: str


class WhyKept(msgspec.Struct, frozen=True):
    """Why the cluster keeps an object that is no longer in the output."""

    reason: str
    applied: bool = True
    """Whether the rest of its folder is still delivered."""


class AllObjects(Protocol):
    """All objects of an environment, which are read on first use."""

    def of_kind(self, kind: str) -> Iterable[Object]:
        """Yield the objects of a kind."""

    def in_namespace(self, namespace: str) -> Sequence[Object]:
        """Return the objects of a namespace; for an empty name, those without a namespace."""


class Objects:
    """Objects that are in memory."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = tuple(objects)

    def of_kind(self, kind: str) -> Iterable[Object]:
        """Yield the objects of a kind."""
        return (manifest for manifest in self._objects if manifest.get("kind") == kind)

    def in_namespace(self, namespace: str) -> Sequence[Object]:
        """Return the objects of a namespace; for an empty name, those without a namespace."""
        return [manifest for manifest in self._objects if (at(manifest, ("metadata", "namespace")) or "") == namespace]


class Together:
    """All objects of an environment in several clusters."""

    def __init__(self, clusters: Iterable[AllObjects]) -> None:
        self._clusters = tuple(clusters)

    def of_kind(self, kind: str) -> Iterable[Object]:
        """Yield the objects of a kind."""
        return (manifest for cluster in self._clusters for manifest in cluster.of_kind(kind))

    def in_namespace(self, namespace: str) -> Sequence[Object]:
        """Return the objects of a namespace in any of the clusters."""
        return [manifest for cluster in self._clusters for manifest in cluster.in_namespace(namespace)]


class Surroundings:
    """The rest of an environment: objects before a change, and all objects after it."""

    def __init__(self, before: Iterable[Object] = (), after: AllObjects | None = None) -> None:
        self._before = before
        self._after = after or Objects(())
        self._beside: dict[str, Sequence[Object]] = {}

    @cached_property
    def _objects_before(self) -> Sequence[Object]:
        return [manifest for manifest in self._before if manifest.get("kind") in KINDS_BEFORE]

    @cached_property
    def secrets_before(self) -> Sequence[Object]:
        """Return the ExternalSecrets before the change."""
        return [manifest for manifest in self._objects_before if manifest["kind"] == "ExternalSecret"]

    @cached_property
    def writers_before(self) -> Sequence[Object]:
        """Return the objects before the change that brought secrets to a namespace."""
        return [manifest for manifest in self._objects_before if manifest["kind"] in SECRET_KINDS]

    @cached_property
    def certificates_before(self) -> Sequence[Object]:
        """Return the Certificates before the change."""
        return [manifest for manifest in self._objects_before if manifest["kind"] == "Certificate"]

    @cached_property
    def certificates(self) -> Sequence[Object]:
        """Return the Certificates after the change."""
        return list(self._after.of_kind("Certificate"))

    @cached_property
    def ways_in(self) -> Sequence[Object]:
        """Return the Gateways, routes and Ingresses after the change."""
        kinds = ("Gateway", "GRPCRoute", "HTTPRoute", "Ingress")
        return [manifest for kind in kinds for manifest in self._after.of_kind(kind)]

    @cached_property
    def stores(self) -> Sequence[Object]:
        """Return the ClusterSecretStores after the change."""
        return list(self._after.of_kind("ClusterSecretStore"))

    def beside(self, namespace: str) -> Sequence[Object]:
        """Return the objects of a namespace after the change."""
        if namespace not in self._beside:
            self._beside[namespace] = self._after.in_namespace(namespace)
        return self._beside[namespace]


class Change(msgspec.Struct, frozen=True):
    """One object before and after; empty if it is created or deleted."""

    identity: ObjectId
    before: Object
    after: Object
    surroundings: Surroundings
    former: Object = msgspec.field(default_factory=dict)
    """For a new object: the deleted one of another name that it seems to replace."""

    @property
    def kind(self) -> str:
        """Return the kind of the object."""
        return self.identity.kind

    @property
    def beside(self) -> Sequence[Object]:
        """Return the objects of its namespace after the change, including this one."""
        return self.surroundings.beside(self.identity.namespace)


Detector = Callable[[Change], Iterator[Danger]]


@remembered
def containers(manifest: Object) -> Mapping[str, Object]:
    """Return the containers of an object's pods by name, including init containers."""
    return {container.name: container.data for container in containers_of(mapping(pod_template(manifest), ("spec",)))}


def documents(manifest: Object, word: str) -> Iterator[Object]:
    """Yield the YAML files of a ConfigMap that have a word in them and are mappings."""
    if manifest.get("kind") != "ConfigMap":
        return
    for text in mapping(manifest, ("data",)).values():
        if isinstance(text, str) and word in text and isinstance(document := read_only(text), dict):
            yield document


def pods_beside(change: Change) -> list[Labels]:
    """Return the labels of the pod templates that the namespace has after the change."""
    templates = filter(None, (pod_template(manifest) for manifest in change.beside))
    return [mapping(template, ("metadata", "labels")) for template in templates]


def less(quantity: str, other: str) -> bool:
    """Return whether a quantity is less than another; False if one of them is not a quantity."""
    try:
        return parse_quantity(quantity) < parse_quantity(other)
    except ValueError:
        return False
