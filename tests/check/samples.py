"""A good little platform that passes every check; each test breaks one thing in it."""

from __future__ import annotations

import copy
import marshal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from environment_check import facts_of, split
from floe_compiler.check.index import build_index
from floe_compiler.check.summary import summarize
from floe_compiler.link import Environment, placed
from floe_compiler.model.configuration import CONFIG_HASH, config_hash
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.object_memory import ObjectMemory, remembering
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import Connection, External, LaunchedPods, PodGroup, Rendered
from floe_compiler.model.summary import decode, encode

NAMESPACE = "floe-platform"
IMAGE = "ghcr.io/acme/server:1.2.3"
POLARIS = PodGroup(NAMESPACE, "polaris")
POSTGRES = PodGroup(NAMESPACE, "postgres")
DAGSTER = PodGroup(NAMESPACE, "dagster")
RUNS = PodGroup(NAMESPACE, "dagster-run")
MIGRATE = PodGroup(NAMESPACE, "migrate")
BACKUP = PodGroup(NAMESPACE, "backup")
SETTINGS = {"application.properties": "log.level=INFO\n"}
BUCKETS = External("s3.example.com", 443)
NOT_OUTSIDE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.192/32",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
)
"""What policies leave out of the range of all addresses."""


MEMORY = ObjectMemory()
"""What is known of the objects of all tests, most of which differ in one."""

Check = Callable[[Any], Iterable[Any]]
"""The `check` function of a module with rules, of the check or of the link."""


@dataclass
class Platform:
    """Objects by `Kind/name`, and the declared facts; both may be changed by a test."""

    objects: dict[str, Object]
    facts: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Object:
        return self.objects[key]

    def add(self, manifest: Object) -> Object:
        """Add an object."""
        self.objects[f"{manifest['kind']}/{manifest['metadata']['name']}"] = manifest
        return manifest

    def copy_of(self, key: str, name: str) -> Object:
        """Add a copy of an object under another name, and return it."""
        manifest = copy.deepcopy(self.objects[key])
        manifest["metadata"]["name"] = name
        return self.add(manifest)

    def pod(self, key: str) -> Object:
        """Return the pod specification of a workload."""
        spec: Any = self.objects[key]["spec"]
        spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
        pod: Object = spec["template"]["spec"]
        return pod

    def container(self, key: str) -> Object:
        """Return the first container of a workload."""
        container: Object = self.pod(key)["containers"][0]
        return container

    def rendered(self) -> Rendered:
        """Return the platform as the checks get it. Equal objects are one object, which nothing changes."""
        return Rendered("prod", ObjectSet.of(map(_copy_of, self.objects.values())), **self.facts)

    def diagnostics(self, *checks: Check) -> list[Diagnostic]:
        """Return findings of rules. Rules of the link get the summaries as a cache stores them."""
        with remembering(MEMORY):
            return self._diagnostics(checks)

    def _diagnostics(self, checks: Iterable[Check]) -> list[Diagnostic]:
        rendered = self.rendered()
        definitions = tuple(rendered.objects.of_kind("CustomResourceDefinition"))
        units = split(rendered)
        indexes = [build_index(unit, definitions) for unit in units.values()]
        diagnostics = list[Diagnostic]()
        for check in checks:
            if check.__module__.startswith("floe_compiler.link"):
                summaries = [decode(encode(summarize(index))) for index in indexes]
                linked = check(Environment.of(facts_of(rendered), summaries))
                diagnostics += placed(linked, lambda name: Places.of(units.get(name, Rendered("prod", ObjectSet()))))
            else:
                diagnostics += [diagnostic for index in indexes for diagnostic in check(index)]
        return list(dict.fromkeys(diagnostics))

    def findings(self, *checks: Check) -> list[tuple[str, str, str]]:
        """Return the code, subject and message of each finding."""
        diagnostics = self.diagnostics(*checks)
        return [
            (diagnostic.rule.code, diagnostic.subject.removeprefix("prod: "), diagnostic.message)
            for diagnostic in diagnostics
        ]

    def hints(self, *checks: Check) -> list[str]:
        """Return the hints of the findings."""
        return [diagnostic.hint for diagnostic in self.diagnostics(*checks)]


def _copy_of(manifest: Object) -> Object:
    """Return a copy of an object, as a test may change the object afterwards; the copies of equal ones are the same."""
    try:
        return MEMORY.same(marshal.loads(marshal.dumps(manifest)))
    except ValueError:  # a test of what is not plain data
        return manifest


def labels(name: str) -> dict[str, str]:
    """Return the recommended labels."""
    prefix = "app.kubernetes.io/"
    own = {"name": name, "instance": name, "component": name, "part-of": "acme", "managed-by": "floe-compile"}
    return {prefix + key: value for key, value in own.items()}


