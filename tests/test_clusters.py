"""An environment in several clusters: what is written where, delivered by whom, and what the verbs make of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from certificates import authority
from floe_compiler.cache.folder import opened
from floe_compiler.cache.store import Memory
from floe_compiler.cli import main
from floe_compiler.model.codec import decode
from floe_compiler.model.unit_result import UnitHead
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.units import HEADS
from pipeline.mesh_of_three import Recorder
from small_mesh import ENVIRONMENT, MANIFEST, small_mesh

ARGO_CD = {"type": "argocd", "repository": "https://git.acme.example/mesh.git", "path": "."}
FLUX = {**ARGO_CD, "type": "flux"}
VAULT = {"type": "external-secrets", "store": {"name": "vault"}}


def cluster(name: str, *runs: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "server": f"https://{name}.k8s.acme.example",
        "storage_class": f"{name}-disks",
        "runs": [*runs],
        **more,
    }


def mesh(root: Path, *clusters: Mapping[str, Any], delivery: Mapping[str, Any] = ARGO_CD, **manifest: Any) -> Path:
    """Make a mesh with the domains sales and marketing, in these clusters."""
    fields = {"cluster": None, "storage_class": None, "clusters": [*clusters]}
    small_mesh(root, {MANIFEST: {"delivery": delivery, **manifest}, ENVIRONMENT: fields})
    for kind in ("domain.yaml", "products/orders.yaml"):
        text = (root / "domains/sales" / kind).read_text().replace("sales", "marketing").replace("orders", "visits")
        target = root / "domains/marketing" / kind.replace("orders", "visits")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def three(root: Path, **more: Any) -> Path:
    return mesh(root, cluster("hub", "platform"), cluster("us", "sales"), cluster("eu", "marketing"), **more)


def files(root: Path) -> Mapping[str, str]:
    with opened(None) as cache:
        return compile_mesh(root, cache=cache).files


def folders(root: Path) -> set[str]:
    return {path.rpartition("/")[0].removeprefix("output/") for path in files(root)}


def objects(root: Path, kind: str) -> dict[str, Any]:
    manifests = ((path, yaml.load(text, yaml.CSafeLoader)) for path, text in files(root).items())
    return {path: manifest for path, manifest in manifests if manifest["kind"] == kind}


def test_each_part_is_in_the_folder_of_its_cluster(tmp_path: Path) -> None:
    assert folders(three(tmp_path)) == {
        "dev/_delivery",
        *(f"dev/{name}/{folder}" for name in ("hub", "us", "eu") for folder in ("_cluster", "floe-platform")),
        "dev/us/floe-sales-domain",
        "dev/eu/floe-marketing-domain",
    }


def test_a_list_of_one_cluster_equals_one_cluster(tmp_path: Path) -> None:
    cluster = {"name": "kind", "storage_class": "standard", "runs": ["platform", "sales", "marketing"]}
    listed = files(mesh(tmp_path / "list", cluster))
    short = mesh(tmp_path / "short", cluster)
    document = yaml.load((short / ENVIRONMENT).read_text(), yaml.CSafeLoader)
    document |= {"cluster": {"name": "kind"}, "storage_class": "standard"}
    (short / ENVIRONMENT).write_text(json.dumps({key: value for key, value in document.items() if key != "clusters"}))
    assert dict(listed.items()) == dict(files(short).items())
    assert folders(short) >= {"dev/_cluster", "dev/floe-sales-domain"}


def test_argo_cd_delivers_each_folder_to_its_cluster(tmp_path: Path) -> None:
    manifest = objects(three(tmp_path), "Application")
    led = {
        manifest["spec"]["source"]["path"]: manifest["spec"]["destination"]["server"] for manifest in manifest.values()
    }
    assert led == {
        f"output/dev/{name}/{folder}": f"https://{name}.k8s.acme.example"
        for name, folder in (
            *((name, folder) for name in ("hub", "us", "eu") for folder in ("_cluster", "floe-platform")),
            ("us", "floe-sales-domain"),
            ("eu", "floe-marketing-domain"),
        )
    }
    projects = {
        manifest["metadata"]["name"]: manifest["spec"]["destinations"]
        for manifest in objects(tmp_path, "AppProject").values()
    }
    for value in manifest.values():
        assert projects[value["spec"]["project"]] == [value["spec"]["destination"]], (
            "a project allows its own cluster only"
        )


def test_the_flux_of_each_cluster_has_its_own_objects(tmp_path: Path) -> None:
    root = three(tmp_path, delivery=FLUX)
    for path, manifest in objects(root, "Kustomization").items():
        site = path.rpartition("/_delivery/")[0]
        assert manifest["spec"]["path"].startswith(f"./{site}/")
    sparse = {
        path.split("/")[2]: manifest["spec"]["sparseCheckout"]
        for path, manifest in objects(root, "GitRepository").items()
    }
    assert sparse == {name: [f"output/dev/{name}"] for name in ("hub", "us", "eu")}


def test_cluster_scoped_objects_are_separate_for_each_cluster(tmp_path: Path) -> None:
    """The storage class of a volume, and what its pods may ask for names."""
    clusters = (
        cluster("hub", "platform"),
        cluster("us", "sales", dns={"preset": "openshift"}),
        cluster("eu", "marketing"),
    )
    root = mesh(tmp_path, *clusters, orchestrator={"type": "dagster"}, secrets=VAULT)
    classes = {
        path.split("/")[2]: manifest["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"]
        for path, manifest in objects(root, "StatefulSet").items()
    }
    assert classes == {"us": "us-disks", "eu": "eu-disks"}
    dns = {
        path.split("/")[2]: text
        for path, text in files(root).items()
        if path.endswith("domain/networkpolicy.networking.k8s.io_allow-dns.yaml")
    }
    assert "openshift-dns" in dns["us"]
    assert "openshift-dns" not in dns["eu"]


def hand_written(root: Path) -> Path:
    """Write an object of a domain's namespace, one of the platform's, one without any, and a patch for the domain."""
    folder = root / "overlays/dev"
    note = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"text": "x"}}
    notes = [
        {**note, "metadata": {"name": "of-sales", "namespace": "floe-sales-domain"}},
        {**note, "metadata": {"name": "of-platform", "namespace": "floe-platform"}},
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "dev-first"},
            "value": 1000,
        },
    ]
    (folder / "objects.yaml").write_text("---\n".join(json.dumps(manifest) + "\n" for manifest in notes))
    patch = [{"op": "add", "path": "/metadata/annotations", "value": {"seen": "yes"}}]
    target = {"kind": "ResourceQuota", "namespace": "floe-sales-domain"}
    kustomization = {"resources": ["objects.yaml"], "patches": [{"target": target, "patch": json.dumps(patch)}]}
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    (folder / "kustomization.yaml").write_text(json.dumps(head | kustomization))
    return root


@pytest.mark.real
def test_hand_written_objects_are_in_the_cluster_of_their_namespace(tmp_path: Path) -> None:
    compiled = files(hand_written(three(tmp_path)))
    of = {
        name: [path.split("/")[2] for path in compiled if path.endswith(f"_{name}.yaml")]
        for name in ("of-sales", "of-platform", "dev-first")
    }
    assert of == {"of-sales": ["us"], "of-platform": ["eu", "hub", "us"], "dev-first": ["eu", "hub", "us"]}
    assert "seen: " in compiled["output/dev/us/floe-sales-domain/resourcequota_quota.yaml"]


def test_an_edit_compiles_only_affected_units(tmp_path: Path) -> None:
    root, cache = three(tmp_path), Memory()
    compile_mesh(root, cache=cache)
    product, recorder = root / "domains/sales/products/orders.yaml", Recorder(cache)
    product.write_text(product.read_text().replace("0 6 * * *", "0 7 * * *"))
    compiled = compile_mesh(root, cache=recorder)
    assert "0 7 * * *" in compiled.files["output/dev/us/floe-sales-domain/cronjob.batch_orders.yaml"]
    assert recorder.compiled == {"dev/floe-sales-domain"}
    document = (root / ENVIRONMENT).read_text()
    (root / ENVIRONMENT).write_text(document.replace('"eu-disks"', '"other"'))
    recorder = Recorder(recorder)
    compile_mesh(root, cache=recorder)
    heads = [decode(data, UnitHead) for kind, data in recorder.put_entries if kind == HEADS]
    folders = {path.rpartition("/")[0] for head in heads if head for path in head.files.paths}
    assert folders == {
        "output/dev/_delivery",
        "output/dev/eu/_cluster",
        "output/dev/eu/floe-platform",
        "output/dev/eu/floe-marketing-domain",
    }


def run(root: Path, *words: str) -> int:
    return main([*words, "--root", str(root)])


def test_one_domain_is_compiled_and_deleted_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = three(tmp_path)
    assert run(root, "compile", "--quiet", "--domain", "sales") == 0
    folders = {path.parent.relative_to(root / "output").as_posix() for path in (root / "output").rglob("*.yaml")}
    assert folders == {"dev/us/_cluster", "dev/us/floe-sales-domain"}
    assert run(root, "compile", "--quiet") == 0
    assert run(root, "check", "--quiet") == 0
    mesh(root, cluster("hub", "platform"), cluster("us", "sales", "marketing"))
    capsys.readouterr()
    assert run(root, "compile", "--quiet") == 1
    output = capsys.readouterr().err
    assert "--allow-delete dev/eu/floe-marketing-domain" in output
    assert run(root, "compile", "--quiet", "--allow-delete", "dev/eu", "--allow-delete", "dev/_delivery") == 0
    assert not (root / "output/dev/eu").exists()


def test_explain_finds_settings_of_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = mesh(tmp_path, cluster("hub", "platform"), cluster("us", "sales", "marketing"))
    file = "output/dev/_delivery/application.argoproj.io_small-dev-us-sales-domain.yaml"
    assert run(root, "explain", file) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index('spec.destination.server: "https://us.k8s.acme.example"')
    assert "clusters[1].server" in lines[at + 1]


def test_graphs_name_the_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = three(tmp_path, orchestrator={"type": "dagster"}, secrets=VAULT)
    assert run(root, "graph", "connections", "--format", "json") == 0
    drawn = json.loads(capsys.readouterr().out)
    assert {node["group"] for node in drawn["nodes"]} >= {"us/floe-sales-domain", "eu/floe-marketing-domain"}


def test_the_doctor_and_the_list_of_secrets_know_clusters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = three(tmp_path, orchestrator={"type": "dagster"}, secrets=VAULT)
    run(root, "doctor")
    assert "environments dev (clusters hub, us, eu)" in capsys.readouterr().out
    assert run(root, "secrets", "--format", "json") == 0
    assert {environment["environment"] for environment in json.loads(capsys.readouterr().out)["environments"]} == {
        "dev/us",
        "dev/eu",
        "dev/hub",
    }


def test_a_new_environment_may_have_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small_mesh(tmp_path, {}))
    assert main(["new", "environment", "wide", "--cluster", "hub=platform", "--cluster", "us=sales"]) == 0
    environment = yaml.load(Path("overlays/wide/environment.yaml").read_text(), yaml.CSafeLoader)
    assert [(manifest["name"], manifest["runs"]) for manifest in environment["clusters"]] == [
        ("hub", ["platform"]),
        ("us", ["sales"]),
    ]
    assert main(["compile", "--quiet", "--env", "wide"]) == 0, capsys.readouterr().err
    for words in (["environment", "x", "--cluster", "hub"], ["domain", "x", "--cluster", "hub=platform"]):
        assert main(["new", *words]) == 2


def test_a_secret_store_is_needed_only_for_secrets_across_clusters(tmp_path: Path) -> None:
    """Generated secrets of a domain's own servers are in its own cluster."""
    root = three(tmp_path, orchestrator={"type": "dagster"})
    assert objects(root, "Password")


