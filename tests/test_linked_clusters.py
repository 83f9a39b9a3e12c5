"""Three linked clusters, with each kind of link, service mesh and delivery: who reaches whom, by the files alone.

A declared connection needs a name that leads to its server, network policies at both ends and the mesh. Others are
shut. `link_reader.py` reads the files as clusters would, so this holds whatever compiled them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from floe_compiler.model.diagnostics import StageFailed
from link_reader import Called, Linked
from linked_environments import (
    COLLECTOR,
    CONTROLLER,
    GATEWAY,
    LINKS,
    MARQUEZ,
    PODS,
    POLARIS,
    RUNS,
    Linking,
    files,
    trees,
)
from mesh_reader import Object, Tree, read
from meshed_environments import MESHES, Kind

ALL: list[tuple[Linking, Kind | None]] = [(links, mesh) for links in LINKS for mesh in (None, *MESHES)]
MESH_OF_LINKS: dict[Linking, Kind] = {"istio": "sidecar", "linkerd": "linkerd"}
"""The only mesh for links that are those of a mesh."""

BUILT = [(links, mesh) for links, mesh in ALL if MESH_OF_LINKS.get(links, mesh) == mesh]
REFUSED = [combination for combination in ALL if combination not in BUILT]
GATEWAYS = {"gateway": CONTROLLER, "istio": "istio-system", "linkerd": "linkerd-multicluster"}

DECLARED = {
    "us-east": {
        "floe-platform/otel-collector": (COLLECTOR,),
        "floe-sales-domain/run-orders": (MARQUEZ, POLARIS),
        "floe-support-domain/tickets": (MARQUEZ, POLARIS),
    },
    "eu-west": {
        "floe-platform/otel-collector": (COLLECTOR,),
        "floe-marketing-domain/airflow-scheduler": (MARQUEZ,),
        "floe-marketing-domain/run-campaigns-transform": (MARQUEZ, POLARIS),
    },
}
"""What accounts call in the cluster of the shared services: products the catalog and the lineage, collectors another.
Finance stands in that cluster, too, so its product calls no other one."""

CALLS = [
    Called(cluster, account, *server)
    for cluster, accounts in DECLARED.items()
    for account, servers in accounts.items()
    for server in servers
]
OPEN_TO_ALL = frozenset(
    {
        "floe-marketing-domain/airflow-api-server",
        "floe-marketing-domain/airflow-scheduler",
        "floe-sales-domain/dagster",
    }
)
"""Accounts that call the Kubernetes API, whose addresses the environment does not say, or S3: so all on 443."""

Objects = dict[str, list[Object]]

SAMPLE: list[tuple[Linking, Kind | None]] = [
    ("gateway", "sidecar"),
    ("mcs", None),
    ("istio", "sidecar"),
    ("linkerd", "linkerd"),
]
"""Each kind of link, with each service mesh but Istio's ambient mode: the gateways that are in the mesh show that."""

every_link = pytest.mark.parametrize(
    ("links", "mesh"),
    [
        combination if combination in SAMPLE else pytest.param(*combination, marks=pytest.mark.thorough)
        for combination in BUILT
    ],
    scope="module",
)
"""With the scope, tests of the same output follow each other, so that they share it."""


def linked(links: Linking, mesh: Kind | None, trees_: Mapping[str, Tree] | None = None) -> Linked:
    known = trees_ or trees(links, mesh)
    return Linked(links, mesh or "", known, PODS, GATEWAY, GATEWAYS.get(links, ""))


def problems(linked_: Linked) -> list[str]:
    return list(linked_.problems(CALLS, OPEN_TO_ALL))


@every_link
def test_exactly_the_declared_connections_are_possible(links: Linking, mesh: Kind | None) -> None:
    assert problems(linked(links, mesh)) == []


@pytest.mark.parametrize("mesh", ["ambient", "linkerd", pytest.param("sidecar", marks=pytest.mark.thorough)])
def test_gateways_in_the_mesh_are_let_in_by_their_account(mesh: Kind) -> None:
    trees_ = trees("gateway", mesh, inside=True)
    assert problems(linked("gateway", mesh, trees_)._replace(inside=True)) == []
    shared = trees_["shared"]
    for server in (pods for pods in shared.pods if pods.name in (MARQUEZ[0], POLARIS[0], COLLECTOR[0])):
        assert not [port for port in server.ports() if shared.mesh_lets_in(server, port, None)], "no plain text"


