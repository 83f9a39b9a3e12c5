"""The units of one environment, indexed for the rules of the link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from floe_compiler.model.bit_sets import numbers_in
from floe_compiler.model.environment_facts import EnvironmentFacts
from floe_compiler.model.hosts import SYSTEM_NAMESPACES
from floe_compiler.model.job_names import without_hash
from floe_compiler.model.label_index import NAMESPACE_NAME, LabelIndex, LabelSelector, label_bits
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import LAUNCHED, PodGroup
from floe_compiler.model.summary import Lead, Opening, Peer, Subject, Summary


@dataclass(frozen=True, eq=False)  # no slots, as cached properties need a __dict__
class Environment:
    """The facts and the units of an environment, by name."""

    facts: EnvironmentFacts
    units: Mapping[str, Summary]

    @classmethod
    def of(cls, facts: EnvironmentFacts, summaries: Iterable[Summary]) -> Environment:
        """Return the environment of these units."""
        return cls(facts, {summary.unit: summary for summary in sorted(summaries, key=attrgetter("unit"))})

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Return the names of the Namespaces that the environment renders."""
        return frozenset(
            name for unit in self.units.values() for name in unit.objects.get("", {}).get("", {}).get("Namespace", ())
        )

    @cached_property
    def known_namespaces(self) -> frozenset[str]:
        """Return the names of all namespaces, including those that every cluster has."""
        return self.namespaces | SYSTEM_NAMESPACES

    @cached_property
    def pods(self) -> Mapping[str, LabelIndex]:
        """Return the pods of each unit that has pods."""
        return {
            name: LabelIndex(unit.network.labels, unit.network.everyone)
            for name, unit in self.units.items()
            if unit.network.pods
        }

    @cached_property
    def ports(self) -> frozenset[int]:
        """Return the port numbers that containers or connections use."""
        return frozenset[int]().union(*(unit.network.ports for unit in self.units.values()))

    def names(self, group: str, kind: str, namespace: str) -> tuple[str, ...]:
        """Return the names of the objects of a kind in a namespace."""
        if namespace:
            unit = self.units.get(namespace)
            return _names(unit, group, kind, namespace) if unit else ()
        return tuple(name for unit in self.units.values() for name in _names(unit, group, kind, ""))

    def peers(self, unit: str, opening: Opening) -> Mapping[str, int]:
        """Return, by unit, the pods (as bits) that are peers in a rule of a unit's policies."""
        if opening.everyone:
            return self._everyone
        if len(opening.peers) == 1:
            return self.selected(unit, opening.peers[0])
        peers: dict[str, int] = {}
        for peer in opening.peers:
            for name, pods in self.selected(unit, peer).items():
                peers[name] = peers.get(name, 0) | pods
        return peers

    def selected(self, unit: str, peer: Peer) -> Mapping[str, int]:
        """Return, by unit, the pods (as bits) that a peer selects; equal peers are resolved once."""
        key = (unit if peer.own else "", peer)
        selected = self._selected.get(key)
        if selected is None:
            by_name = (
                (name, index.select(peer.pods)) for name in self._units(unit, peer) if (index := self.pods.get(name))
            )
            selected = self._selected[key] = {name: pods for name, pods in by_name if pods}
        return selected

    def group(self, unit: str, name: str) -> int:
        """Return the pods (as bits) of a group; a Job may be named with or without its hash."""
        groups = self._groups.get(unit)
        if groups is None:
            groups = self._groups[unit] = _group_bits(self.units.get(unit))
        return groups.get(name) or groups.get(without_hash(name), 0)

    def group_of(self, unit: str, position: int) -> PodGroup:
        """Return the group of the pods at a position."""
        return PodGroup(unit, self.units[unit].network.pods[position].group)

    def about(self, unit: str, position: int) -> ObjectId | PodGroup:
        """Return the subject of a finding about pods: the object with their template, if there is one."""
        return self.units[unit].network.pods[position].subject.about

    def order(self, unit: str, position: int) -> tuple[bool, Subject]:
        """Return the sort key of pods: by their objects, launched pods last."""
        subject = self.units[unit].network.pods[position].subject
        return subject.kind in ("", LAUNCHED), subject

    def past_login(self, unit: str) -> Iterator[Lead]:
        """Yield what hand-written Ingresses and routes of a unit lead to, if that asks nobody for a login."""
        for lead in self.units[unit].leads:
            target = self.units.get(lead.namespace)
            if target and (lead.service, lead.port) in target.open_services:
                yield lead

    def with_labels(self, selector: LabelSelector) -> tuple[str, ...]:
        """Return the namespaces that a selector selects, of those that are rendered or have pods."""
        names, index = self._labelled
        return tuple(names[position] for position in numbers_in(index.select(selector)))

    def _units(self, unit: str, peer: Peer) -> Iterable[str]:
        if peer.own:
            return (unit,)
        return peer.names if peer.namespaces is None else self.with_labels(peer.namespaces)

    @cached_property
    def _everyone(self) -> Mapping[str, int]:
        return {name: self.units[name].network.everyone for name in self.pods}

    @cached_property
    def _selected(self) -> dict[tuple[str, Peer], Mapping[str, int]]:
        return {}

    @cached_property
    def _groups(self) -> dict[str, dict[str, int]]:
        return {}

    @cached_property
    def _labelled(self) -> tuple[tuple[str, ...], LabelIndex]:
        names = tuple(sorted(self.namespaces | self.pods.keys()))
        labels = []
        for name in names:
            unit = self.units.get(name)
            labels.append({**((unit.namespace_labels if unit else None) or {}), NAMESPACE_NAME: name})
        return names, LabelIndex(label_bits(labels), (1 << len(names)) - 1)


def _group_bits(unit: Summary | None) -> dict[str, int]:
    groups: dict[str, int] = {}
    for position, pods in enumerate(unit.network.pods if unit else ()):
        groups[pods.group] = groups.get(pods.group, 0) | 1 << position
    return groups


def _names(unit: Summary, group: str, kind: str, namespace: str) -> tuple[str, ...]:
    return unit.objects.get(namespace, {}).get(group, {}).get(kind, ())
