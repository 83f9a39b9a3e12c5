"""Components of another package beside the built-in ones: one written with cdk8s-plus in Python, one with all facts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import third_party_portal
from floe_compiler.cli import main
from floe_compiler.load.digests import compiler_digest, input_digests
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.facts import Parts
from floe_compiler.model.rendered import LaunchedPods
from floe_compiler.pipeline import compile_mesh, explain_file, plan_mesh, plan_units
from floe_compiler.synthesize import synthesize
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, small_mesh
from third_party_portal import COMPONENT

DEPLOYMENT = "output/dev/floe-platform/deployment.apps_portal.yaml"
SERVICE = "output/dev/floe-platform/service_portal.yaml"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package with the components as pip would: what it announces lies beside it on Python's path."""
    folder = tmp_path / "site-packages" / "floe_portal-1.0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: floe-portal\nVersion: 1.0.0\n")
    points = ("portal = third_party_portal:COMPONENT", "monitor = third_party_monitor:COMPONENT")
    (folder / "entry_points.txt").write_text("\n".join(("[floe_compile.components]", *points, "")))
    monkeypatch.syspath_prepend(str(folder.parent))
    compiler_digest.cache_clear()
    yield
    compiler_digest.cache_clear()


def mesh(root: Path, **portal: Any) -> Path:
    return small_mesh(root / "mesh", {MANIFEST: {"portal": {"type": "backstage", **portal}}})


def problems(root: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root)
    return failed.value.diagnostics


def test_its_objects_stand_beside_those_of_the_others(installed: None, tmp_path: Path) -> None:
    without = compile_mesh(small_mesh(tmp_path / "without", {}))
    compiled = compile_mesh(mesh(tmp_path, replicas=3))
    assert compiled.warnings == (), "the checks have nothing to say of them"
    assert compiled.files.keys() - without.files.keys() == {DEPLOYMENT, SERVICE}
    assert {path for path in without.files if compiled.files.get(path) != without.files[path]} == set()
    deployment, service = yaml.safe_load(compiled.files[DEPLOYMENT]), yaml.safe_load(compiled.files[SERVICE])
    assert deployment["spec"]["replicas"] == 3
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_its_objects_are_checked_like_all_others(installed: None, tmp_path: Path) -> None:
    found = [one for one in problems(mesh(tmp_path, privileged=True)) if one.rule.code == "C070"]
    assert found
    assert {one.subject for one in found} == {"dev: Deployment.apps floe-platform/portal"}
    assert {one.span.file for one in found if one.span} == {"platform-manifest.yaml"}


