"""Which objects an entry of a kustomization selects, by the rules of kustomize."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

import msgspec

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.overlay.label_selector import Requirement
from floe_compiler.overlay.units import unit_of

IDENTITY_FIELDS = ("group", "version", "kind", "name", "namespace")

_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})
"""The kinds that kustomize's `replicas` changes. Source: builtinpluginconsts/replicas.go."""

_LITERAL = re.compile(r"[A-Za-z0-9-]+")
"""Regular expressions that match only their own text."""


class Selection(Protocol):
    """A set of objects, described by an entry of a kustomization."""

    @property
    def unit(self) -> str | None:
        """The unit of all objects that can be selected; None if there may be several."""

    def matches(self, manifest: Object, /) -> bool:
        """Return whether the object is selected as it is."""

    def may_match(self, manifest: Object, earlier: Iterable[str], /) -> bool:
        """Return whether the object could be selected after earlier entries with these texts."""

    def describe(self) -> str:
        """Return the selection in words."""

    def likeness(self, manifest: Object, /) -> Iterator[str]:
        """Yield the texts of the object to compare with `describe()`, to find the object that was probably meant."""


class Everything(msgspec.Struct, frozen=True):
    """The selection of all objects, whatever their kind or name."""

    unit: ClassVar[None] = None

    def matches(self, _manifest: Object, /) -> bool:
        """Return True."""
        return True

    def may_match(self, _manifest: Object, _earlier: Iterable[str], /) -> bool:
        """Return True."""
        return True

    def describe(self) -> str:
        """Return the selection in words."""
        return "any object"

    def likeness(self, _manifest: Object, /) -> Iterator[str]:
        """Yield nothing, as there is no nearest object."""
        return iter(())


class OneObject(msgspec.Struct, frozen=True):
    """The object that a strategic merge patch without a target names."""

    identity: ObjectId
    version: str

    @property
    def unit(self) -> str:
        """Return the unit of the object."""
        return unit_of(self.identity)

    def matches(self, manifest: Object, /) -> bool:
        """Return whether group, version, kind, namespace and name are the same."""
        if str((manifest.get("metadata") or {}).get("name")) != self.identity.name:
            return False  # checked first, as most objects differ in this
        return identify(manifest) == self.identity and version_of(manifest) == self.version

    def may_match(self, manifest: Object, _earlier: Iterable[str], /) -> bool:
        """Return whether it is the object, as entries never change the identity."""
        return self.matches(manifest)

    def describe(self) -> str:
        """Return the object's identity."""
        return str(self.identity)

    def likeness(self, manifest: Object, /) -> Iterator[str]:
        """Yield the object's identity."""
        yield str(identify(manifest))


class Target(msgspec.Struct, frozen=True):
    """The objects that a patch's `target` describes: regular expressions for the identity, and label selectors.

    `text` is the target as people read it. An expression must match the whole text. Source: kustomize's
    api/types/selector.go.
    """

    text: str
    fields: tuple[tuple[str, re.Pattern[str]], ...] = ()
    labels: tuple[Requirement, ...] = ()
    annotations: tuple[Requirement, ...] = ()

    @property
    def unit(self) -> str | None:
        """Return the target's literal namespace; None if it has no namespace, or a regular expression."""
        namespace = dict(self.fields).get("namespace")
        return namespace.pattern if namespace and _LITERAL.fullmatch(namespace.pattern) else None

    def matches(self, manifest: Object, /) -> bool:
        """Return whether identity, labels and annotations match."""
        metadata = manifest.get("metadata") or {}
        return (
            self._identifies(manifest)
            and _hold(self.labels, metadata.get("labels"))
            and _hold(self.annotations, metadata.get("annotations"))
        )

    def may_match(self, manifest: Object, earlier: Iterable[str], /) -> bool:
        """Return whether the identity matches, and earlier entries may have set each label that is missing."""
        if not self._identifies(manifest):
            return False
        metadata, text = manifest.get("metadata") or {}, "\n".join(earlier)
        places = ((self.labels, "labels"), (self.annotations, "annotations"))
        return all(
            _hold([requirement], metadata.get(place))
            or _may_set(text, requirement)
            or re.search(rf"/metadata/{place}(?!/)", text)
            for requirements, place in places
            for requirement in requirements
        )

    def _identifies(self, manifest: Object) -> bool:
        return all(pattern.fullmatch(_identity_part(manifest, name)) for name, pattern in self.fields)

    def describe(self) -> str:
        """Return the text of the target."""
        return self.text

    def likeness(self, manifest: Object, /) -> Iterator[str]:
        """Yield the same fields of the object."""
        if self.fields:
            yield " ".join(f"{name}={_identity_part(manifest, name)}" for name, _ in self.fields)


