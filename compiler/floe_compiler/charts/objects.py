"""The objects of a chart as they are delivered: in a namespace, with the platform's labels, and images mirrored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from floe_compiler.charts.limits import problem_of, qualified
from floe_compiler.charts.rules import (
    NO_WORKLOAD,
    NOT_ALLOWED,
    OMITTED_TEST,
    SECRET_VALUES,
    UNDECIDED_HOOK,
    UNUSED_HOOK,
)
from floe_compiler.kit import labels
from floe_compiler.kit.delivery import guarded
from floe_compiler.kit.images import pull_policy
from floe_compiler.model.charts import WORKLOAD_LABEL, ChartObject, ChartUse, RenderedChart
from floe_compiler.model.configuration import CONFIG_HASH
from floe_compiler.model.diagnostics import Findings, Related, near
from floe_compiler.model.nested_fields import mapping, mappings
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.pod_references import references
from floe_compiler.model.scopes import is_namespaced
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.model.workloads import pod_template, workload

HOOK, TEST = "helm.sh/hook", ("test", "test-success", "test-failure")
OF_HELM = ("helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy", "helm.sh/hook-output-log-policy")
CHANGING = ("helm.sh/chart", "app.kubernetes.io/version")
"""Labels that change with the version of a chart."""

DEFINITION = "CustomResourceDefinition"


def delivered(
    use: ChartUse,
    chart: RenderedChart,
    settings: Settings,
    scopes: Mapping[tuple[str, str], bool],
    files: Mapping[str, bytes],
    findings: Findings,
) -> list[ChartObject]:
    """Return the objects of a release; what is not allowed is a finding.

    Args:
        use: The entry.
        chart: What helm renders.
        settings: The settings of the environment.
        scopes: Whether the kinds that the environment defines are namespaced.
        files: The files of the chart.
        findings: What is found is added here.
    """
    objects: list[ChartObject] = []
    misspelt: set[str] = set()
    hooks = set(_hooks_of(chart))
    for template, rendered in chart.objects:
        place = _place(use, template, rendered, files)
        manifest = _in_namespace(rendered, use.namespace, scopes)
        identity = identify(manifest)
        if hook := str(mapping(manifest, ("metadata", "annotations")).get(HOOK) or ""):
            name = f"{identity.kind}/{identity.name}"
            meant = next(iter(near(name, use.hooks.keys() - hooks)), "")
            if not _is_applied(use, name, hook, place, meant, findings):
                misspelt.add(meant)
                continue
        if _is_refused(use, identity, manifest, place, findings):
            continue
        objects.append(ChartObject(_completed(use, identity, manifest, settings), use.origin or Span(""), place))
    identities = [identify(applied.manifest) for applied in objects]
    config_maps = {identity.name for identity in identities if identity.kind == "ConfigMap"}
    objects = [replace(applied, manifest=_with_hash(applied.manifest, config_maps)) for applied in objects]
    for name in sorted(use.hooks.keys() - hooks - misspelt):
        hook_names = ", ".join(sorted(hooks)) or "none"
        message = f"the chart {use.version} has no hook {name} with these values"
        findings.add(
            UNUSED_HOOK, message, use.hook_places.get(name, use.origin), hint=f"its hooks: {hook_names}; remove it"
        )
    _check_workloads(use, objects, findings)
    return objects


def _in_namespace(manifest: Object, namespace: str, scopes: Mapping[tuple[str, str], bool]) -> Object:
    """Return an object with the namespace of the release if its kind is namespaced and it names none."""
    identity = identify(manifest)
    metadata = {key: value for key, value in manifest["metadata"].items() if value not in (None, {}, "")}
    if is_namespaced(identity.group, identity.kind, scopes) is not False:
        metadata = {"namespace": namespace, **metadata}
    return {**manifest, "metadata": metadata}


def _hooks_of(chart: RenderedChart) -> Iterator[str]:
    """Yield the names of the hooks of a chart."""
    for _, manifest in chart.objects:
        if mapping(manifest, ("metadata", "annotations")).get(HOOK):
            identity = identify(manifest)
            yield f"{identity.kind}/{identity.name}"


def _is_applied(use: ChartUse, name: str, hook: str, place: Span, meant: str, findings: Findings) -> bool:
    """Return whether a hook is applied as any other object; report one that the entry does not mention.

    `meant` is a name among `hooks` that the chart does not have and that may mean this one; empty if there is none.
    """
    decision = use.hooks.get(name)
    if decision is not None:
        return decision == "apply"
    phases = [phase.strip() for phase in hook.split(",")]
    is_test = all(phase in TEST for phase in phases)
    message = f"{name} of the chart {use.version} is a {'test' if is_test else f'hook ({hook})'}"
    consequence = " and is left out" if is_test else ", and nothing says what becomes of it"
    hint = f'write "{name}" instead of "{meant}"' if meant else f'write under hooks: "{name}": omit, or apply'
    span = use.hook_places.get(meant, use.origin)
    related = [Related(place, "its template")]
    findings.add(OMITTED_TEST if is_test else UNDECIDED_HOOK, message + consequence, span, hint=hint, related=related)
    return False


def _is_refused(use: ChartUse, identity: ObjectId, manifest: Object, place: Span, findings: Findings) -> bool:
    related = [Related(place, "its template")]
    if (identity.group, identity.kind) == ("", "Secret") and any(manifest.get(key) for key in ("data", "stringData")):
        message = f"{identity} of the chart {use.version} has values"
        hint = "name a Secret that exists in the chart's values (existingSecret or the like), and list it under "
        hint += f"workloads.<name>.secrets: {{{identity.name}: [{', '.join(_keys(manifest))}]}}"
        findings.add(SECRET_VALUES, message, use.origin, hint=hint, related=related, secret=True)
        return True
    problem = problem_of(identity, manifest, use.namespace, use.limits) if use.limits else None
    if problem:
        message = f"{identity} of the chart {use.version}: {problem[0]}"
        findings.add(NOT_ALLOWED, message, use.origin, hint=problem[1], related=related)
    return problem is not None


def _keys(secret: Object) -> list[str]:
    return sorted({*mapping(secret, ("data",)), *mapping(secret, ("stringData",))})


def _completed(use: ChartUse, identity: ObjectId, manifest: Object, settings: Settings) -> Object:
    """Return an object with the platform's labels, those of its pods, mirrored images, and no annotations for helm."""
    metadata = manifest["metadata"]
    common = {
        labels.NAME: use.version.name,
        labels.INSTANCE: use.name,
        labels.COMPONENT: use.name,
        **mapping(metadata, ("labels",)),
        **labels.chart_labels(settings),
    }
    annotations = {key: value for key, value in mapping(metadata, ("annotations",)).items() if key not in OF_HELM}
    if identity.kind == DEFINITION:
        annotations = {**annotations, **guarded(settings)}
    metadata = {**metadata, "labels": common, "annotations": annotations}
    if not annotations:
        del metadata["annotations"]
    result = _with_pods({**manifest, "metadata": metadata}, use, identity, settings)
    if claims := mappings(result, ("spec", "volumeClaimTemplates")):
        result = {**result, "spec": {**result["spec"], "volumeClaimTemplates": list(map(_stable, claims))}}
    return result


