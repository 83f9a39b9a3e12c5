"""A component as another package would bring it: a portal for data products, written with cdk8s-plus in Python."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context

if TYPE_CHECKING:
    import cdk8s

PORT = 8080


class PortalConfig(Input):
    """A portal that shows what data products there are."""

    type: Literal["backstage"] = "backstage"
    """The kind of portal."""
    replicas: Annotated[int, Field(ge=1)] = 2
    """How many pods serve it."""
    privileged: bool = False
    """Do what no pod may, for a test."""


def constructs(chart: cdk8s.Chart, context: Context[PortalConfig]) -> None:
    """Add the portal's Deployment and Service."""
    # Not import statements: the types of cdk8s-plus are large enough to slow mypy down.
    cdk8s_, plus = import_module("cdk8s"), import_module("cdk8s_plus_33")
    deployment = plus.Deployment(
        chart,
        "portal",
        replicas=context.config.replicas,
        strategy=plus.DeploymentStrategy.rolling_update(
            max_surge=plus.PercentOrAbsolute.absolute(1), max_unavailable=plus.PercentOrAbsolute.absolute(0)
        ),
        metadata=metadata(cdk8s_, context),
        pod_metadata=metadata(cdk8s_, context),
        automount_service_account_token=False,
        enable_service_links=False,
        security_context=plus.PodSecurityContextProps(user=1000, group=1000, fs_group=1000),
        containers=[container(cdk8s_, plus, privileged=context.config.privileged)],
    )
    service = plus.Service(chart, "service", metadata=metadata(cdk8s_, context, name="portal"))
    service.bind(PORT, name="http")
    service.select(deployment)


def metadata(cdk8s_: Any, context: Context[PortalConfig], name: str | None = None) -> Any:
    """Return the labels that every object has."""
    names = {"name": "portal", "instance": context.instance.name, "component": "portal"}
    common = {**names, "part-of": context.settings.platform.name, "managed-by": "floe-compile"}
    return cdk8s_.ApiObjectMetadata(
        name=name, labels={f"app.kubernetes.io/{key}": value for key, value in common.items()}
    )


def container(cdk8s_: Any, plus: Any, *, privileged: bool) -> Any:
    """Return the one container."""
    size = cdk8s_.Size.mebibytes(256)
    return plus.ContainerProps(
        name="portal",
        image="ghcr.io/acme/portal:1.0.0",
        image_pull_policy=plus.ImagePullPolicy.IF_NOT_PRESENT,
        port=PORT,
        liveness=plus.Probe.from_http_get("/healthz", port=PORT),
        readiness=plus.Probe.from_http_get("/healthz", port=PORT),
        resources=plus.ContainerResources(
            cpu=plus.CpuResources(request=plus.Cpu.millis(100), limit=plus.Cpu.millis(500)),
            memory=plus.MemoryResources(request=size, limit=size),
        ),
        security_context=plus.ContainerSecurityContextProps(
            user=1000,
            group=1000,
            privileged=privileged,
            allow_privilege_escalation=privileged,
            capabilities=plus.ContainerSecutiryContextCapabilities(drop=[plus.Capability.ALL]),
            seccomp_profile=plus.SeccompProfile(type=plus.SeccompProfileType.RUNTIME_DEFAULT),
        ),
    )


def build(_context: Context[PortalConfig]) -> Parts:
    """Return no facts: all objects are constructs."""
    return Parts()


COMPONENT = Component(
    slot="portal",
    type="backstage",
    summary="A portal that shows what data products there are",
    config=PortalConfig,
    build=build,
    constructs=constructs,
    scope="platform",
)
