"""Hosts that two objects of one cluster lead to different places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from floe_compiler.link.environment import Environment
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.places import Places
from floe_compiler.model.summary import RoutedHost

TWICE = Rule(
    "C190",
    "host routed twice",
    "Two Ingresses or routes of one cluster have the same host and path, so that only one of them gets the requests. "
    "Remove one, or give it another host. An interface that the platform opens gets another one with `ingress: "
    "{hosts: {<interface>: <host>}}`, or none with `false`. (Two of different classes or Gateways, written by hand in "
    "one environment, are left alone.)",
)

_Claim = tuple[Environment, str, RoutedHost]
"""A routed host, with its environment and unit."""


def routed_twice(environments: Iterable[Environment], places: Callable[[str, str], Places]) -> Iterator[Diagnostic]:
    """Yield the hosts and paths that several objects of a cluster route, one finding for each pair of objects.

    Args:
        environments: The linked environments.
        places: Returns the places of a unit, by environment and unit; called only for findings.
    """
    reported = set[tuple[object, ...]]()
    for claims in _claims(environments).values():
        for position, other in enumerate(claims):
            first = next((claim for claim in claims[:position] if _clash(claim, other)), None)
            if first is not None:
                pair = tuple((claim[0].facts.environment, claim[2].subject) for claim in (first, other))
                if pair not in reported:
                    reported.add(pair)
                    yield _diagnostic(first, other, places)


def _claims(environments: Iterable[Environment]) -> Mapping[tuple[str, str, str], list[_Claim]]:
    """Return the routed hosts by cluster, host and path. The later of two is reported: the one that somebody wrote.

    Those of the compiler come first, and of these the patched ones last.
    """
    claims: dict[tuple[str, str, str], list[_Claim]] = defaultdict(list)
    for environment in environments:
        for unit, summary in environment.units.items():
            for routed in summary.routes:
                claims[environment.facts.cluster, routed.host, routed.path].append((environment, unit, routed))
    several = {key: routes for key, routes in claims.items() if len(routes) > 1}
    return {key: sorted(routes, key=lambda claim: _is_written(claim[2])) for key, routes in several.items()}


def _is_written(routed: RoutedHost) -> tuple[bool, bool]:
    """Return whether somebody wrote an object, and whether somebody changed one that is rendered."""
    return not routed.compiled, routed.patched


def _clash(first: _Claim, other: _Claim) -> bool:
    route, other_route = first[2], other[2]
    if first[0] is other[0] and route.subject == other_route.subject:
        return False
    return first[0] is not other[0] or route.compiled or other_route.compiled or route.way == other_route.way


def _diagnostic(first: _Claim, other: _Claim, places: Callable[[str, str], Places]) -> Diagnostic:
    routed = other[2]
    mine, theirs = (places(claim[0].facts.environment, claim[1]) for claim in (other, first))
    whose = "" if first[0] is other[0] else f' of environment "{first[0].facts.environment}"'
    message = f"{routed.field}: {routed.host} with path {routed.path} is also routed by {first[2].subject.about}{whose}"
    span = theirs.origin(str(first[2].subject.about))
    related = [Related(span, "the other one")] if span else []
    hint = "remove one of them, or give it another host"
    return mine.diagnostic(TWICE, routed.subject.about, message, hint, related)
