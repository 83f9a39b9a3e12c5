"""The published requirements REQ-600 to REQ-650, as far as they can be read off the compiled YAML.

Each test looks at the compiled files of the reference mesh, or of a small mesh, and at nothing else of the compiler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
import yaml

from declared_servers import declared_servers
from floe_compiler.kit.trust import VOLUME
from floe_compiler.model.objects import Object
from floe_compiler.model.quantities import parse_quantity
from rendered_mesh import ROOT, SERVERS, Rendered, compiled, container, names, template, variables
from small_mesh import MANIFEST, small_mesh

GOLDEN = Path(__file__).parent / "golden"
MESHES = compiled()
DEV, STAGING, PROD = (MESHES[name] for name in ("dev", "staging", "prod"))
EVERY = pytest.mark.parametrize("mesh", MESHES.values(), ids=MESHES)
NODES = "floe-nodes"
"""The one namespace whose pods may use their node."""

AFTER_SYNC = "argocd.argoproj.io/hook"


def selects(selector: Object, labels: Object) -> bool:
    """Tell whether a selector of labels, and of one label with several values, selects these."""
    expressions = selector.get("matchExpressions", ())
    plain = selector.get("matchLabels", {} if expressions else selector)
    one_of = all(labels.get(expression["key"]) in expression["values"] for expression in expressions)
    return one_of and dict(plain).items() <= dict(labels).items()


def replicated(mesh: Rendered) -> list[Object]:
    """Return the Deployments but those of which more than one pod cannot work, as their components declare."""
    declared = declared_servers(mesh.name)
    return [
        manifest
        for manifest in mesh.of_kind("Deployment")
        if names(manifest) not in declared or not declared[names(manifest)].single
    ]


def test_600_services_in_production_are_deployments_that_survive_a_drain_and_a_rollout() -> None:
    for workload in replicated(PROD):
        least = fewest(PROD, workload)
        assert least >= 2, names(workload)
        assert workload["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, names(workload)
        budgets = [budget for budget in PROD.of_kind("PodDisruptionBudget") if is_for(budget, workload)]
        assert [budget["spec"]["minAvailable"] < least for budget in budgets] == [True], names(workload)


def fewest(mesh: Rendered, workload: Object) -> int:
    """Return the lowest number of replicas: that of the Deployment, or else of its autoscaler."""
    if "replicas" in workload["spec"]:
        return int(workload["spec"]["replicas"])
    scaler = mesh.get("HorizontalPodAutoscaler", *names(workload))
    return int(scaler["spec"]["minReplicas"])


@EVERY
def test_600_every_server_has_a_service(mesh: Rendered) -> None:
    declared = declared_servers(mesh.name)
    for workload in mesh.of_kind(*SERVERS):
        ports = declared[names(workload)].ports() if names(workload) in declared else ()
        if any(port.service for port in ports):
            services = [service for service in mesh.of_kind("Service") if is_for(service, workload)]
            assert services, names(workload)


def is_for(manifest: Object, workload: Object) -> bool:
    """Tell whether a Service, budget or policy selects the pods of a workload."""
    spec = manifest["spec"]
    selector = spec.get("podSelector", spec.get("selector", {}))
    labels = template(workload)["metadata"]["labels"]
    return names(manifest)[0] == names(workload)[0] and selects(selector, labels)


@EVERY
def test_601_databases_and_stores_are_stateful(mesh: Rendered) -> None:
    for stateful_set in mesh.of_kind("StatefulSet"):
        headless = mesh.get("Service", names(stateful_set)[0], stateful_set["spec"]["serviceName"])
        assert headless["spec"]["clusterIP"] == "None"
        for claim in stateful_set["spec"].get("volumeClaimTemplates", ()):
            assert claim["spec"]["storageClassName"] == ("standard" if mesh is DEV else "gp3")
    assert mesh.get("StatefulSet", "floe-marketing-domain", "redis")["spec"]["volumeClaimTemplates"]


@EVERY
def test_601_each_database_in_the_cluster_is_backed_up(mesh: Rendered) -> None:
    creations = [job for job in mesh.of_kind("Job") if container(job)["name"] == "databases"]
    databases = {
        (variables(container(job))["PGHOST"], argument.partition("=")[0])
        for job in creations
        for argument in container(job)["args"]
    }
    dumps = [
        {**variables(init), "place": variables(container(backup_))["DESTINATION"]}
        for backup_ in backups(mesh)
        for init in template(backup_)["spec"]["initContainers"]
        if init["name"] == "dump"
    ]
    assert {(dump["PGHOST"], dump["PGDATABASE"]) for dump in dumps} == databases
    assert len({dump["place"] for dump in dumps}) == len(databases), "none overwrites another"
    assert len(databases) == {"dev": 5, "staging": 6, "prod": 0}[mesh.name]


def backups(mesh: Rendered) -> list[Object]:
    return [manifest for manifest in mesh.of_kind("CronJob") if "floe.dev/backup" in manifest["metadata"]["labels"]]


@EVERY
def test_602_jobs_end_and_say_when_they_are_forgotten(mesh: Rendered) -> None:
    """A Job has one time to live, whatever its outcome; those of a delivery stay, as Git says that they are there."""
    for job_ in mesh.of_kind("Job", "CronJob"):
        job = job_["spec"]["jobTemplate"]["spec"] if job_["kind"] == "CronJob" else job_["spec"]
        assert job["backoffLimit"] >= 0
        assert job["activeDeadlineSeconds"] > 0
        assert template(job_)["spec"]["restartPolicy"] == "Never"
        tests = AFTER_SYNC in job_["metadata"].get("annotations", {})
        ttl = 604800 if job_["kind"] == "CronJob" else 3600 if tests else None
        assert job.get("ttlSecondsAfterFinished") == ttl, names(job_)


@EVERY
def test_603_schedules_leave_nothing_open(mesh: Rendered) -> None:
    crons = list(mesh.of_kind("CronJob"))
    declared = [
        cron_job for cron_job in crons if not any("floe.dev/" in label for label in cron_job["metadata"]["labels"])
    ]
    assert {names(cron_job)[1] for cron_job in declared} == {"cost-center", "polaris-access"}
    for cron_job in crons:
        spec = cron_job["spec"]
        assert spec["concurrencyPolicy"] == "Forbid"
        assert spec["startingDeadlineSeconds"] == 3600
        assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 10)
        assert spec["timeZone"] in available_timezones()


HOST = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local(?::(\d+))?")
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d./])")


def texts(mesh: Rendered) -> Iterator[tuple[str, str]]:
    """Yield every text that a program reads: variables, arguments and configuration files."""
    for name, config_map in mesh.containers():
        yield from ((name, str(config_map.get(key, ""))) for key in ("env", "command", "args"))
    for config_map in mesh.of_kind("ConfigMap"):
        yield from (("/".join(names(config_map)), text) for text in config_map.get("data", {}).values())


OF_OTHERS = {("kubernetes", "default"), ("cert-manager", "cert-manager")}
"""Services of every cluster that the reference mesh is for."""


@EVERY
def test_604_services_are_called_by_names_that_exist(mesh: Rendered) -> None:
    served = {
        # A headless Service is a name of the pods themselves, which answer on all of their ports.
        (names(manifest)[1], names(manifest)[0]): None
        if manifest["spec"].get("clusterIP") == "None"
        else {str(port["port"]) for port in manifest["spec"]["ports"]}
        for manifest in mesh.of_kind("Service")
    }
    for place, text in texts(mesh):
        for name, namespace, port in HOST.findall(text):
            if (name, namespace) in OF_OTHERS:
                continue
            assert (name, namespace) in served, f"{place} calls {name}"
            ports = served[name, namespace]
            assert not port or ports is None or port in ports, f"{place} calls {name}:{port}"
        assert set(ADDRESS.findall(text)) <= {"0.0.0.0", "127.0.0.1"}, place
    assert {manifest["spec"]["type"] for manifest in mesh.of_kind("Service")} == {"ClusterIP"}


@EVERY
def test_605_every_container_has_requests_and_limits(mesh: Rendered) -> None:
    for name, container_ in mesh.containers():
        for resource in ("cpu", "memory"):
            requested, most = (container_["resources"][kind][resource] for kind in ("requests", "limits"))
            assert parse_quantity(requested) <= parse_quantity(most), name


@EVERY
def test_606_every_pod_is_restricted(mesh: Rendered) -> None:
    for name, pod in mesh.pods():
        context = pod["spec"]["securityContext"]
        if not on_nodes(name):
            assert context["runAsNonRoot"], name
            assert context["runAsUser"] >= 1, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, namespace in mesh.containers():
        assert namespace["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }, name
        assert "/tmp" in [mount["mountPath"] for mount in namespace["volumeMounts"]], name
    for namespace in mesh.of_kind("Namespace"):
        level = "privileged" if names(namespace)[1] == NODES else "restricted"
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == level


def on_nodes(name: str) -> bool:
    """Tell whether a pod is that of a DaemonSet in the namespace of the nodes."""
    return f"DaemonSet {NODES}/" in name


@EVERY
def test_607_nothing_outside_an_environments_namespaces_has_permissions_in_them(mesh: Rendered) -> None:
    own = {names(manifest)[1] for manifest in mesh.of_kind("Namespace")}
    used = {names(manifest)[0] for manifest in mesh.objects} - {"", "argocd"}
    assert used == own
    for manifest in mesh.of_kind("RoleBinding", "ClusterRoleBinding"):
        assert {subject["namespace"] for subject in manifest["subjects"]} <= own


@EVERY
def test_608_everything_is_denied_but_what_is_declared(mesh: Rendered) -> None:
    for namespace in mesh.of_kind("Namespace"):
        deny = mesh.get("NetworkPolicy", names(namespace)[1], "default-deny")["spec"]
        assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        dns = mesh.get("NetworkPolicy", names(namespace)[1], "allow-dns")["spec"]["egress"][0]["ports"]
        assert {(port["port"], port["protocol"]) for port in dns} == {(53, "UDP"), (53, "TCP")}


@EVERY
def test_608_every_policy_is_for_pods_that_exist(mesh: Rendered) -> None:
    for policy in mesh.of_kind("NetworkPolicy"):
        launched = names(policy)[1].startswith("run-")  # Dagster starts the pods of its runs by itself
        selected = [pod for pod in mesh.of_kind("Job", "CronJob", *SERVERS) if is_for(policy, pod)]
        assert selected or launched or policy["spec"]["podSelector"] == {}, names(policy)


@EVERY
def test_609_every_server_tells_whether_it_lives_and_is_ready(mesh: Rendered) -> None:
    for name, pod in mesh.pods(*SERVERS):
        for container_ in pod["spec"]["containers"]:
            ports = {port for known in container_.get("ports", ()) for port in (known["name"], known["containerPort"])}
            for probe in (container_["livenessProbe"], container_["readinessProbe"]):
                check = probe.get("httpGet") or probe.get("tcpSocket") or probe.get("grpc")
                assert "exec" in probe or check["port"] in ports, name


@pytest.mark.parametrize(("mesh", "cpu", "memory"), [(DEV, "4", "8Gi"), (STAGING, "8", "16Gi"), (PROD, "16", "32Gi")])
def test_610_quotas_by_environment(mesh: Rendered, cpu: str, memory: str) -> None:
    quotas = {names(manifest)[0]: manifest["spec"]["hard"] for manifest in mesh.of_kind("ResourceQuota")}
    assert set(quotas) == {names(manifest)[1] for manifest in mesh.of_kind("Namespace")}
    for namespace, hard in quotas.items():
        assert hard["pods"]
        if (mesh, namespace) == (STAGING, "floe-platform"):  # whose servers need more
            assert parse_quantity(hard["requests.cpu"]) > parse_quantity(cpu)
        elif (mesh, namespace) == (PROD, "floe-sales-domain"):  # which has a semantic layer, too
            assert parse_quantity(hard["requests.memory"]) > parse_quantity(memory)
        elif (mesh, namespace) != (STAGING, "floe-sales-domain"):  # whose environment asks for more
            assert (hard["requests.cpu"], hard["requests.memory"]) == (cpu, memory)


@EVERY
def test_611_waits_have_an_end(mesh: Rendered) -> None:
    for _, pod in mesh.pods():
        for container_ in pod["spec"].get("initContainers", ()):
            if container_["name"].startswith("wait-for-"):
                script = container_["command"][-1]
                assert script.startswith("timeout 240 ")
                assert script.rstrip().endswith("exit 1")


@EVERY
def test_612_logs_are_json_on_standard_output(mesh: Rendered) -> None:
    for namespace in ("floe-sales-domain", "floe-finance-domain"):
        for name in ("dagster-webserver", "dagster-daemon"):
            container_ = container(mesh.get("Deployment", namespace, name))
            assert [*container_["command"], *container_.get("args", ())][-2:] == ["--log-format", "json"]
    airflow = mesh.get("ConfigMap", "floe-marketing-domain", "airflow-config")["data"]["airflow.cfg"]
    assert "json_logs = True" in airflow
    transform = container(mesh.get("CronJob", "floe-finance-domain", "cost-center"), "transform")
    assert variables(transform)["DBT_LOG_FORMAT"] == "json"


@EVERY
def test_613_images_are_exact(mesh: Rendered) -> None:
    for name, container_ in mesh.containers():
        assert re.search(r"(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$", container_["image"]), name
        assert container_["imagePullPolicy"] == ("Always" if mesh is PROD else "IfNotPresent"), name


def writers(mesh: Rendered) -> dict[tuple[str, str], set[str]]:
    """Return the keys of each secret that some ExternalSecret writes."""
    secrets_ = {}
    for external_secret in mesh.of_kind("ExternalSecret"):
        spec = external_secret["spec"]
        keys = {data["secretKey"] for data in spec.get("data", ())}
        keys |= {rule["regexp"]["target"] for source in spec.get("dataFrom", ()) for rule in source.get("rewrite", ())}
        secrets_[names(external_secret)[0], spec["target"]["name"]] = keys | set(
            spec["target"]["template"].get("data", ())
        )
    return secrets_


def secret_keys(pod: Object) -> Iterator[tuple[str, str]]:
    """Yield the secrets and keys that a pod reads."""
    for container_ in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
        for variable in container_.get("env", ()):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                yield reference["name"], reference["key"]
    for volume in pod["spec"]["volumes"]:
        for source in volume.get("projected", {}).get("sources", ()):
            if secret := source.get("secret"):
                yield from ((secret["name"], item["key"]) for item in secret["items"])


@EVERY
def test_614_no_secret_is_compiled_and_every_one_that_is_read_has_a_source(mesh: Rendered) -> None:
    assert list(mesh.of_kind("Secret")) == []
    known = writers(mesh)
    read_somewhere = set()
    for workload in mesh.of_kind("Job", "CronJob", *SERVERS):
        for name, key in secret_keys(template(workload)):
            assert key in known[names(workload)[0], name], f"{names(workload)} reads {key} of {name}"
            read_somewhere.add(name)
    assert len(read_somewhere) > 3


@EVERY
def test_614_secrets_in_variables_give_their_reason(mesh: Rendered) -> None:
    for name, pod in mesh.pods():
        every = (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
        used = {
            variable_["name"]
            for two in every
            for variable_ in two.get("env", ())
            if "secretKeyRef" in variable_.get("valueFrom", {})
        }
        reasons = yaml.load(
            pod["metadata"].get("annotations", {}).get("floe.dev/secret-variables", "{}"), yaml.CSafeLoader
        )
        assert used <= set(reasons), name


def test_615_images_come_from_the_registry_or_its_mirrors() -> None:
    for mesh in (STAGING, PROD):
        assert {container_["image"].split("/")[0] for _, container_ in mesh.containers()} == {"ghcr.io"}
        assert all(container_["image"].startswith("ghcr.io/acme/") for _, container_ in mesh.containers())


@EVERY
def test_616_nothing_is_on_nodes(mesh: Rendered) -> None:
    for name, pod in mesh.pods():
        kinds = {kind for volume in pod["spec"]["volumes"] for kind in volume if kind != "name"}
        own = {"configMap", "projected", "secret", "emptyDir"}
        assert kinds <= (own | {"hostPath"} if on_nodes(name) else own), name


def spread(workload: Object) -> set[tuple[str, str]]:
    """Return over what the pods of a workload are spread, and how strictly."""
    constraints = template(workload)["spec"].get("topologySpreadConstraints", ())
    return {(constraint["topologyKey"], constraint["whenUnsatisfiable"]) for constraint in constraints}


def test_618_replicas_are_on_different_nodes() -> None:
    for workload in replicated(PROD):
        assert ("kubernetes.io/hostname", "DoNotSchedule") in spread(workload), names(workload)
        assert ("topology.kubernetes.io/zone", "ScheduleAnyway") in spread(workload), names(workload)
    for workload in (workload for workload in replicated(STAGING) if fewest(STAGING, workload) > 1):
        assert ("kubernetes.io/hostname", "ScheduleAnyway") in spread(workload), names(workload)


def test_619_private_images_are_pulled_with_a_secret_of_the_right_type() -> None:
    accounts = list(PROD.of_kind("ServiceAccount"))
    assert accounts
    for account in accounts:
        (pull,) = account["imagePullSecrets"]
        secret = PROD.get("ExternalSecret", names(account)[0], pull["name"])
        assert secret["spec"]["target"]["template"]["type"] == "kubernetes.io/dockerconfigjson"


def test_620_jobs_and_services_have_nodes_of_their_own(tmp_path: Path) -> None:
    batch = {"key": "workload", "value": "batch", "effect": "NoSchedule"}
    changes: dict[str, Any] = {
        "placement": {"jobs": {"tolerations": [batch], "node_selector": {"workload": "batch"}}},
        "observability": {"collector": {"type": "opentelemetry", "mode": "deployment"}},
    }
    mesh = compiled(small_mesh(tmp_path, {MANIFEST: changes}))["dev"]
    job = template(mesh.get("CronJob", "floe-sales-domain", "orders"))["spec"]
    assert job["nodeSelector"] == {"workload": "batch"}
    assert job["tolerations"] == [{**batch, "operator": "Equal"}]
    server = template(mesh.get("Deployment", "floe-platform", "otel-collector"))["spec"]
    assert not server.keys() & {"nodeSelector", "tolerations"}


def test_621_there_is_no_compose_file() -> None:
    top = [path for path in ROOT.iterdir() if not path.name.startswith(".")]
    below = [compose_file for path in top for compose_file in (path, *path.rglob("*compose*"))]
    assert [path for path in below if "compose" in path.name and path.suffix in (".yaml", ".yml")] == []


WAVE = "argocd.argoproj.io/sync-wave"


@pytest.mark.parametrize("mesh", [DEV, STAGING], ids=["dev", "staging"])
def test_623_what_others_need_starts_before_them(mesh: Rendered) -> None:
    def wave(kind: str, namespace: str, name: str) -> int:
        return int(mesh.get(kind, namespace, name)["metadata"]["annotations"][WAVE])

    server = "postgresql" if mesh is DEV else "polaris-postgresql"
    database = wave("StatefulSet", "floe-platform", server)
    databases = wave("Job", "floe-platform", f"{server}-databases")
    catalog = wave("Deployment", "floe-platform", "polaris")
    assert database < databases < wave("Job", "floe-platform", "polaris-bootstrap") < catalog
    assert catalog < wave("Job", "floe-platform", "polaris-setup")
    own = [("StatefulSet", "dagster-postgresql"), ("Job", "dagster-migrate"), ("Deployment", "dagster-daemon")]
    first, second, third = (wave(kind, "floe-sales-domain", name) for kind, name in own)
    assert first < second < third < wave("Deployment", "floe-sales-domain", "code-customer-360")
    folders = [mesh.get("Application", "argocd", f"acme-{mesh.name}-{name}") for name in ("platform", "sales-domain")]
    platform, domain = (int(folder["metadata"]["annotations"][WAVE]) for folder in folders)
    assert platform < domain, "waves of one folder say nothing of those of another"


@EVERY
def test_624_pods_start_again_when_their_configuration_changes(mesh: Rendered) -> None:
    for name, pod in mesh.pods():
        # What others write, such as the authorities of production, is not known here.
        if any("configMap" in volume for volume in pod["spec"]["volumes"] if volume["name"] != VOLUME):
            assert re.fullmatch("[0-9a-f]{64}", pod["metadata"]["annotations"]["floe.dev/config-hash"]), name


def test_624_the_hash_follows_the_configuration(tmp_path: Path) -> None:
    def hash_of(name: str, **compute: Any) -> str:
        changes = {MANIFEST: {"compute": {"type": "duckdb", **compute}}}
        mesh = compiled(small_mesh(tmp_path / name, changes))["dev"]
        pod = template(mesh.get("CronJob", "floe-sales-domain", "orders"))
        return str(pod["metadata"]["annotations"]["floe.dev/config-hash"])

    assert hash_of("one") == hash_of("same")
    assert hash_of("one") != hash_of("other", threads=3)


@pytest.mark.parametrize(("mesh", "share"), [(DEV, None), (PROD, 10)], ids=["dev", "prod"])
def test_626_traces_are_sampled_in_production(mesh: Rendered, share: int | None) -> None:
    config = yaml.load(mesh.get("ConfigMap", "floe-platform", "otel-collector")["data"]["relay.yaml"], yaml.CSafeLoader)
    endpoints = {value["endpoint"].partition(":")[2] for value in config["receivers"]["otlp"]["protocols"].values()}
    assert endpoints == {"4317", "4318"}
    assert config["processors"].get("probabilistic_sampler", {}).get("sampling_percentage") == share
    assert ("probabilistic_sampler" in config["service"]["pipelines"]["traces"]["processors"]) == (share is not None)


@EVERY
def test_628_versions_are_labels_where_they_do_no_harm(mesh: Rendered) -> None:
    for workload in mesh.of_kind(*SERVERS):
        version = workload["metadata"]["labels"]["app.kubernetes.io/version"]
        assert container(workload)["image"].endswith(f":{version}"), names(workload)
        assert "app.kubernetes.io/version" not in workload["spec"]["selector"]["matchLabels"], names(workload)
        for claim in workload["spec"].get("volumeClaimTemplates", ()):
            assert "app.kubernetes.io/version" not in claim["metadata"].get("labels", {}), names(workload)


MESH_WORDS = ("istio", "linkerd")


@EVERY
def test_634_there_is_nothing_of_a_service_mesh_unless_it_is_wanted(mesh: Rendered) -> None:
    assert not [
        manifest["metadata"]["name"] for manifest in mesh.objects if any(word in str(manifest) for word in MESH_WORDS)
    ]


@pytest.mark.parametrize(("kind", "joined"), [("sidecar", "istio.io/rev"), ("linkerd", "linkerd.io/inject")])
def test_634_namespaces_join_a_service_mesh_and_jobs_end_in_it(kind: str, joined: str) -> None:
    files = (GOLDEN / "service-mesh" / "output" / kind).rglob("*.yaml")
    objects = [yaml.load(path.read_text(), yaml.CSafeLoader) for path in files]
    namespaces = [manifest["metadata"] for manifest in objects if manifest["kind"] == "Namespace"]
    assert namespaces
    assert all(joined in {**manifest["labels"], **manifest["annotations"]} for manifest in namespaces)
    tasks = [
        template(manifest)["metadata"]["annotations"] for manifest in objects if manifest["kind"] in ("CronJob", "Job")
    ]
    assert tasks
    ends = ("sidecar.istio.io/nativeSidecar", "config.beta.linkerd.io/proxy-enable-native-sidecar")
    assert all([notes.get(key) for key in ends if key in notes] == ["true"] for notes in tasks)


def test_640_the_least_platform_is_dagster_postgresql_and_duckdb() -> None:
    (mesh,) = compiled(GOLDEN / "minimal").values()
    servers = {manifest["metadata"]["name"] for manifest in mesh.of_kind(*SERVERS)}
    assert servers == {"code-orders", "dagster-daemon", "dagster-postgresql", "dagster-webserver"}


def test_642_flux_waits_for_what_it_applies() -> None:
    (mesh,) = compiled(GOLDEN / "flux").values()
    kustomizations = {names(manifest)[1]: manifest["spec"] for manifest in mesh.of_kind("Kustomization")}
    tested = {"lake-prod-platform", "lake-prod-sales-domain"}
    assert set(kustomizations) == {"lake-prod-cluster", *tested, *(f"{name}-tests" for name in tested)}
    for name, spec in kustomizations.items():
        assert spec["timeout"] == "15m"
        assert spec["wait"] == (name != "lake-prod-cluster")


def after_sync(mesh: Rendered) -> list[Object]:
    return [manifest for manifest in mesh.of_kind("Job") if AFTER_SYNC in manifest["metadata"].get("annotations", {})]


def probed(job: Object) -> set[str]:
    """Return the servers that a test asks, without the kind of probe: `host:port`."""
    probes = (probe.split(" ", 1) for probe in container(job)["args"][2:])
    return {re.sub(r"^http://|/.*", "", address) for kind, address in probes if kind != "denied"}


@EVERY
def test_635_every_service_is_asked_after_a_sync(mesh: Rendered) -> None:
    probed_hosts = {address.partition(":")[0] for job in after_sync(mesh) for address in probed(job)}
    for service in mesh.of_kind("Service"):
        if service["spec"].get("clusterIP") != "None":
            assert f"{names(service)[1]}.{names(service)[0]}.svc.cluster.local" in probed_hosts
    for namespace in mesh.of_kind("Namespace"):
        assert mesh.has("Job", names(namespace)[1], "smoke")


@EVERY
def test_639_tests_are_jobs_that_run_once_and_are_restricted(mesh: Rendered) -> None:
    assert after_sync(mesh)
    for job in after_sync(mesh):
        assert (job["spec"]["backoffLimit"], job["spec"]["ttlSecondsAfterFinished"]) == (0, 3600)
        assert job["metadata"]["annotations"][AFTER_SYNC] == "PostSync"


@EVERY
def test_643_every_connection_is_probed_by_a_pod_with_the_policies_and_the_access_of_the_caller(mesh: Rendered) -> None:
    """Of callers with the same connections, one is probed."""
    by_access: dict[tuple[str, frozenset[str]], set[str]] = {}
    for job in after_sync(mesh):
        labels = template(job)["metadata"]["labels"]
        access = frozenset(label for label in labels if label.startswith("access.floe.dev/"))
        by_access.setdefault((names(job)[0], access), set()).update(probed(job))
    for workload in mesh.of_kind("Deployment", "CronJob"):
        labels = template(workload)["metadata"]["labels"]
        access = frozenset(label for label in labels if label.startswith("access.floe.dev/"))
        if access:
            probed_hosts = {address.partition(".")[0] for address in by_access[names(workload)[0], access]}
            called = {label.removeprefix("access.floe.dev/") for label in access}
            assert called - {"airflow-statsd"} <= probed_hosts, names(workload)  # it takes packets, and answers none


@pytest.mark.parametrize("environment", ["blue", "green"])
def test_645_a_suffix_is_on_every_namespace_and_in_every_name(environment: str) -> None:
    mesh = compiled(GOLDEN / "patched")[environment]
    own = {names(manifest)[1] for manifest in mesh.of_kind("Namespace")}
    assert own == {f"floe-platform-{environment}", f"floe-sales-domain-{environment}"}
    assert {names(manifest)[0] for manifest in mesh.objects} - {"", "argocd"} == own
    called = {namespace for _, text in texts(mesh) for _, namespace, _ in HOST.findall(text)}
    assert called == {f"floe-platform-{environment}"}


@EVERY
def test_646_every_start_is_given_up_after_ten_minutes(mesh: Rendered) -> None:
    for deployment in mesh.of_kind("Deployment"):
        setup = deployment["spec"]["template"]["spec"].get("initContainers", ())
        waits = [init["name"] for init in setup if init["name"].startswith("wait-for-")]
        longest = 600 + (240 if waits else 0)
        assert 600 <= deployment["spec"]["progressDeadlineSeconds"] <= longest < 15 * 60, "Flux waits 15 minutes"
    for name, deployment in mesh.containers(*SERVERS):
        probe = deployment.get("startupProbe", {})
        assert probe.get("failureThreshold", 0) * probe.get("periodSeconds", 0) <= 600, name


@EVERY
def test_649_failed_pods_stay_to_be_looked_at(mesh: Rendered) -> None:
    for manifest in mesh.objects:
        policy = manifest["metadata"].get("annotations", {}).get("argocd.argoproj.io/hook-delete-policy", "")
        assert "HookFailed" not in policy
