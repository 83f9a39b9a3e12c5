"""The rules about environments with several clusters: what stands in each, and how they reach one another."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule

NOT_PLACED = Rule(
    "R110",
    "scope that runs in no cluster, or in two",
    "In an environment with several clusters, the shared services and each domain run in exactly one of them: the "
    "cluster whose `runs` names them. Name what is missing in one cluster, and remove what is named twice from the "
    "others.",
)
UNKNOWN_SCOPE_OF_CLUSTER = Rule(
    "R111",
    "cluster that runs what does not exist",
    "`runs` of a cluster names `platform`, for the shared services, and domains that the environment has. Correct the "
    "name, or remove it.",
)
UNUSED_CLUSTER = Rule(
    "R112",
    "cluster that runs nothing",
    "Nothing of the environment runs in this cluster. Name a domain or the platform in its `runs`, or remove the "
    "cluster.",
)
CLUSTER_OF_TWO = Rule(
    "R113",
    "cluster that two environments describe differently",
    "Two environments are in the same cluster, but say different things of it: its networks, its DNS servers, the "
    "addresses of its API server, or its region. One of them is wrong, and its network policies, too.",
)
ONE_ADDRESS = Rule(
    "R114",
    "two clusters with one address",
    "Two clusters of an environment have the same API server, so both would be delivered to the same cluster. Write "
    "the address of each, as it is registered in Argo CD. Only the cluster in which Argo CD itself runs needs none.",
)
HOST_OF_TWO_CLUSTERS = Rule(
    "R123",
    "host in two clusters",
    "Two clusters of an environment open an interface at the same host, but a name leads to one of them. Give each "
    "cluster a domain of its own, or open what every cluster has, such as Prometheus, in one of them.",
)
UNMESHED = Rule(
    "R124",
    "clusters linked by a service mesh that one of them is not in",
    "Clusters reach one another through the gateways of their service mesh, so each of them needs `mesh` of that kind. "
    "With Istio, its mode is `sidecar`.",
)
NOTHING_SHOWN = Rule(
    "R125",
    "client certificates that no caller shows",
    "The Gateway for other clusters asks for certificates where collectors call the one of the platform. Not all "
    "clients of the catalog and of the lineage can show one, so they are not asked. No collector calls another cluster "
    "here. Leave `client_certificates` out, or run a collector (`observability: {collector: ...}`).",
)
LONG_NAME_ELSEWHERE = Rule(
    "R126",
    "server whose name in other clusters is too long",
    "A service mesh calls a server in another cluster `<server>-<cluster>`, and a Service may have 63 characters: give "
    "the cluster a shorter name. Through a Gateway, a server is called by the route `clusters-<server>-<port>`, whose "
    "labels may have 63, too: only a component of another package has so long a name, and can give a shorter one.",
)
NAMED_BY_OTHERS = Rule(
    "R127",
    "server of an operator that another cluster calls",
    "An operator, such as that of CloudNativePG, makes the Services of its servers under names of its own. So none is "
    "exported, or has a name in another cluster. Let the caller run in the same cluster, or both use a server outside.",
)
NOT_LINKED = Rule(
    "R115",
    "connection between clusters that no link makes",
    "Pods call a server in another cluster of the environment, but nothing says how they reach it. Write `links`, and "
    "in the cluster that is called `reached_at`; or let both stand in one cluster.",
)
NOT_PASSED = Rule(
    "R116",
    "port that a Gateway does not pass on",
    "Pods call a server in another cluster on a port for something else than HTTP or gRPC, such as a database's. A "
    "Gateway for HTTPS opens no such port, and a database far away is slow. Let both stand in one cluster.",
)
NO_WAY_BETWEEN = Rule(
    "R117",
    "Gateway for other clusters that cannot reach its servers",
    "Other clusters call servers here through a Gateway, but network policies let no controller in. Write where its "
    "pods run (`ingress_namespace`), or from which addresses it sends (`ingress_addresses`).",
)
ONLY_THERE = Rule(
    "R118",
    "object store that only its own cluster resolves",
    "Pods in another cluster use an object store by the host that it has inside its cluster. The catalog tells "
    "clients that host, too, so no link can help. Use a store that has an address of its own for all clusters.",
)
UNTRUSTED_LINK = Rule(
    "R119",
    "links with certificates that nobody trusts",
    "Clusters call each other over HTTPS, and the issuer of the certificates has a private authority, which programs "
    "do not trust by themselves. Say that they do: `trust`; or `public: true` if the authority is a public one.",
)
NOT_SHARED = Rule(
    "R120",
    "generated secret that another cluster reads",
    "A generated secret has its value in the cluster that generates it, and another cluster cannot read it from "
    "there. Let such secrets come from a store that all clusters read: `secrets`, or `secret_rules` for these.",
)
SAME_ADDRESSES = Rule(
    "R121",
    "linked clusters with the same addresses",
    "With the Multi-Cluster Services API, pods of one cluster reach those of another one by their addresses, and "
    "network policies name these. So each cluster needs a range of its own (`reached_at: {cidr: ...}`).",
)
FAR_DATABASE = Rule(
    "R122",
    "database in another region",
    "Pods call a database in a cluster of another region: each query crosses regions, and the pods fail when the "
    "connection between them does. Run the database in their region.",
)