@every_link
def test_each_of_three_clusters_has_its_servers(links: Linking, mesh: Kind | None) -> None:
    """Nothing would be shut that is not there: databases, interfaces, and other domains are."""
    trees_ = trees(links, mesh)
    assert {name: len({pods.identity for pods in tree.pods if pods.ports()}) for name, tree in trees_.items()} == {
        "shared": 4,
        "us-east": 4,
        "eu-west": 4,
    }
    assert [*linked(links, mesh).ways("us-east", "eu-west")] == []


@pytest.mark.parametrize(
    ("links", "mesh"), [one if one == SAMPLE[0] else pytest.param(*one, marks=pytest.mark.thorough) for one in BUILT]
)
def test_the_delivery_changes_nothing_between_clusters(links: Linking, mesh: Kind | None) -> None:
    """Flux delivers what Argo CD does, but for annotations that one of them reads."""
    argo, flux = (files(links, mesh, tool) for tool in ("argocd", "flux"))
    differing = {path for path in {*argo, *flux} if argo.get(path) != flux.get(path) and "/_delivery/" not in path}
    assert 0 < len(differing) < 60
    for path in differing:
        assert unordered(argo[path]) == unordered(flux[path]), path
    for delivery in ("argocd", "flux"):
        assert delivered(files(links, mesh, delivery)) == {
            path.rpartition("/")[0] for path in files(links, mesh, delivery) if "/_delivery/" not in path
        }


def unordered(text: str) -> Object:
    """Return an object without what its annotations tell Argo CD or Flux."""
    manifest = read(text)
    prefixes = ("argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/")
    notes = {
        key: value for key, value in manifest["metadata"].get("annotations", {}).items() if not key.startswith(prefixes)
    }
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": notes}}


def delivered(files_: Any) -> set[str]:
    """Return the folders that delivery objects lead to a cluster: with Argo CD to that of their name."""
    objects = [read(text) for path, text in files_.items() if "/_delivery/" in path]
    folders = {
        manifest["spec"]["path"].removeprefix("./") for manifest in objects if manifest["kind"] == "Kustomization"
    }
    for manifest in (manifest for manifest in objects if manifest["kind"] == "Application"):
        path, server = manifest["spec"]["source"]["path"], manifest["spec"]["destination"]["server"]
        assert path.split("/")[2] == server.removeprefix("https://").partition(".")[0]
        folders.add(path)
    return folders


@pytest.mark.parametrize(("links", "mesh"), REFUSED)
def test_links_by_a_missing_mesh_are_refused(links: Linking, mesh: Kind | None) -> None:
    with pytest.raises(StageFailed) as raised:
        files(links, mesh)
    diagnostics = [diagnostic for diagnostic in raised.value.diagnostics if diagnostic.rule.code == "R124"]
    assert len(diagnostics) == len(RUNS), "each cluster is told"
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        fix = "mode: sidecar" if links == "istio" else "mesh: {type: linkerd, cni: true}"
        assert fix in (diagnostic.hint or "")


Change = Callable[[Objects], None]


def of(objects: Objects, cluster: str, kind: str, name: str, namespace: str = "floe-platform") -> Object:
    (manifest_,) = (
        manifest
        for manifest in objects[cluster]
        if (manifest["kind"], manifest["metadata"]["name"], manifest["metadata"].get("namespace"))
        == (kind, name, namespace)
    )
    return manifest_


def without(cluster: str, kind: str, name: str) -> Change:
    return lambda objects: objects[cluster].remove(of(objects, cluster, kind, name))


def with_spec(
    cluster: str, kind: str, name: str, change: Callable[[Any], object], namespace: str = "floe-platform"
) -> Change:
    def changed(objects: Objects) -> None:
        manifest = of(objects, cluster, kind, name, namespace)
        own = copy.deepcopy(manifest)
        change(own["spec"])
        objects[cluster][objects[cluster].index(manifest)] = own

    return changed


