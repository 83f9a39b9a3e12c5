"""Sites: an environment in each of its clusters.

The document of an environment with several clusters becomes one for each site, which names that one cluster, and has
what it says of the cluster where a document with one cluster has it. Each value keeps its place. So all that follows
knows environments with one cluster only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from floe_compiler.model.document import DataPath, Document

Place = TypeVar("Place")

CLUSTER, CLUSTERS, RUNS = "cluster", "clusters", "runs"
OF_ENVIRONMENT = ("ingress", "storage_class")
"""The keys of one of several clusters that stand beside `cluster` if there is only one."""

NOT_OF_CLUSTER = (*OF_ENVIRONMENT, RUNS)
"""The keys of one of several clusters that the only `cluster` does not have."""


class Site(msgspec.Struct, frozen=True):
    """An environment in one of its clusters.

    `document` is that of the environment, as if it had this cluster only. `runs` are the scopes that stand in it; None:
    all. `cluster` is the cluster's name if the environment has several, and otherwise empty.
    """

    environment: str
    document: Document
    cluster: str = ""
    runs: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """Return the name of the site: that of the environment, and of the cluster if there are several."""
        return site_name(self.environment, self.cluster)

    def has(self, scope: str) -> bool:
        """Return whether a scope, the shared services or a domain, stands in it."""
        return self.runs is None or scope in self.runs


def site_name(environment: str, cluster: str = "") -> str:
    """Return the name of a site: `prod`, or `prod/us-east` if the environment has several clusters."""
    return f"{environment}/{cluster}" if cluster else environment


def environment_of(site: str) -> str:
    """Return the environment of a site by its name."""
    return site.partition("/")[0]


def sites_of(environment: str, document: Document) -> tuple[Site, ...]:
    """Return the sites of an environment, whose document is valid by its schema, in the order of its clusters."""
    clusters = document.data.get(CLUSTERS)
    if not isinstance(clusters, list):
        return (Site(environment, document),)
    several = len(clusters) > 1
    return tuple(
        Site(
            environment,
            _document_of(document, index),
            str(cluster["name"]) if several else "",
            frozenset(cluster[RUNS]) if several else None,
        )
        for index, cluster in enumerate(clusters)
    )


def _document_of(document: Document, index: int) -> Document:
    """Return the document of an environment as if it had only the cluster with this index."""
    cluster: Mapping[str, Any] = document.data[CLUSTERS][index]
    shared = {key: value for key, value in document.data.items() if key != CLUSTERS}
    beside = {key: cluster[key] for key in OF_ENVIRONMENT if key in cluster}
    own = {key: value for key, value in cluster.items() if key not in NOT_OF_CLUSTER}
    return replace(
        document,
        data={**shared, **beside, CLUSTER: own},
        keys=_moved(document.keys, index),
        values=_moved(document.values, index),
        raw=_moved(document.raw, index),
    )


def _moved(places: Mapping[DataPath, Place], index: int) -> dict[DataPath, Place]:
    """Return what is known of each path, by the path that it has in the document of the site."""
    return dict(_each_moved(places, index))


def _each_moved(places: Mapping[DataPath, Place], index: int) -> Iterator[tuple[DataPath, Place]]:
    for path, value in places.items():
        if path[:1] != (CLUSTERS,):
            yield path, value
        elif path[1:2] == (index,):
            rest = path[2:]
            yield (rest if rest and rest[0] in OF_ENVIRONMENT else (CLUSTER, *rest)), value
