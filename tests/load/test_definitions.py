"""The definitions in crds/: what is read from them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.load.definitions import KIND, read_definitions
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.yaml_text import to_yaml

SCHEMA = {"type": "object", "properties": {"description": {"type": "string", "description": "What it is."}}}


def definition(name: str = "pools.acme.example", **spec: Any) -> dict[str, Any]:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}
    names = {"kind": "Pool", "plural": "pools"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "annotations": {"big": "text"}},
        "spec": {"group": "acme.example", "scope": "Cluster", "names": names, "versions": [version], **spec},
    }


def read(root: Path, cache: Memory | None = None) -> Any:
    data, warnings = read_definitions(
        read_inputs(root), cache or Memory(), "compiler", lambda *file: read_documents(*file)[1]
    )
    assert not warnings
    return msgspec.msgpack.decode(data) if data else []


def write(root: Path, file: str, *documents: Any) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text("---\n".join(map(to_yaml, documents)), encoding="utf-8")


def test_only_what_the_checks_need_is_kept(tmp_path: Path) -> None:
    write(tmp_path, "crds/pools.yaml", definition())
    (pools,) = read(tmp_path)
    assert pools["metadata"] == {"name": "pools.acme.example", "annotations": {"floe.dev/file": "crds/pools.yaml"}}
    assert (pools["spec"]["group"], pools["spec"]["scope"]) == ("acme.example", "Cluster")
    (version,) = pools["spec"]["versions"]
    assert version["schema"]["openAPIV3Schema"]["properties"] == {"description": {"type": "string"}}


def test_lists_and_bundles_are_read(tmp_path: Path) -> None:
    items = [definition(), definition("buckets.acme.example")]
    write(tmp_path, "crds/all/list.yaml", {"apiVersion": "v1", "kind": "List", "items": items})
    write(tmp_path, "crds/bundle.yml", {"kind": "Deployment"}, definition("jars.acme.example"))
    names = [manifest["metadata"]["name"] for manifest in read(tmp_path)]
    assert names == ["buckets.acme.example", "jars.acme.example", "pools.acme.example"]


def test_a_mesh_without_crds_has_no_definitions(tmp_path: Path) -> None:
    assert read(tmp_path) == []


def test_a_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "crds/pools.yaml", definition())
    cache = Memory()
    before = read(tmp_path, cache)
    monkeypatch.setattr("floe_compiler.load.definitions._documents", lambda _: pytest.fail("parsed again"))
    assert read(tmp_path, cache) == before


def test_a_file_that_may_hold_a_secret_is_not_cached(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"url": {"type": "string", "default": "https://me:hunter2@acme.example"}}}
    versions = [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]
    write(tmp_path, "crds/pools.yaml", definition(versions=versions))
    stored_kinds: list[str] = []

    class Watched(Memory):
        def put(self, kind: str, key: str, data: bytes) -> bool:
            stored_kinds.append(kind)
            return super().put(kind, key, data)

    read(tmp_path, Watched())
    assert KIND not in stored_kinds


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"scope": "Everywhere"}, "spec.scope of the CustomResourceDefinition pools.acme.example is neither"),
        ({"names": "Pool"}, "a CustomResourceDefinition has no spec.names.kind"),
        ({"versions": []}, "the CustomResourceDefinition pools.acme.example has no spec.versions"),
    ],
)
def test_an_incomplete_definition_is_refused(tmp_path: Path, spec: dict[str, Any], message: str) -> None:
    write(tmp_path, "crds/pools.yaml", definition(**spec))
    with pytest.raises(StageFailed) as failed:
        read(tmp_path)
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.rule.code == "L108"
    assert diagnostic.message.startswith(message)


def test_foreign_yaml_may_use_what_inputs_may_not(tmp_path: Path) -> None:
    write(tmp_path, "crds/pools.yaml", definition())
    with (tmp_path / "crds/pools.yaml").open("a") as file:
        file.write("status: {a: &a no, b: *a, since: 2024-02-01}\n")
    assert len(read(tmp_path)) == 1


def test_an_equals_sign_is_text(tmp_path: Path) -> None:
    """Prometheus' operator publishes such a definition."""
    write(tmp_path, "crds/pools.yaml", definition())
    file = tmp_path / "crds/pools.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}x: [=, '!=']\n", encoding="utf-8")
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {items: *a}\n",
        "".join(
            f"{chr(97 + n)}: &{chr(97 + n)} [*{chr(96 + n)}, *{chr(96 + n)}]\n" if n else "a: &a [1]\n"
            for n in range(25)
        ),
    ],
    ids=["in itself", "many times"],
)
def test_aliases_may_not_grow_without_end(tmp_path: Path, text: str) -> None:
    write(tmp_path, "crds/pools.yaml", definition())
    file = tmp_path / "crds/pools.yaml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    with pytest.raises(StageFailed) as failed:
        read(tmp_path)
    (diagnostic,) = failed.value.diagnostics
    assert str(diagnostic.span).startswith("crds/pools.yaml:")


def test_a_number_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "crds/pools.yaml", definition())
    file = tmp_path / "crds/pools.yaml"
    text = file.read_text(encoding="utf-8").replace("properties:", f"maximum: {2**65}\n        properties:", 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StageFailed) as failed:
        read(tmp_path)
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.message == "crds/pools.yaml has a number with more than 64 bits"
