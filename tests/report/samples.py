"""Diagnostics and objects that the tests of this stage share."""

from typing import Any

from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.output_paths import object_path
from floe_compiler.model.span import Span
from floe_compiler.report.manifests import Manifests
from floe_compiler.report.outcome import Outcome

UNKNOWN = Rule("R012", "unknown component", "The word names no component. Choose one that exists.")
ODD = Rule("C100", "odd thing", "It looks odd.", severity="warning")

ERROR = Diagnostic(
    UNKNOWN,
    'catalog type "polari" is not known',
    Span("domains/sales/domain.yaml", 2, 9),
    hint='did you mean "polaris"?',
    related=(Related(Span("platform-manifest.yaml", 3, 9), "the platform's catalog"),),
)
WARNING = Diagnostic(ODD, "has no probe", subject="prod: Deployment floe-platform/polaris")
OUTCOME = Outcome((ERROR, WARNING), created=("output/dev/b",), deleted=("output/dev/a",), summary="done")


def deployment(name: str = "polaris", namespace: str = "floe-platform", **container: Any) -> Object:
    """Return a Deployment with one container."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"name": "app", "image": "ghcr.io/a/b:1.2.0", **container}]}},
        },
    }


def resource(kind: str, name: str = "x", namespace: str = "a", api: str = "v1", **rest: Any) -> Object:
    """Return an object of any kind."""
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **place}, **rest}


def pruning(path: str, *, prune: bool = True) -> Object:
    """Return an Application that applies a folder of the output, and prunes it."""
    spec = {"source": {"path": path}, "syncPolicy": {"automated": {"enabled": True, "prune": prune}}}
    return resource("Application", path.replace("/", "-"), "argocd", spec=spec)


def manifests(objects: list[Object], environment: str = "dev") -> Manifests:
    """Return objects as they are read from the files of an environment."""
    by_id = {identify(manifest): manifest for manifest in objects}
    files = {identity: object_path(environment, identity, cluster_scoped=not identity.namespace) for identity in by_id}
    return Manifests(by_id, files)