def test_its_settings_are_part_of_the_language(
    installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = problems(mesh(tmp_path, replica=3))
    assert (found.message, found.hint) == ("portal.replica is not a known key", 'did you mean "replicas"?')
    assert str(found.span).startswith(f"{MANIFEST}:")
    assert main(["components", "portal"]) == 0
    assert "How many pods serve it." in capsys.readouterr().out


def test_its_version_counts_among_the_inputs(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = small_mesh(tmp_path / "mesh", {})
    before = input_digests(root)
    request.getfixturevalue("installed")
    assert input_digests(root) != before


def test_its_source_counts_among_the_inputs_as_it_may_change_without_its_version(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = compiler_digest()
    compiler_digest.cache_clear()
    edited = tmp_path / "edited"
    edited.mkdir()
    (edited / "third_party_portal.py").write_text("# edited\n")
    monkeypatch.delitem(sys.modules, "third_party_portal")
    monkeypatch.syspath_prepend(str(edited))
    assert compiler_digest() != before


def test_without_it_nobody_knows_its_slot(tmp_path: Path) -> None:
    (found,) = problems(mesh(tmp_path))
    assert found.message == "portal is not a known key"


def test_one_object_of_two_domains_is_an_error(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}}
    component = replace(COMPONENT, scope="domain", constructs=None, build=lambda _: Parts(objects=(role,)))
    monkeypatch.setattr(third_party_portal, "COMPONENT", component)
    root = mesh(tmp_path)
    (root / "domains/finance").mkdir()
    (root / "domains/finance/domain.yaml").write_text((root / DOMAIN).read_text().replace("sales", "finance"))
    (found,) = problems(root)
    assert found.rule.code == "S002"
    assert found.subject == "dev: ClusterRole.rbac.authorization.k8s.io reader"
    assert found.message.endswith("is rendered for floe-finance-domain and for floe-sales-domain")
    assert str(found.span).startswith(f"{MANIFEST}:")


MONITORED = {
    "quota": {"cpu": "16", "memory": "32Gi"},
    "catalog": {"type": "polaris"},
    "storage": {"type": "minio"},
    "observability": {"collector": {"type": "opentelemetry"}, "lineage": {"type": "marquez"}},
}
NGINX = {"name": "kind", "ingress_namespace": "ingress-nginx"}


def monitored(root: Path, **monitor: Any) -> Path:
    """Return a mesh with the monitor, and with metrics and databases for it."""
    manifest = {**MONITORED, "monitoring": {"type": "vigil", **monitor}}
    return small_mesh(
        root / "mesh",
        {MANIFEST: manifest, DOMAIN: {"orchestrator": {"type": "dagster"}}, ENVIRONMENT: {"cluster": NGINX}},
    )


class Output:
    """The manifests of a compiled mesh."""

    def __init__(self, root: Path) -> None:
        compiled = compile_mesh(root)
        self.warnings = {warning.rule.code for warning in compiled.warnings}
        self.root = root
        objects = [yaml.safe_load(text) for path, text in compiled.files.items() if path.startswith("output/dev/")]
        self.objects = {self.key(one): one for one in objects}

    @staticmethod
    def key(one: Any) -> tuple[str, str, str]:
        namespace = one["metadata"].get("namespace", "")
        return namespace.removeprefix("floe-").removesuffix("-domain"), one["kind"], one["metadata"]["name"]

    def get(self, namespace: str, kind: str, name: str) -> Any:
        return self.objects[namespace, kind, name]

    def launched(self) -> Iterator[LaunchedPods]:
        """Yield the pods that programs start, as the checks are told of them."""
        (plan,), _ = plan_mesh(self.root)
        for unit in synthesize(plan_units(plan), {plan.settings.environment.name: plan.cluster}):
            yield from unit.launched

    def peers(self, namespace: str, policy: str, direction: str) -> dict[tuple[str, ...], set[int]]:
        """Return the ports that a policy opens, by the values of the labels of those whom it opens them to."""
        found: dict[tuple[str, ...], set[int]] = {}
        for rule in self.get(namespace, "NetworkPolicy", policy)["spec"].get(direction, ()):
            for peer in rule["to" if direction == "egress" else "from"]:
                labels = [value for one in peer.values() for value in one.get("matchLabels", {}).values()]
                found.setdefault(tuple(labels), set()).update(port["port"] for port in rule["ports"])
        return found


@pytest.fixture
def output(installed: None, tmp_path: Path) -> Output:
    return Output(monitored(tmp_path))


def test_all_facts_of_a_component_from_outside_pass_all_checks(output: Output) -> None:
    assert output.warnings <= {"C002"}, "at most that nobody here knows the schema of the operator's kind"


def test_bounds_make_an_autoscaler_and_no_number_of_replicas(output: Output) -> None:
    spec = output.get("platform", "HorizontalPodAutoscaler", "vigil")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert "replicas" not in output.get("platform", "Deployment", "vigil")["spec"]
    assert output.get("platform", "PodDisruptionBudget", "vigil")["spec"]["minAvailable"] == 1


def test_an_identity_marks_account_and_pod_and_opens_the_way_to_the_exchange(output: Output) -> None:
    account = output.get("platform", "ServiceAccount", "vigil")
    assert account["metadata"]["annotations"] == {"cloud.example.com/client": "vigil"}
    template = output.get("platform", "Deployment", "vigil")["spec"]["template"]
    assert template["metadata"]["labels"]["cloud.example.com/use"] == "true"
    egress = output.get("platform", "NetworkPolicy", "vigil")["spec"]["egress"]
    assert {"ipBlock": {"cidr": "203.0.113.0/24"}} in [peer for rule in egress for peer in rule["to"]]
    (rule,) = output.get("platform", "Role", "vigil")["rules"]
    assert rule["resourceNames"] == ["vigil-state"]


def test_it_stands_in_the_platform_and_in_each_domain(output: Output) -> None:
    assert ("sales", "Deployment", "vigil") not in output.objects
    (wait,) = output.get("sales", "Deployment", "vigil-agent")["spec"]["template"]["spec"]["initContainers"]
    assert wait["name"] == "wait-for-servers"
    assert "http://vigil.floe-platform.svc.cluster.local:9090/-/ready" in wait["command"][-1]


def test_pods_of_an_operator_are_called_and_call_like_all_others(output: Output) -> None:
    service = output.get("platform", "Service", "vigil-history")
    assert service["spec"]["selector"] == {"cnpg.io/cluster": "vigil-history"}
    assert output.peers("platform", "vigil", "egress")["floe-platform", "vigil-history"] == {5432, 9187}
    ingress = output.peers("platform", "vigil-history", "ingress")
    assert ingress == {("true",): {5432, 9187}, ("cnpg-system",): {5432, 8000, 9187}}
    asked = {pods.group.name: pods for pods in output.launched()}["vigil-history"]
    assert (asked.count, dict(asked.requests)["storage"]) == (2, "1Gi")


def test_what_depends_on_all_namespaces_is_rendered_and_let_through(output: Output) -> None:
    targets = yaml.safe_load(output.get("platform", "ConfigMap", "vigil")["data"]["targets.json"])
    assert "http://marquez.floe-platform.svc.cluster.local:5000/metrics" in targets
    assert ("floe-platform", "otel-collector") in output.peers("platform", "vigil", "egress")
    assert output.peers("platform", "otel-collector", "ingress")["true",] == {4317, 8888}, "OTLP over HTTP for nobody"
    polaris = output.peers("platform", "polaris", "ingress")
    assert polaris["true",] == {8181, 8182}, "also a port that the Service does not have"
    assert output.peers("sales", "vigil-agent", "ingress")["true",] == {9100}
    backups = {key[::2] for key in output.objects if key[1] == "CronJob" and key[2].startswith("backup-")}
    assert backups == {
        ("platform", "backup-marquez"),
        ("platform", "backup-polaris"),
        ("platform", "backup-vigil"),
        ("sales", "backup-dagster"),
    }


def test_people_open_its_interface_through_the_ingress_controller(output: Output) -> None:
    assert output.peers("platform", "vigil", "ingress")["ingress-nginx",] == {9090}


def test_what_it_refuses_is_reported_at_the_setting_with_all_other_errors(installed: None, tmp_path: Path) -> None:
    root = monitored(tmp_path, retention=60)
    environment = {**yaml.safe_load((root / ENVIRONMENT).read_text()), "domains": {"nowhere": {}}}
    (root / ENVIRONMENT).write_text(yaml.safe_dump(environment))
    _, refusal = found = problems(root)
    assert [one.rule.code for one in found] == ["R007", "R020"], "once, though it stands in two namespaces"
    assert refusal.subject == "dev: monitoring vigil"
    assert refusal.message == "monitoring vigil keeps 60 days, which only production has the disks for"
    assert refusal.hint == "keep 30 at most"
    assert refusal.span
    assert '"retention": 60' in (root / refusal.span.file).read_text().splitlines()[refusal.span.line - 1]


def test_an_explanation_knows_what_is_only_called_once_all_is_known(installed: None, tmp_path: Path) -> None:
    root, file = monitored(tmp_path), "output/dev/floe-sales-domain/networkpolicy.networking.k8s.io_vigil-agent.yaml"
    explanation = explain_file(root, file)
    assert explanation is not None
    assert explanation.manifest == yaml.safe_load(compile_mesh(root).files[file])
    assert "floe-platform" in [value for _, value, _ in explanation.values], "which measures the agent"
