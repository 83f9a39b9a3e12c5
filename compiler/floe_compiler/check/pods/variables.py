"""References to variables, `$(NAME)`, in the variables, the command and the arguments of containers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule, nearest
from floe_compiler.model.nested_fields import items, mapping, mappings
from floe_compiler.model.object_memory import once
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Container, containers_of, pod_template

UNRESOLVED = Rule(
    "C117",
    "reference to a variable that is not defined",
    "Kubernetes replaces $(NAME) by a variable of the container; in a variable, by one that is defined before it. It"
    " leaves other references as they are. Define the variable, move it up, or write $$(NAME) for the text itself.",
)
RULES = (UNRESOLVED,)

# `$$` stands for `$`. Source: k8s.io/kubernetes/third_party/forked/golang/expansion.
_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
# `sh -c`, also `bash -ecx`, takes a script, in which $(date) is a command. Variables have capital letters there.
_SCRIPT = re.compile(r"-[a-z]{0,4}c[a-z]{0,3}")
_CAPITALS = re.compile(r"[A-Z_][A-Z0-9_]*")
_OF_KUBERNETES = "KUBERNETES_"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield references to variables that are missing or defined later, also in custom resources with a pod template."""
    services = (identity.name for identity, _ in index.of("", "Service"))
    prefixes = tuple(f"{name.upper().replace('-', '_')}_" for name in services)
    for identity, pod, containers in _pods(index):
        linked = prefixes if pod.get("enableServiceLinks", True) else ()
        for container in containers:
            yield from _container(index, identity, container, (_OF_KUBERNETES, *linked))


def _pods(index: Index) -> Iterator[tuple[ObjectId, Object, Iterable[Container]]]:
    """Yield the specification and the containers of all pods, each with the object that has them."""
    for workload in index.workloads.values():
        yield workload.id, workload.pod, workload.containers
    for identity, manifest in index.objects.items():
        if identity not in index.workloads and (template := pod_template(manifest)):
            pod = mapping(template, ("spec",))
            yield identity, pod, containers_of(pod, "spec.template.spec")


def _container(index: Index, owner: ObjectId, container: Container, prefixes: tuple[str, ...]) -> Iterator[Diagnostic]:
    references = _references_of(container)
    imported = _imported(index, owner.namespace, container) if references else None
    if imported is None:
        return
    names = [str(variable.get("name", "")) for variable in mappings(container.data, ("env",))]
    for place, name, position in references:
        defined = {*imported, *names[:position]}
        if name in defined or name.startswith(prefixes):
            continue
        later = name in names
        hint = f"define {name} before it" if later else _undefined(name, defined)
        problem = "is defined after it" if later else "is not defined"
        message = f"{container.place}.{place} refers to $({name}), which {problem}"
        yield index.finding(UNRESOLVED, owner, message, hint)


def _undefined(name: str, defined: Collection[str]) -> str:
    """Return the hint for a variable that is not defined: the one that may be meant, or else the two ways out."""
    otherwise = f"define {name} under env before it is referred to, or write $$({name}) for the text itself"
    return nearest(name, defined) or otherwise


@once
def _references_of(container: Container) -> tuple[tuple[str, str, int | None], ...]:
    return tuple(_references(container.data))


def _references(container: Object) -> Iterator[tuple[str, str, int | None]]:
    """Yield the place and name of each reference, and how many variables are defined before it (None: all)."""
    for position, variable in enumerate(mappings(container, ("env",))):
        for name in _names(variable.get("value")):
            yield f"env[{variable.get('name', '')}]", name, position
    before = ""
    for field, text in chain.from_iterable(
        ((field, text) for text in items(container, (field,))) for field in ("command", "args")
    ):
        script = _SCRIPT.fullmatch(before)
        for name in _names(text):
            if not script or _CAPITALS.fullmatch(name):
                yield field, name, None
        before = str(text)


def _names(text: object) -> Iterator[str]:
    if isinstance(text, str) and "$(" in text:
        yield from dict.fromkeys(match[1] for match in _REFERENCE.finditer(text) if match[1])


def _imported(index: Index, namespace: str, container: Container) -> Collection[str] | None:
    """Return the variables of `envFrom`; None if they are unknown."""
    names: set[str] = set()
    for source in mappings(container.data, ("envFrom",)):
        keys: Collection[str] | None = None
        if "configMapRef" in source:
            name = str(mapping(source, ("configMapRef",)).get("name"))
            manifest = index.get("", "ConfigMap", namespace, name)
            keys = None if manifest is None else mapping(manifest, ("data",)).keys()
        elif "secretRef" in source:
            name = str(mapping(source, ("secretRef",)).get("name"))
            writers = index.secrets.get((namespace, name), ())
            keys = writers[0].keys if writers else None
        if keys is None:
            return None
        names |= {f"{source.get('prefix', '')}{key}" for key in keys}
    return names
