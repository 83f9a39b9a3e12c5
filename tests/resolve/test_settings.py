"""Settings have the values of the platform's and the environment's documents, or the defaults of their models."""

from __future__ import annotations

from floe_compiler.model.addresses import Reach
from floe_compiler.model.dns import DnsServers
from floe_compiler.model.inputs import Cluster, Images, Kubernetes
from floe_compiler.model.settings import ClusterSettings
from support import DEVELOPMENT, PRODUCTION, settings_of

GENERATED = {"secrets": {"type": "generated"}}


def test_defaults_are_those_of_the_inputs() -> None:
    kubernetes, cluster, images = Kubernetes(), Cluster(name="acme-dev"), Images()
    assert DEVELOPMENT.cluster == ClusterSettings(
        name="acme-dev",
        kubernetes_version=kubernetes.version,
        domain=kubernetes.cluster_domain,
        storage_class="standard",
        ingress_namespace="",
        keda_namespace="",
        api_server_cidr=cluster.api_server_cidr,
        reach=Reach(),
        dns=DnsServers(),
        nodes=cluster.nodes,
        ingress_addresses=(),
        is_one_of_several=False,
        exported_domain="",
        name_elsewhere="",
        client_issuer="",
        mesh=None,
    )
    assert (DEVELOPMENT.platform.registry, DEVELOPMENT.platform.mirrors) == (images.registry, {})
    assert (DEVELOPMENT.environment.name, DEVELOPMENT.environment.scale) == ("dev", "light")
    assert (PRODUCTION.environment.production, PRODUCTION.environment.scale) == (True, "heavy")


def test_mirrors_are_sorted_as_their_order_has_no_meaning() -> None:
    mirrors = {"quay.io": "b.io", "docker.io": "a.io"}
    settings = settings_of("dev", {**GENERATED, "images": {"mirrors": mirrors}})
    assert list(settings.platform.mirrors) == ["docker.io", "quay.io"]


def test_the_namespace_of_shared_services_follows_the_pattern() -> None:
    settings = settings_of("dev", GENERATED, namespaces={"pattern": "acme-{scope}"})
    assert settings.environment.platform_namespace == "acme-platform"