def _stable(claim: Object) -> Object:
    """Return a claim's template without labels that change: Kubernetes refuses any change of it."""
    metadata = mapping(claim, ("metadata",))
    labels = {key: value for key, value in mapping(metadata, ("labels",)).items() if key not in CHANGING}
    rest = {key: value for key, value in metadata.items() if key != "labels"}
    return {**claim, "metadata": {**rest, **({"labels": labels} if labels else {})}}


def _with_pods(manifest: Object, use: ChartUse, identity: ObjectId, settings: Settings) -> Object:
    """Return an object whose pod template has the images of the environment, and the labels that policies select."""
    if (pods := workload(identity, manifest)) is None or not pod_template(manifest):
        return manifest
    declared = next((declaration for declaration in use.pods if declaration.workload == identity.name), None)
    template = pods.template
    if declared:
        own = {WORKLOAD_LABEL: identity.name, **{f"{labels.ACCESS}{slot}": "true" for slot in declared.calls}}
        metadata = mapping(template, ("metadata",))
        template = {**template, "metadata": {**metadata, "labels": {**mapping(metadata, ("labels",)), **own}}}
    pod = _defaults(settings) | mapping(template, ("spec",))
    for field in ("containers", "initContainers"):
        if isinstance(pod.get(field), list):
            pod[field] = [_pulled(container, settings) for container in pod[field]]
    return _put(manifest, tuple(filter(None, pods.place.split("."))), {**template, "spec": pod})


