"""One namespace: everything that is derived from the facts of its components, and nothing of other namespaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.derive import plan_units
from floe_compiler.kit.secret_stores import NotGeneratable
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.facts import (
    ConfigFile,
    HostPath,
    Launched,
    Parts,
    PlainYaml,
    SecretFile,
    Task,
    Variable,
    Workload,
)
from floe_compiler.model.inputs import JobPlacement, Placement, Placements, Quota
from floe_compiler.model.objects import ObjectId, identify
from floe_compiler.model.operations import Interface
from floe_compiler.model.plan import NODES, Callers, DeclaredInstance, DeclaredUnit, UnitPlan
from floe_compiler.model.rendered import Connection, LaunchedPods, PodGroup, SecurityException
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span
from floe_compiler.synthesize.unit import Unit, render_part, render_unit
from floe_compiler.synthesize.unit_parts import part_of
from floe_compiler.synthesize.unit_secrets import secret_user
from kit.samples import DATABASE, HTTP, METRICS, OUTSIDE, SECRET, container, instance, pod, workload
from plans import plan_environment, plan_mesh
from small_mesh import small_mesh
from support import DEVELOPMENT, PRODUCTION, changed

NAMESPACE = "floe-platform"
JOBS = PolicyRule(("batch",), ("jobs",), ("get",))


def using(parts: Parts, origin: Span | None = None, **changes: Any) -> DeclaredInstance:
    return DeclaredInstance(instance(origin=origin, **changes), parts)


def declared(*parts: Parts, settings: Settings = DEVELOPMENT, **changes: Any) -> DeclaredUnit:
    instances = tuple(
        using(part, Span("m.yaml", line), settings=settings, name=f"server-{line}")
        for line, part in enumerate(parts, 1)
    )
    return DeclaredUnit(settings, "platform", NAMESPACE, "@acme/platform", Quota(), instances, **changes)


def plan(*parts: Parts, settings: Settings = DEVELOPMENT, **changes: Any) -> UnitPlan:
    return plan_units([declared(*parts, settings=settings, **changes)])[0]


def objects(unit: Unit) -> dict[str, Any]:
    manifests = {f"{manifest['kind']} {manifest['metadata']['name']}": manifest for manifest in unit.objects}
    assert len(manifests) == len(unit.objects)
    return manifests


def rendered(*workloads: Workload, settings: Settings = DEVELOPMENT, **changes: Any) -> dict[str, Any]:
    return objects(render_unit(plan(Parts(workloads=workloads), settings=settings, **changes)))


def test_an_empty_namespace_has_policies_and_limits() -> None:
    assert list(objects(render_unit(plan()))) == [
        "Namespace floe-platform",
        "LimitRange limits",
        "NetworkPolicy allow-dns",
        "NetworkPolicy default-deny",
        "ResourceQuota quota",
    ]


def test_all_objects_of_a_server_are_rendered() -> None:
    pod_ = pod(
        container(
            ports=(HTTP,),
            config=(ConfigFile("/etc/app/app.yaml", "a: 1\n", "app"),),
            secret_files=(SecretFile("/run/secrets/password", SECRET.key("password")),),
        ),
        calls=(DATABASE,),
        kubernetes_api=(JOBS,),
    )
    manifests = rendered(workload(pod_, replicas=2))
    assert set(manifests) - set(rendered()) == {
        "Deployment web",
        "Service web",
        "PodDisruptionBudget web",
        "NetworkPolicy web",
        "ServiceAccount web",
        "Role web",
        "RoleBinding web",
        "ConfigMap app",
        "ExternalSecret login",
        "Password password-32",
    }
    assert manifests["ConfigMap app"]["data"] == {"app.yaml": "a: 1\n"}
    assert manifests["ConfigMap app"]["metadata"]["labels"]["app.kubernetes.io/component"] == "configuration"


def test_the_same_plan_gives_the_same_objects() -> None:
    plan_ = plan(Parts(workloads=(workload(),)))
    assert render_unit(plan_).objects == render_unit(plan_).objects


def test_servers_and_tasks_run_on_their_own_nodes() -> None:
    placement = Placements(services=Placement(node_selector={"p": "s"}), jobs=JobPlacement(node_selector={"p": "j"}))
    parts = Parts(workloads=(workload(),), tasks=(Task("load", pod(), 60, schedule="0 5 * * *"),))
    manifests = objects(render_unit(UnitPlan(replace(declared(), instances=(using(parts, placement=placement),)))))
    assert manifests["Deployment web"]["spec"]["template"]["spec"]["nodeSelector"] == {"p": "s"}
    job = manifests["CronJob load"]["spec"]["jobTemplate"]["spec"]
    assert job["template"]["spec"]["nodeSelector"] == {"p": "j"}


def test_pods_that_are_launched_later_have_an_account_and_a_policy_but_no_controller() -> None:
    run = Launched("run", pod(calls=(OUTSIDE,)), 3)
    unit = render_unit(plan(Parts(launched=(run,))))
    assert set(objects(unit)) - set(rendered()) == {"ServiceAccount run", "NetworkPolicy run"}
    (launched,) = unit.launched
    assert isinstance(launched, LaunchedPods)
    assert (launched.group, launched.count) == (PodGroup(NAMESPACE, "run"), 3)
    assert dict(launched.labels)["app.kubernetes.io/component"] == "run"
    assert dict(launched.requests) == {"cpu": "100m", "memory": "128Mi"}


def test_objects_that_pods_read_have_the_origin_of_the_pods() -> None:
    file = ConfigFile("/etc/a.yaml", "a", "settings")
    shared = ConfigFile("/etc/b.yaml", "b", "shared")
    secret = SecretFile("/run/secrets/p", SECRET.key("password"))
    runs = [
        Launched(name, pod(container(config=files, secret_files=secrets)), 1, None, Span(f"{name}.yaml"))
        for name, files, secrets in (("one", (file, shared), (secret,)), ("other", (shared,), ()))
    ]
    origins = dict(render_unit(plan(Parts(launched=tuple(runs)))).origins)
    assert origins["ConfigMap floe-platform/settings"] == Span("one.yaml")
    assert origins["ExternalSecret.external-secrets.io floe-platform/login"] == Span("one.yaml")
    assert "ConfigMap floe-platform/shared" not in origins, "it has two origins"
    assert origins["launched pods floe-platform/one"] == Span("one.yaml")


def test_the_places_of_secrets_have_the_same_order_in_every_process() -> None:
    secrets = [Secret(name, NAMESPACE, (SecretKey("password", generated=32),)) for name in "fbdgaec"]
    files = tuple(SecretFile(f"/run/secrets/{secret.name}", secret.key("password")) for secret in secrets)
    run = Launched("run", pod(container(secret_files=files)), 1, None, Span("run.yaml"))
    names = [name.rpartition("/")[2] for name, _ in render_unit(plan(Parts(launched=(run,)))).origins]
    assert [name for name in names if len(name) == 1] == [*"abcdefg"]


def test_other_objects_are_rendered_unchanged() -> None:
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra", "namespace": NAMESPACE}}
    assert objects(render_unit(plan(Parts(objects=(extra,)))))["ConfigMap extra"] is extra


def policy(manifests: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(manifests[f"NetworkPolicy {name}"]["spec"])


def admitted(manifests: dict[str, Any], name: str) -> list[list[str]]:
    rules = policy(manifests, name).get("ingress", [])
    return [rule["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"] for rule in rules]


SERVER = workload(pod(container(ports=(HTTP, *DATABASE.ports))), name="db")


def test_callers_are_those_of_the_plan() -> None:
    caller = workload(pod(calls=(DATABASE,)))
    assert admitted(rendered(SERVER), "db") == []
    assert admitted(rendered(SERVER, caller), "db") == [["floe-platform"]]
    callers: dict[str, Callers] = {"db": dict.fromkeys(("floe-platform", "floe-sales-domain"), (("TCP", 5432),))}
    objects_ = objects(render_unit(replace(plan(Parts(workloads=(SERVER, caller))), callers=callers)))
    assert admitted(objects_, "db") == [["floe-platform", "floe-sales-domain"]]


def test_each_port_of_a_server_is_open_to_its_callers() -> None:
    callers: dict[str, Callers] = {"db": {"floe-platform": (("TCP", 5432),), "floe-sales-domain": (("TCP", 8080),)}}
    policy_ = policy(objects(render_unit(replace(plan(Parts(workloads=(SERVER,))), callers=callers))), "db")
    assert [rule["ports"] for rule in policy_["ingress"]] == [
        [{"protocol": "TCP", "port": 5432}],
        [{"protocol": "TCP", "port": 8080}],
    ]


def test_callers_of_another_component_of_the_namespace_count() -> None:
    parts = (Parts(workloads=(SERVER,)), Parts(tasks=(Task("load", pod(calls=(DATABASE,)), 60),)))
    assert admitted(objects(render_unit(plan(*parts))), "db") == [["floe-platform"]]


def test_connections_are_the_calls_and_waits_of_pods() -> None:
    pod_ = pod(calls=(OUTSIDE,), waits_for=(DATABASE,), kubernetes_api=(JOBS,))
    unit = render_unit(plan(Parts(workloads=(workload(pod_),))))
    group = PodGroup(NAMESPACE, "web")
    assert {(edge.source, edge.port) for edge in unit.connections} == {(group, port) for port in (443, 5432, 6443)}
    assert Connection(group, PodGroup(NAMESPACE, "db"), 5432) in unit.connections


def test_the_ingress_controller_reaches_open_ports() -> None:
    server = workload(pod(container(ports=(HTTP, METRICS))), interfaces=(Interface("web", "http"),))
    assert render_unit(plan(Parts(workloads=(server,)))).ingress_groups == frozenset()
    settings = changed(DEVELOPMENT, cluster={"ingress_namespace": "nginx"})
    unit = render_unit(plan(Parts(workloads=(server,)), settings=settings))
    assert unit.ingress_groups == {(PodGroup(NAMESPACE, "web"), 8080)}
    assert policy(objects(unit), "web")["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 8080}]


def test_exceptions_from_rules_are_declared_with_reasons() -> None:
    pod_ = pod(
        container("a", writable_root="writes its program"),
        setup=(container("b", writable_root="unpacks"), container("c", writable_root="unpacks")),
    )
    unit = render_unit(plan(Parts(workloads=(workload(pod_, single="keeps state in memory"),))))
    group = PodGroup(NAMESPACE, "web")
    assert unit.exceptions == {
        SecurityException(group, "readOnlyRootFilesystem", "unpacks; writes its program"),
        SecurityException(group, "singleReplica", "keeps state in memory"),
    }
    assert render_unit(plan(Parts(workloads=(workload(),)))).exceptions == frozenset()


def test_a_single_workload_of_any_kind_is_declared_as_an_exception() -> None:
    unit = render_unit(plan(Parts(workloads=(workload(kind="StatefulSet", single="does not replicate"),))))
    assert unit.exceptions == {SecurityException(PodGroup(NAMESPACE, "web"), "singleReplica", "does not replicate")}


def test_secrets_of_files_and_variables_are_rendered_once() -> None:
    variable = Variable("P", secret=SECRET.key("password"), reason="no file")
    pod_ = pod(container(variables=(variable,)), setup=(container("first", variables=(variable,)),))
    parts = Parts(workloads=(workload(pod_),), tasks=(Task("load", pod_, 60),))
    unit = render_unit(plan(parts))
    assert [(secret.name, sorted(secret.keys)) for secret in unit.secrets] == [("login", sorted(SECRET.keys))]


def test_every_namespace_has_the_pull_secret() -> None:
    settings = changed(PRODUCTION, platform={"pull_secret": "registry"})
    manifests = objects(render_unit(plan(settings=settings)))
    target = manifests["ExternalSecret registry"]["spec"]["target"]
    assert target["template"]["type"] == "kubernetes.io/dockerconfigjson"
    (data,) = manifests["ExternalSecret registry"]["spec"]["data"]
    assert data["remoteRef"]["key"] == "acme/prod/floe-platform/registry"
    assert data["secretKey"] == ".dockerconfigjson"


LOST = Secret("crm", NAMESPACE, (SecretKey("token"),))


def test_a_secret_without_a_source_is_refused_with_its_user() -> None:
    reading = pod(container(secret_files=(SecretFile("/run/secrets/token", LOST.key("token")),)))
    plan_ = plan(Parts(workloads=(workload(),)), Parts(workloads=(workload(reading, name="other"),)))
    with pytest.raises(NotGeneratable):
        render_unit(plan_)
    user = secret_user(plan_.unit, LOST)
    assert user is not None
    assert user.name == "server-2"
    assert secret_user(plan_.unit, SECRET) is None


def test_a_secret_that_only_others_read_has_no_source_either() -> None:
    reading = pod(container(secret_files=(SecretFile("/run/secrets/token", LOST.key("token")),)))
    reader = replace(declared(Parts(workloads=(workload(reading),))), scope="sales", namespace="floe-sales-domain")
    unit = declared(Parts(workloads=(workload(),)), Parts())
    handing_over = replace(unit, instances=(unit.instances[0], replace(unit.instances[1], secrets=(LOST,))))
    owner, _ = plan_units([handing_over, reader])
    with pytest.raises(NotGeneratable):
        render_unit(owner)
    user = secret_user(owner.unit, LOST)
    assert user is not None
    assert user.name == "server-2"
    alone = plan_units([handing_over])[0]
    assert render_unit(alone).objects, "a secret without readers is not created"


def test_every_object_of_a_component_has_its_origin() -> None:
    unit = render_unit(plan(Parts(workloads=(SERVER,)), Parts(workloads=(workload(),)), quota_origin=Span("q.yaml")))
    origins = dict(unit.origins)
    own = [
        manifest for manifest in unit.objects if "server" in manifest["metadata"]["labels"]["app.kubernetes.io/name"]
    ]
    assert len(own) == 7
    for manifest in own:
        line = 1 if manifest["metadata"]["name"] == "db" else 2
        assert origins[str(identify(manifest, NAMESPACE))] == Span("m.yaml", line)
    assert origins["ResourceQuota floe-platform/quota"] == Span("q.yaml")


def test_controllers_start_after_servers_of_other_components() -> None:
    caller = Parts(workloads=(workload(pod(calls=(DATABASE,))),))
    load = Parts(tasks=(Task("load", pod(waits_for=(DATABASE,)), 60), Task("report", pod(), 60, schedule="0 5 * * *")))
    unit = render_unit(plan(Parts(workloads=(SERVER,)), caller, load))
    (job,) = (manifest["metadata"]["name"] for manifest in unit.objects if manifest["kind"] == "Job")
    server = ObjectId("apps", "Deployment", NAMESPACE, "db")
    assert {*unit.starts} == {
        (ObjectId("apps", "Deployment", NAMESPACE, "web"), server),
        (ObjectId("batch", "Job", NAMESPACE, job), server),
    }
    assert {identity.name for identity in unit.waved} == {"db", "web", job, "report"}


def test_objects_for_flux_have_an_order_but_no_waves() -> None:
    caller = workload(pod(calls=(DATABASE,)))
    settings = changed(DEVELOPMENT, platform={"delivery": "flux"})
    unit = render_unit(plan(Parts(workloads=(SERVER, caller)), settings=settings))
    assert (len(unit.starts), unit.waved) == (1, frozenset())


def test_yaml_of_a_component_is_among_its_objects() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shipped}\n"
    unit = render_unit(plan(Parts(include=(PlainYaml("x.yaml", text),))))
    assert objects(unit)["ConfigMap shipped"]["metadata"] == {"name": "shipped"}
    assert [file.text for file in unit.included] == [text]
    assert dict(unit.origins)[f"ConfigMap {NAMESPACE}/shipped"] == Span("m.yaml", 1)


NODE = HostPath("/var/log/pods")


@pytest.mark.parametrize(("scope", "reason"), [("platform", "to read logs"), ("sales", "to read logs"), (NODES, "")])
def test_access_to_the_node_needs_its_namespace_and_a_reason(scope: str, reason: str) -> None:
    agent = Workload("agent", pod(container(host_paths=(NODE,)), node_access=reason), kind="DaemonSet")
    unit = replace(declared(Parts((agent,))), scope=scope)
    with pytest.raises(ValueError, match="floe-platform/agent uses its node: only a component of the scope nodes may"):
        render_unit(plan_units([unit])[0])


def test_access_to_the_node_is_a_declared_exception() -> None:
    agent = Workload("agent", pod(container(host_paths=(NODE,)), node_access="to read logs"), kind="DaemonSet")
    unit = render_unit(plan_units([replace(declared(Parts((agent,))), scope=NODES)])[0])
    assert {(exception.field, exception.reason) for exception in unit.exceptions} == {
        ("hostPath", "to read logs"),
        ("runAsNonRoot", "to read logs"),
        ("runAsUser", "to read logs"),
    }


def test_the_objects_of_an_instance_are_those_of_its_unit(small: tuple[UnitPlan, ...]) -> None:
    for plan_ in small:
        unit_objects = {identify(manifest, plan_.unit.namespace): manifest for manifest in render_unit(plan_).objects}
        for declared_instance in plan_.unit.instances:
            own = render_part(plan_, part_of(declared_instance.instance))
            assert own or not declared_instance.parts.workloads
            assert {
                identify(manifest, plan_.unit.namespace): manifest for manifest in own
            }.items() <= unit_objects.items()
        assert render_part(plan_, "another") == ()


@pytest.fixture
def small(tmp_path: Path) -> tuple[UnitPlan, ...]:
    """Return the plans of a mesh with Argo CD."""
    return plan_environment(plan_mesh(small_mesh(tmp_path, {}))[0])
