"""Who has a login of the whole object store, by the rendered output of the reference mesh alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from floe_compiler.model.objects import Object
from rendered_mesh import WORKLOADS, Rendered, compiled, names, template

MESHES = tuple(compiled().values())

WHOLE_STORE = re.compile(r"seaweedfs-(admin|warehouse)|s3-warehouse|arn:aws:iam::\d+:role/acme-warehouse")
"""The secrets and the role that are for everything: those of products have the name of a domain and a product."""

JUSTIFIED = {
    "polaris": "it writes the metadata of all tables, and lends logins for single ones",
    "seaweedfs": "it is the store",
    "seaweedfs-buckets": "it makes the bucket, and the login of the catalog",
    "seaweedfs-products": "it makes the logins of products",
    "backup-buckets": "it makes the bucket of backups, and its login",
}


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for child in value.values():
                yield from _texts(child)
        case list():
            for child in value:
                yield from _texts(child)
        case str():
            yield value


def _pods(mesh: Rendered) -> Iterator[tuple[str, str, Object]]:
    """Yield namespace, name and template of all pods: of workloads, and those that ConfigMaps hold for others."""
    for manifest in mesh.of_kind(*WORKLOADS):
        namespace, name = names(manifest)
        yield namespace, re.sub(r"-[0-9a-f]{8}$", "", name) if manifest["kind"] == "Job" else name, template(manifest)
    for manifest in mesh.of_kind("ConfigMap"):
        for text in manifest.get("data", {}).values():
            if "serviceAccountName: " in text or '"service_account' in text:
                yield *names(manifest), {"spec": {"described": text}}


def _with_everything(mesh: Rendered) -> set[str]:
    accounts = {
        names(manifest)
        for manifest in mesh.of_kind("ServiceAccount")
        if any(map(WHOLE_STORE.fullmatch, manifest["metadata"].get("annotations", {}).values()))
    }
    pods = set()
    for namespace, name, pod in _pods(mesh):
        account = (namespace, pod["spec"].get("serviceAccountName", ""))
        described = any((namespace, account) in accounts for account in _accounts_in(pod))
        if account in accounts or described or any(map(WHOLE_STORE.search, _secrets_in(pod))):
            pods.add(name)
    return pods


def _accounts_in(pod: Object) -> list[str]:
    return re.findall(
        r'(?:serviceAccountName|service_account_name)"?: "?([a-z0-9.-]+)', str(pod["spec"].get("described", ""))
    )


def _secrets_in(pod: Object) -> Iterator[str]:
    """Yield the names of secrets that a pod reads: in volumes and variables, or written in the text of a template."""
    if "described" in pod["spec"]:
        yield from re.findall(r'secret(?:_?[nN]ame)?"?: "?([a-z0-9.-]+)', pod["spec"]["described"])
        return
    spec = pod["spec"]
    for volume in spec.get("volumes", ()):
        yield volume.get("secret", {}).get("secretName", "")
        for source in volume.get("projected", {}).get("sources", ()):
            yield source.get("secret", {}).get("name", "")
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        for variable in container.get("env", ()):
            yield variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name", "")
        for group in container.get("envFrom", ()):
            yield group.get("secretRef", {}).get("name", "")


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_only_pods_that_need_it_have_the_login_of_the_whole_store(mesh: Rendered) -> None:
    pods = _with_everything(mesh)
    assert "polaris" in pods, "else the pattern finds nothing"
    assert pods <= JUSTIFIED.keys()


def test_each_reason_is_needed() -> None:
    assert set().union(*map(_with_everything, MESHES)) == JUSTIFIED.keys()


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_secrets_of_the_whole_store_are_only_where_needed(mesh: Rendered) -> None:
    """A secret in another namespace could be mounted by whoever may create pods there."""
    places = {
        names(manifest)[0]
        for manifest in mesh.of_kind("ExternalSecret", "Secret", "SecretProviderClass")
        if WHOLE_STORE.fullmatch(names(manifest)[1])
    }
    assert places <= {"floe-platform"}


def test_a_pod_with_the_login_of_everything_is_found() -> None:
    def mesh(*objects: Object) -> Rendered:
        return Rendered("made", lambda: objects)

    def pod(**spec: Any) -> Object:
        meta = {"namespace": "floe-sales-domain", "name": "one"}
        return {"kind": "Deployment", "metadata": meta, "spec": {"template": {"spec": {"containers": [], **spec}}}}

    meta = {"namespace": "floe-sales-domain", "name": "one"}
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::333333333333:role/acme-warehouse"}
    account = {"kind": "ServiceAccount", "metadata": {**meta, "annotations": role}}
    assert _with_everything(mesh(account, pod(serviceAccountName="one"))) == {"one"}
    assert not _with_everything(mesh(account, pod(serviceAccountName="other")))
    variable = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "seaweedfs-warehouse", "key": "x"}}}
    assert _with_everything(mesh(pod(containers=[{"env": [variable]}]))) == {"one"}
    assert _with_everything(mesh(pod(volumes=[{"secret": {"secretName": "seaweedfs-admin"}}]))) == {"one"}
    sources = [{"secret": {"name": "seaweedfs-warehouse"}}]
    assert _with_everything(mesh(pod(volumes=[{"projected": {"sources": sources}}]))) == {"one"}
    for text in ("serviceAccountName: one\n", json.dumps({"service_account_name": "one"})):
        launched = {"kind": "ConfigMap", "metadata": meta, "data": {"pod": text}}
        assert _with_everything(mesh(account, launched)) == {"one"}, text
