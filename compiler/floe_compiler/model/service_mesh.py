"""The service mesh of a cluster: what its data plane needs of pods, and of the network between them.

Sources: Istio's main branch of August 2026 (`pkg/kube/inject`, `manifests/charts/istio-control/istio-discovery`, and
istio.io/latest/docs/ambient/usage/networkpolicy), and Linkerd's of the same month (`charts/linkerd-control-plane`,
`controller/api/destination/endpoint_translator.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

Kind = Literal["sidecar", "ambient", "linkerd"]
"""The data planes: Istio's with a proxy in each pod, Istio's with one on each node, and Linkerd's."""

AMBIENT_PROBES = "169.254.7.127/32"
"""With Istio's ambient mode, the address that probes of the kubelet come from. It exists on no network."""

_PORTS: Mapping[Kind, int] = MappingProxyType({"sidecar": 0, "ambient": 15008, "linkerd": 4143})
_CONTROL_PORTS: Mapping[Kind, tuple[int, ...]] = MappingProxyType(
    {"sidecar": (15012,), "ambient": (), "linkerd": (8080, 8086, 8090)}
)
_USERS: Mapping[Kind, int | None] = MappingProxyType({"sidecar": 1337, "ambient": None, "linkerd": 2102})

_SIDECAR: Mapping[Kind, str] = MappingProxyType(
    {
        "sidecar": "sidecar.istio.io/nativeSidecar",
        "ambient": "",
        # Newer versions have it without `beta`, and know both.
        "linkerd": "config.beta.linkerd.io/proxy-enable-native-sidecar",
    }
)

_ISTIO, _LINKERD = "sidecar.istio.io/proxy", "config.linkerd.io/proxy-"
_ANNOTATED: Mapping[str, str] = MappingProxyType(
    {
        f"{_ISTIO}CPU": "requests.cpu",
        f"{_ISTIO}Memory": "requests.memory",
        f"{_ISTIO}CPULimit": "limits.cpu",
        f"{_ISTIO}MemoryLimit": "limits.memory",
        f"{_LINKERD}cpu-request": "requests.cpu",
        f"{_LINKERD}memory-request": "requests.memory",
        f"{_LINKERD}cpu-limit": "limits.cpu",
        f"{_LINKERD}memory-limit": "limits.memory",
    }
)
"""The annotations of a pod that set the resources of its proxy, by the names that quotas use."""


class ServiceMesh(msgspec.Struct, frozen=True):
    """The service mesh of a cluster. `namespace` is that of its control plane, `members` are those of others in it."""

    kind: Kind
    namespace: str
    members: tuple[str, ...] = ()
    revision: str = ""
    """The revision of Istio that puts proxies into pods."""

    trust_domain: str = ""
    """With Istio, the trust domain of the accounts that are let in; empty: any."""

    proxy: tuple[tuple[str, str], ...] = ()
    """The resources of a proxy, by the names that quotas use (`requests.cpu`)."""

    node_networks: tuple[str, ...] = ()
    """The address ranges that gRPC probes come from; empty: any."""

    @property
    def in_pods(self) -> bool:
        """Return whether each pod has a proxy of its own."""
        return self.kind != "ambient"

    @property
    def port(self) -> int:
        """Return the port at which pods reach each other's proxies, whatever port they call; 0: the called one."""
        return _PORTS[self.kind]

    @property
    def control_ports(self) -> tuple[int, ...]:
        """Return the ports of the control plane that the proxy of each pod calls."""
        return _CONTROL_PORTS[self.kind]

    @property
    def user(self) -> int | None:
        """Return the user of the proxies in pods: what runs as this user is not in the mesh."""
        return _USERS[self.kind]

    @property
    def sidecar_annotation(self) -> str:
        """Return the annotation of a pod whose proxy is a sidecar of Kubernetes; empty if pods have no proxies."""
        return _SIDECAR[self.kind]

    def amounts(self) -> Mapping[str, str]:
        """Return the annotations of a pod that set the resources of its proxy; none if it has no proxy of its own."""
        prefix = {"sidecar": _ISTIO, "linkerd": _LINKERD}.get(self.kind)
        if prefix is None:
            return {}
        proxy_amounts = dict(self.proxy)
        return {
            key: proxy_amounts[name]
            for key, name in _ANNOTATED.items()
            if key.startswith(prefix) and name in proxy_amounts
        }


def proxy_amounts(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the resources that the proxy of a pod gets by the pod's annotations, by the names that quotas use."""
    for key, name in _ANNOTATED.items():
        if key in annotations:
            yield name, str(annotations[key])