def selector(name: str) -> dict[str, str]:
    """Return the labels by which pods are selected."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/component": name}


def resource(api_version: str, kind: str, name: str, namespace: str = NAMESPACE, **rest: Any) -> Object:
    """Return an object with its labels."""
    metadata = {"name": name, "labels": labels(name)}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def container(name: str, port: int = 0, **rest: Any) -> Object:
    """Return a container that keeps every rule; one with a port is checked on it."""
    manifest: Object = {
        "name": name,
        "image": IMAGE,
        "imagePullPolicy": "Always",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        **rest,
    }
    if port:
        probe = {"tcpSocket": {"port": "main"}, "periodSeconds": 10, "timeoutSeconds": 2}
        manifest |= {
            "ports": [{"name": "main", "containerPort": port}],
            "livenessProbe": probe,
            "readinessProbe": probe,
        }
    return copy.deepcopy(manifest)


def template(name: str, main: Object, **rest: Any) -> Object:
    """Return a pod template that keeps every rule."""
    spec = {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [main],
        **rest,
    }
    return {"metadata": {"labels": labels(name)}, "spec": spec}


def apart(name: str) -> Object:
    """Return an affinity that keeps replicas on different nodes."""
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": selector(name)}}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def deployment(name: str, port: int, replicas: int = 2, **pod: Any) -> Object:
    """Return a Deployment."""
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": selector(name)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": template(name, container(name, port), affinity=apart(name), **pod),
    }
    return resource("apps/v1", "Deployment", name, spec=spec)


def service(name: str, port: int, **rest: Any) -> Object:
    """Return a Service in front of the workload of its name."""
    ports = [{"name": "main", "port": port, "targetPort": "main"}]
    return resource("v1", "Service", name, spec={"selector": selector(name), "ports": ports, **rest})


def policy(name: str, direction: str, pods: dict[str, str], rules: list[Object]) -> Object:
    """Return a NetworkPolicy for one direction."""
    spec: Object = {"podSelector": {"matchLabels": pods} if pods else {}, "policyTypes": [direction.capitalize()]}
    return resource("networking.k8s.io/v1", "NetworkPolicy", name, spec={**spec, direction: rules} if rules else spec)


def to_pods(name: str, port: int) -> Object:
    """Return an egress rule to pods of the same namespace."""
    return {"to": [{"podSelector": {"matchLabels": selector(name)}}], "ports": [{"port": port, "protocol": "TCP"}]}


def from_pods(names: list[str], port: int) -> Object:
    """Return an ingress rule for pods of the same namespace."""
    peers = [{"podSelector": {"matchLabels": selector(name)}} for name in names]
    return {"from": peers, "ports": [{"port": port, "protocol": "TCP"}]}


def sample() -> Platform:
    """Return a catalog with its database, an orchestrator that starts pods, a Job and a CronJob, in production."""
    platform = Platform({})
    for manifest in (*_namespace(), *_workloads(), *_configuration(), *_network()):
        platform.add(manifest)
    launched = LaunchedPods(RUNS, tuple(selector("dagster-run").items()), (("cpu", "500m"), ("memory", "1Gi")), count=2)
    platform.facts = {
        "production": True,
        "image_registries": ("ghcr.io/acme",),
        "connections": frozenset(
            {
                Connection(POLARIS, POSTGRES, 5432),
                Connection(DAGSTER, POSTGRES, 5432),
                Connection(MIGRATE, POSTGRES, 5432),
                Connection(BACKUP, POSTGRES, 5432),
                Connection(BACKUP, BUCKETS, 443),
                Connection(RUNS, POLARIS, 8181),
                Connection(DAGSTER, "kubernetes-api", 443),
            }
        ),
        "launched": frozenset({launched}),
        "ingress_groups": frozenset({(DAGSTER, 3000)}),
        "ingress_namespace": "ingress-nginx",
    }
    return platform


def _namespace() -> Iterable[Object]:
    namespace = resource("v1", "Namespace", NAMESPACE, "")
    namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    yield namespace
    hard = {"requests.cpu": "4", "requests.memory": "8Gi", "pods": "20", "requests.storage": "20Gi"}
    yield resource("v1", "ResourceQuota", "quota", spec={"hard": hard})
    for name in ("polaris", "postgres", "dagster", "migrate", "backup"):
        yield resource("v1", "ServiceAccount", name, automountServiceAccountToken=False)
    rules = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]}]
    yield resource("rbac.authorization.k8s.io/v1", "Role", "dagster", rules=rules)
    yield resource(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "dagster",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "dagster"},
        subjects=[{"kind": "ServiceAccount", "name": "dagster", "namespace": NAMESPACE}],
    )


def _workloads() -> Iterable[Object]:
    polaris = deployment("polaris", 8181, volumes=[{"name": "config", "configMap": {"name": "polaris"}}])
    pod = polaris["spec"]["template"]
    pod["metadata"]["annotations"] = {CONFIG_HASH: config_hash({"polaris": SETTINGS})}
    secret = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "polaris-db", "key": "password"}}}
    database = {"name": "DATABASE", "value": f"jdbc:postgresql://postgres.{NAMESPACE}.svc.cluster.local:5432/polaris"}
    pod["spec"]["containers"][0] |= {
        "env": [database, secret],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/polaris"}],
    }
    yield polaris
    dagster = deployment("dagster", 3000)
    dagster["spec"]["template"]["spec"]["automountServiceAccountToken"] = True
    yield dagster
    for name, port in (("polaris", 8181), ("dagster", 3000)):
        yield service(name, port)
        budget = {"minAvailable": 1, "selector": {"matchLabels": selector(name)}}
        yield resource("policy/v1", "PodDisruptionBudget", name, spec=budget)
    yield service("postgres", 5432, clusterIP="None")
    claim = {
        "metadata": {"name": "data", "labels": selector("postgres")},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }
    spec = {
        "serviceName": "postgres",
        "replicas": 1,
        "selector": {"matchLabels": selector("postgres")},
        "template": template(
            "postgres",
            container("postgres", 5432, volumeMounts=[{"name": "data", "mountPath": "/var/lib/postgresql"}]),
        ),
        "volumeClaimTemplates": [claim],
    }
    yield resource("apps/v1", "StatefulSet", "postgres", spec=spec)
    wait = container(
        "wait", command=["sh", "-c", "for i in $(seq 60); do pg_isready -h postgres && exit; sleep 2; done; exit 1"]
    )
    tasks = template("migrate", container("migrate"), initContainers=[wait], restartPolicy="Never")
    job = {"backoffLimit": 3, "activeDeadlineSeconds": 600, "template": tasks}
    yield resource("batch/v1", "Job", "migrate-1a2b3c4d", spec=job)
    backup = template("backup", container("backup", args=["--to=https://s3.example.com/x"]), restartPolicy="Never")
    yield resource(
        "batch/v1",
        "CronJob",
        "backup",
        spec={
            "schedule": "0 */6 * * *",
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 10,
            "jobTemplate": {"spec": {"backoffLimit": 0, "activeDeadlineSeconds": 3600, "template": backup}},
        },
    )


def _configuration() -> Iterable[Object]:
    yield resource("v1", "ConfigMap", "polaris", data=dict(SETTINGS))
    data = [{"secretKey": "password", "remoteRef": {"key": "acme/prod/polaris-db", "property": "password"}}]
    store = {"kind": "ClusterSecretStore", "name": "vault"}
    spec = {"secretStoreRef": store, "data": data, "refreshInterval": "1h"}
    yield resource("external-secrets.io/v1", "ExternalSecret", "polaris-db", spec=spec)
    path = {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": "dagster", "port": {"name": "main"}}},
    }
    rules = [{"host": "dagster.example.com", "http": {"paths": [path]}}]
    yield resource("networking.k8s.io/v1", "Ingress", "dagster", spec={"ingressClassName": "nginx", "rules": rules})


def _network() -> Iterable[Object]:
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    yield resource("networking.k8s.io/v1", "NetworkPolicy", "default-deny", spec=deny)
    servers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    yield policy("dns", "egress", {}, [{"to": [servers], "ports": ports}])
    for name in ("polaris", "dagster", "migrate", "backup"):
        yield policy(f"{name}-out", "egress", selector(name), [to_pods("postgres", 5432)])
    yield policy("dagster-run-out", "egress", selector("dagster-run"), [to_pods("polaris", 8181)])
    callers = ["polaris", "dagster", "migrate", "backup"]
    yield policy("postgres-in", "ingress", selector("postgres"), [from_pods(callers, 5432)])
    yield policy("polaris-in", "ingress", selector("polaris"), [from_pods(["dagster-run"], 8181)])
    everywhere = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [*NOT_OUTSIDE]}}
    yield policy("buckets", "egress", selector("backup"), [{"to": [everywhere], "ports": [{"port": 443}]}])
    api = [{"to": [everywhere], "ports": [{"port": 443}, {"port": 6443}]}]
    yield policy("dagster-api", "egress", selector("dagster"), api)
    nginx = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    yield policy("dagster-ui", "ingress", selector("dagster"), [{"from": [nginx], "ports": [{"port": "main"}]}])
