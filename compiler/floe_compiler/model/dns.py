"""The DNS servers of a cluster, as far as network policies need to know them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

DNS_PORT = 53

Preset = Literal["kube-system", "node-local", "gke-cloud-dns", "openshift"]


class DnsServers(msgspec.Struct, frozen=True):
    """Where the cluster's DNS servers are: namespaces, addresses, and the ports of the pods (not of their Service).

    `labels` are those of the pods, if they are known.
    """

    namespaces: tuple[str, ...] = ("kube-system",)
    ports: tuple[int, ...] = (DNS_PORT,)
    addresses: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = (("k8s-app", "kube-dns"),)

    @property
    def places(self) -> str:
        """Return where they are, for messages."""
        namespaces = [f"namespace {name}" for name in self.namespaces]
        return " or ".join([*namespaces, *self.addresses])


PRESETS: Mapping[Preset, DnsServers] = MappingProxyType(
    {
        "kube-system": DnsServers(),
        # The cache of each node has this address:
        # https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
        "node-local": DnsServers(addresses=("169.254.20.10/32",)),
        # The metadata server of each node answers queries, on this port only:
        # https://docs.cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns
        "gke-cloud-dns": DnsServers(addresses=("169.254.169.254/32",)),
        # Policies apply to the port of the pods: the Service dns-default has 53, its pods 5353 (cluster-dns-operator).
        "openshift": DnsServers(
            ("openshift-dns",), (5353,), labels=(("dns.operator.openshift.io/daemonset-dns", "default"),)
        ),
    }
)
