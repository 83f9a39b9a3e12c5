"""Kubernetes must accept the names of objects and the names inside them.

Source: the validation of each kind in kubernetes/kubernetes, `pkg/apis/*/validation/validation.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache

from floe_compiler.check.index import Index
from floe_compiler.model.data_paths import place_below
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import with_hint
from floe_compiler.model.names import (
    check_data_key,
    check_dns_label,
    check_dns_subdomain,
    check_path_segment,
    check_service_name,
    check_variable_name,
)
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Container, Workload

INVALID = Rule(
    "C014",
    "invalid name",
    "Kubernetes refuses this name, or names that it derives from it (pods, labels). Choose a valid name.",
)
RULES = (INVALID,)

Accepts = Callable[[str], str]

_PORT = re.compile(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")

_OBJECTS: Mapping[tuple[str, str], Accepts] = {
    ("", "Namespace"): check_dns_label,
    ("", "Service"): check_service_name,
    ("rbac.authorization.k8s.io", "ClusterRole"): check_path_segment,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): check_path_segment,
    ("rbac.authorization.k8s.io", "Role"): check_path_segment,
    ("rbac.authorization.k8s.io", "RoleBinding"): check_path_segment,
}

# Names of a CronJob's Jobs get 11 more characters, and so does a StatefulSet's revision, which is a label of its pods.
_LONGEST: Mapping[tuple[str, str], int] = {
    ("batch", "CronJob"): 52,
    ("batch", "Job"): 63,
    ("apps", "StatefulSet"): 52,
}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the names that Kubernetes refuses."""
    for identity, manifest in index.objects.items():
        for place, name, accepts in _names(identity, manifest):
            yield from _refused(index, identity, place, name, accepts)
    for workload in index.workloads.values():
        for place, name, accepts in _names_in_pod(workload):
            yield from _refused(index, workload.id, place, name, accepts)


def _refused(index: Index, identity: ObjectId, place: str, name: str, accepts: Accepts) -> Iterator[Diagnostic]:
    if problem := _problem(accepts, name):
        yield index.finding(INVALID, identity, *with_hint(f"{place}: {problem}"))


@lru_cache(maxsize=8192)  # the same names are in every domain's objects
def _problem(accepts: Accepts, name: str) -> str:
    try:
        accepts(name)
    except ValueError as error:
        return str(error)
    return ""


def _names(identity: ObjectId, manifest: Object) -> Iterator[tuple[str, str, Accepts]]:
    kind = (identity.group, identity.kind)
    yield "metadata.name", identity.name, _OBJECTS.get(kind, check_dns_subdomain)
    if kind in _LONGEST:
        yield "metadata.name", identity.name, _shorter(_LONGEST[kind])
    if kind in (("", "ConfigMap"), ("", "Secret")):
        for field in ("data", "stringData", "binaryData"):
            for key in manifest.get(field, ()):
                yield place_below(field, key), key, check_data_key
    if kind == ("", "Service"):
        for port in manifest.get("spec", {}).get("ports", ()):
            if "name" in port:
                yield f"spec.ports[{port['name']}].name", port["name"], check_dns_label


def _names_in_pod(workload: Workload) -> Iterator[tuple[str, str, Accepts]]:
    for volume in workload.pod.get("volumes", ()):
        name = volume.get("name", "")
        yield workload.at(f"spec.volumes[{name}].name"), name, check_dns_label
    for container in workload.containers:
        yield from _names_in_container(container)


def _names_in_container(container: Container) -> Iterator[tuple[str, str, Accepts]]:
    yield f"{container.place}.name", container.name, check_dns_label
    for variable in container.data.get("env", ()):
        name = variable.get("name", "")
        yield f"{container.place}.env[{name}].name", name, check_variable_name
    for port in container.ports:
        if "name" in port:
            yield f"{container.place}.ports[{port['name']}].name", port["name"], _port_name


def _port_name(name: str) -> str:
    if len(name) > 15 or not _PORT.fullmatch(name):
        allowed = 'lower-case letters (at least one), digits, and single "-" between them, 15 characters at most'
        raise ValueError(f'"{name}" is not the name of a port: {allowed}')
    return name


@cache
def _shorter(longest: int) -> Accepts:
    def accepts(name: str) -> str:
        if len(name) > longest:
            raise ValueError(f'"{name}" has {len(name)} characters; at most {longest} are allowed for this kind')
        return name

    return accepts
