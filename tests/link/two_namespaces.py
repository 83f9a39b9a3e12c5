"""The sample platform, and a domain in its own namespace whose task calls the catalog."""

from __future__ import annotations

import copy

from check.samples import NAMESPACE, POLARIS, Platform, container, resource, sample, selector, template
from floe_compiler.model.objects import Object
from floe_compiler.model.rendered import Connection, PodGroup

DOMAIN = "sales"
REPORT = PodGroup(DOMAIN, "report")
CALL = Connection(REPORT, POLARIS, 8181)
REPORT_NAME = "CronJob.batch sales/report"
POLARIS_NAME = "Deployment.apps floe-platform/polaris"


def two_namespaces() -> Platform:
    """Return a platform that passes every check; objects of the domain have keys such as `CronJob/report`."""
    platform = sample()
    namespace = resource("v1", "Namespace", DOMAIN, "")
    namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    quota = {"pods": "5", "requests.cpu": "1", "requests.memory": "1Gi"}
    for manifest in (
        namespace,
        resource("v1", "ResourceQuota", "sales-quota", DOMAIN, spec={"hard": quota}),
        resource("v1", "ServiceAccount", "report", DOMAIN, automountServiceAccountToken=False),
        _report(),
        *_policies(platform),
    ):
        platform.add(manifest)
    rule = {"from": [in_namespace(DOMAIN, "report")], "ports": [{"port": 8181}]}
    platform["NetworkPolicy/polaris-in"]["spec"]["ingress"].append(rule)
    platform.facts["connections"] |= {CALL}
    return platform


def in_namespace(namespace: str, name: str = "") -> Object:
    """Return a peer: the pods of that name, or all pods, of another namespace."""
    peer: Object = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    return {**peer, "podSelector": {"matchLabels": selector(name)}} if name else peer


def _report() -> Object:
    url = {"name": "CATALOG", "value": f"http://polaris.{NAMESPACE}.svc.cluster.local:8181"}
    pods = template("report", container("report", env=[url]), restartPolicy="Never")
    job = {"backoffLimit": 0, "activeDeadlineSeconds": 3600, "template": pods}
    timing = {"schedule": "0 6 * * *", "timeZone": "Etc/UTC", "startingDeadlineSeconds": 3600}
    limits = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 10, "concurrencyPolicy": "Forbid"}
    return resource("batch/v1", "CronJob", "report", DOMAIN, spec={**timing, **limits, "jobTemplate": {"spec": job}})


def _policies(platform: Platform) -> list[Object]:
    manifests = []
    for key, name in (("NetworkPolicy/default-deny", "sales-deny"), ("NetworkPolicy/dns", "sales-dns")):
        manifest = copy.deepcopy(platform[key])
        manifest["metadata"] |= {"name": name, "namespace": DOMAIN}
        manifests.append(manifest)
    egress = [{"to": [in_namespace(NAMESPACE, "polaris")], "ports": [{"port": 8181}]}]
    spec = {"podSelector": {"matchLabels": selector("report")}, "policyTypes": ["Egress"], "egress": egress}
    return [*manifests, resource("networking.k8s.io/v1", "NetworkPolicy", "report-out", DOMAIN, spec=spec)]
