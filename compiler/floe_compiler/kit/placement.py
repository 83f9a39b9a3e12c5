"""Where pods run: the fields of a pod's specification that choose its nodes."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.kit.meta import present
from floe_compiler.model.inputs import JobPlacement, NearbyPods, NodeRequirement, Placement, Toleration
from floe_compiler.model.objects import Object


def joined(placement: Placement, own: JobPlacement | None) -> Placement:
    """Return the placement of a kind of pods with what one pod asks for in addition; its own values win."""
    if own is None:
        return placement
    shared = placement if isinstance(placement, JobPlacement) else JobPlacement(**dict(placement))
    return JobPlacement(
        node_selector=shared.node_selector | own.node_selector,
        tolerations=tuple(dict.fromkeys((*shared.tolerations, *own.tolerations))),
        required_nodes=(*shared.required_nodes, *own.required_nodes),
        preferred_nodes=(*shared.preferred_nodes, *own.preferred_nodes),
        priority_class=own.priority_class or shared.priority_class,
        runtime_class=own.runtime_class or shared.runtime_class,
        near=(*shared.near, *own.near),
        apart_from=(*shared.apart_from, *own.apart_from),
        labels=shared.labels | own.labels,
        annotations=shared.annotations | own.annotations,
    )


def placed(placement: Placement, architecture: str = "") -> Object:
    """Return the nodes that pods may run on. `architecture` is the only one that their images support."""
    built_for = {"kubernetes.io/arch": architecture} if architecture else {}
    further = (
        present(
            affinity=_affinity(placement),
            priorityClassName=placement.priority_class,
            runtimeClassName=placement.runtime_class,
        )
        if isinstance(placement, JobPlacement)
        else {}
    )
    return further | present(
        nodeSelector=dict(sorted((placement.node_selector | built_for).items())),
        tolerations=[_toleration(toleration) for toleration in placement.tolerations],
    )


def free_metadata(placement: Placement) -> tuple[dict[str, str], dict[str, str]]:
    """Return the labels and annotations that people give to pods."""
    return (placement.labels, placement.annotations) if isinstance(placement, JobPlacement) else ({}, {})


def _toleration(declared: Toleration) -> Object:
    return present(
        key=declared.key,
        operator="Exists" if declared.any_value else "Equal",
        value=declared.value,
        effect=declared.effect,
    ) | ({} if declared.seconds is None else {"tolerationSeconds": declared.seconds})


def _affinity(placement: JobPlacement) -> Object:
    preferred = [
        {"weight": preference.weight, "preference": _expressions(preference.nodes)}
        for preference in placement.preferred_nodes
    ]
    required = {"nodeSelectorTerms": [_expressions(placement.required_nodes)]} if placement.required_nodes else {}
    nodes = present(
        requiredDuringSchedulingIgnoredDuringExecution=required,
        preferredDuringSchedulingIgnoredDuringExecution=preferred,
    )
    return present(nodeAffinity=nodes, podAffinity=_pods(placement.near), podAntiAffinity=_pods(placement.apart_from))


def _pods(nearby: Iterable[NearbyPods]) -> Object:
    """Return the rules about other pods of the namespace, which is the default of a term without namespaces."""
    terms = [
        (
            pods.weight,
            {"labelSelector": {"matchLabels": dict(sorted(pods.labels.items()))}, "topologyKey": pods.topology},
        )
        for pods in nearby
    ]
    return present(
        requiredDuringSchedulingIgnoredDuringExecution=[term for weight, term in terms if weight is None],
        preferredDuringSchedulingIgnoredDuringExecution=[
            {"weight": weight, "podAffinityTerm": term} for weight, term in terms if weight is not None
        ],
    )


def _expressions(requirements: Iterable[NodeRequirement]) -> Object:
    return {
        "matchExpressions": [
            present(key=requirement.key, operator=requirement.operator, values=list(requirement.values))
            for requirement in requirements
        ]
    }
