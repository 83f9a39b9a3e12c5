"""Which clusters are the same."""

from __future__ import annotations

import pytest

from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.inputs import Cluster


@pytest.mark.parametrize(
    ("cluster", "identity"),
    [
        (Cluster(name="kind"), "kind"),
        (Cluster(name="kind", server="https://Kubernetes.default.svc/"), "kind"),
        (Cluster(name="eu", server="https://k8s.acme.example:6443"), "https://k8s.acme.example:6443"),
        (Cluster(name="other", server="https://K8s.acme.example:6443/"), "https://k8s.acme.example:6443"),
    ],
)
def test_a_cluster_is_identified_by_its_address_or_else_by_its_name(cluster: Cluster, identity: str) -> None:
    assert cluster_identity(cluster) == identity
