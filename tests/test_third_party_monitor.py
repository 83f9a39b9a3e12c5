"""A component of another package that declares every kind of fact, and reads those of all namespaces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.cache.folder import opened
from floe_compiler.cache.store import Memory
from floe_compiler.cli import main
from floe_compiler.load.digests import compiler_digest
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.pipeline import compile_mesh, explain_file
from mesh_reader import read
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, small_mesh


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install a package with the component as pip would: what it announces lies beside it on Python's path."""
    folder = tmp_path_factory.mktemp("site-packages") / "floe_monitor-1.0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: floe-monitor\nVersion: 1.0.0\n")
    (folder / "entry_points.txt").write_text("[floe_compile.components]\nmonitor = third_party_monitor:COMPONENT\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder.parent))
        compiler_digest.cache_clear()
        yield
    compiler_digest.cache_clear()


def problems(root: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root)
    return failed.value.diagnostics


MONITORED = {
    "quota": {"cpu": "16", "memory": "32Gi"},
    "catalog": {"type": "polaris"},
    "storage": {"type": "minio"},
    "observability": {"collector": {"type": "opentelemetry"}, "lineage": {"type": "marquez"}},
}
SALES = "floe-sales-domain"
NGINX = {"name": "kind", "ingress_namespace": "ingress-nginx"}


def monitored(root: Path, components: Mapping[str, Any] = MONITORED, **monitor: Any) -> Path:
    """Return a mesh with the monitor, and with metrics and databases for it."""
    manifest = {**components, "monitoring": {"type": "vigil", **monitor}}
    return small_mesh(
        root / "mesh",
        {MANIFEST: manifest, DOMAIN: {"orchestrator": {"type": "dagster"}}, ENVIRONMENT: {"cluster": NGINX}},
    )


class Output:
    """The manifests of a compiled mesh."""

    def __init__(self, root: Path) -> None:
        with opened(None) as cache:
            compiled = compile_mesh(root, cache=cache)
        self.warnings = {warning.rule.code for warning in compiled.warnings}
        objects = [read(text) for path, text in compiled.files.items() if path.startswith("output/dev/")]
        self.objects = {self.key(manifest): manifest for manifest in objects}

    @staticmethod
    def key(manifest: Any) -> tuple[str, str, str]:
        namespace = manifest["metadata"].get("namespace", "")
        return namespace.removeprefix("floe-").removesuffix("-domain"), manifest["kind"], manifest["metadata"]["name"]

    def get(self, namespace: str, kind: str, name: str) -> Any:
        return self.objects[namespace, kind, name]

    def peers(self, namespace: str, policy: str, direction: str) -> dict[tuple[str, ...], set[int]]:
        """Return the ports that a policy opens, by the values of the labels of those whom it opens them to."""
        ports_of: dict[tuple[str, ...], set[int]] = {}
        for rule in self.get(namespace, "NetworkPolicy", policy)["spec"].get(direction, ()):
            for peer in rule["to" if direction == "egress" else "from"]:
                labels = [value for selector in peer.values() for value in selector.get("matchLabels", {}).values()]
                ports_of.setdefault(tuple(labels), set()).update(port["port"] for port in rule["ports"])
        return ports_of


@pytest.fixture(scope="module")
def output(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Output:
    return Output(monitored(tmp_path_factory.mktemp("monitored")))


def test_all_facts_of_a_component_from_outside_pass_all_checks(output: Output) -> None:
    assert output.warnings <= {"C002"}, "at most that nobody here knows the schema of the operator's kind"


@pytest.mark.usefixtures("installed")
def test_it_is_in_the_table_of_components(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "vigil", "--format", "markdown"]) == 0
    row = "| `monitoring` | `vigil` | A monitor with an agent in each domain | the platform and each domain |"
    assert capsys.readouterr().out.splitlines()[2:] == [row]


def test_bounds_make_an_autoscaler_and_no_number_of_replicas(output: Output) -> None:
    spec = output.get("platform", "HorizontalPodAutoscaler", "vigil")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert "replicas" not in output.get("platform", "Deployment", "vigil")["spec"]
    assert output.get("platform", "PodDisruptionBudget", "vigil")["spec"]["minAvailable"] == 1


def test_an_identity_annotates_account_and_pod_and_opens_the_token_service(output: Output) -> None:
    account = output.get("platform", "ServiceAccount", "vigil")
    assert account["metadata"]["annotations"] == {"cloud.example.com/client": "vigil"}
    template = output.get("platform", "Deployment", "vigil")["spec"]["template"]
    assert template["metadata"]["labels"]["cloud.example.com/use"] == "true"
    egress = output.get("platform", "NetworkPolicy", "vigil")["spec"]["egress"]
    assert {"ipBlock": {"cidr": "203.0.113.0/24"}} in [peer for rule in egress for peer in rule["to"]]
    (rule,) = output.get("platform", "Role", "vigil")["rules"]
    assert rule["resourceNames"] == ["vigil-state"]


def test_it_runs_in_the_platform_and_in_each_domain(output: Output) -> None:
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


def test_pods_of_an_operator_count_in_the_quota(installed: None, tmp_path: Path) -> None:
    root = monitored(tmp_path)
    manifest = json.loads((root / MANIFEST).read_text())
    # 20Gi for MinIO, 10Gi for each of two databases, and 1Gi for each of two pods.
    (root / MANIFEST).write_text(json.dumps({**manifest, "quota": {**manifest["quota"], "storage": "41Gi"}}))
    (diagnostic,) = [diagnostic for diagnostic in problems(root) if diagnostic.rule.code == "C083"]
    assert diagnostic.message == "spec.hard.requests.storage is 41Gi, but 42Gi may be needed"


def test_completions_are_rendered_and_their_calls_allowed(output: Output) -> None:
    targets = yaml.load(output.get("platform", "ConfigMap", "vigil")["data"]["targets.json"], yaml.CSafeLoader)
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


PROMETHEUS = "https://prometheus.acme.example"
GATEWAY = {
    "class": "eg",
    "domain": "acme.example",
    "tls": {"issuer": "letsencrypt"},
    "auth": {"type": "none", "reason": "a cluster on a laptop"},
}


@pytest.fixture(scope="module")
def observed(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Output:
    """Return what a mesh with little but the monitor, Prometheus and an ingress is compiled to."""
    metrics = {"type": "prometheus", "url": PROMETHEUS, "runbooks": "https://wiki.acme.example/runbooks"}
    root = monitored(tmp_path_factory.mktemp("observed"), {"observability": {"metrics": metrics}})
    environment = {**json.loads((root / ENVIRONMENT).read_text()), "ingress": GATEWAY}
    (root / ENVIRONMENT).write_text(json.dumps(environment))
    return Output(root)


def test_its_alerts_and_metrics_are_those_of_the_platform(observed: Output) -> None:
    rules = yaml.load(
        observed.get("platform", "ConfigMap", "prometheus-rules-0")["data"]["floe-platform.yaml"], yaml.CSafeLoader
    )
    (rule,) = (rule_ for group in rules["groups"] for rule_ in group["rules"] if rule_["alert"] == "VigilAsleep")
    assert rule["annotations"]["runbook_url"] == "https://vigil.example.com/asleep"
    config = observed.get("platform", "ConfigMap", "prometheus")["data"]["prometheus.yml"]
    names = {job["job_name"]: job["dns_sd_configs"][0] for job in yaml.load(config, yaml.CSafeLoader)["scrape_configs"]}
    operated = "vigil-history-headless.floe-platform.svc.cluster.local"
    assert names["floe-platform/vigil-history"] == {"names": [operated], "type": "A", "port": 9187}
    headless = observed.get("platform", "Service", "vigil-history-headless")["spec"]
    assert (headless["clusterIP"], headless["selector"]) == ("None", {"cnpg.io/cluster": "vigil-history"})
    assert observed.peers("platform", "vigil-history", "ingress")["true",] == {5432, 9187}


def test_people_open_its_interface_through_the_ingress_controller(output: Output) -> None:
    assert output.peers("platform", "vigil", "ingress")["ingress-nginx",] == {9090}
    assert "VIGIL_URL" not in json.dumps(output.get("platform", "Deployment", "vigil")), (
        "no ingress has an address for it"
    )


def test_its_interface_gets_a_route_and_a_certificate_automatically(observed: Output) -> None:
    spec = observed.get("platform", "HTTPRoute", "vigil")["spec"]
    assert spec["hostnames"] == ["vigil.acme.example"]
    assert [rule["backendRefs"] for rule in spec["rules"]] == [[{"name": "vigil", "port": 9090}]]
    assert observed.get("platform", "Certificate", "vigil-tls")["spec"]["dnsNames"] == ["vigil.acme.example"]
    (listener,) = [
        listener
        for listener in observed.get("platform", "Gateway", "gateway")["spec"]["listeners"]
        if listener["name"] == spec["parentRefs"][0]["sectionName"]
    ]
    assert listener["hostname"] == "vigil.acme.example"
    (container,) = observed.get("platform", "Deployment", "vigil")["spec"]["template"]["spec"]["containers"]
    assert {"name": "VIGIL_URL", "value": "https://vigil.acme.example"} in container["env"]
    assert observed.peers("platform", "vigil", "ingress")["ingress-nginx",] == {9090}


def test_its_refusals_are_reported_at_the_setting_with_all_other_errors(installed: None, tmp_path: Path) -> None:
    root = monitored(tmp_path, retention=60)
    environment = {**yaml.load((root / ENVIRONMENT).read_text(), yaml.CSafeLoader), "domains": {"nowhere": {}}}
    (root / ENVIRONMENT).write_text(yaml.safe_dump(environment))
    _, refusal = diagnostics = problems(root)
    assert [diagnostic.rule.code for diagnostic in diagnostics] == ["R007", "R020"], (
        "once, though it is in two namespaces"
    )
    assert refusal.subject == "dev: monitoring vigil"
    assert refusal.message == "monitoring vigil keeps 60 days, which only production has the disks for"
    assert refusal.hint == "keep 30 at most"
    assert refusal.span
    assert '"retention": 60' in (root / refusal.span.file).read_text().splitlines()[refusal.span.line - 1]


def test_an_explanation_covers_calls_of_completions(installed: None, tmp_path: Path) -> None:
    root, file = monitored(tmp_path, {}), f"output/dev/{SALES}/networkpolicy.networking.k8s.io_vigil-agent.yaml"
    cache = Memory()
    explanation = explain_file(root, file, cache=cache)
    assert explanation is not None
    assert explanation.manifest == yaml.load(compile_mesh(root, cache=cache).files[file], yaml.CSafeLoader)
    assert "floe-platform" in [value for _, value, _ in explanation.values], "which measures the agent"


def test_changed_facts_replace_cached_results(installed: None, tmp_path: Path) -> None:
    root, cache, file = monitored(tmp_path, {}), Memory(), "output/dev/floe-platform/configmap_vigil.yaml"
    before = dict(compile_mesh(root, cache=cache).files)
    assert dict(compile_mesh(root, cache=cache).files) == before
    domain = json.loads((root / DOMAIN).read_text())
    (root / DOMAIN).write_text(json.dumps({**domain, "monitoring": {"path": "/agent"}}))
    after = dict(compile_mesh(root, cache=cache).files)
    assert after == dict(compile_mesh(root).files)
    agent = f"http://vigil-agent.{SALES}.svc.cluster.local:9100"
    assert (f"{agent}/metrics" in before[file], f"{agent}/agent" in after[file]) == (True, True)
