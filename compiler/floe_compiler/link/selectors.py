"""Selectors of peers in NetworkPolicies must match a pod."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.link.policies import policy_id
from floe_compiler.model.foreign_labels import may_select_more
from floe_compiler.model.hints import some
from floe_compiler.model.label_index import EVERYTHING
from floe_compiler.model.shared_rules import SELECTS_NOTHING
from floe_compiler.model.summary import DIRECTIONS, Opening, Peer

RULES = (SELECTS_NOTHING,)


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the peers of policies that match no pod in the namespaces they select."""
    for unit, summary in environment.units.items():
        for direction in DIRECTIONS:
            openings = summary.network.ingress if direction == "ingress" else summary.network.egress
            for opening in openings:
                for peer, namespaces in _empty(environment, unit, opening):
                    message = f"a podSelector in spec.{direction} matches no pod in {some(namespaces)}"
                    for policy in opening.policies:
                        yield Finding(SELECTS_NOTHING, unit, policy_id(unit, policy), message, _hint(peer))


def _empty(environment: Environment, unit: str, opening: Opening) -> Iterator[tuple[Peer, tuple[str, ...]]]:
    for peer in opening.peers:
        if peer.pods != EVERYTHING and not may_select_more(peer.pods.keys()) and not environment.selected(unit, peer):
            namespaces = (unit,) if peer.own else peer.names
            units = [environment.units[name] for name in namespaces if name in environment.units]
            all_rendered = namespaces and (peer.own or environment.namespaces.issuperset(namespaces))
            if all_rendered and not any(declared.operated.has(peer.pods) for declared in units):
                yield peer, namespaces


def _hint(peer: Peer) -> str:
    pairs = [f"{key}={value}" for key, value in peer.pods.labels]
    return f"it selects {', '.join(pairs)}" if pairs else ""
