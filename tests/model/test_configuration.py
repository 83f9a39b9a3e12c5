"""The configuration that pods read from ConfigMaps in any way, and its hash."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.kit.config_maps import config_data
from floe_compiler.kit.pods import container as container_of
from floe_compiler.kit.volumes import volumes
from floe_compiler.model.configuration import config_hash, contents_read
from floe_compiler.model.facts import ConfigFile
from floe_compiler.model.pod_references import references
from kit.samples import container, pod
from support import DEVELOPMENT

MAPS: dict[str, Any] = {
    "app": {"data": {"a.yaml": "a: 1\n", "b.yaml": "b: 2\n"}, "binaryData": {"icon": "AAAA"}},
    "other": {"data": {"x": "y"}},
}
ALL = {"a.yaml": "a: 1\n", "b.yaml": "b: 2\n", "icon": "AAAA"}
FILES = (
    ConfigFile("/etc/app/app.yaml", "a: 1\n", "app"),
    ConfigFile("/etc/app/log.yaml", "b: 2\n", "app"),
    ConfigFile("/scripts/run.sh", "#!/bin/sh\n", "scripts", executable=True),
)


def volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "config", **source}]}


def mounting(*subpaths: str) -> dict[str, Any]:
    mounts = [
        {"name": "config", "mountPath": "/x", **({"subPath": subpath} if subpath else {})} for subpath in subpaths
    ]
    return {"containers": [{"volumeMounts": mounts}]} | volume(configMap={"name": "app"})


@pytest.mark.parametrize(
    ("spec", "read"),
    [
        (volume(configMap={"name": "app"}), ALL),
        (volume(configMap={"name": "app", "items": [{"key": "icon", "path": "x"}]}), {"icon": "AAAA"}),
        (mounting(""), ALL),
        (mounting("a.yaml"), {"a.yaml": "a: 1\n"}),
        (mounting("a.yaml", ""), ALL),
        (volume(projected={"sources": [{"secret": {"name": "app"}}, {"configMap": {"name": "app"}}]}), ALL),
        (
            volume(projected={"sources": [{"configMap": {"name": "app", "items": [{"key": "b.yaml"}]}}]}),
            {"b.yaml": "b: 2\n"},
        ),
        ({"containers": [{"envFrom": [{"configMapRef": {"name": "app"}}]}]}, ALL),
        (
            {"initContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "app", "key": "icon"}}}]}]},
            {"icon": "AAAA"},
        ),
    ],
)
def test_every_way_to_read_a_config_map_counts(spec: dict[str, Any], read: dict[str, str]) -> None:
    assert contents_read(references(spec), MAPS) == {"app": read}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        volume(configMap={"name": "theirs"}),
        volume(secret={"secretName": "app"}),
        {"containers": [{"envFrom": [{"secretRef": {"name": "app"}}], "env": [{"name": "A", "value": "app"}]}]},
        {"containers": None, "volumes": "app", "initContainers": [None, "app", {"env": {"configMapKeyRef": "app"}}]},
    ],
)
def test_configuration_from_elsewhere_and_unread_files_do_not_count(spec: dict[str, Any]) -> None:
    assert contents_read(references(spec), MAPS) == {}


def test_without_configuration_there_is_no_hash() -> None:
    assert config_hash({}) == ""


@given(st.permutations(FILES))
def test_the_hash_does_not_depend_on_order(files: list[ConfigFile]) -> None:
    assert config_hash(config_data([pod(container(config=tuple(files)))])) == config_hash(
        config_data([pod(container(config=FILES))])
    )


@given(st.integers(0, 2), st.text())
def test_the_hash_changes_with_every_file(index: int, text: str) -> None:
    files = list(FILES)
    old = files[index]
    files[index] = ConfigFile(old.path, text, old.config_map)
    first, second = (
        config_hash(config_data([pod(container(config=tuple(config_files)))])) for config_files in (files, FILES)
    )
    assert (first == second) == (text == old.text)


def test_the_declared_configuration_is_what_the_pod_reads() -> None:
    declared = pod(container("one", config=FILES[:2]), setup=(container("two", config=FILES[2:]),))
    spec = {
        "initContainers": [container_of(DEVELOPMENT, container_) for container_ in declared.setup],
        "containers": [container_of(DEVELOPMENT, container_) for container_ in declared.containers],
        "volumes": volumes(declared),
    }
    maps = {name: {"data": dict(data)} for name, data in config_data([pod(container(config=FILES))]).items()}
    assert contents_read(references(spec), maps) == config_data([declared])
