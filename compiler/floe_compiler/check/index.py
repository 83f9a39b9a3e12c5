"""The objects of one unit, indexed for the rules."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from floe_compiler.check.network.policies import Policies, read_policies
from floe_compiler.check.network.used_hosts import used_hosts
from floe_compiler.check.objects.kubernetes.marked_values import MarkedValue, marked_values
from floe_compiler.check.objects.schemas import Schemas, schemas_for
from floe_compiler.check.objects.shapes import Shapes, shape, with_violations
from floe_compiler.check.objects.violations import Violation
from floe_compiler.check.pod_index import PodIndex
from floe_compiler.check.pods.custom_pods import custom_pods
from floe_compiler.check.pods.launched_jobs import launched_jobs, launched_workload
from floe_compiler.check.references.secret_keys import SecretKeys, secrets_of
from floe_compiler.check.texts.addresses import Address
from floe_compiler.check.texts.server_addresses import server_addresses, texts_with_addresses
from floe_compiler.check.texts.texts import Text, texts_of
from floe_compiler.model.custom_resources import REFERENCES, Named, created_for, references_of
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.foreign_labels import operated_labels
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.pod_references import Reference, workload_references
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.selectors import Labels
from floe_compiler.model.workloads import Workload, workload

Objects = tuple[tuple[ObjectId, Object], ...]


@dataclass(frozen=True, eq=False)  # no slots, as cached properties need a __dict__
class Index:
    """One unit; `rendered` has the well-formed parts of its objects (see `shapes`).

    `secrets` has the writers of each Secret by namespace and name: more than one writer is a conflict.
    """

    rendered: Rendered
    schemas: Schemas
    shapes: Shapes
    by_kind: Mapping[tuple[str, str], Objects]
    workloads: Mapping[ObjectId, Workload]
    """The workloads, and the pods that some of them launch at run time.

    A custom resource with several pod templates is several workloads, with its identity and others.
    """
    launched_violations: Mapping[ObjectId, tuple[Violation, ...]]
    pods: PodIndex
    secrets: Mapping[tuple[str, str], tuple[SecretKeys, ...]]
    places: Places

    @property
    def kubernetes(self) -> KubernetesSchemas:
        """Return the schemas of the environment's Kubernetes version."""
        return self.schemas.kubernetes

    @property
    def objects(self) -> Mapping[ObjectId, Object]:
        """Return the well-formed objects by identity, in order."""
        return self.rendered.objects.by_id

    @cached_property
    def marked_values(self) -> tuple[MarkedValue, ...]:
        """Return the values in the objects that rules look at by their types, beyond what schemas say."""
        return tuple(marked_values(self.kubernetes, self.objects.items()))

    @cached_property
    def typed_values(self) -> tuple[MarkedValue, ...]:
        """Return those of these values that are mappings."""
        return tuple(marked for marked in self.marked_values if marked.type_ and isinstance(marked.value, dict))

    @cached_property
    def policies(self) -> Policies:
        """Return the rules of the unit's NetworkPolicies."""
        return read_policies(self.of("networking.k8s.io", "NetworkPolicy"), self.pods, self.rendered.dns)

    @cached_property
    def references(self) -> Mapping[Workload, tuple[Reference, ...]]:
        """Return the ConfigMaps and Secrets that the pods of each workload use."""
        return {workload: workload_references(workload) for workload in self.workloads.values()}

    @cached_property
    def named(self) -> tuple[tuple[ObjectId, Named], ...]:
        """Return the objects that others refer to, as far as `custom_resources` knows where, each with its referrer."""
        domain = self.rendered.cluster_domain
        return tuple(
            (identity, named)
            for kind in REFERENCES
            for identity, manifest in self.by_kind.get(kind, ())
            for named in dict.fromkeys(references_of(identity, manifest, domain))
        )

    @cached_property
    def operated(self) -> tuple[Labels, ...]:
        """Return the labels of pods that operators start for custom resources without a template of pods."""
        return tuple(
            labels for identity, manifest in self.objects.items() if (labels := operated_labels(identity, manifest))
        )

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """Return the free text in the objects."""
        return tuple(texts_of(self.workloads, self.of("", "ConfigMap"), self.rendered.launched))

    @cached_property
    def addresses(self) -> tuple[tuple[Text, Address], ...]:
        """Return the addresses of servers in the objects, each with its text."""
        config_maps = tuple(self.of("", "ConfigMap"))
        texts = texts_of(self.workloads, config_maps, self.rendered.launched, texts_with_addresses)
        addresses = server_addresses(texts, self.workloads.values(), config_maps)
        return tuple(dict.fromkeys(addresses))

    @cached_property
    def used_hosts(self) -> tuple[tuple[Text, Address], ...]:
        """Return the addresses of servers, except localhost, the API server, and hosts that an annotation declares."""
        return tuple(used_hosts(self.addresses, self.manifest))

    def only(self, objects: Iterable[ObjectId]) -> Index:
        """Return the index with only some of the objects, for rules that look at one object at a time.

        It has their pods, and those that some objects launch at run time.
        """
        chosen = {identity: self.objects[identity] for identity in objects}
        workloads = {
            identity: workload
            for identity, workload in self.workloads.items()
            if workload.id in chosen or workload.id not in self.objects
        }
        return dataclasses.replace(
            self,
            rendered=replace(self.rendered, objects=ObjectSet(chosen)),
            by_kind=_by_kind(chosen.items()),
            workloads=workloads,
        )

    def of(self, group: str, *kinds: str) -> Iterable[tuple[ObjectId, Object]]:
        """Yield the objects of these kinds of an API group, with their identities, kind by kind."""
        for kind in kinds:
            yield from self.by_kind.get((group, kind), ())

    def get(self, group: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return the object with this identity, or None."""
        return self.objects.get(ObjectId(group, kind, namespace, name))

    def manifest(self, identity: ObjectId) -> Object:
        """Return an object, or the Job that launched pods would belong to."""
        return self.objects[identity] if identity in self.objects else self.workloads[identity].manifest

    def names(self, group: str, kind: str) -> Collection[str]:
        """Return the names of the objects of a kind, for hints."""
        return [identity.name for identity, _ in self.of(group, kind)]

    def finding(
        self, rule: Rule, about: object, message: str, hint: str, related: Iterable[Related] = ()
    ) -> Diagnostic:
        """Return a diagnostic about an object, pod group or namespace of this unit."""
        return self.places.diagnostic(rule, about, message, hint, related)


def _has_no_pod(runner: Workload, violations: Iterable[Violation]) -> bool:
    """Return whether the specification of an object's pods, or what it is in, is something else than a mapping.

    That is one mistake. What a pod must have would be missing, too, but nobody has written a pod.
    """
    place = tuple(runner.at("spec").split("."))
    return any(violation.path == violation.drop == place[: len(violation.path)] for violation in violations)


def _by_kind(objects: Iterable[tuple[ObjectId, Object]]) -> Mapping[tuple[str, str], Objects]:
    by_kind: dict[tuple[str, str], list[tuple[ObjectId, Object]]] = defaultdict(list)
    for identity, manifest in objects:
        by_kind[identity.group, identity.kind].append((identity, manifest))
    return {key: tuple(pairs) for key, pairs in by_kind.items()}


def build_index(rendered: Rendered, definitions: tuple[Object, ...] = ()) -> Index:
    """Return the index of a unit. It has only the valid parts of objects that do not match their schema.

    Args:
        rendered: The unit.
        definitions: The CustomResourceDefinitions of the environment.
    """
    schemas = schemas_for(rendered.kubernetes_version, definitions)
    shapes = shape(rendered.objects, schemas)
    objects = tuple(shapes.objects.by_id.items())
    by_kind = _by_kind(objects)
    secrets: dict[tuple[str, str], list[SecretKeys]] = defaultdict(list)
    for secret in secrets_of(objects, rendered.existing_secrets):
        secrets[secret.namespace, secret.name].append(secret)
    workloads = {
        runner.id: runner
        for pair in objects
        if (runner := workload(*pair)) is not None and not _has_no_pod(runner, shapes.violations.get(runner.id, ()))
    }
    custom, misfits = custom_pods(rendered, by_kind, schemas)
    workloads |= custom
    for identity, _ in objects:
        for created in created_for(identity):
            if created.kind == "Secret" and (created.namespace, created.name) not in secrets:
                secrets[created.namespace, created.name] = [SecretKeys(*created[2:], None, "Opaque", "")]
    for missing in rendered.encrypted_secrets:
        if (missing.namespace, missing.name) not in secrets:  # which is an error of its own
            keys = frozenset(missing.keys) or None
            secrets[missing.namespace, missing.name] = [
                SecretKeys(missing.namespace, missing.name, keys, missing.type, "")
            ]
    launched = shape(launched_jobs(rendered.launched, shapes.objects.by_id), schemas)
    workloads |= {identity: launched_workload(identity, job) for identity, job in launched.objects.by_id.items()}
    return Index(
        rendered=replace(rendered, objects=shapes.objects),
        schemas=schemas,
        shapes=with_violations(shapes, misfits),
        by_kind=by_kind,
        workloads=workloads,
        launched_violations=launched.violations,
        pods=PodIndex(workloads.values(), rendered.launched),
        secrets={key: tuple(writers) for key, writers in secrets.items()},
        places=Places.of(rendered).as_meant(shapes.respelt),
    )
