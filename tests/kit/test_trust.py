"""The authorities that an environment trusts reach every container, and real programs find them there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace

from certificates import authority, https_server
from floe_compiler.kit import trust
from floe_compiler.kit.pods import pod_template
from floe_compiler.model.configuration import CONFIG_HASH
from floe_compiler.model.facts import ConfigFile, Variable
from floe_compiler.model.inputs import Placement
from floe_compiler.model.trust import BundleSources, Trust
from floe_compiler.model.truststore import truststore
from floe_compiler.node.program import find_node
from kit.samples import DATABASE, SECRET, container, instance, pod
from support import DEVELOPMENT

OURS, OTHERS, THIRD = authority("Ours"), authority("Others"), authority("Third")
FILES = Trust("trusted-authorities", rendered=("PEM\n", "UEtDUzEy"))
THEIRS = Trust("company-ca", "ca-bundle.crt", "")
BUNDLE = Trust("acme-dev-trust", bundle=BundleSources(True, "PEM\n", (("root", "ca.crt"),), (("old", "tls.crt"),)))


def template(trusted: Trust | None, *containers: Any, **changes: Any) -> Mapping[str, Any]:
    settings = replace(DEVELOPMENT, trust=trusted)
    return pod_template(instance(settings), "web", pod(*containers, **changes), Placement())


def variables(trusted: Trust, *declared: Variable) -> Mapping[str, Any]:
    (main,) = template(trusted, container(variables=declared))["spec"]["containers"]
    return {entry["name"]: entry.get("value") for entry in main["env"]}


@pytest.mark.parametrize("trusted", [FILES, THEIRS, BUNDLE], ids=["files", "theirs", "bundle"])
def test_every_container_has_the_files_and_the_variables(trusted: Trust) -> None:
    template_ = template(trusted, container("a"), container("b"), setup=(container("first"),), waits_for=(DATABASE,))
    spec = template_["spec"]
    every = [*spec["initContainers"], *spec["containers"]]
    assert [container_["name"] for container_ in every] == ["wait-for-postgresql", "first", "a", "b"]
    (volume,) = (volume for volume in spec["volumes"] if volume["name"] == trust.VOLUME)
    assert volume["configMap"]["name"] == trusted.config_map
    assert {item["path"]: item["key"] for item in volume["configMap"]["items"]} == {
        "certificates.pem": trusted.certificates,
        **({"truststore.p12": trusted.truststore} if trusted.truststore else {}),
    }
    for container_ in every:
        assert {"name": trust.VOLUME, "mountPath": "/etc/floe-trust", "readOnly": True} in container_["volumeMounts"]
        env = {entry["name"]: entry["value"] for entry in container_["env"]}
        assert {env[name] for name in trust.PEM_VARIABLES} == {"/etc/floe-trust/certificates.pem"}
        assert ("JAVA_TOOL_OPTIONS" in env) == bool(trusted.truststore)


def test_without_trust_nothing_changes() -> None:
    text = str(template(None, container("a"), setup=(container("first"),)))
    assert "trust" not in text
    assert "CERT" not in text


def test_variables_of_a_container_have_precedence() -> None:
    env = variables(FILES, Variable("SSL_CERT_FILE", "/etc/own.pem"), Variable("JAVA_TOOL_OPTIONS", "-Xmx1g"))
    assert env["SSL_CERT_FILE"] == "/etc/own.pem"
    assert env["CURL_CA_BUNDLE"] == "/etc/floe-trust/certificates.pem"
    assert env["JAVA_TOOL_OPTIONS"] == f"{trust.JVM_OPTIONS} -Xmx1g"
    secret = Variable("JAVA_TOOL_OPTIONS", secret=SECRET.key("password"), reason="a test")
    (main,) = template(FILES, container(variables=(secret,)))["spec"]["containers"]
    assert [entry for entry in main["env"] if entry["name"] == "JAVA_TOOL_OPTIONS"] == [
        {"name": "JAVA_TOOL_OPTIONS", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
    ]


def test_pods_restart_when_a_file_changes() -> None:
    def hash_of(trusted: Trust | None, *config: ConfigFile) -> str | None:
        annotations: Mapping[str, str] = template(trusted, container(config=config))["metadata"].get("annotations", {})
        return annotations.get(CONFIG_HASH)

    own = ConfigFile("/etc/web/web.yaml", "a: 1\n", "web")
    renewed = replace(FILES, rendered=("OTHER\n", "UEtDUzEy"))
    hashes = [hash_of(None, own), hash_of(FILES, own), hash_of(renewed, own), hash_of(FILES)]
    assert len({*hashes, None}) == 5
    # The content of external objects is unknown.
    assert hash_of(THEIRS, own) == hash_of(BUNDLE, own) == hash_of(None, own)
    assert hash_of(THEIRS) is None


def test_trust_is_rendered() -> None:
    def objects(trusted: Trust | None) -> tuple[list[Any], list[Any]]:
        settings = replace(DEVELOPMENT, trust=trusted)
        return trust.config_maps(settings), trust.bundles(settings)

    assert objects(None) == objects(THEIRS) == ([], [])
    (config_map,), bundles = objects(FILES)
    assert (config_map["metadata"]["name"], bundles) == ("trusted-authorities", [])
    assert config_map["data"] == {"ca.crt": "PEM\n"}
    assert config_map["binaryData"] == {"truststore.p12": "UEtDUzEy"}
    maps, (bundle,) = objects(BUNDLE)
    assert (maps, bundle["metadata"]["name"]) == ([], "acme-dev-trust")
    assert bundle["spec"] == {
        "sources": [
            {"useDefaultCAs": True},
            {"secret": {"name": "root", "key": "ca.crt"}},
            {"configMap": {"name": "old", "key": "tls.crt"}},
            {"inLine": "PEM\n"},
        ],
        "target": {
            "configMap": {"key": "ca.crt"},
            "additionalFormats": {"pkcs12": {"key": "truststore.p12"}},
            "namespaceSelector": {
                "matchLabels": {"app.kubernetes.io/part-of": "acme", "floe.dev/environment": "dev"},
            },
        },
    }


PYTHON = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10).read()"
REQUESTS = "import sys, requests; requests.get(sys.argv[1], timeout=10).raise_for_status()"
NODE = "require('https').get(process.argv[1], () => process.exit(0)).on('error', () => process.exit(1))"
JAVA = (
    "public class Get { public static void main(String[] given) throws Exception {"
    " new java.net.URL(given[0]).openStream().readAllBytes(); } }"
)
SOON = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Options of the JVM for a program that ends soon: without work in the background."""