class Scaled(msgspec.Struct, frozen=True):
    """The workloads with a name whose replicas kustomize can set."""

    name: str
    unit: ClassVar[None] = None

    def matches(self, manifest: Object, /) -> bool:
        """Return whether it is a workload with that name."""
        identity = identify(manifest)
        return identity.kind in _SCALED and identity.name == self.name

    def may_match(self, manifest: Object, _earlier: Iterable[str], /) -> bool:
        """Return whether it is a workload with that name, as entries never change the identity."""
        return self.matches(manifest)

    def describe(self) -> str:
        """Return the name."""
        return self.name

    def likeness(self, manifest: Object, /) -> Iterator[str]:
        """Yield the name of a workload."""
        identity = identify(manifest)
        if identity.kind in _SCALED:
            yield identity.name


class WithImage(msgspec.Struct, frozen=True):
    """The objects with a container that runs an image with a name."""

    name: str
    unit: ClassVar[None] = None

    def matches(self, manifest: Object, /) -> bool:
        """Return whether a container runs the image. Source: kustomize's api/internal/image/image.go."""
        return any(_image_name(image) == self.name for image in _images(manifest))

    def may_match(self, manifest: Object, earlier: Iterable[str], /) -> bool:
        """Return whether a container runs the image, or an earlier entry names it."""
        return self.matches(manifest) or any(self.name in text for text in earlier)

    def describe(self) -> str:
        """Return the name of the image."""
        return self.name

    def likeness(self, manifest: Object, /) -> Iterator[str]:
        """Yield the names of the object's images."""
        return (_image_name(image) for image in _images(manifest))


def names_its_object(selection: Selection) -> bool:
    """Return whether an entry is for objects of a name, and not for all of a kind or with a label."""
    return isinstance(selection, OneObject) or (isinstance(selection, Target) and "name" in dict(selection.fields))


def version_of(manifest: Mapping[str, Any]) -> str:
    """Return the version part of apiVersion: `v1` of `apps/v1`."""
    return str(manifest.get("apiVersion", "")).rpartition("/")[2]


def _identity_part(manifest: Object, field: str) -> str:
    match field:
        case "group":
            return identify(manifest).group
        case "version":
            return version_of(manifest)
        case "kind":
            return str(manifest.get("kind", ""))
    return str(mapping(manifest, ("metadata",)).get(field, ""))


def _hold(requirements: Iterable[Requirement], labels: Any) -> bool:
    return all(requirement.holds(labels if isinstance(labels, dict) else {}) for requirement in requirements)


def _may_set(earlier: str, requirement: Requirement) -> bool:
    """Return whether entries with these texts may meet the requirement: they name the key, and a value if needed.

    A JSON patch that copies or moves a value ("from") does not name it.
    """
    if requirement.key not in earlier:
        return False
    values = () if requirement.excluded else requirement.values or ()
    return not values or "from" in earlier or any(value in earlier for value in values)


def _images(value: Any) -> Iterator[str]:
    """Yield the images of all containers anywhere in a value."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "image" and isinstance(child, str):
                yield child
            else:
                yield from _images(child)
    elif isinstance(value, list):
        for child in value:
            yield from _images(child)


def _image_name(image: str) -> str:
    """Return an image reference without tag and digest."""
    return re.sub(r"(:[\w.{}-]*)?(@sha256:[\w.{}-]*)?$", "", image, count=1, flags=re.ASCII)
