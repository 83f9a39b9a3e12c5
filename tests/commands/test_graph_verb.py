"""`floe-compile graph` draws what the documents and components declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from output_files import ROOT, WORKLOADS, objects_in
from small_mesh import small_mesh


def drawn(capsys: pytest.CaptureFixture[str], *words: str, root: Path = ROOT) -> Mapping[str, Any]:
    assert main(["graph", *words, "--format", "json", "--root", str(root)]) == 0
    found: Mapping[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_lineage(capsys: pytest.CaptureFixture[str]) -> None:
    arrows = {(one["source"], one["target"], one["label"]) for one in drawn(capsys, "lineage")["edges"]}
    assert ("sales/customer-360", "sales/order-analytics", "customers") in arrows
    assert ("sales/order-analytics", "finance/revenue-metrics", "orders") in arrows


def namespace_of(peer: Mapping[str, Any]) -> str:
    """Return the namespace of a policy's peer; empty if its rule is not about namespaces."""
    labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
    return str(labels.get("kubernetes.io/metadata.name", ""))


def test_connections_are_those_that_policies_allow(capsys: pytest.CaptureFixture[str]) -> None:
    """Hold the arrows between namespaces against the network policies of the callers."""
    found = drawn(capsys, "connections", "--env", "prod")
    policies = {
        (one["metadata"]["namespace"], one["metadata"]["name"]): one["spec"]
        for one in objects_in("prod", "networkpolicy.networking.k8s.io")
    }
    ends = [(*one["source"].split("/"), *one["target"].split("/"), one["label"]) for one in found["edges"]]
    across = [one for one in ends if one[0].startswith("floe-") and one[2].startswith("floe-") and one[0] != one[2]]
    assert len(across) > 20
    for namespace, caller, target, server, ports in across:
        rules = policies[namespace, caller]["egress"]
        for port in ports.split(", "):
            assert any(
                int(port) in [one["port"] for one in rule.get("ports", ())]
                and target in [namespace_of(peer) for peer in rule.get("to", ())]
                for rule in rules
            ), (namespace, caller, target, server, port)


def test_arrows_follow_the_waves(capsys: pytest.CaptureFixture[str]) -> None:
    waves = {
        f"{one['metadata']['namespace']}/{one['metadata']['labels']['app.kubernetes.io/component']}": int(wave)
        for one in objects_in("prod", *WORKLOADS)
        if (wave := one["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0"))
    }
    arrows = [(one["source"], one["target"]) for one in drawn(capsys, "waves", "--env", "prod")["edges"]]
    assert len(arrows) > 20
    assert [arrow for arrow in arrows if waves[arrow[0]] <= waves[arrow[1]]] == []


def test_a_part(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {one["group"] for one in drawn(capsys, "lineage", "--only", "finance")["nodes"]}
    assert groups == {"finance", "sales"}


def test_namespaces_as_single_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    whole, folded = (drawn(capsys, "connections", "--env", "prod", *words) for words in ((), ("--fold",)))
    assert [one["key"] for one in folded["nodes"]] == sorted({one["group"] for one in whole["nodes"]})
    group = {one["key"]: one["group"] for one in whole["nodes"]}
    across = {
        (group[one["source"]], group[one["target"]], port)
        for one in whole["edges"]
        for port in one["label"].split(", ")
        if group[one["source"]] != group[one["target"]]
    }
    assert {(one["source"], one["target"], one["label"]) for one in folded["edges"]} == across
    assert drawn(capsys, "lineage", "--fold", "--only", "finance")["nodes"] == [
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
def test_what_is_not_there(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", *words, "--root", str(small_mesh(tmp_path, {}))]) == 2
    assert capsys.readouterr().err == f"floe-compile: {message}\n"


def test_without_graphviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert main(["graph", "lineage", "--format", "svg", "--root", str(small_mesh(tmp_path, {}))]) == 2
    assert "Graphviz is not installed" in capsys.readouterr().err