GO = """package main

import (
	"net/http"
	"os"
)

func main() {
	if _, problem := http.Get(os.Args[1]); problem != nil {
		os.Exit(1)
	}
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with https_server(OURS.issue(tmp_path_factory.mktemp("server"), "localhost")) as url:
        yield url


def _python(_: Path) -> Sequence[str]:
    return (sys.executable, "-c", PYTHON)


def _requests(_: Path) -> Sequence[str]:
    pytest.importorskip("requests", reason="requests is not installed")
    return (sys.executable, "-c", REQUESTS)


def _curl(_: Path) -> Sequence[str]:
    return (_program("curl"), "-sSf")


def _node(_: Path) -> Sequence[str]:
    return (str(find_node()), "-e", NODE)


def _java(folder: Path) -> Sequence[str]:
    (folder / "Get.java").write_text(JAVA)
    javac = [_program("javac"), *(f"-J{option}" for option in SOON), "-d", str(folder), str(folder / "Get.java")]
    subprocess.run(javac, check=True, capture_output=True)
    return (_program("java"), *SOON, "-cp", str(folder), "Get")


def _go(folder: Path) -> Sequence[str]:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("go is not installed")
    (folder / "get.go").write_text(GO)
    small = "-ldflags=-s -w"  # no symbols, which take the linker longest
    subprocess.run([go, "build", small, "-o", folder / "get", folder / "get.go"], check=True, capture_output=True)
    return (str(folder / "get"),)


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.mark.real
@pytest.mark.parametrize(
    "client",
    # Go reads the same variable as Python, and takes longest to build.
    [_python, _requests, _curl, _node, _java, pytest.param(_go, marks=pytest.mark.thorough)],
    ids=lambda client: client.__name__[1:],
)
def test_programs_trust_only_these_authorities(client: Any, server: str, tmp_path: Path) -> None:
    command = client(tmp_path)
    outcomes = []
    for trusted in (OURS, OTHERS):
        folder = tmp_path / trusted.certificate.subject.rfc4514_string()
        folder.mkdir()
        (folder / "certificates.pem").write_text(trusted.pem)
        both = [ca.certificate.public_bytes(Encoding.DER) for ca in (THIRD, trusted)]
        (folder / "truststore.p12").write_bytes(truststore(both))
        env = {name: value.replace("/etc/floe-trust", str(folder)) for name, value in variables(FILES).items()}
        run = subprocess.run([*command, server], env={**os.environ, **env}, capture_output=True, timeout=60)
        outcomes.append(run.returncode == 0)
    assert outcomes == [True, False]