GATEWAY = {"type": "gateway", "class": "eg", "issuer": "acme"}


def linked(root: Path, **environment: Any) -> Path:
    """Make a mesh whose collectors call one in another cluster, through a Gateway."""
    clusters = (
        cluster("hub", "platform", ingress_namespace="envoy", reached_at={"domain": "hub.acme.example"}),
        cluster("us", "sales"),
        cluster("eu", "marketing"),
    )
    observability = {"collector": {"type": "opentelemetry", "mode": "deployment"}}
    mesh(root, *clusters, observability=observability, secrets=VAULT)
    document = json.loads((root / ENVIRONMENT).read_text())
    (root / ENVIRONMENT).write_text(json.dumps({**document, **environment}))
    return root


def test_links_reach_a_server_with_tls(tmp_path: Path) -> None:
    """A Gateway verifies a server that has a certificate, as it does for users."""
    trust = {"bundle": {"type": "files", "files": ["root.pem"]}}
    root = linked(tmp_path, links=GATEWAY, tls={"issuer": "acme"}, trust=trust)
    (root / "trust").mkdir()
    (root / "trust/root.pem").write_text(authority("acme").pem)
    ((path, policy),) = objects(root, "BackendTLSPolicy").items()
    assert path.startswith("output/dev/hub/floe-platform/")
    assert policy["spec"]["validation"]["hostname"] == "otel-collector.floe-platform.svc.cluster.local"
    (gateway,) = objects(root, "Gateway").values()
    assert [listener["hostname"] for listener in gateway["spec"]["listeners"]] == ["*.hub.acme.example"]


