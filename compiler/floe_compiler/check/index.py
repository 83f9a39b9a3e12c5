"""What the rules look at: the objects of one environment, ordered so that each rule stays near-linear."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from floe_compiler.check.kubernetes_schemas import KubernetesSchemas, known_versions, kubernetes_schemas
from floe_compiler.check.launched import launched_job, launched_workload
from floe_compiler.check.pods import PodIndex
from floe_compiler.check.secret_keys import SecretKeys, secrets_of
from floe_compiler.check.shapes import Shapes, shape
from floe_compiler.check.violations import Violation
from floe_compiler.check.workloads import Workload, workload
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered, launched_id
from floe_compiler.model.span import Span

Objects = tuple[tuple[ObjectId, Object], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """One environment; `rendered` holds its objects as far as they are well-formed (see `shapes`).

    `secrets` has the writers of each Secret by namespace and name: more than one is a clash.
    """

    rendered: Rendered
    kubernetes: KubernetesSchemas
    shapes: Shapes
    by_kind: Mapping[tuple[str, str], Objects]
    by_namespace: Mapping[tuple[str, str, str], Collection[str]]
    workloads: Mapping[ObjectId, Workload]
    """The workloads, and the pods that some of them launch at run time."""
    launched_violations: Mapping[ObjectId, tuple[Violation, ...]]
    pods: PodIndex
    secrets: Mapping[tuple[str, str], tuple[SecretKeys, ...]]

    @property
    def objects(self) -> Mapping[ObjectId, Object]:
        """Return the well-formed objects by identity, in order."""
        return self.rendered.objects.by_id

    def of(self, group: str, *kinds: str) -> Iterable[tuple[ObjectId, Object]]:
        """Yield the objects of these kinds of an API group with their identities, kind by kind."""
        for kind in kinds:
            yield from self.by_kind.get((group, kind), ())

    def get(self, group: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return the object of that identity, or None."""
        return self.objects.get(ObjectId(group, kind, namespace, name))

    def manifest(self, identity: ObjectId) -> Object:
        """Return an object, or what the Job of launched pods would be."""
        return self.objects[identity] if identity in self.objects else self.workloads[identity].manifest

    def names(self, group: str, kind: str, namespace: str) -> Collection[str]:
        """Return the names of the objects of a kind in a namespace, for hints."""
        return self.by_namespace.get((group, kind, namespace), ())

    def place(self, about: object) -> Span | None:
        """Return the authored place that an object or a group of pods is due to, if one is known."""
        return self.rendered.origins.get(str(about))

    def finding(
        self, rule: Rule, about: object, message: str, hint: str = "", related: Iterable[Related] = ()
    ) -> Diagnostic:
        """Return a diagnostic about an object, pod group or namespace of this environment.

        What is rendered is sound by itself. So if somebody patched it, the place is the patch that came last.
        """
        places = [Related(span, "patched here, too") for span in reversed(self.rendered.patched.get(str(about), ()))]
        if origin := self.place(about):
            places.append(Related(origin, "rendered for this"))
        places += [
            Related(span, f"removes {identity}")
            for identity, spans in self.rendered.removed.items()
            if _explains(identity, about, message)
            for span in spans
        ]
        span = places[0].span if places else None
        others = (one for one in (*places[1:], *related) if one.span != span)
        subject = f"{self.rendered.environment}: {about}"
        return Diagnostic(rule, message, span, subject, hint, tuple(dict.fromkeys(others)))


def _launched_jobs(rendered: Rendered, objects: Mapping[ObjectId, Object]) -> ObjectSet:
    found = {launched_id(pods.group): launched_job(pods, objects) for pods in sorted(rendered.launched)}
    return ObjectSet({identity: job for identity, job in found.items() if job is not None})


def _patched(rendered: Rendered) -> Mapping[str, tuple[Span, ...]]:
    """Return the patches of each object; those of launched pods are those of the object that describes them."""
    by = {pods: pods.description.by for pods in rendered.launched if pods.description}
    launched = {
        str(launched_id(pods.group)): rendered.patched[str(owner)]
        for pods, owner in by.items()
        if str(owner) in rendered.patched
    }
    return {**rendered.patched, **launched}


def _explains(removed: ObjectId, about: object, message: str) -> bool:
    """Tell whether something is amiss because an object was removed: its namespace, its namesake, or who names it."""
    if isinstance(about, ObjectId) and about.kind == "Namespace":
        return about.name == removed.namespace
    if getattr(about, "namespace", "") != removed.namespace:
        return False
    return getattr(about, "name", "") == removed.name or removed.name in re.findall(r"[\w.-]+", message)


def build_index(rendered: Rendered) -> Index:
    """Return the index of an environment. Objects that don't fit their schema are in it as far as they fit."""
    kubernetes = kubernetes_schemas(rendered.kubernetes_version) or kubernetes_schemas(known_versions()[-1])
    if kubernetes is None:
        raise FileNotFoundError("the data files of kubernetes-validate")
    shapes = shape(rendered.objects, kubernetes)
    objects = tuple(shapes.objects.by_id.items())
    by_kind: dict[tuple[str, str], list[tuple[ObjectId, Object]]] = defaultdict(list)
    by_namespace: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for identity, manifest in objects:
        by_kind[identity.group, identity.kind].append((identity, manifest))
        by_namespace[identity.group, identity.kind, identity.namespace].append(identity.name)
    secrets: dict[tuple[str, str], list[SecretKeys]] = defaultdict(list)
    for secret in secrets_of(objects, rendered.existing_secrets):
        secrets[secret.namespace, secret.name].append(secret)
    workloads = {found.id: found for pair in objects if (found := workload(*pair)) is not None}
    launched = shape(_launched_jobs(rendered, shapes.objects.by_id), kubernetes)
    workloads |= {identity: launched_workload(identity, job) for identity, job in launched.objects.by_id.items()}
    return Index(
        rendered=replace(rendered, objects=shapes.objects, patched=_patched(rendered)),
        kubernetes=kubernetes,
        shapes=shapes,
        by_kind={key: tuple(pairs) for key, pairs in by_kind.items()},
        by_namespace=dict(by_namespace),
        workloads=workloads,
        launched_violations=launched.violations,
        pods=PodIndex(workloads.values(), rendered.launched),
        secrets={key: tuple(writers) for key, writers in secrets.items()},
    )