def renamed(cluster: str, namespace: str, old: str, new: str) -> Change:
    """Write another host everywhere in a namespace."""

    def changed(objects: Objects) -> None:
        objects[cluster] = [
            json.loads(json.dumps(manifest).replace(old, new))
            if manifest["metadata"].get("namespace") == namespace
            else manifest
            for manifest in objects[cluster]
        ]

    return changed


def elsewhere(spec: Any) -> None:
    """Let pods out to other addresses than those of the link."""
    for rule in spec["egress"]:
        for peer in rule["to"]:
            if "ipBlock" in peer:
                peer["ipBlock"] = {"cidr": "192.0.2.0/28"}


def from_nobody(spec: Any) -> None:
    """Let in nobody but pods with the access label."""
    spec["ingress"] = [rule for rule in spec["ingress"] if "podSelector" in rule["from"][0]]


def other_port(spec: Any) -> None:
    for port in spec["ports"]:
        port["port"] += 1


def open_to(account: str) -> Callable[[Any], None]:
    return lambda spec: spec["rules"][0]["from"].append({"source": {"serviceAccounts": [account]}})


def everywhere(spec: Any) -> None:
    ports = [{"port": number, "protocol": "TCP"} for number in (443, 4143, 5432, 8181, 15443)]
    spec.setdefault("egress", []).append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": ports})


SALES, RUN = "floe-sales-domain", ("us-east", "NetworkPolicy", "run-orders")
BROKEN: dict[str, tuple[Linking, Kind | None, str, Change]] = {
    "no route": ("gateway", "sidecar", "no name", without("shared", "HTTPRoute", "clusters-polaris-http")),
    "no certificate": ("gateway", "sidecar", "no name", without("shared", "Certificate", "clusters-tls")),
    "no export": ("mcs", None, "no name", without("shared", "ServiceExport", "polaris")),
    "no name at the caller": ("istio", "sidecar", "no name", without("us-east", "Service", "polaris-shared")),
    "no name at the server": ("istio", "sidecar", "no name", without("shared", "Service", "polaris-shared")),
    "another port": ("istio", "sidecar", "no name", with_spec("eu-west", "Service", "marquez-shared", other_port)),
    "another host": ("mcs", None, "names", renamed("us-east", SALES, "marquez.floe-", "marquez2.floe-")),
    "another host for users of a mirror": (
        "linkerd",
        "linkerd",
        "names",
        renamed("eu-west", "floe-platform", "otel-collector-shared.", "otel-collector."),
    ),
    "not let out": ("istio", "sidecar", "egress", with_spec(*RUN, elsewhere, SALES)),
    "not let out to pods": ("mcs", None, "egress", with_spec(*RUN, elsewhere, SALES)),
    "not let in from a gateway": (
        "gateway",
        "sidecar",
        "ingress",
        with_spec("shared", "NetworkPolicy", "marquez", from_nobody),
    ),
    "not let in from pods": ("mcs", None, "ingress", with_spec("shared", "NetworkPolicy", "polaris", from_nobody)),
    "not authorized": ("istio", "sidecar", "mesh", without("shared", "AuthorizationPolicy", "otel-collector")),
    "plain text refused": ("gateway", "sidecar", "mesh", without("shared", "PeerAuthentication", "polaris")),
    "no server": ("linkerd", "linkerd", "mesh", without("shared", "Server", "marquez-5000")),
    "an account too much": (
        "istio",
        "sidecar",
        "open",
        with_spec("shared", "AuthorizationPolicy", "polaris", open_to("floe-platform/otel-collector")),
    ),
    "addresses too many": (
        "mcs",
        None,
        "open",
        with_spec("us-east", "NetworkPolicy", "dagster-webserver", everywhere, SALES),
    ),
    "a caller too much": (
        "linkerd",
        "linkerd",
        "open",
        with_spec("us-east", "NetworkPolicy", "dagster-webserver", everywhere, SALES),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_and_open_links_are_noticed(name: str) -> None:
    links, mesh, cause, change = BROKEN[name]
    known = trees(links, mesh)
    objects = {cluster: [*tree.objects] for cluster, tree in known.items()}
    change(objects)
    changed = {cluster: Tree(own) for cluster, own in objects.items() if own != known[cluster].objects}
    assert len(changed) == 1
    problems_ = problems(linked(links, mesh, {**known, **changed}))
    assert problems_
    assert all(cause in problem.partition(": ")[2] for problem in problems_), problems_
