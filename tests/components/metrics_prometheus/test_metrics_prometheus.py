"""Prometheus and Alertmanager: what they scrape, who gets alerts, and their configurations in promtool and amtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.metrics_prometheus import (
    COMPONENT,
    IMAGE,
    MOST_TEXT,
    build,
    completes,
    packed,
    provides,
    refuses,
)
from floe_compiler.components.metrics_prometheus.alertmanager import configuration
from floe_compiler.model.capabilities import MetricsStore, Monitoring
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Workload
from floe_compiler.model.images import parse_image
from floe_compiler.model.mesh_facts import MeshFacts, OwnedCertificate, OwnedNamespace, ScrapeTarget
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Context
from floe_compiler.model.settings import Settings
from monitored_mesh import ALERTMANAGER, AMTOOL, PLATFORM, PROMTOOL, RECEIVERS, RUNBOOKS, SALES, get, monitored
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, unit_of

POLARIS = service_endpoint("polaris", PLATFORM, "cluster.local", (Port("management", 8182, service=False),))
MESH = MeshFacts(
    scrape_targets=(ScrapeTarget(PLATFORM, "polaris", POLARIS, "/q/metrics"),),
    namespaces=(OwnedNamespace(PLATFORM, "@acme/platform"), OwnedNamespace(SALES, "@acme/sales")),
)


def context(settings: Settings = PRODUCTION, **config: Any) -> Context[Any]:
    return context_of(COMPONENT, {"runbooks": RUNBOOKS, **config}, settings=settings)


def workload(name: str, settings: Settings = PRODUCTION, mesh: MeshFacts = MESH, **config: Any) -> Workload:
    (server,) = (server for server in completes(context(settings, **config), mesh).workloads if server.name == name)
    return server


def config_file_of(name: str = "prometheus", **config: Any) -> Any:
    (file,) = (
        config_file
        for config_file in workload(name, **config).pod.containers[0].config
        if config_file.config_map == name
    )
    return yaml.load(file.text, yaml.CSafeLoader)


def test_pods_are_discovered_by_dns_without_rbac() -> None:
    (job,) = config_file_of()["scrape_configs"]
    names = {"names": ["polaris-headless.floe-platform.svc.cluster.local"], "type": "A", "port": 8182}
    assert job["dns_sd_configs"] == [names]
    assert (job["metrics_path"], "honor_labels" in job) == ("/q/metrics", False)
    labels = {relabeling["target_label"]: relabeling["replacement"] for relabeling in job["relabel_configs"]}
    assert labels == {"namespace": PLATFORM, "job": "polaris"}
    assert not workload("prometheus").pod.calls_kubernetes
    assert POLARIS in workload("prometheus").pod.calls


def test_certificates_have_alerts_if_the_metrics_of_cert_manager_are_collected() -> None:
    mesh = replace(MESH, certificates=(OwnedCertificate(PLATFORM, "grafana-tls"),))
    names = {"CertificateExpires", "CertificateNotReady"}
    cases: tuple[tuple[dict[str, Any], set[str]], ...] = (({}, set()), ({"cert_manager": {}}, names))
    for config, expected in cases:
        texts = (file.text for file in workload("prometheus", mesh=mesh, **config).pod.containers[0].config[1:])
        rules = [
            rule for text in texts for group in yaml.load(text, yaml.CSafeLoader)["groups"] for rule in group["rules"]
        ]
        assert {rule["alert"] for rule in rules} & names == expected
    assert {alert.name for alert in build(context(cert_manager={})).alerts} >= {"CertificatesNotSeen"}


def test_cert_manager_is_scraped_in_its_own_namespace() -> None:
    config: dict[str, Any] = {"cert_manager": {"namespace": "certificates", "service": "cm"}}
    job = config_file_of(**config)["scrape_configs"][-1]
    address = "cm.certificates.svc.cluster.local:9402"
    assert job == {"job_name": "cm", "honor_labels": True, "static_configs": [{"targets": [address]}]}
    (called,) = (call for call in workload("prometheus", **config).pod.calls if call.namespace)
    assert (called.namespace, called.address(), called.group) == ("certificates", address, None)


def test_metrics_about_other_objects_keep_their_labels() -> None:
    objects = monitored()
    jobs = yaml.load(get(objects, PLATFORM, "ConfigMap", "prometheus")["data"]["prometheus.yml"], yaml.CSafeLoader)[
        "scrape_configs"
    ]
    honoring = [job["job_name"] for job in jobs if job.get("honor_labels")]
    assert honoring == ["floe-platform/kube-state-metrics", "cert-manager"]


def test_in_production_two_replicas_collect_everything_and_alerts_are_sent_once() -> None:
    server = workload("prometheus", replicas=2)
    assert (server.kind, server.replicas) == ("StatefulSet", 2)
    assert COMPONENT.profiles["heavy"]["replicas"] == 2
    config = config_file_of()
    assert config["global"]["external_labels"] == {"replica": "${POD_NAME}"}
    assert config["alerting"]["alert_relabel_configs"] == [{"action": "labeldrop", "regex": "replica"}]


def test_it_keeps_no_more_than_its_volume_holds() -> None:
    arguments = workload("prometheus", retention="720h", storage="10Gi").pod.containers[0].arguments
    assert "--storage.tsdb.retention.time=720h" in arguments
    assert "--storage.tsdb.retention.size=8589MB" in arguments, "four fifths of 10 GiB"


def test_without_receivers_there_is_no_alertmanager() -> None:
    assert {server.name for server in completes(context(), MESH).workloads} == {"prometheus", "kube-state-metrics"}
    assert config_file_of()["alerting"]["alertmanagers"] == []
    assert {alert.name for alert in build(context()).alerts} == {"RulesFailing", "AlertsNotAccepted"}
    assert "AlertsNotSent" in {alert.name for alert in build(context(**ALERTMANAGER)).alerts}


def test_alerts_go_to_every_alertmanager() -> None:
    (alertmanager,) = config_file_of(**ALERTMANAGER)["alerting"]["alertmanagers"]
    names = ["alertmanager-headless.floe-platform.svc.cluster.local"]
    assert alertmanager == {"dns_sd_configs": [{"names": names, "type": "A", "port": 9093}]}


def test_replicas_of_alertmanager_form_a_cluster_and_a_single_one_does_not() -> None:
    alone, pair = (
        workload("alertmanager", alertmanager={**ALERTMANAGER["alertmanager"], "replicas": count}) for count in (1, 2)
    )
    assert "--cluster.listen-address=" in alone.pod.containers[0].arguments
    peer = "--cluster.peer=alertmanager-headless.floe-platform.svc.cluster.local:9094"
    assert peer in pair.pod.containers[0].arguments
    own = [call for call in pair.pod.calls if call.group and call.group.name == "alertmanager"]
    assert [(port.number, port.protocol) for call in own for port in call.ports] == [(9094, "TCP"), (9094, "UDP")]
    assert not [call for call in alone.pod.calls if call.group]


def test_receivers_read_their_secrets_from_files_and_only_their_hosts_are_reached() -> None:
    server = workload("alertmanager", **ALERTMANAGER)
    (container,) = server.pod.containers
    paths = {file.path for file in container.secret_files}
    assert paths == {
        "/run/secrets/receivers/slack/url",
        "/run/secrets/receivers/pager/routing-key",
        "/run/secrets/receivers/sales-hook/url",
    }
    text = next(file.text for file in container.config)
    assert all(path in text for path in paths)
    hosts = {call.host for call in server.pod.calls}
    assert hosts == {"hooks.slack.com", "events.pagerduty.com", "hooks.acme.example"}


def test_the_first_receiver_gets_alerts_that_match_no_route() -> None:
    route = configuration(context(**ALERTMANAGER).config.alertmanager)["route"]
    assert route["receiver"] == "team"
    assert route["routes"] == [
        {"receiver": "pager", "matchers": ['severity="critical"']},
        {"receiver": "sales", "matchers": ['owner="@acme/sales"']},
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"receivers": [RECEIVERS[0], RECEIVERS[0]]}, "two receivers are called team"),
        ({"receivers": RECEIVERS, "routes": [{"receiver": "team"}]}, "the route selects no alerts"),
        ({"receivers": [{**RECEIVERS[0], "channel": "no spaces"}]}, "should match pattern"),
        ({"receivers": [{"name": "hook", "type": "webhook", "secret": "hook"}]}, "Field required"),
        ({"replicas": 6}, "less than or equal to 5"),
    ],
)
def test_receivers_and_routes_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        context(alertmanager=settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"receivers": RECEIVERS}, "has a route to nobody, but the receivers are team, pager, sales"),
        ({}, "has a route to nobody, but there are no receivers"),
    ],
)
def test_routes_to_an_unknown_receiver_are_refused(settings: dict[str, Any], message: str) -> None:
    routes = [{"receiver": "nobody", "severity": "critical"}]
    (refusal,) = refuses(context(alertmanager={**settings, "routes": routes}))
    assert (refusal.message, refusal.path) == (message, ("alertmanager", "routes", 0, "receiver"))


def test_production_needs_a_receiver_or_a_reason_for_none() -> None:
    (refusal,) = refuses(context())
    assert (refusal.message, refusal.path) == (
        "tells nobody of the alerts of production",
        ("alertmanager", "receivers"),
    )
    for settings in ({"receivers": RECEIVERS}, {"no_receivers": "a copy of production"}):
        assert not [*refuses(context(alertmanager=settings))]
    assert not [*refuses(context(settings=DEVELOPMENT))]
    with pytest.raises(ValidationError, match="remove one of them"):
        context(alertmanager={"receivers": RECEIVERS, "no_receivers": "why"})


def test_links_use_the_urls_of_prometheus_and_alertmanager() -> None:
    urls: dict[str, Any] = {
        "url": "https://prometheus.acme.example",
        "alertmanager": {**ALERTMANAGER["alertmanager"], "url": "https://a.acme.example"},
    }
    for name, url, setting in (
        ("prometheus", "https://prometheus.acme.example", "url"),
        ("alertmanager", "https://a.acme.example", "alertmanager.url"),
    ):
        server = workload(name, **urls)
        assert f"--web.external-url={url}" in server.pod.containers[0].arguments
        assert [(interface.address_setting, interface.address) for interface in server.interfaces] == [(setting, url)]
        unknown = workload(name, **ALERTMANAGER)
        assert not [argument for argument in unknown.pod.containers[0].arguments if "external-url" in argument]
        assert [(interface.address_setting, interface.address) for interface in unknown.interfaces] == [(setting, "")]


@pytest.mark.parametrize(
    "address", ["prometheus.acme.example", "https://acme.example/prometheus", "https://a.example/"]
)
def test_urls_need_a_host_without_a_path(address: str) -> None:
    for config in ({"url": address}, {"alertmanager": {"url": address}}):
        with pytest.raises(ValidationError, match="is not the URL of a server"):
            context(**config)


@pytest.mark.parametrize("page", ["docs/runbooks.md", "", "https://wiki.acme.example/runbooks#top"])
def test_runbooks_need_the_url_of_a_page(page: str) -> None:
    with pytest.raises(ValidationError, match="is not the URL of a server"):
        context(runbooks=page)


def test_it_provides_a_metrics_store_and_monitoring() -> None:
    store, monitoring = provides(context().instance)
    assert isinstance(store, MetricsStore)
    assert store.endpoint.url() == "http://prometheus.floe-platform.svc.cluster.local:9090"
    two, _ = provides(context(replicas=2).instance)
    assert isinstance(two, MetricsStore)
    assert [*two.receivers] == [
        f"http://prometheus-{number}.prometheus-headless.floe-platform.svc.cluster.local:9090/api/v1/otlp"
        for number in (0, 1)
    ], "each replica has only the metrics sent to it"
    assert "--web.enable-otlp-receiver" in workload("prometheus").pod.containers[0].arguments
    assert isinstance(monitoring, Monitoring)


def test_people_open_both_behind_a_login() -> None:
    interfaces = [
        interface for server in completes(context(**ALERTMANAGER), MESH).workloads for interface in server.interfaces
    ]
    assert [(interface.name, interface.authenticates) for interface in interfaces] == [
        ("prometheus", False),
        ("alertmanager", False),
    ]


def test_many_rules_take_several_config_maps() -> None:
    rules = {f"n{number}": [{"name": "g", "rules": ["x" * 1000] * 200}] for number in range(6)}
    parts = packed(rules)
    assert [len(part) for part in parts] == [2, 2, 2]
    assert all(sum(map(len, part.values())) <= MOST_TEXT for part in parts)
    assert packed({}) == [{}]


def test_kube_state_metrics_reads_all_namespaces_with_a_role_in_each() -> None:
    objects = monitored()
    server = get(objects, PLATFORM, "Deployment", "kube-state-metrics")
    (container,) = server["spec"]["template"]["spec"]["containers"]
    namespaces = ("floe-marketing-domain", PLATFORM, SALES)
    assert f"--namespaces={','.join(namespaces)}" in container["args"]
    for namespace in namespaces:
        role = get(objects, namespace, "Role", "kube-state-metrics")
        assert all(rule["verbs"] == ["list", "watch"] for rule in role["rules"])
        read = {resource for rule in role["rules"] for resource in rule["resources"]}
        assert not read & {"secrets", "configmaps"}
        watched = (
            next(argument for argument in container["args"] if argument.startswith("--resources="))
            .partition("=")[2]
            .split(",")
        )
        assert read == {*watched}, "it would log errors for ever"
        binding = get(objects, namespace, "RoleBinding", "kube-state-metrics")
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "kube-state-metrics", "namespace": PLATFORM}]
    assert not [manifest for manifest in objects if manifest["kind"].startswith("ClusterRole")]


def test_headless_services_show_pods_that_are_not_ready_and_only_of_what_has_metrics() -> None:
    objects = monitored()
    spec = get(objects, PLATFORM, "Service", "polaris-headless")["spec"]
    assert (spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("None", True)
    names = {manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "Service"}
    assert "dagster-metrics-headless" in names
    assert not {"dagster-webserver-headless", "code-orders-headless"} & names


def test_the_scraper_reaches_only_the_metrics_port_of_a_server() -> None:
    ingress = get(monitored(), SALES, "NetworkPolicy", "dagster-postgresql")["spec"]["ingress"]
    ports = {
        tuple(peer["namespaceSelector"]["matchExpressions"][0]["values"]): [port["port"] for port in rule["ports"]]
        for rule in ingress
        for peer in rule["from"]
    }
    assert ports == {(SALES,): [5432], (PLATFORM,): [9187]}


def extracted(folder: Path) -> Path:
    """Write the configuration of Prometheus and Alertmanager into a folder, with the rules in it."""
    for name in ("prometheus", "prometheus-rules-0", "alertmanager"):
        for file, text in get(monitored(), PLATFORM, "ConfigMap", name)["data"].items():
            place = folder / ("rules/0" if "rules" in name else "") / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.replace("/etc/prometheus/rules", str(folder / "rules")))
    return folder


@pytest.mark.real
@pytest.mark.skipif(not PROMTOOL, reason="promtool is not on the PATH (Debian: prometheus)")
def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    command = [str(PROMTOOL), "check", "config", str(extracted(tmp_path) / "prometheus.yml")]
    checked = subprocess.run(command, env={"POD_NAME": "p"}, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "3 rule files found" in checked.stdout


@pytest.mark.real
@pytest.mark.skipif(not AMTOOL, reason="amtool 0.26 or newer is not on the PATH")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"severity": "critical", "owner": "@acme/sales"}, "pager"),
        ({"severity": "warning", "owner": "@acme/sales"}, "sales"),
        ({"severity": "warning", "owner": "@acme/platform"}, "team"),
    ],
)
def test_alertmanager_accepts_its_configuration_and_routes_by_it(
    labels: dict[str, str], receiver: str, tmp_path: Path
) -> None:
    file = str(extracted(tmp_path) / "alertmanager.yml")
    checked = subprocess.run(
        [str(AMTOOL), "check-config", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    pairs = [f"{name}={value}" for name, value in labels.items()]
    command = [str(AMTOOL), "config", "routes", "test", f"--config.file={file}", *pairs]
    routed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert routed.stdout.split() == [receiver], routed.stderr


@pytest.mark.parametrize("settings", [DEVELOPMENT, PRODUCTION], ids=["dev", "prod"])
def test_rendered(settings: Settings, snapshot: SnapshotAssertion) -> None:
    config = {**ALERTMANAGER, "alertmanager": {**ALERTMANAGER["alertmanager"], "replicas": 2}, "replicas": 2}
    objects = unit_of(COMPONENT, context(settings, **(config if settings is PRODUCTION else {}))).objects
    assert as_text(own(objects)) == snapshot


def own(objects: tuple[Object, ...]) -> list[Object]:
    names = ("prometheus", "alertmanager", "kube-state-metrics")
    return [
        manifest
        for manifest in objects
        if manifest["metadata"]["name"].startswith(names) and "rules" not in json.dumps(manifest["kind"])
    ]


def test_the_images_are_pinned() -> None:
    assert parse_image(IMAGE).tag == "v3.14.0"


def test_the_certificate_of_a_server_is_verified_by_name_although_pods_are_found_by_address() -> None:
    server = service_endpoint("minio", PLATFORM, "cluster.local", (Port("api", 9000, scheme="https", tls=True),))
    mesh = MeshFacts(scrape_targets=(ScrapeTarget(PLATFORM, "minio", server, "/metrics"),))
    (job,) = config_file_of(mesh=mesh)["scrape_configs"]
    assert job["scheme"] == "https"
    # Its authority is one of those that all programs trust.
    assert job["tls_config"] == {"server_name": f"minio.{PLATFORM}.svc.cluster.local"}
    (plain,) = config_file_of()["scrape_configs"]
    assert not {"scheme", "tls_config"} & plain.keys()
