"""Plans become environments: objects of all namespaces, and the facts that they are checked against."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.derive import plan_units
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.endpoint import service_endpoint
from floe_compiler.model.facts import ConfigFile, Launched, Parts, PlainYaml, SecretFile, Workload
from floe_compiler.model.inputs import Cluster, Quota
from floe_compiler.model.operations import Interface
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.rendered import DELIVERY_UNIT, VERSION, ExistingSecret, PodGroup, Rendered
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.synthesize import synthesize
from kit.samples import DATABASE, HTTP, container, instance, pod, workload
from support import DEVELOPMENT, PRODUCTION, changed
from synthesize.delivery_plans import argocd_plan

PLATFORM, SALES, FINANCE = "floe-platform", "floe-sales-domain", "floe-finance-domain"
OWNED = Secret("client", PLATFORM, (SecretKey("id", literal="x"), SecretKey("secret", generated=32)))
WEB = service_endpoint("web", PLATFORM, "cluster.local", (HTTP,))
WRITTEN = Span("m.yaml", 4, 3)
CLUSTERS = {name: Cluster(name="kind") for name in ("dev", "prod")}


def reading(*secrets: Secret, name: str = "web", **changes: Any) -> Parts:
    files = tuple(
        SecretFile(f"/run/secrets/{secret.name}/{key.name}", secret.key(key.name))
        for secret in secrets
        for key in secret.keys
    )
    return Parts(workloads=(workload(pod(container(secret_files=files), **changes), name=name),))


def unit(namespace: str, *parts: Parts, settings: Settings = DEVELOPMENT) -> DeclaredUnit:
    scope = namespace.removeprefix("floe-").removesuffix("-domain")
    instances = []
    for line, part in enumerate(parts):
        origin = WRITTEN._replace(line=WRITTEN.line + line)
        instances.append(DeclaredInstance(instance(settings, scope=scope, namespace=namespace, origin=origin), part))
    return DeclaredUnit(settings, scope, namespace, "@acme/x", Quota(), tuple(instances))


def rendered(*units: DeclaredUnit) -> dict[str, Rendered]:
    return {unit_.namespace: unit_ for unit_ in synthesize(plan_units(units), CLUSTERS)}


def refused(*units: DeclaredUnit) -> list[Diagnostic]:
    with pytest.raises(StageFailed) as failed:
        rendered(*units)
    return list(failed.value.diagnostics)


def refusals(*units: DeclaredUnit) -> list[tuple[str, str, str]]:
    return [(diagnostic.rule.code, str(diagnostic.span), diagnostic.message) for diagnostic in refused(*units)]


def test_units_have_the_order_of_their_plans_and_their_own_objects() -> None:
    units = rendered(unit(SALES), unit(PLATFORM))
    assert list(units) == [SALES, PLATFORM]
    for namespace, unit_ in units.items():
        assert (unit_.environment, unit_.namespace) == ("dev", namespace)
        assert [manifest["metadata"]["name"] for manifest in unit_.objects.of_kind("Namespace")] == [namespace]
        assert {identity.namespace for identity in unit_.objects.by_id} == {"", namespace}


def test_delivery_of_an_environment_is_a_separate_unit() -> None:
    version = Span("m.yaml", 9, 1)
    (delivery,) = synthesize((), {}, [replace(argocd_plan(), version_origin=version)])
    assert delivery.delivery == frozenset(delivery.objects.by_id)
    assert {identity.kind for identity in delivery.delivery} == {"Application", "AppProject"}
    assert (delivery.namespace, delivery.origins) == (DELIVERY_UNIT, {VERSION: version})


def test_facts_for_the_checks_follow_the_settings() -> None:
    settings = changed(
        PRODUCTION,
        platform={"registry": "ghcr.io/acme", "mirrors": {"docker.io": "ghcr.io/hub"}},
        cluster={"kubernetes_version": "1.33", "domain": "acme.internal", "nodes": 9},
    )
    unit_ = rendered(unit(PLATFORM, settings=settings))[PLATFORM]
    assert (unit_.production, unit_.kubernetes_version, unit_.cluster_domain, unit_.nodes) == (
        True,
        "1.33",
        "acme.internal",
        9,
    )
    assert unit_.image_registries == ("ghcr.io/acme", "ghcr.io/hub")
    assert rendered(unit(PLATFORM))[PLATFORM].image_registries == (), "without mirrors, images come from anywhere"


def test_a_cluster_is_identified_by_its_address_and_not_its_name() -> None:
    cluster = Cluster(name="acme-dev", server="https://k8s.acme.example:6443/")
    (unit_,) = synthesize(plan_units([unit(PLATFORM)]), {"dev": cluster})
    assert (unit_.cluster, unit_.cluster_name) == ("https://k8s.acme.example:6443", "acme-dev")


def test_each_unit_has_the_facts_of_its_namespace() -> None:
    existing = Secret("theirs", SALES, (SecretKey("b"), SecretKey("a")), type="custom", existing=True)
    settings = changed(DEVELOPMENT, cluster={"ingress_namespace": "nginx"})
    server = workload(
        pod(container(ports=(HTTP,), writable_root="unpacks"), calls=(DATABASE,)),
        interfaces=(Interface("web", "http"),),
    )
    launched = Parts(workloads=(server,), launched=(Launched("run", pod(), 2),))
    units = rendered(unit(PLATFORM, launched, settings=settings), unit(SALES, reading(existing), settings=settings))
    platform, sales = units[PLATFORM], units[SALES]
    web = PodGroup(PLATFORM, "web")
    assert {edge.source for edge in platform.connections} == {web}
    assert {pods.group for pods in platform.launched} == {PodGroup(PLATFORM, "run")}
    assert {exception.group for exception in platform.exceptions} == {web}
    assert platform.ingress_groups == {(web, 8080)}
    assert platform.ingress_namespace == "nginx"
    assert sales.existing_secrets == {ExistingSecret(SALES, "theirs", ("a", "b"), "custom")}
    assert platform.origins["Deployment.apps floe-platform/web"] == WRITTEN
    assert not list(sales.objects.of_kind("ExternalSecret"))


def test_namespaces_read_generated_secrets_of_others_through_a_store() -> None:
    unit_ = rendered(unit(PLATFORM, reading(OWNED)), unit(SALES, reading(OWNED)), unit(FINANCE, reading(OWNED)))[
        PLATFORM
    ]
    (store,) = unit_.objects.of_kind("ClusterSecretStore")
    assert store["metadata"]["name"] == f"{PLATFORM}-secrets"
    assert store["spec"]["conditions"] == [{"namespaces": [FINANCE, SALES]}]
    (role,) = unit_.objects.of_kind("Role")
    assert role["rules"][0]["resourceNames"] == ["client"]
    alone = rendered(unit(PLATFORM, reading(OWNED)))[PLATFORM]
    assert not list(alone.objects.of_kind("ClusterSecretStore"))


def test_the_construct_tree_sets_namespace_labels_and_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Parts(workloads=(workload(pod(calls=(DATABASE,))), workload(name="db")))
    wrong = Parts(objects=({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "other"}},))
    part_of = {"app.kubernetes.io/part-of": "acme", "app.kubernetes.io/managed-by": "floe-compile"}
    wave = "argocd.argoproj.io/sync-wave"

    def server() -> dict[str, Any]:
        objects = rendered(unit(PLATFORM, caller))[PLATFORM].objects
        return dict(
            next(manifest for manifest in objects.of_kind("Deployment") if manifest["metadata"]["name"] == "web")[
                "metadata"
            ]
        )

    assert server()["namespace"] == PLATFORM
    assert part_of.items() <= server()["labels"].items()
    assert server()["annotations"] == {wave: "1"}
    with pytest.raises(StageFailed, match="1 problem"):
        rendered(unit(PLATFORM, wrong))

    monkeypatch.setattr(
        "floe_compiler.synthesize.build_charts", lambda charts, _: tuple(chart.objects for chart in charts)
    )
    assert not server().keys() & {"namespace", "annotations"}
    assert not server()["labels"].keys() & part_of.keys()
    rendered(unit(PLATFORM, wrong))


def test_yaml_of_a_component_gets_namespace_labels_and_wave() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shipped, labels: {own: label}}\ndata: {a: b}\n---\n"
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 9007199254740993\n"
    )
    objects = rendered(unit(PLATFORM, Parts(include=(PlainYaml("x.yaml", text),))))[PLATFORM].objects
    (shipped,) = (manifest for manifest in objects.of_kind("ConfigMap") if manifest["metadata"]["name"] == "shipped")
    assert shipped["metadata"]["namespace"] == PLATFORM
    assert {"own": "label", "app.kubernetes.io/part-of": "acme"}.items() <= shipped["metadata"]["labels"].items()
    (high,) = objects.of_kind("PriorityClass")
    assert "namespace" not in high["metadata"]
    assert high["value"] == 9007199254740993, "JavaScript would round it"


def test_an_error_of_a_chart_is_reported_where_its_component_is_chosen() -> None:
    waiting = Parts(workloads=(workload(pod(waits_for=(DATABASE,))), workload(pod(waits_for=(WEB,)), name="db")))
    (diagnostic,) = refused(unit(PLATFORM, waiting))
    assert (diagnostic.rule.code, diagnostic.span) == ("S103", WRITTEN)
    assert "Dependency cycle" in diagnostic.message
    assert "Deployment.apps floe-platform/db => Deployment.apps floe-platform/web" in diagnostic.message


def test_a_vault_needs_no_store_between_namespaces() -> None:
    units = (unit(namespace, reading(OWNED), settings=PRODUCTION) for namespace in (PLATFORM, SALES))
    assert not [store for unit_ in rendered(*units).values() for store in unit_.objects.of_kind("ClusterSecretStore")]


def test_a_secret_without_a_source_is_reported_where_its_user_is_chosen() -> None:
    lost = Secret("crm", PLATFORM, (SecretKey("token"), SecretKey("id")))
    ((code, span, message),) = refusals(unit(PLATFORM, Parts(), reading(lost)))
    assert (code, span) == ("S001", "m.yaml:5:3")
    assert "secret crm (id, token) can only" in message or "secret crm (token, id) can only" in message


def test_errors_of_all_namespaces_are_reported() -> None:
    units = [
        unit(namespace, reading(Secret(f"crm-{namespace}", namespace, (SecretKey("token"),))))
        for namespace in (PLATFORM, SALES)
    ]
    assert [code for code, _, _ in refusals(*units)] == ["S001", "S001"]


def test_two_secrets_with_one_name_are_reported() -> None:
    owned_by_sales = replace(OWNED, owner=SALES)
    ((code, span, message),) = refusals(unit(SALES, Parts(), reading(OWNED), reading(owned_by_sales, name="other")))
    assert (code, span) == ("S003", "m.yaml:5:3")
    assert PLATFORM in message
    assert SALES in message


def test_two_parts_with_one_name_are_reported_with_both_places() -> None:
    (diagnostic,) = refused(unit(PLATFORM, reading(), reading()))
    assert diagnostic.message == (
        "ServiceAccount floe-platform/web is rendered twice, and so are its Deployment, NetworkPolicy"
    ), "one mistake, whatever has the name"
    assert (diagnostic.rule.code, str(diagnostic.span)) == ("S002", "m.yaml:4:3")
    assert [str(related.span) for related in diagnostic.related] == ["m.yaml:5:3"]


def configured(name: str, *files: ConfigFile) -> Workload:
    return workload(pod(container(config=files)), name=name)


def test_a_config_map_shared_by_parts_must_be_the_same() -> None:
    first, second = ConfigFile("/etc/a.yaml", "a", "settings"), ConfigFile("/etc/b.yaml", "b", "settings")
    together = unit(PLATFORM, Parts(workloads=(configured("web", first), configured("api", second))))
    (settings,) = rendered(together)[PLATFORM].objects.of_kind("ConfigMap")
    assert settings["data"] == {"a.yaml": "a", "b.yaml": "b"}, "a component may spread it over its pods"
    alike = unit(PLATFORM, *(Parts(workloads=(configured(name, first),)) for name in ("web", "api")))
    (settings,) = rendered(alike)[PLATFORM].objects.of_kind("ConfigMap")
    assert settings["data"] == {"a.yaml": "a"}
    apart = unit(PLATFORM, Parts(workloads=(configured("web", first),)), Parts(workloads=(configured("api", second),)))
    assert refusals(apart) == [("S002", "m.yaml:4:3", "ConfigMap floe-platform/settings is rendered twice")]
