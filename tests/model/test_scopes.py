"""Which kinds have a namespace."""

from __future__ import annotations

from floe_compiler.check.objects.custom_resources.published import schema_files
from floe_compiler.model.objects import ObjectId, identify
from floe_compiler.model.scopes import is_namespaced
from tables import table


@table(
    "group, kind, expected",
    [
        ("", "Namespace", False),
        ("", "ConfigMap", True),
        ("rbac.authorization.k8s.io", "ClusterRole", False),
        ("rbac.authorization.k8s.io", "Role", True),
        ("external-secrets.io", "ClusterSecretStore", False),
        ("argoproj.io", "ClusterWorkflowTemplate", False),
        ("cert-manager.io", "Certificate", True),
        ("cert-manager.io", "ClusterIssuer", False),
        ("gateway.networking.k8s.io", "GatewayClass", False),
        ("gateway.networking.k8s.io", "HTTPRoute", True),
        ("acme.example", "Widget", None),
    ],
)
def test_a_kind_is_namespaced_cluster_scoped_or_unknown(group: str, kind: str, expected: bool | None) -> None:
    assert is_namespaced(group, kind) is expected


def test_the_scope_of_every_published_kind_is_known() -> None:
    kinds = {(api_version.partition("/")[0], kind) for api_version, kind in schema_files()}
    assert not {kind for kind in kinds if is_namespaced(*kind) is None}


def test_a_definition_has_precedence_over_the_table() -> None:
    assert is_namespaced("acme.example", "Widget", {("acme.example", "Widget"): False}) is False


def test_a_namespaced_object_of_a_chart_gets_the_namespace_of_the_chart() -> None:
    config, role = (
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}} for kind in ("ConfigMap", "Namespace")
    )
    assert identify(config, "sales") == ObjectId("", "ConfigMap", "sales", "a")
    assert identify(role, "sales") == ObjectId("", "Namespace", "", "a")
    assert identify({**config, "metadata": {"name": "a", "namespace": "own"}}, "sales").namespace == "own"
