"""When Kubernetes deprecated and removed the kinds of its API versions.

Source: `life_cycles.json`, see `README.md`; for what is not in k8s.io/api, the deprecation guide,
https://kubernetes.io/docs/reference/using-api/deprecation-guide/.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

Version = tuple[int, int]


class LifeCycle(NamedTuple):
    """The releases in which a kind came, was deprecated and was removed, and what replaces it, if that is known."""

    introduced: Version
    deprecated: Version
    removed: Version | None
    replacement: str


_OTHERS: Mapping[tuple[str, str], LifeCycle] = {
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): LifeCycle(
        (1, 7), (1, 16), (1, 22), "apiextensions.k8s.io/v1"
    ),
    ("apiregistration.k8s.io/v1beta1", "APIService"): LifeCycle((1, 10), (1, 19), (1, 22), "apiregistration.k8s.io/v1"),
    ("v1", "Endpoints"): LifeCycle((1, 0), (1, 33), None, "discovery.k8s.io/v1 EndpointSlice"),
    ("v1", "ComponentStatus"): LifeCycle((1, 0), (1, 19), None, "the health endpoints of the control plane"),
    ("extensions/v1beta1", "PodSecurityPolicy"): LifeCycle((1, 2), (1, 11), (1, 16), "Pod Security admission"),
    ("policy/v1beta1", "PodSecurityPolicy"): LifeCycle((1, 10), (1, 21), (1, 25), "Pod Security admission"),
}


@cache
def life_cycles() -> Mapping[tuple[str, str], LifeCycle]:
    """Return the life cycles by API version and kind, of all that are or will be deprecated."""
    data = json.loads((resources.files(__package__) / "life_cycles.json").read_text("utf-8"))
    cycles = {}
    for name, cycle in data.items():
        api_version, _, kind = name.partition(" ")
        introduced, deprecated = parse_version(cycle["introduced"]), parse_version(cycle["deprecated"])
        removed = parse_version(cycle["removed"]) if "removed" in cycle else None
        cycles[api_version, kind] = LifeCycle(introduced, deprecated, removed, cycle.get("replacement", ""))
    return {**cycles, **_OTHERS}


def parse_version(text: str) -> Version:
    """Return the first two numbers of a Kubernetes version."""
    major, _, minor = text.partition(".")
    return (int(major), int(minor.partition(".")[0]))
