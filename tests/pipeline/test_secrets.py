"""No value of a secret gets into the cache, however a run ends."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from pipeline.mesh_of_three import (
    BASE,
    ORDERS,
    kustomization,
    labelled,
    namespace,
    priority_class,
    product,
    write,
)
from small_mesh import small_mesh

VALUE = "hunter-two-9f3c"
ENCODED = base64.b64encode(VALUE.encode()).decode()
WRITTEN = "base/written.yaml"
VARIABLE = (
    "- op: add\n  path: /spec/jobTemplate/spec/template/spec/containers/0/env\n"
    f"  value: [{{name: DB_PASSWORD, value: {VALUE}}}]\n"
)


def secret(**data: Any) -> dict[str, Any]:
    metadata = {"name": "own", "namespace": namespace("sales")}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **data}


def step(**fields: Any) -> dict[str, Any]:
    return product("orders", steps=[{"name": "transform", "type": "dbt", **fields}])


INPUTS: dict[str, dict[str, Any]] = {
    "a Secret by hand": {WRITTEN: secret(stringData={"a": VALUE})},
    "an encoded one": {WRITTEN: secret(data={"a": ENCODED})},
    "a patch of a variable": {
        WRITTEN: priority_class(1),
        "base/patch.yaml": VARIABLE,
        BASE: kustomization(["written.yaml"], {"target": {"kind": "CronJob"}, "path": "patch.yaml"}),
    },
    "a patch within a kustomization": {
        WRITTEN: priority_class(1),
        BASE: kustomization(["written.yaml"], {"target": {"kind": "CronJob"}, "patch": VARIABLE}),
    },
    "a product's variable": {ORDERS: step(variables={"API_TOKEN": VALUE})},
    "a product's script": {ORDERS: step(type="custom", command=["sh", "-c", f"PGPASSWORD={VALUE} psql"])},
    "a product's secret": {ORDERS: step(secrets={"API_TOKEN": VALUE})},
    "a URL in a variable": {ORDERS: step(variables={"SOURCE": f"https://user:{VALUE}@acme.example/"})},
    "a password before a host": {ORDERS: step(type="custom", connects=[{"host": f"app:{VALUE}@db", "port": 5432}])},
    "a text with a password": {ORDERS: product("orders", schedule={"cron": f"password={VALUE}"})},
    "a name with a password": {ORDERS: step(variables={f"password={VALUE}": "a"})},
    "a description with a password": {WRITTEN: priority_class(1) | {"description": f"app:{VALUE}@db"}},
    "a ConfigMap's key": {
        WRITTEN: {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "own", "namespace": namespace("sales")},
            "data": {"DB_PASSWORD": VALUE},
        }
    },
    "an environment's setting": {
        "overlays/dev/environment.yaml": (
            "apiVersion: floe.dev/v1\nkind: Environment\nmetadata: {name: dev, owner: a@acme.example}\n"
            f"cluster: {{name: kind}}\nstorage_class: standard\nplatform: {{catalog: {{password: {VALUE}}}}}\n"
        )
    },
}


FORMS = ("json", "github", "sarif")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        pytest.param(name, form, marks=[pytest.mark.thorough] if (number + other) % len(FORMS) else [])
        for number, name in enumerate(INPUTS)
        for other, form in enumerate(FORMS)
    ],
)
def test_no_part_of_a_secret_is_shown(name: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each input in one of the forms: the next test sees it as text."""
    root = small_mesh(tmp_path / "mesh", {})
    write(root, {BASE: kustomization(["written.yaml"], labelled("CronJob", "team")), **INPUTS[name]})
    assert main(["check", "--root", str(root), "--format", form]) == 1
    output = capsys.readouterr()
    assert "error" in output.out + output.err
    assert VALUE not in output.out + output.err


@pytest.mark.parametrize("name", INPUTS)
def test_no_part_of_a_secret_is_cached(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = small_mesh(tmp_path / "mesh", {})
    write(root, {BASE: kustomization(["written.yaml"], labelled("CronJob", "team")), **INPUTS[name]})
    assert main(["compile", "--root", str(root), "--cache", str(tmp_path / "cache"), "--jobs", "1"]) == 1
    output = capsys.readouterr()
    cache_files = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert cache_files, "something else is kept"
    for word in (VALUE, ENCODED):
        assert word not in output.out + output.err
        assert not [path for path, content in cache_files.items() if word.encode() in content]
