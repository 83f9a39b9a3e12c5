"""References from object to object."""

from __future__ import annotations

import pytest

from check.samples import container, resource, sample
from floe_compiler.check.references.object_references import check
from floe_compiler.link import references as linked_references

CHECKS = (check, linked_references.check)

DAGSTER = "Deployment.apps floe-platform/dagster"
POSTGRES = "StatefulSet.apps floe-platform/postgres"


def test_a_missing_claim_is_reported() -> None:
    platform = sample()
    platform.pod("Deployment/dagster")["volumes"] = [{"name": "x", "persistentVolumeClaim": {"claimName": "data"}}]
    message = "spec.template.spec.volumes[x] names PersistentVolumeClaim data, which does not exist"
    assert platform.findings(*CHECKS) == [("C047", DAGSTER, message)]
    platform.add(resource("v1", "PersistentVolumeClaim", "data", spec={}))
    assert platform.findings(*CHECKS) == []


def test_a_claim_template_replaces_a_volume_with_its_name() -> None:
    platform = sample()
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in ("data", "other")]
    platform.pod("StatefulSet/postgres")["volumes"] = volumes
    platform["StatefulSet/postgres"]["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {}}]
    message = "spec.template.spec.volumes[other] names PersistentVolumeClaim other, which does not exist"
    assert platform.findings(*CHECKS) == [("C047", POSTGRES, message)]


def test_a_missing_priority_class_is_reported() -> None:
    platform = sample()
    platform.pod("Deployment/dagster")["priorityClassName"] = "critical"
    message = "spec.template.spec.priorityClassName names PriorityClass critical, which does not exist"
    assert platform.findings(*CHECKS) == [("C047", DAGSTER, message)]
    platform.add(resource("scheduling.k8s.io/v1", "PriorityClass", "critical", "", value=1))
    assert platform.findings(*CHECKS) == []


def test_builtin_and_external_priority_classes_are_accepted() -> None:
    platform = sample()
    platform.pod("Deployment/dagster")["priorityClassName"] = "system-cluster-critical"
    assert platform.findings(*CHECKS) == []
    platform.pod("Deployment/dagster")["priorityClassName"] = "theirs"
    annotations = {"floe.dev/external-references": "PriorityClass/theirs"}
    platform["Deployment/dagster"]["metadata"]["annotations"] = annotations
    assert platform.findings(*CHECKS) == []


@pytest.mark.parametrize(("kind", "codes"), [("Deployment", []), ("StatefulSet", ["C047"])])
def test_a_missing_target_of_an_autoscaler_is_reported(kind: str, codes: list[str]) -> None:
    platform = sample()
    target = {"apiVersion": "apps/v1", "kind": kind, "name": "dagster"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3}
    platform.add(resource("autoscaling/v2", "HorizontalPodAutoscaler", "dagster", spec=spec))
    assert [code for code, _, _ in platform.findings(*CHECKS)] == codes


def test_an_ingress_to_an_action_of_the_aws_load_balancer_controller_is_accepted() -> None:
    platform = sample()
    ingress = platform["Ingress/dagster"]
    path = ingress["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"] = {"name": "ssl-redirect", "port": {"name": "use-annotation"}}
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C047"]
    ingress["metadata"]["annotations"] = {"alb.ingress.kubernetes.io/actions.ssl-redirect": '{"Type": "redirect"}'}
    assert platform.findings(*CHECKS) == []


def test_an_ingress_to_a_missing_service_is_reported() -> None:
    platform = sample()
    path = platform["Ingress/dagster"]["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["name"] = "dagster-webserver"
    message = "spec.rules names Service dagster-webserver, which does not exist"
    assert platform.findings(*CHECKS) == [("C047", "Ingress.networking.k8s.io floe-platform/dagster", message)]


@pytest.mark.parametrize(
    ("port", "codes"),
    [({"name": "main"}, []), ({"number": 3000}, []), ({"name": "http"}, ["C049"]), ({"number": 80}, ["C049"])],
)
def test_a_missing_port_of_an_ingress_is_reported(port: dict[str, object], codes: list[str]) -> None:
    platform = sample()
    path = platform["Ingress/dagster"]["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["port"] = port
    assert [code for code, _, _ in platform.findings(*CHECKS)] == codes


def test_a_stateful_set_without_its_service_is_reported() -> None:
    platform = sample()
    platform["StatefulSet/postgres"]["spec"]["serviceName"] = "postgresql"
    message = "spec.serviceName names Service postgresql, which does not exist"
    assert platform.findings(*CHECKS) == [("C048", POSTGRES, message)]


def test_the_service_of_a_stateful_set_is_headless_and_its_own() -> None:
    platform = sample()
    del platform["Service/postgres"]["spec"]["clusterIP"]
    message = "spec.serviceName names Service postgres, which is not headless"
    assert platform.findings(*CHECKS) == [("C048", POSTGRES, message)]
    platform = sample()
    platform["Service/postgres"]["spec"]["selector"]["app.kubernetes.io/component"] = "dagster"
    message = "spec.serviceName names Service postgres, which does not select these pods"
    assert platform.findings(*CHECKS) == [("C048", POSTGRES, message)]


def test_a_mount_of_a_missing_volume_is_reported() -> None:
    platform = sample()
    platform.pod("Deployment/polaris")["volumes"][0]["name"] = "configuration"
    message = "spec.template.spec.containers[polaris] mounts volume config"
    assert platform.findings(*CHECKS) == [("C035", "Deployment.apps floe-platform/polaris", message)]
    assert platform.hints(*CHECKS) == ['did you mean "configuration"?']


def test_init_containers_mount_volumes_too() -> None:
    platform = sample()
    first = container("first", volumeMounts=[{"name": "gone", "mountPath": "/gone"}])
    platform.pod("CronJob/backup")["initContainers"] = [first]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C035"]
