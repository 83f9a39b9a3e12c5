"""Each cluster's files at its own API server, all at once: none is refused, and none changes if applied again."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from api_server import MISSING, ApiServer, api_server, definition
from mesh_reader import Object

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
]
GOLDEN = Path(__file__).parent / "golden" / "clusters" / "output"
DEFINED = ("cert-manager.io", "external-secrets.io", "gateway.networking.k8s.io", "security.istio.io")
"""The groups of custom resources."""


def objects(cluster: Path) -> list[Object]:
    """Return what is applied to a cluster, in order: first what has no namespace."""
    files = sorted(cluster.rglob("*.yaml"), key=lambda path: (path.parent.name != "_cluster", path))
    return [yaml.load(path.read_text(), yaml.CSafeLoader) for path in files]


def applied(server: ApiServer, tree: list[Object]) -> dict[tuple[str, str], str]:
    """Apply objects; return their versions by kind and name."""
    server.apply(tree)
    return {
        (manifest["kind"], manifest["metadata"]["name"]): server.ask("GET", server.path(manifest))["metadata"][
            "resourceVersion"
        ]
        for manifest in tree
    }


@pytest.mark.parametrize(
    ("environment", "clusters"),
    [("prod", ("shared", "us-east", "eu-west")), ("istio", ("services", "america", "europe"))],
)
def test_api_servers_accept_the_objects_of_their_clusters(
    environment: str, clusters: tuple[str, ...], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        for cluster in clusters:
            tree = objects(GOLDEN / environment / cluster)
            (tmp_path / cluster).mkdir()
            server = stack.enter_context(api_server(tmp_path / cluster))
            kinds = {
                (*manifest["apiVersion"].split("/"), manifest["kind"])
                for manifest in tree
                if "." in manifest["apiVersion"]
            }
            server.define(definition(*kind) for kind in sorted(kinds) if kind[0] in DEFINED)
            applied(server, tree)
            assert applied(server, tree) == applied(server, tree), "a delivery tool would see a difference for ever"
            assert server.warnings == []
            namespaces = server.ask("GET", "/api/v1/namespaces")["items"]
            own = {
                manifest["metadata"]["name"]
                for manifest in namespaces
                if manifest["metadata"]["name"].startswith("floe-")
            }
            assert own == {path.name for path in (GOLDEN / environment / cluster).glob("floe-*")}
