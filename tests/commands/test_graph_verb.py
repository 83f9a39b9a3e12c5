"""`floe-compile graph` draws what the documents and components declare."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from output_files import ROOT, WORKLOADS, objects_in
from small_mesh import small_mesh


@cache
def drawn(*words: str) -> Mapping[str, Any]:
    """Return a graph of the reference mesh."""
    with redirect_stdout(io.StringIO()) as out:
        assert main(["graph", *words, "--format", "json", "--root", str(ROOT)]) == 0
    document: Mapping[str, Any] = json.loads(out.getvalue())
    return document


def test_lineage_follows_inputs_and_outputs() -> None:
    arrows = {(edge["source"], edge["target"], edge["label"]) for edge in drawn("lineage")["edges"]}
    assert ("sales/customer-360", "sales/order-analytics", "customers") in arrows
    assert ("sales/order-analytics", "finance/revenue-metrics", "orders") in arrows


def namespace_of(peer: Mapping[str, Any]) -> str:
    """Return the namespace of a policy's peer; empty if its rule is not about namespaces."""
    labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
    return str(labels.get("kubernetes.io/metadata.name", ""))


def test_connections_are_those_that_policies_allow() -> None:
    """Hold the arrows between namespaces against the network policies of the callers."""
    graph = drawn("connections", "--env", "prod")
    policies = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest["spec"]
        for manifest in objects_in("prod", "networkpolicy.networking.k8s.io")
    }
    ends = [(*edge["source"].split("/"), *edge["target"].split("/"), edge["label"]) for edge in graph["edges"]]
    across = [end for end in ends if end[0].startswith("floe-") and end[2].startswith("floe-") and end[0] != end[2]]
    assert len(across) > 20
    for namespace, caller, target, server, ports in across:
        rules = policies[namespace, caller]["egress"]
        for port in ports.split(", "):
            assert any(
                int(port) in [port_["port"] for port_ in rule.get("ports", ())]
                and target in [namespace_of(peer) for peer in rule.get("to", ())]
                for rule in rules
            ), (namespace, caller, target, server, port)


def test_arrows_follow_the_waves() -> None:
    waves = {
        f"{manifest['metadata']['namespace']}/{manifest['metadata']['labels']['app.kubernetes.io/component']}": int(
            wave
        )
        for manifest in objects_in("prod", *WORKLOADS)
        if (wave := manifest["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0"))
    }
    arrows = [(edge["source"], edge["target"]) for edge in drawn("waves", "--env", "prod")["edges"]]
    assert len(arrows) > 20
    assert [arrow for arrow in arrows if waves[arrow[0]] <= waves[arrow[1]]] == []


def test_a_part_of_the_graph_may_be_selected() -> None:
    groups = {node["group"] for node in drawn("lineage", "--only", "finance")["nodes"]}
    assert groups == {"finance", "sales"}


def test_namespaces_may_be_folded_to_single_nodes() -> None:
    full, folded = (drawn("connections", "--env", "prod", *words) for words in ((), ("--fold",)))
    assert [node["key"] for node in folded["nodes"]] == sorted({node["group"] for node in full["nodes"]})
    group = {node["key"]: node["group"] for node in full["nodes"]}
    across = {
        (group[edge["source"]], group[edge["target"]], port)
        for edge in full["edges"]
        for port in edge["label"].split(", ")
        if group[edge["source"]] != group[edge["target"]]
    }
    assert {(edge["source"], edge["target"], edge["label"]) for edge in folded["edges"]} == across
    assert drawn("lineage", "--fold", "--only", "finance")["nodes"] == [
        {"key": name, "label": name, "group": ""} for name in ("finance", "sales")
    ]


def test_a_picture_of_all_connections_has_a_node_for_each_namespace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = small_mesh(tmp_path, {})

    def picture(*words: str) -> str:
        assert main(["graph", "connections", "--root", str(root), *words]) == 0
        return capsys.readouterr().out

    assert picture() == picture("--fold") != picture("--all")
    assert picture("--format", "dot") == picture("--format", "dot", "--fold")
    assert picture("--format", "json") == picture("--format", "json", "--all") != picture("--format", "json", "--fold")
    assert "subgraph" in picture("--only", "floe-sales-domain")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lineage", "--only", "sale"), '--only: there is no "sale" in the graph; did you mean "sales"?'),
        (("waves", "--env", "prd"), 'there is no environment "prd"; known: dev'),
    ],
)
def test_an_unknown_name_is_wrong_usage(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", *words, "--root", str(small_mesh(tmp_path, {}))]) == 2
    assert capsys.readouterr().err == f"floe-compile: {message}\n"


def test_without_graphviz_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert main(["graph", "lineage", "--format", "svg", "--root", str(small_mesh(tmp_path, {}))]) == 2
    assert "Graphviz is not installed" in capsys.readouterr().err
