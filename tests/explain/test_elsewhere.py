"""What is explained in one cluster may follow from a component that runs in another one."""

from __future__ import annotations

from pathlib import Path

from floe_compiler.components import registry
from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import defaults
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.objects import ObjectId
from floe_compiler.resolve.schemas import schemas
from small_mesh import ENVIRONMENT, MANIFEST, small_mesh

CLUSTER = {"storage_class": "gp3", "ingress_namespace": "envoy"}
CLUSTERS = {
    "cluster": None,
    "storage_class": None,
    "clusters": [
        {
            "name": "hub",
            "server": "https://hub.k8s.acme.example",
            "runs": ["platform"],
            "reached_at": {"domain": "hub.acme.example", "cidr": "203.0.113.0/28"},
            **CLUSTER,
        },
        {"name": "far", "server": "https://far.k8s.acme.example", "runs": ["sales"], **CLUSTER},
    ],
    "links": {"type": "gateway", "class": "eg", "issuer": "acme-internal"},
    "trust": {"bundle": {"type": "config-map", "name": "acme", "key": "ca.crt", "truststore": "t.p12"}},
    "tls": {"without": "one network"},
}


def test_the_defaults_of_shared_services_elsewhere_are_varied_once(tmp_path: Path) -> None:
    collector = {"collector": {"type": "opentelemetry", "mode": "deployment"}}
    platform = {
        "catalog": {"type": "polaris"},
        "storage": {"type": "seaweedfs"},
        "observability": collector,
        "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
    }
    components = registry()
    sources, _ = load(
        read_inputs(small_mesh(tmp_path, {MANIFEST: platform, ENVIRONMENT: CLUSTERS})), schemas(components)
    )
    question = Question(sources, components, "dev/far", ObjectId("batch", "CronJob", "floe-sales-domain", "orders"))
    causes = [setting.cause.description for settings in defaults(question) for setting in settings]
    assert "default of catalog.warehouse (polaris)" in causes
    assert len(causes) == len(set(causes))
