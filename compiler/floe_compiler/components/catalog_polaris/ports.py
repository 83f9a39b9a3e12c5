"""The ports of Polaris, and its TLS inside the cluster.

With TLS, clients use the port `https`. The port `http` stays for the ingress controller, which ends TLS itself; network
policies let nobody else reach it. Sources: Quarkus 3.32, `HttpServerOptionsUtils.java` (a TLS configuration without a
name would hold for the management port, too, which the kubelet and Prometheus ask without TLS). These settings, a
renewed certificate and telemetry over TLS were tested with an application of Quarkus 3.32.3, not with Polaris itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.kit.tls import certificate_folder
from floe_compiler.model.endpoint import Port
from floe_compiler.model.settings import Settings

HTTP = Port("http", 8181)
HTTPS = Port("https", 8443, scheme="https", tls=True)
# Health checks and metrics (`/q/metrics`). This port needs no login, so it is not in the Service.
MANAGEMENT = Port("management", 8182, service=False, health="/q/health/ready")

TLS = "server"
"""The name of the TLS configuration."""


def api_port(settings: Settings) -> Port:
    """Return the port at which programs in the cluster find the API."""
    return HTTPS if settings.tls_issuer else HTTP


def ports(settings: Settings) -> tuple[Port, ...]:
    """Return the server's ports."""
    return tuple(dict.fromkeys((HTTP, api_port(settings), MANAGEMENT)))


def tls_properties(settings: Settings) -> Mapping[str, str]:
    """Return the server's settings for TLS; none without it."""
    folder = certificate_folder(settings)
    if not folder:
        return {}
    return {
        "quarkus.http.insecure-requests": "enabled",
        "quarkus.http.ssl-port": str(HTTPS.number),
        "quarkus.http.tls-configuration-name": TLS,
        f"quarkus.tls.{TLS}.key-store.pem.0.cert": f"{folder}/tls.crt",
        f"quarkus.tls.{TLS}.key-store.pem.0.key": f"{folder}/tls.key",
        f"quarkus.tls.{TLS}.reload-period": "1m",
    }
