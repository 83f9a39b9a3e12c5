"""The Helm charts of a scope: each entry of `charts` is an instance that declares the facts of the chart's pods.

Its objects are rendered later (`charts/`): only the release, and what is declared of its pods, is known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from floe_compiler.model.charts import WORKLOAD_LABEL, ChartLimits, ChartPods, ChartUse, ChartVersion
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import OperatedPods, Parts, Resources
from floe_compiler.model.inputs import PlatformManifest
from floe_compiler.model.inputs.charts import Chart, ChartWorkload
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.instances import Place
from floe_compiler.resolve.layers import Layer, Merged, leaves
from floe_compiler.resolve.rules import BEYOND_POLICY, UNKNOWN_REFERENCE, WRONG_VALUE

CHARTS = "charts"
"""The key of the entries, and the slot of their instances."""

NOT_COUNTED = Resources("0", "0", "0", "0")
"""The resources of the pods: they are in the chart's own objects."""

TYPE = "helm"


def chart_instances(charts: Mapping[str, Chart], merged: Merged, place: Place, findings: Findings) -> list[Placed]:
    """Return the instances of the entries of a scope; report ports and servers that they name and do not have."""
    placed: list[Placed] = []
    for name, chart in charts.items():
        _check_names(name, chart, charts, merged, findings)
        placed.append(
            (
                COMPONENT,
                Instance(
                    slot=CHARTS,
                    type=TYPE,
                    name=name,
                    scope=place.scope,
                    namespace=place.namespace,
                    config=chart,
                    settings=place.settings,
                    settings_path=(CHARTS, name),
                    placement=place.placement,
                    origin=merged.key_span((CHARTS, name)),
                ),
            )
        )
    return placed


def _check_names(name: str, chart: Chart, charts: Mapping[str, Chart], merged: Merged, findings: Findings) -> None:
    for workload, declared in chart.workloads.items():
        path = (CHARTS, name, "workloads", workload)
        named = {"metrics": declared.metrics, "interface": declared.interface}
        for key, of_port in named.items():
            if of_port and of_port.port not in declared.ports:
                ports = ", ".join(declared.ports) or "none"
                message = f"{show_path((*path, key, 'port'))}: {workload} has no port {of_port.port}"
                hint = f"ports: {ports}; declare it under ports"
                findings.add(WRONG_VALUE, message, merged.span((*path, key, "port")), hint=hint)
        for index, call in enumerate(declared.calls):
            if call.chart and not call.shared and call.chart not in charts:
                message = f"{show_path((*path, 'calls', index, 'chart'))}: there is no chart {call.chart} here"
                hint = f"charts: {', '.join(charts)}"
                span = merged.span((*path, "calls", index, "chart"))
                findings.add(UNKNOWN_REFERENCE, message, span, hint=hint)


def check_charts(manifest: PlatformManifest, platform: Merged, own: Layer, domain: Merged, findings: Findings) -> None:
    """Report what a domain's own file says of charts beyond the policy.

    Args:
        manifest: The platform's settings in the environment.
        platform: The layers that these come from.
        own: The domain's own file.
        domain: All layers of the domain.
        findings: The errors are added here.
    """
    allowed = manifest.domain_policy.charts
    limit = platform.span(("domain_policy", CHARTS))
    related = [Related(limit, "the limit")] if limit and allowed else []
    for name, written in (own.data.get(CHARTS) or {}).items():
        path = (CHARTS, name)
        chart = (written or {}).get("chart") or domain.data[CHARTS][name].get("chart") or name
        if chart not in allowed:
            message = f"a domain may not run the chart {chart}"
            hint = f"allowed: {', '.join(allowed) or 'none'}; ask the platform team to allow it under "
            hint += "`domain_policy.charts`, or to write the entry under `domains` in the environment.yaml"
            findings.add(BEYOND_POLICY, message, own.key_span(path), hint=hint, related=related)
            continue
        for workload, declared in ((written or {}).get("workloads") or {}).items():
            at: DataPath = (*path, "workloads", workload)
            calls = (declared or {}).get("calls") or ()
            for index in (index for index, call in enumerate(calls) if call.get("shared")):
                message = "a domain's own file may not let its pods call shared services by their names"
                hint = "ask the platform team to write the call under `domains` in the environment.yaml"
                findings.add(BEYOND_POLICY, message, own.span((*at, "calls", index)), hint=hint)
            if (declared or {}).get("kubernetes_api"):
                message = "a domain's own file may not open the Kubernetes API to its pods"
                hint = "ask the platform team to write it under `domains` in the environment.yaml"
                findings.add(BEYOND_POLICY, message, own.span((*at, "kubernetes_api")), hint=hint)


