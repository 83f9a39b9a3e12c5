"""The OpenTelemetry Collector's image, for all that runs it."""

from __future__ import annotations

IMAGE = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s:0.158.0"
"""Its components: open-telemetry/opentelemetry-collector-releases, `distributions/otelcol-k8s/manifest.yaml`."""
