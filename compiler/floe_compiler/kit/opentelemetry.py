"""What all that runs the OpenTelemetry Collector has in common: its image, and TLS inside the cluster.

Source: open-telemetry/opentelemetry-collector, `config/configtls`.
"""

from __future__ import annotations

from typing import Any

from floe_compiler.model.endpoint import Endpoint

IMAGE = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s:0.158.0"
"""Its components: open-telemetry/opentelemetry-collector-releases, `distributions/otelcol-k8s/manifest.yaml`."""


def own_tls(certificate: str) -> dict[str, Any]:
    """Return the TLS settings of a receiver that reloads its certificate from a folder; none without a folder."""
    if not certificate:
        return {}
    files = {"cert_file": f"{certificate}/tls.crt", "key_file": f"{certificate}/tls.key"}
    return {"tls": {**files, "reload_interval": "1m"}}


def to_platform(server: Endpoint, certificate: str = "") -> dict[str, Any]:
    """Return the exporter to a server of the platform; with TLS, it trusts what `SSL_CERT_FILE` names.

    `certificate` is the folder with the one that it shows, which it reads again; empty: it shows none.
    """
    shown = own_tls(certificate)
    return {"endpoint": server.address()} | (shown if server.port().tls else {"tls": {"insecure": True}})
