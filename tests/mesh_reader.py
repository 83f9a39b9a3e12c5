"""Reads a rendered environment as its cluster and its service mesh would: who may reach whom.

It knows nothing of the compiler: only the objects, as NetworkPolicies, Istio and Linkerd take them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import yaml

Object = dict[str, Any]

NAME = "kubernetes.io/metadata.name"
MESH_PORTS = {"ambient": 15008, "sidecar": 0, "linkerd": 4143}
EVERYWHERE = "0.0.0.0/0"
TRUST_DOMAIN = "mesh.acme.example"
"""The trust domain of all callers, for policies of Istio that name it."""


class Pods(NamedTuple):
    """The pods of one template: who they are, and the template's metadata and specification."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    account: str
    spec: Object

    @property
    def identity(self) -> str:
        return f"{self.namespace}/{self.account}"

    def ports(self) -> set[int]:
        containers = self.spec.get("containers", [])
        named = [port for container in containers for port in container.get("ports", [])]
        return {port["containerPort"] for port in named if port.get("protocol", "TCP") == "TCP"}


@cache
def read(text: str) -> Object:
    """Return the object of a file, which is not to be changed: most are the same in several environments."""
    manifest: Object = yaml.load(text, yaml.CSafeLoader)
    return manifest


class Tree:
    """All objects of an environment."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects = list(objects)
        self._by_kind: dict[str, list[Object]] = defaultdict(list)
        for manifest in self.objects:
            self._by_kind[manifest["kind"]].append(manifest)
        self.namespaces = {namespace["metadata"]["name"]: namespace for namespace in self.of("Namespace")}
        self.pods = [*self._templates(), *self._started()]
        self._rules: dict[Any, list[Object]] = {}
        self._authorizing: dict[int, list[Object]] = {}
        self._served: dict[tuple[int, int], set[str]] = {}

    def of(self, kind: str, group: str = "") -> list[Object]:
        return [manifest for manifest in self._by_kind.get(kind, ()) if manifest["apiVersion"].startswith(group)]

    def _templates(self) -> Iterator[Pods]:
        for manifest in self.objects:
            spec = manifest.get("spec") or {}
            job = spec.get("jobTemplate", {}).get("spec", spec)
            template = job.get("template", {}) if manifest["kind"] in _CONTROLLERS else {}
            if template:
                yield _pods(manifest, template["metadata"], template["spec"])

    def _started(self) -> Iterator[Pods]:
        """Yield the pods that programs and operators start."""
        for cluster in self.of("Cluster", "postgresql.cnpg.io"):
            metadata = cluster["spec"]["inheritedMetadata"]
            yield _pods(cluster, metadata, {"serviceAccountName": cluster["metadata"]["name"]})
        for cluster in self.objects:
            for text in _texts(cluster):
                if "access.floe.dev/" in text:
                    yield from _described(cluster, text)

    def as_text(self, namespace: str) -> str:
        """Return all texts of the workloads of a namespace, and of what they are configured with."""
        kinds = (*_CONTROLLERS, "ConfigMap")
        own = [
            manifest
            for manifest in self.objects
            if manifest["kind"] in kinds and manifest["metadata"]["namespace"] == namespace
        ]
        return "\n".join(_texts(own))

    def selected(self, namespace: str, selector: Object) -> list[Pods]:
        return [pods for pods in self.pods if pods.namespace == namespace and matches(selector, pods.labels)]

    def policies(self, pods: Pods, direction: str) -> list[Object]:
        """Return the rules of the NetworkPolicies that select pods. They are kept, as tests ask for each connection."""
        key = direction, pods.namespace, *sorted(pods.labels.items())
        if key not in self._rules:
            selected = (
                policy["spec"]
                for policy in self.of("NetworkPolicy")
                if policy["metadata"]["namespace"] == pods.namespace
                and matches(policy["spec"]["podSelector"], pods.labels)
            )
            self._rules[key] = [rule for spec in selected for rule in spec.get(direction, [])]
        return self._rules[key]

    def calls(self, pods: Pods) -> Iterator[tuple[Pods, int]]:
        """Yield the pods of the environment that network policies let pods send to, with each TCP port."""
        for rule in self.policies(pods, "egress"):
            for peer in rule.get("to", []):
                namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get(NAME)
                if namespace in self.namespaces and "podSelector" in peer:
                    for server in self.selected(namespace, peer["podSelector"]):
                        yield from ((server, port) for port in _tcp(rule))

    def lets_in(self, server: Pods, caller: Pods) -> set[int]:
        """Return the TCP ports at which network policies let a caller in."""
        ports: set[int] = set()
        for rule in self.policies(server, "ingress"):
            for peer in rule["from"]:
                spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector", {})
                if spaces and matches(spaces, {NAME: caller.namespace}) and matches(pods, caller.labels):
                    ports |= _tcp(rule)
        return ports

    def open_to_others(self, server: Pods) -> set[int]:
        """Return the TCP ports at which network policies let in namespaces or addresses outside the environment."""
        ports: set[int] = set()
        for rule in self.policies(server, "ingress"):
            for peer in rule["from"]:
                named = peer.get("namespaceSelector", {}).get("matchLabels", {}).get(NAME)
                if "ipBlock" in peer or (named and named not in self.namespaces):
                    ports |= _tcp(rule)
        return ports

    def mesh_lets_in(self, server: Pods, port: int, caller: Pods | None) -> bool:
        """Return whether the mesh lets a caller reach a port of a server; None: a caller without an identity."""
        if self.of("PeerAuthentication"):
            return self._istio(server, port, caller)
        return self._linkerd(server, port, caller)

    def _istio(self, server: Pods, port: int, caller: Pods | None) -> bool:
        if caller is None and not self._plain(server, port):
            return False
        if id(server) not in self._authorizing:
            policies = [
                policy for policy in self.of("AuthorizationPolicy", "security.istio.io") if _applies(policy, server)
            ]
            assert policies, "without a policy, Istio lets everybody in"
            self._authorizing[id(server)] = [
                rule for policy in policies for rule in (policy["spec"] or {}).get("rules", [])
            ]
        return any(
            str(port) in [number for to in rule["to"] for number in to["operation"]["ports"]]
            and (
                "from" not in rule or (caller and any(_is_source(source["source"], caller) for source in rule["from"]))
            )
            for rule in self._authorizing[id(server)]
        )

    def _plain(self, server: Pods, port: int) -> bool:
        """Return whether a port takes plain text: by the policy of the pods, or that of the namespace."""
        own = [policy for policy in self.of("PeerAuthentication") if _applies(policy, server)]
        own.sort(key=lambda policy: "selector" not in policy["spec"])
        spec = own[0]["spec"]
        return bool(spec.get("portLevelMtls", {}).get(str(port), spec["mtls"])["mode"] == "PERMISSIVE")

    def _linkerd(self, server: Pods, port: int, caller: Pods | None) -> bool:
        notes = self.namespaces[server.namespace]["metadata"]["annotations"]
        assert notes["config.linkerd.io/default-inbound-policy"] == "deny"
        named = self._servers(server, port)
        assert len(named) <= 1, "two Servers of one port contradict each other"
        for policy in self.of("AuthorizationPolicy", "policy.linkerd.io"):
            if policy["metadata"]["namespace"] == server.namespace and policy["spec"]["targetRef"]["name"] in named:
                (reference,) = policy["spec"]["requiredAuthenticationRefs"]
                if self._is_authenticated(server.namespace, reference, caller):
                    return True
        return False

    def _servers(self, server: Pods, port: int) -> set[str]:
        """Return the names of Linkerd's Servers of a port, which are kept like the rules of policies."""
        key = id(server), port
        if key not in self._served:
            self._served[key] = {
                server_["metadata"]["name"]
                for server_ in self.of("Server", "policy.linkerd.io")
                if server_["metadata"]["namespace"] == server.namespace
                and matches(server_["spec"]["podSelector"], server.labels)
                and server_["spec"]["port"] == port
            }
        return self._served[key]

    def _is_authenticated(self, namespace: str, reference: Object, caller: Pods | None) -> bool:
        (authentication,) = (
            manifest
            for manifest in self.of(reference["kind"], reference["group"])
            if manifest["metadata"]["namespace"] == namespace and manifest["metadata"]["name"] == reference["name"]
        )
        if reference["kind"] == "NetworkAuthentication":
            return any(network["cidr"] == EVERYWHERE for network in authentication["spec"]["networks"])
        return caller is not None and any(
            ref in ({"kind": "ServiceAccount", "namespace": caller.namespace, "name": caller.account},)
            or ref == {"kind": "Namespace", "name": caller.namespace}
            for ref in authentication["spec"]["identityRefs"]
        )


_CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Return whether a selector matches labels."""
    expressions = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
        for expression in expressions
    )


def _applies(policy: Object, pods: Pods) -> bool:
    spec = policy["spec"] or {}
    return bool(policy["metadata"]["namespace"] == pods.namespace and matches(spec.get("selector", {}), pods.labels))


def _is_source(source: Object, caller: Pods) -> bool:
    assert len(source.get("serviceAccounts", [])) <= 16
    principal = f"{TRUST_DOMAIN}/ns/{caller.namespace}/sa/{caller.account}"
    named = caller.identity in source.get("serviceAccounts", []) or principal in source.get("principals", [])
    return named or caller.namespace in source.get("namespaces", [])


def _tcp(rule: Object) -> set[int]:
    return {port["port"] for port in rule.get("ports", []) if port["protocol"] == "TCP"}


def _pods(owner: Object, metadata: Object, spec: Object) -> Pods:
    namespace, name = owner["metadata"]["namespace"], owner["metadata"]["name"]
    account = spec.get("serviceAccountName", "default")
    return Pods(namespace, name, metadata["labels"], metadata.get("annotations", {}), account, spec)


def _texts(value: Any) -> list[str]:
    """Return all texts of plain data, in their order."""
    texts_, stack = [], [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            texts_.append(item)
        elif isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, list):
            stack.extend(reversed(item))
    return texts_


def _described(owner: Object, text: str) -> Iterator[Pods]:
    """Yield the pods that a text describes: YAML of a Pod (Airflow), or JSON with the parts of one (Dagster)."""
    try:
        data = (
            json.loads(text.replace("$$", "$")) if text.lstrip().startswith("{") else yaml.load(text, yaml.CSafeLoader)
        )
    except (ValueError, yaml.YAMLError):
        return
    for metadata, spec in _pairs(data):
        yield _pods(owner, metadata, spec)


def _pairs(data: Any) -> Iterator[tuple[Object, Object]]:
    if isinstance(data, dict):
        if isinstance(data.get("metadata"), dict) and isinstance(data.get("spec"), dict):
            yield data["metadata"], data["spec"]
        elif "pod_template_spec_metadata" in data:
            yield data["pod_template_spec_metadata"], _camel(data["pod_spec_config"])
        else:
            for child in data.values():
                yield from _pairs(child)
    elif isinstance(data, list):
        for child in data:
            yield from _pairs(child)


def _camel(spec: Object) -> Object:
    """Return what is written in the way of the Python client (`service_account_name`) as Kubernetes names it."""
    known = spec.get("serviceAccountName") or spec.get("service_account_name")
    return {**spec, **({"serviceAccountName": known} if known else {})}
