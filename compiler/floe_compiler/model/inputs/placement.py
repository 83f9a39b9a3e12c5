"""Where pods run: `placement` of the platform, of a domain, and of a data product."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.model.fields import FreeKey, LabelKey, LabelValue, ObjectName
from floe_compiler.model.inputs.common import Input

_SEVERAL, _NONE, _NUMBER = ("In", "NotIn"), ("Exists", "DoesNotExist"), ("Gt", "Lt")


class Toleration(Input):
    """A taint that pods tolerate."""

    key: LabelKey
    """The taint's key."""
    operator: Literal["Equal", "Exists"] | None = None
    """Whether the taint must have this value, or may have any. Default: `Equal` if there is a value."""
    value: LabelValue = ""
    """The taint's value; empty: any value, or with `Equal` none."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """The taint's effect."""
    seconds: Annotated[int, Field(ge=0)] | None = None
    """How long a pod stays on a node that gets the taint, with the effect `NoExecute`. Default: for ever."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.operator == "Exists" and self.value:
            raise ValueError(f"operator Exists is for any value; leave out value {self.value}, or the operator")
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("seconds are for the effect NoExecute; leave them out, or write effect: NoExecute")
        return self

    @property
    def any_value(self) -> bool:
        """Return whether the taint may have any value."""
        return not self.value and self.operator != "Equal"


class NodeRequirement(Input):
    """What a label of a node must be."""

    key: LabelKey
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = "In"
    """How the label and the values are compared; `Gt` and `Lt` as numbers."""
    values: tuple[LabelValue, ...] = Field(default=(), strict=False)
    """The values: several for `In` and `NotIn`, a number for `Gt` and `Lt`, none for the others."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.operator in _SEVERAL and not self.values:
            raise ValueError(f"operator {self.operator} needs values; write values: [...]")
        if self.operator in _NONE and self.values:
            raise ValueError(f"operator {self.operator} takes no values; leave them out")
        if self.operator in _NUMBER and not (len(self.values) == 1 and self.values[0].isdecimal()):
            raise ValueError(f'operator {self.operator} needs one whole number; write values: ["8"]')
        return self


class NodePreference(Input):
    """Nodes that are better than others."""

    weight: Annotated[int, Field(ge=1, le=100)] = 50
    """How much better they are, compared with other preferences."""
    nodes: Annotated[tuple[NodeRequirement, ...], Field(min_length=1, strict=False)]
    """What their labels must be: all of it."""


class NearbyPods(Input):
    """Other pods of the same namespace, by their labels."""

    labels: Annotated[dict[LabelKey, LabelValue], Field(min_length=1)]
    """The labels that they have: all of these."""
    topology: LabelKey = "kubernetes.io/hostname"
    """The label of nodes that says what is near: the same node, or `topology.kubernetes.io/zone` for the same zone."""
    weight: Annotated[int, Field(ge=1, le=100)] | None = None
    """How much it matters, compared with other preferences. Default: it must be so, or the pod waits."""


class Placement(Input):
    """The nodes that pods run on."""

    node_selector: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] = Field(default=(), strict=False)
    """Node taints that pods tolerate."""


class JobPlacement(Placement):
    """The nodes that the pods of pipelines run on, and how."""

    required_nodes: tuple[NodeRequirement, ...] = Field(default=(), strict=False)
    """What the labels of a node must be, besides `node_selector`: all of it."""
    preferred_nodes: tuple[NodePreference, ...] = Field(default=(), strict=False)
    """Nodes that are better, if they have room."""
    priority_class: ObjectName | None = None
    """The PriorityClass: pods of a lower one are stopped if there is no room. Default: that of the cluster."""
    runtime_class: ObjectName | None = None
    """The RuntimeClass, such as one for GPUs (`nvidia`) or for a sandbox. Default: that of the nodes."""
    near: tuple[NearbyPods, ...] = Field(default=(), strict=False)
    """Pods that they run near."""
    apart_from: tuple[NearbyPods, ...] = Field(default=(), strict=False)
    """Pods that they do not run near."""
    labels: dict[FreeKey, LabelValue] = Field(default_factory=dict)
    """Further labels of the pods, such as `acme.example/cost-center`."""
    annotations: dict[FreeKey, str] = Field(default_factory=dict)
    """Further annotations of the pods, such as `karpenter.sh/do-not-disrupt`."""


class Placements(Input):
    """The nodes for long-running services, and those for data pipelines."""

    services: Placement = Placement()
    """The nodes that servers run on."""
    jobs: JobPlacement = JobPlacement()
    """The nodes that pipelines and other jobs run on."""