GOLDEN = Path(__file__).parent / "golden" / "clusters"


def test_graphs_lead_into_other_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "connections", "--env", "prod", "--format", "json", "--root", str(GOLDEN)]) == 0
    drawn = json.loads(capsys.readouterr().out)
    edges = {(edge["source"], edge["target"]) for edge in drawn["edges"]}
    assert ("us-east/floe-platform/otel-collector", "shared/floe-platform/otel-collector") in edges
    assert ("us-east/floe-sales-domain/run-orders", "shared/floe-platform/polaris") in edges


def test_explain_knows_what_other_clusters_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = "output/dev/hub/floe-platform/gateway.gateway.networking.k8s.io_clusters.yaml"
    assert run(linked(tmp_path, links={**GATEWAY, "public": True}), "explain", file) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index('spec.listeners[0].hostname: "*.hub.acme.example"')
    assert "clusters[0].reached_at.domain" in lines[at + 1]


@pytest.mark.git
def test_images_are_promoted_between_environments_with_clusters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = three(tmp_path)
    document = yaml.load((root / ENVIRONMENT).read_text(), yaml.CSafeLoader)
    document["metadata"]["name"] = "next"
    for cluster in document["clusters"]:
        cluster |= {"name": f"next-{cluster['name']}", "server": cluster["server"].replace("//", "//next-")}
    (root / "overlays/next").mkdir()
    (root / "overlays/next/environment.yaml").write_text(json.dumps(document))
    images = {"sales": {"orders": "sales/orders:2.0.0"}}
    head = {
        "apiVersion": "floe.dev/v1",
        "kind": "ProductImages",
        "metadata": {"name": "dev", "owner": "@acme/platform"},
    }
    (root / "overlays/dev/images.yaml").write_text(json.dumps(head | {"images": images}))
    assert run(root, "compile", "--quiet") == 0, capsys.readouterr().err
    assert run(root, "promote", "dev", "next", "--quiet") == 0, capsys.readouterr().err
    assert "sales/orders:2.0.0" in (root / "overlays/next/images.yaml").read_text()
