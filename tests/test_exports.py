"""Clusters that reach one another by the Multi-Cluster Services API, seen only in what is rendered.

The mesh is that of `tests/golden/clusters`, with other links.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.pipeline import compile_mesh
from test_links import selects, texts

GOLDEN = Path(__file__).parent / "golden" / "clusters"
RANGES = {"shared": "10.16.0.0/16", "us-east": "10.17.0.0/16", "eu-west": "10.18.0.0/16"}
HOST = re.compile(r"\b([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.clusterset\.local:(\d+)")

Object = Mapping[str, Any]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Object]]:
    """Return the objects of each cluster."""
    root = tmp_path_factory.mktemp("mesh") / "mesh"
    shutil.copytree(GOLDEN, root, ignore=shutil.ignore_patterns("output"))
    file = root / "overlays/prod/environment.yaml"
    document = yaml.load(file.read_text(), yaml.CSafeLoader)
    for cluster in document["clusters"]:
        cluster["reached_at"] = {"cidr": RANGES[cluster["name"]]}
        del cluster["ingress_namespace"]
    file.write_text(json.dumps(document | {"links": {"type": "mcs"}, "tls": {"issuer": "acme"}}))
    found: dict[str, list[Object]] = {name: [] for name in RANGES}
    for path, text in compile_mesh(root).files.items():
        if (cluster := path.split("/")[2]) in found:
            found[cluster].append(yaml.load(text, yaml.CSafeLoader))
    return found


def of_kind(objects: list[Object], kind: str, namespace: str) -> list[Object]:
    return [one for one in objects if one["kind"] == kind and one["metadata"].get("namespace") == namespace]


def named(objects: list[Object]) -> set[tuple[str, str, str, int]]:
    """Return the exported Services that something in a namespace names: that namespace, Service, namespace and port."""
    return {
        (one["metadata"]["namespace"], service, namespace, int(port))
        for one in objects
        for text in texts(one)
        for service, namespace, port in HOST.findall(text)
    }


def test_what_is_named_is_what_is_exported(objects: Mapping[str, list[Object]]) -> None:
    exports = {one["metadata"]["name"] for one in of_kind(objects["shared"], "ServiceExport", "floe-platform")}
    assert exports == {"marquez", "otel-collector", "polaris"}
    for cluster in ("us-east", "eu-west"):
        assert {service for _, service, _, _ in named(objects[cluster])} == exports
        assert not [one for one in objects[cluster] if one["kind"] == "ServiceExport"], "nobody calls what is here"


@pytest.mark.parametrize("caller", ["us-east", "eu-west"])
def test_both_ends_allow_what_is_named(objects: Mapping[str, list[Object]], caller: str) -> None:
    called = objects["shared"]
    for own, name, namespace, port in named(objects[caller]):
        (service,) = [one for one in of_kind(called, "Service", namespace) if one["metadata"]["name"] == name]
        (target,) = [one["targetPort"] for one in service["spec"]["ports"] if one["port"] == port]
        templates = [one["spec"]["template"] for one in of_kind(called, "Deployment", namespace)]
        (pods,) = [one for one in templates if selects(service["spec"]["selector"], one["metadata"]["labels"])]
        ports = [(each["name"], each["containerPort"]) for c in pods["spec"]["containers"] for each in c["ports"]]
        number = next(number for word, number in ports if target in (word, number))
        let_in = [
            peer["ipBlock"]["cidr"]
            for policy in of_kind(called, "NetworkPolicy", namespace)
            if selects(policy["spec"]["podSelector"].get("matchLabels", {}), pods["metadata"]["labels"])
            for rule in policy["spec"].get("ingress", ())
            if number in [one["port"] for one in rule["ports"]]
            for peer in rule["from"]
            if "ipBlock" in peer
        ]
        assert sorted(let_in) == [RANGES["us-east"], RANGES["eu-west"]], "both call it, and nobody else does"
        let_out = [
            (peer["ipBlock"]["cidr"], one["port"])
            for policy in of_kind(objects[caller], "NetworkPolicy", own)
            for rule in policy["spec"].get("egress", ())
            for peer in rule.get("to", ())
            if "ipBlock" in peer
            for one in rule["ports"]
        ]
        assert (RANGES["shared"], number) in let_out, (own, name)


def test_a_certificate_has_the_name_that_other_clusters_use(objects: Mapping[str, list[Object]]) -> None:
    for name in ("otel-collector", "polaris"):
        (found,) = [
            one
            for one in of_kind(objects["shared"], "Certificate", "floe-platform")
            if one["metadata"]["name"].startswith(name)
        ]
        assert f"{name}.floe-platform.svc.clusterset.local" in found["spec"]["dnsNames"]
