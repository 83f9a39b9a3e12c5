"""Certificates of cert-manager (cert-manager.io/v1), and the pods by which it solves HTTP-01 challenges.

Sources: cert-manager 1.21, `pkg/issuer/acme/http/pod.go` (label, port and resources of solver pods, whose security
context meets the restricted standard) and `pkg/apis/acme/v1/types.go`.
"""

from __future__ import annotations

from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.delivery import last
from floe_compiler.kit.meta import manifest
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import OperatedPods, Resources
from floe_compiler.model.ingress import Certificate
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance

SOLVER = "acme-http01-solver"
SOLVER_LABELS = (("acme.cert-manager.io/http01-solver", "true"),)
SOLVER_RESOURCES = Resources("10m", "64Mi", "100m", "64Mi")
SOLVER_PORT = Port("http", 8089, service=False)


def certificate(instance: Instance[Any], declared: Certificate) -> Object:
    """Return a Certificate, which cert-manager renews."""
    spec = {
        "secretName": declared.name,
        "dnsNames": list(declared.hosts),
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": declared.issuer},
        # Each renewal gets a new key: since 1.18 that is the default, before it was not.
        "privateKey": {"rotationPolicy": "Always"},
    }
    head = labels.selector(instance, "certificates")  # its own name may be too long for a label
    return manifest("cert-manager.io/v1", "Certificate", declared.name, head, last(instance.settings), spec=spec)


def solver_pods(count: int) -> tuple[OperatedPods, ...]:
    """Return the pods that cert-manager starts to prove that a host is ours; the ingress controller sends to them."""
    if not count:
        return ()
    return (OperatedPods(SOLVER, SOLVER_LABELS, SOLVER_RESOURCES, count, ports=(SOLVER_PORT,), opened=True),)
