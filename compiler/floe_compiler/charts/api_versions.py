"""What a cluster is said to have when helm renders a chart: Kubernetes' own kinds, and those that are defined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from floe_compiler.model.kubernetes_schemas import kubernetes_schemas
from floe_compiler.model.nested_fields import at, mappings
from floe_compiler.model.objects import Object

_NOT_SERVED = ("alpha", "beta")
_NO_OBJECTS = frozenset({"APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "DeleteOptions", "Status"})


@cache
def own_kinds(version: str) -> tuple[str, ...]:
    """Return the kinds of a Kubernetes version, as `apps/v1/Deployment`; helm itself knows only their groups.

    Kinds of versions that a cluster does not serve unless it is told to are left out.
    """
    schemas = kubernetes_schemas(version)
    kinds = schemas.kinds if schemas else ()
    return tuple(
        sorted(
            f"{api_version}/{kind}"
            for api_version, kind in kinds
            if kind not in _NO_OBJECTS
            and not kind.endswith(("List", "Event"))
            and not any(word in api_version for word in _NOT_SERVED)
        )
    )


def defined_kinds(definitions: Iterable[Object]) -> tuple[str, ...]:
    """Return the versions and kinds of custom resources, as `keda.sh/v1alpha1` and `keda.sh/v1alpha1/ScaledObject`."""
    return tuple(sorted({kind for definition in definitions for kind in _of_definition(definition)}))


def _of_definition(definition: Object) -> Iterator[str]:
    group, kind = at(definition, ("spec", "group")), at(definition, ("spec", "names", "kind"))
    for version in mappings(definition, ("spec", "versions")):
        if version.get("served", True):
            yield f"{group}/{version.get('name')}"
            yield f"{group}/{version.get('name')}/{kind}"


def scopes_of(definitions: Iterable[Object]) -> Mapping[tuple[str, str], bool]:
    """Return whether the kinds of custom resources are namespaced, by group and kind."""
    return {
        (str(at(definition, ("spec", "group"))), str(at(definition, ("spec", "names", "kind")))): (
            at(definition, ("spec", "scope")) == "Namespaced"
        )
        for definition in definitions
    }