def _with_hash(manifest: Object, config_maps: Collection[str]) -> Object:
    """Return an object whose pods restart when a ConfigMap of the chart changes: the hash is filled in later."""
    pods = workload(identify(manifest), manifest)
    if pods is None or pods.is_task or CONFIG_HASH in pods.annotations:
        return manifest
    if not any(reference.kind == "ConfigMap" and reference.name in config_maps for reference in references(pods.pod)):
        return manifest
    metadata = mapping(pods.template, ("metadata",))
    annotated = {**metadata, "annotations": {**pods.annotations, CONFIG_HASH: ""}}
    return _put(manifest, tuple(filter(None, pods.place.split("."))), {**pods.template, "metadata": annotated})


def _defaults(settings: Settings) -> Object:
    """Return what all pods of the platform have: charts leave it to the cluster, or to an admission controller."""
    secret = settings.platform.pull_secret
    return {"enableServiceLinks": False, **({"imagePullSecrets": [{"name": secret}]} if secret else {})}


def _pulled(container: Any, settings: Settings) -> Any:
    """Return a container with its image from a mirror, if there is one, and with the platform's pull policy."""
    image = container.get("image") if isinstance(container, dict) else None
    if not isinstance(image, str) or not image:
        return container
    container = {"imagePullPolicy": pull_policy(settings), **container}
    full = qualified(image)
    mirror = settings.platform.mirrors.get(full.partition("/")[0])
    is_pulled_from = full.startswith(tuple(f"{mirrored}/" for mirrored in settings.platform.mirrors.values()))
    return {**container, "image": mirror + full[full.index("/") :]} if mirror and not is_pulled_from else container


def _put(manifest: Object, path: tuple[str, ...], value: Object) -> Object:
    """Return an object with another value at a path."""
    if not path:
        return value
    return {**manifest, path[0]: _put(mapping(manifest, path[:1]), path[1:], value)}


def _check_workloads(use: ChartUse, objects: Iterable[ChartObject], findings: Findings) -> None:
    known = {identity.name for applied in objects if workload(identity := identify(applied.manifest), applied.manifest)}
    for pods in use.pods:
        if pods.workload not in known and not findings.failed:
            message = f"the chart {use.version} renders no workload {pods.workload} with these values"
            hint = f"its workloads: {', '.join(sorted(known)) or 'none'}"
            findings.add(NO_WORKLOAD, message, pods.origin or use.origin, hint=hint)


def _place(use: ChartUse, template: str, manifest: Object, files: Mapping[str, bytes]) -> Span:
    """Return where in the chart an object is written: the line with its kind, if its template has one."""
    lines = files.get(template, b"").decode(errors="replace").splitlines()
    wanted = (f"kind: {manifest['kind']}", f'kind: "{manifest["kind"]}"')
    line = next((number for number, text in enumerate(lines, start=1) if text.strip() in wanted), 1)
    return Span(f"{use.version.folder}/{template}", line, 1)


def definitions_in(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the texts of the definitions of custom resources in a chart's folder `crds/`, and in those of its parts."""
    for path, content in files.items():
        parts = path.split("/")
        if "crds" in parts[:-1] and (parts.index("crds") % 2 == 0) and path.endswith((".yaml", ".yml", ".json")):
            yield content.decode(errors="replace")
