"""What a domain gives to all steps of its products: as each orchestrator renders it, and who may set it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.pipeline import compile_mesh
from resolve.test_environment import data_product, planned, units
from small_mesh import DOMAIN, MANIFEST, PRODUCT, small_mesh

GPU = "nvidia.com/gpu"
ALLOWED = {"domain_policy": {"devices": {GPU: 2}}}
SHARED: dict[str, Any] = {
    "devices": {GPU: 1},
    "volumes": [
        {"path": "/etc/tables", "config_map": "tables"},
        {"path": "/etc/keys", "secret": "shop", "keys": ["token"]},
        {"path": "/data/reference", "claim": "reference", "writable": True},
    ],
}
STEPS: list[dict[str, Any]] = [
    {"name": "load", "type": "custom", "command": ["load"]},
    {"name": "train", "type": "custom", "command": ["train"], "devices": {GPU: 2}},
    {"name": "tell", "type": "custom", "command": ["tell"], "devices": {GPU: 0}},
]
PLACES = ["/data/reference", "/etc/keys", "/etc/tables"]

OBJECTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: tables, namespace: floe-sales-domain}
data: {a: b}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: reference, namespace: floe-sales-domain}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}, storageClassName: standard}
"""


def run_pod(unit: dict[str, str], orchestrator: str) -> list[dict[str, Any]]:
    """Return the pods of the product `orders`, as its orchestrator starts them."""
    if orchestrator == "kubernetes":
        job = yaml.load(unit["cronjob.batch_orders.yaml"], yaml.CSafeLoader)["spec"]["jobTemplate"]
        return [job["spec"]["template"]["spec"]]
    if orchestrator == "airflow":
        data = yaml.load(unit["configmap_step-pods-orders.yaml"], yaml.CSafeLoader)["data"]
        return [yaml.load(data[f"{step['name']}.yaml"], yaml.CSafeLoader)["spec"] for step in STEPS]
    (code,) = yaml.load(unit["deployment.apps_code-orders.yaml"], yaml.CSafeLoader)["spec"]["template"]["spec"][
        "containers"
    ]
    (text,) = [
        variable["value"] for variable in code["env"] if variable["name"] == "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"
    ]
    run = json.loads(text)["k8s"]["run_k8s_config"]
    return [{**run["pod_spec_config"], "containers": [run["container_config"]]}]


@pytest.mark.parametrize(
    ("orchestrator", "devices"),
    [
        ("kubernetes", ["1", "2", None]),
        ("airflow", ["1", "2", None]),
        ("dagster", ["2"]),
    ],  # Dagster has one container for all steps
)
def test_all_steps_have_the_settings_of_their_domain(
    orchestrator: str, devices: list[str | None], tmp_path: Path
) -> None:
    changes: dict[str, Any] = {
        MANIFEST: {"orchestrator": {"type": orchestrator}, **ALLOWED},
        DOMAIN: {"steps": SHARED},
        PRODUCT: {"steps": STEPS},
    }
    root = small_mesh(tmp_path, changes)
    (root / "overlays/dev/objects.yaml").write_text(OBJECTS, encoding="utf-8")
    kustomization = json.dumps({"resources": ["objects.yaml"]})
    (root / "overlays/dev/kustomization.yaml").write_text(kustomization, encoding="utf-8")
    prefix = "output/dev/floe-sales-domain/"
    files = compile_mesh(root).files
    unit = {path.removeprefix(prefix): text for path, text in files.items() if path.startswith(prefix)}
    pods = run_pod(unit, orchestrator)
    containers = [container for pod in pods for container in (*pod.get("initContainers", ()), *pod["containers"])]
    assert [container["resources"]["limits"].get(GPU) for container in containers] == devices
    for container in containers:
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert [place for place in PLACES if any(path.startswith(place) for path in mounted)] == PLACES
    for pod in pods:
        named = {
            volume.get("configMap", {}).get("name") or volume.get("persistentVolumeClaim", {}).get("claimName")
            for volume in pod["volumes"]
        }
        assert {"tables", "reference"} <= named


def devices(**changes: Any) -> dict[str, dict[str, int]]:
    """Return the devices of the steps of a product in the plan, by the name of the step."""
    product = data_product("orders", steps=STEPS)
    unit = units(planned(domains={"sales": changes.pop("domain", {})}, products={"sales": [product]}, **changes))
    ((products,),) = [context.instance.products for _, context in unit["sales"].contexts if context.instance.products]
    return {step.name: dict(step.devices) for step in products.spec.steps}


def test_an_environment_may_set_the_steps_of_a_domain() -> None:
    environment = {"domains": {"sales": {"steps": {"devices": {GPU: 0, "acme.example/tpu": 1}}}}}
    tpu = {"acme.example/tpu": 1}
    assert devices(environment=environment, domain={"steps": {"devices": {GPU: 1}}}, manifest=ALLOWED) == {
        "load": {GPU: 0, **tpu},
        "train": {GPU: 2, **tpu},
        "tell": {GPU: 0, **tpu},
    }


def test_the_same_volume_may_be_declared_twice() -> None:
    volume = {"path": "/etc/tables", "config_map": "tables"}
    product = data_product("orders", steps=[{**STEPS[0], "volumes": [volume]}])
    unit = units(planned(domains={"sales": {"steps": {"volumes": [volume]}}}, products={"sales": [product]}))
    ((products,),) = [context.instance.products for _, context in unit["sales"].contexts if context.instance.products]
    assert len(products.spec.steps[0].volumes) == 1
