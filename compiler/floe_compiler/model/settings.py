"""What holds for everything rendered in one environment, by whom it belongs to. The inputs have the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from floe_compiler.model.inputs import SecretsBackend


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """What the platform says: who it is, and where images and secrets come from."""

    name: str
    version: str
    registry: str
    """The registry of images that are named without one."""

    mirrors: Mapping[str, str]
    """Upstream registry -> the registry that mirrors it."""

    pull_secret: str
    """The secret with which images are pulled; empty: no login."""

    secrets: SecretsBackend
    delivery: Literal["argocd", "flux"]


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """What the environment says: what it is for, how big it is, and how its namespaces are called."""

    name: str
    production: bool
    scale: str
    platform_namespace: str
    """The namespace of the shared services."""


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The cluster that the environment runs in."""

    name: str
    kubernetes_version: str
    domain: str
    storage_class: str
    ingress_namespace: str
    """The namespace of the ingress controller; empty: there is none."""

    api_server_cidr: str
    nodes: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for everything rendered in one environment."""

    platform: PlatformSettings
    environment: EnvironmentSettings
    cluster: ClusterSettings
