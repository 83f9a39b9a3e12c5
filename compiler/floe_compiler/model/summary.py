"""Summaries: what `link` needs to know about the objects of a unit. Small plain data, without manifests.

A summary has what the unit defines, and what it refers to but does not define. It leaves out everything that can be
checked within the unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from floe_compiler.model.bit_sets import Bits, of_data, to_data, union
from floe_compiler.model.label_index import LabelIndex, LabelSelector
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.policy_ports import PolicyPorts
from floe_compiler.model.projects import Project
from floe_compiler.model.rendered import PodGroup

_ENCODER = msgspec.msgpack.Encoder(enc_hook=to_data)

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")


class Subject(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """What a finding is about: an object or, without a kind, a group of pods."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, about: ObjectId | PodGroup) -> Subject:
        """Return the subject for an object or a group of pods."""
        if isinstance(about, PodGroup):
            return cls("", "", about.namespace, about.name)
        return cls(about.group, about.kind, about.namespace, about.name)

    @property
    def about(self) -> ObjectId | PodGroup:
        """Return the object or group of pods."""
        if not self.kind:
            return PodGroup(self.namespace, self.name)
        return ObjectId(self.group, self.kind, self.namespace, self.name)


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A reference to an object outside the namespace; `named_by` lists the referring objects and the fields."""

    group: str
    kind: str
    namespace: str
    name: str
    named_by: tuple[tuple[Subject, str], ...]


class Token(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Pods with a token for the API server whose account has no role in its own namespace."""

    account: str
    subject: Subject
    message: str
    hint: str