def build(context: Context[Chart]) -> Parts:
    """Return what is declared of the pods of a chart."""
    return Parts(operated=tuple(_pods(context.instance, *pair) for pair in context.config.workloads.items()))


def _pods(instance: Instance[Chart], workload: str, declared: ChartWorkload) -> OperatedPods:
    opened = declared.interface
    ports = tuple(
        Port(name, number, service=bool(opened and opened.port == name)) for name, number in declared.ports.items()
    )
    return OperatedPods(
        workload,
        ((WORKLOAD_LABEL, workload),),
        NOT_COUNTED,
        ports=ports,
        calls=_calls(instance, declared),
        kubernetes_api=declared.kubernetes_api,
        metrics=(Metrics(declared.metrics.port, declared.metrics.path),) if declared.metrics else (),
        secrets=tuple(
            Secret(name, instance.namespace, tuple(map(SecretKey, keys))) for name, keys in declared.secrets.items()
        ),
        rendered=True,
        interfaces=(Interface(workload, opened.port, authenticates=opened.authenticates),) if opened else (),
        service=f"{workload}-interface",
    )


def _calls(instance: Instance[Chart], declared: ChartWorkload) -> tuple[Endpoint, ...]:
    cluster, environment = instance.settings.cluster, instance.settings.environment
    servers = [
        Endpoint(target.host, (Port("server", target.port, scheme="https"),), cidr=target.cidr)
        for target in declared.connects
    ]
    for call in declared.calls:
        namespace = environment.platform_namespace if call.shared else instance.namespace
        server = service_endpoint(call.server, namespace, cluster.domain, (Port("server", call.port, service=False),))
        servers.append(replace(server, labels=((WORKLOAD_LABEL, call.server),)) if call.chart else server)
    return tuple(servers)


def chart_uses(placed: Iterable[Placed], merged: Merged, limits: ChartLimits | None = None) -> tuple[ChartUse, ...]:
    """Return the releases of a scope, given its instances and the layers that they come from."""
    return tuple(_use(instance, merged, limits) for component, instance in placed if component is COMPONENT)


def _use(instance: Instance[Chart], merged: Merged, limits: ChartLimits | None) -> ChartUse:
    chart, path = instance.config, (CHARTS, instance.name)
    return ChartUse(
        instance.name,
        ChartVersion(chart.chart or instance.name, chart.version),
        instance.namespace,
        instance.scope,
        json.dumps(chart.values, sort_keys=True, ensure_ascii=False, default=str).encode(),
        merged.key_span(path),
        merged.span((*path, "version")),
        chart.crds,
        dict(sorted(chart.hooks.items())),
        {name: span for name in sorted(chart.hooks) if (span := merged.key_span((*path, "hooks", name)))},
        tuple(_chart_pods(instance, merged)),
        {
            **{key: span for key in sorted(chart.values) if (span := merged.key_span((*path, "values", key)))},
            **{
                ".".join(map(str, at)): span
                for at, _ in leaves(chart.values)
                if (span := merged.span((*path, "values", *at)))
            },
        },
        limits,
    )


def _chart_pods(instance: Instance[Chart], merged: Merged) -> Iterator[ChartPods]:
    for workload, declared in instance.config.workloads.items():
        called = tuple(sorted({call.server for call in declared.calls}))
        yield ChartPods(workload, called, merged.key_span((CHARTS, instance.name, "workloads", workload)))


def domain_limits(manifest: PlatformManifest) -> ChartLimits:
    """Return what the charts of domains may have, as far as the policy for domains says it of products, too."""
    policy, placement, images = manifest.domain_policy, manifest.placement, manifest.images
    registries = (images.registry, *images.mirrors, *images.mirrors.values(), *policy.registries)
    classes = (placement.jobs.priority_class, placement.jobs.runtime_class)
    tolerations = (*policy.tolerations, *placement.services.tolerations, *placement.jobs.tolerations)
    return ChartLimits(
        tuple(f"{registry}/" for registry in dict.fromkeys(registries)),
        tuple(sorted({*policy.priority_classes, *policy.runtime_classes, *(name for name in classes if name)})),
        tuple(
            sorted(
                (toleration.key, "" if toleration.any_value else toleration.value or "", toleration.effect or "")
                for toleration in tolerations
            )
        ),
    )


COMPONENT: Component[Chart] = Component(
    slot=CHARTS, type=TYPE, summary="A Helm chart", config=Chart, build=build, scope="each"
)