class Pods(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Pods with the same labels: the name of their group, and the object that has their template."""

    group: str
    subject: Subject


class Peer(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Pods that a rule of a NetworkPolicy selects, in its own namespace or in others.

    `names` are the names of namespaces; `namespaces` selects them if names are not enough.
    """

    pods: LabelSelector
    own: bool = False
    names: tuple[str, ...] = ()
    namespaces: LabelSelector | None = None


class Opening(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rule of NetworkPolicies: for each policy with this rule, the pods (as bits) that the policy selects.

    `everyone` is true for a rule without peers. `addresses` says whether there are address ranges among the peers, and
    `everywhere` whether one of them is the whole address space.
    """

    peers: tuple[Peer, ...]
    ports: PolicyPorts
    policies: dict[str, Bits]
    everyone: bool = False
    addresses: bool = False
    everywhere: bool = False

    @property
    def pods(self) -> int:
        """Return all pods (as bits) that any of the policies selects."""
        return union(self.policies.values())


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Pods of this unit (as bits), by name, that are declared to call a group of pods on a port."""

    namespace: str
    name: str
    protocol: str
    port: int
    sources: dict[str, Bits]

    @property
    def pods(self) -> int:
        """Return all calling pods (as bits)."""
        return union(self.sources.values())


class LostCall(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A declared connection whose source is not among the pods of its unit."""

    source: str
    target: str
    protocol: str
    port: int


class Door(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Pods that an Ingress or a route leads to, and the only namespaces that policies allow to reach them."""

    route: Subject
    group: str
    port: int
    namespaces: tuple[str, ...]


class Network(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The pods of a unit, with its policies and declared connections.

    `labels` has for each label and value the pods (as bits) that have it. `isolated_in` and `isolated_out` are the pods
    (as bits) that may receive or send only what a policy allows. `ports` are the numbers that containers and
    connections use, and `named_ports` the pods by protocol, name and number. `ingress_ports` are the ports that the
    ingress controller may reach, by the pod's position. `external` are the namespaces that a policy declares as
    created outside the output. `foreign_calls` are to Services that others keep, by their hosts, of which only the
    namespace is known.
    """

    pods: tuple[Pods, ...] = ()
    labels: dict[str, dict[str, Bits]] = {}
    isolated_in: Bits = Bits()
    isolated_out: Bits = Bits()
    ports: tuple[int, ...] = ()
    named_ports: dict[str, dict[str, dict[int, Bits]]] = {}
    ingress: tuple[Opening, ...] = ()
    egress: tuple[Opening, ...] = ()
    calls: tuple[Call, ...] = ()
    lost_calls: tuple[LostCall, ...] = ()
    doors: tuple[Door, ...] = ()
    ingress_ports: dict[int, tuple[int, ...]] = {}
    external: dict[str, tuple[str, ...]] = {}
    foreign_calls: tuple[Call, ...] = ()

    @property
    def everyone(self) -> int:
        """Return all pods (as bits)."""
        return (1 << len(self.pods)) - 1


class Monitor(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A monitor of Prometheus: what it selects (`pod` or `Service`), by which labels, and in which namespaces."""

    subject: Subject
    selected: str
    selector: LabelSelector
    namespaces: tuple[str, ...]


class Labelled(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Pods or Services by their labels: for each label and value those (as bits) that have it, and their number."""

    labels: dict[str, dict[str, Bits]] = {}
    count: int = 0

    def has(self, selector: LabelSelector) -> bool:
        """Return whether a selector selects any of them."""
        return bool(LabelIndex(self.labels, (1 << self.count) - 1).select(selector))


class Mention(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Where an object's text names a host; `beside` is the setting with the port, if that is another setting."""

    subject: Subject
    place: str
    beside: str = ""


class Host(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A server that programs are configured with and that is not in their own namespace (`port` 0: no port is named).

    `certain` says that the text can only be the address of a server. `named_at` is the mentions as MessagePack: there
    are many, and only findings need them.
    """

    name: str
    port: int
    certain: bool
    named_at: msgspec.Raw

    @classmethod
    def of(cls, name: str, port: int, certain: bool, mentions: Iterable[Mention]) -> Host:
        """Return a host with these mentions."""
        return cls(name, port, certain, msgspec.Raw(_ENCODER.encode(tuple(dict.fromkeys(mentions)))))

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Return where the objects' texts name the host."""
        return msgspec.msgpack.decode(self.named_at, type=tuple[Mention, ...])


class Hosts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The hosts that a unit's programs use, its own Services with their ports, and the servers that it declares.

    A Service or server without ports accepts any port. `external_services` are the declared servers that are Services
    which others keep in the cluster.
    """

    used: tuple[Host, ...] = ()
    services: dict[str, tuple[int, ...]] = {}
    servers: dict[str, tuple[int, ...]] = {}
    external_services: tuple[str, ...] = ()


class Delivery(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The folders that Argo CD or Flux applies, each with its AppProject (None for Flux), and the AppProjects.

    `unwanted` are objects that must not be delivered: they are misplaced, or contain secrets.
    """

    applied: tuple[tuple[str, str | None], ...] = ()
    projects: dict[str, Project] = {}
    unwanted: tuple[Subject, ...] = ()


class RoutedHost(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A host that an Ingress or a route leads to a Service; the `path` of a prefix ends with an asterisk.

    `way` is the class of an Ingress, or the listeners of a route. `compiled` tells whether the compiler rendered it,
    `patched` whether a patch changed it. `field` is the place of the host in it.
    """

    host: str
    path: str
    way: str
    compiled: bool
    patched: bool
    subject: Subject
    field: str


class Lead(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A Service to which a hand-written or patched Ingress or route leads, its port, and the field that names it."""

    subject: Subject
    namespace: str
    service: str
    port: int
    field: str


class Summary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The summary of one unit.

    `objects` has the names of all objects by namespace, API group and kind. `stray` are the objects that need the
    unit's Namespace. `namespace_labels` are the Namespace's labels, None if the unit does not render it. `bound` are
    the ServiceAccounts of other namespaces, by namespace and name, that its bindings give a role.
    """

    unit: str
    objects: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
    stray: tuple[Subject, ...] = ()
    namespace_labels: dict[str, str] | None = None
    references: tuple[Reference, ...] = ()
    bound: tuple[tuple[str, str], ...] = ()
    tokens: tuple[Token, ...] = ()
    network: Network = Network()
    hosts: Hosts = Hosts()
    delivery: Delivery = Delivery()
    monitors: tuple[Monitor, ...] = ()
    services: Labelled = Labelled()
    operated: Labelled = Labelled()
    """The pods that operators start for custom resources, as far as their labels are known."""

    routes: tuple[RoutedHost, ...] = ()
    leads: tuple[Lead, ...] = ()
    """Those of objects that do not say why nobody is asked for a login."""

    open_services: tuple[tuple[str, int], ...] = ()
    """Its Services, each with a port, behind which a server of the platform asks nobody for a login."""


_DECODER = msgspec.msgpack.Decoder(Summary, dec_hook=of_data)


def encode(summary: Summary) -> bytes:
    """Return a summary as MessagePack: the same bytes for the same summary."""
    return _ENCODER.encode(summary)


def decode(data: bytes) -> Summary:
    """Return the summary that was encoded; raise msgspec.DecodeError for anything else."""
    return _DECODER.decode(data)
