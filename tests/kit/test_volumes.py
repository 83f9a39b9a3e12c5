"""Volumes and mounts: everything that containers declare exists, writable or read-only as declared."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.kit.volumes import mounts, volumes
from floe_compiler.model.facts import Claim, ConfigFile, Pod, Scratch, SecretFile
from kit.samples import SECRET, container, pod

USER = SecretFile("/run/secrets/login/user", SECRET.key("username"))
PASSWORD = SecretFile("/run/secrets/login/password", SECRET.key("password"))


def by_name(pod_: Pod) -> dict[str, Any]:
    volumes_ = volumes(pod_)
    assert len({volume["name"] for volume in volumes_}) == len(volumes_)
    return {volume["name"]: volume for volume in volumes_}


def test_tmp_is_always_writable() -> None:
    assert volumes(pod()) == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]
    assert mounts(container()) == [{"name": "tmp", "mountPath": "/tmp"}]


def test_a_declared_tmp_replaces_the_usual_one_for_all_containers() -> None:
    large = container("load", scratch=(Scratch("/tmp", "4Gi"),))
    for pod_ in (pod(container(), setup=(large,)), pod(large, setup=(container("first"),))):
        assert volumes(pod_) == [{"name": "tmp", "emptyDir": {"sizeLimit": "4Gi"}}]


def test_a_claim_may_be_tmp() -> None:
    container_ = container(claims=(Claim("work", "/tmp", "1Gi"),))
    assert volumes(pod(container_)) == []
    assert mounts(container_) == [{"name": "work", "mountPath": "/tmp"}]


def test_a_shared_folder_has_the_larger_size() -> None:
    small, large = (container(name, scratch=(Scratch("/work", size),)) for name, size in (("a", "900Mi"), ("b", "2Gi")))
    for pod_ in (pod(small, setup=(large,)), pod(large, setup=(small,))):
        assert by_name(pod_)["work"] == {"name": "work", "emptyDir": {"sizeLimit": "2Gi"}}


def test_a_folder_may_be_in_memory() -> None:
    container_ = container(scratch=(Scratch("/dev/shm", "1Gi", memory=True),))
    assert by_name(pod(container_))["dev-shm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Gi"}
    on_disk = container("b", scratch=(Scratch("/dev/shm", "2Gi"),))
    for pod_ in (pod(container_, on_disk), pod(on_disk, container_)):
        assert by_name(pod_)["dev-shm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "2Gi"}


def test_configuration_is_a_folder_or_a_single_file() -> None:
    folder = ConfigFile("/etc/app/app.yaml", "a", "app")
    single = ConfigFile("/opt/app/logging.xml", "b", "logging", single=True)
    assert mounts(container(config=(folder, single)))[:2] == [
        {"name": "config-app", "mountPath": "/etc/app", "readOnly": True},
        {"name": "config-logging", "mountPath": "/opt/app/logging.xml", "readOnly": True, "subPath": "logging.xml"},
    ]
    volumes_ = by_name(pod(container(config=(folder, single))))
    assert volumes_["config-app"]["configMap"] == {"name": "app", "defaultMode": 0o444}
    assert volumes_["config-logging"]["configMap"]["name"] == "logging"


def test_files_of_one_folder_are_mounted_once() -> None:
    files = (ConfigFile("/etc/app/a", "1", "app"), ConfigFile("/etc/app/b", "2", "app"))
    assert [mount["mountPath"] for mount in mounts(container(config=files))] == ["/etc/app", "/tmp"]


def test_a_program_is_executable_in_every_container() -> None:
    runs = container("runs", config=(ConfigFile("/scripts/run.sh", "#!", "scripts", executable=True),))
    reads = container("reads", config=(ConfigFile("/scripts/data", "1", "scripts"),))
    for pod_ in (pod(reads, setup=(runs,)), pod(runs, setup=(reads,))):
        assert by_name(pod_)["config-scripts"]["configMap"]["defaultMode"] == 0o555


def test_only_the_group_may_read_secret_files() -> None:
    container_ = container(secret_files=(USER, PASSWORD))
    assert by_name(pod(container_))["secret-run-secrets-login"] == {
        "name": "secret-run-secrets-login",
        "projected": {
            "defaultMode": 0o440,
            "sources": [
                {
                    "secret": {
                        "name": "login",
                        "items": [{"key": "password", "path": "password"}, {"key": "username", "path": "user"}],
                    }
                }
            ],
        },
    }
    folder = {"name": "secret-run-secrets-login", "mountPath": "/run/secrets/login", "readOnly": True}
    assert folder in mounts(container_)


def test_one_key_may_be_two_files() -> None:
    files = (PASSWORD, SecretFile("/run/secrets/login/again", SECRET.key("password")))
    (source,) = by_name(pod(container(secret_files=files)))["secret-run-secrets-login"]["projected"]["sources"]
    assert source["secret"]["items"] == [{"key": "password", "path": "again"}, {"key": "password", "path": "password"}]


def test_volumes_and_mounts_are_sorted_and_every_mount_has_its_volume() -> None:
    container_ = container(
        scratch=(Scratch("/work"), Scratch("/cache")),
        config=(ConfigFile("/etc/app/app.yaml", "a", "app"),),
        secret_files=(PASSWORD,),
    )
    names = [volume["name"] for volume in volumes(pod(container_))]
    paths = [mount["mountPath"] for mount in mounts(container_)]
    assert names == sorted(names)
    assert paths == sorted(paths)
    assert {mount["name"] for mount in mounts(container_)} == set(names)


@pytest.mark.parametrize(
    "broken",
    [
        container(scratch=(Scratch("/a-b"), Scratch("/a/b"))),
        container(scratch=(Scratch("/config/app"),), config=(ConfigFile("/etc/app/app.yaml", "a", "app"),)),
        container(claims=(Claim("tmp", "/data", "1Gi"),)),
        container(
            secret_files=(
                SecretFile("/run/secrets/a-b/password", SECRET.key("password")),
                SecretFile("/run/secrets/a/b/password", SECRET.key("password")),
            )
        ),
        container(secret_files=(PASSWORD, SecretFile(PASSWORD.path, SECRET.key("username")))),
    ],
    ids=["two folders", "folder and configuration", "folder and claim", "two folders of secrets", "two secrets"],
)
def test_two_volumes_with_one_name_are_refused(broken: Any) -> None:
    with pytest.raises(ValueError, match="two different"):
        volumes(pod(broken))


@pytest.mark.parametrize(
    "broken",
    [
        container(config=(ConfigFile("/etc/app/a", "1", "first"), ConfigFile("/etc/app/b", "2", "second"))),
        container(scratch=(Scratch("/etc/app"),), config=(ConfigFile("/etc/app/a", "1", "first"),)),
        container(config=(ConfigFile("/run/secrets/login/a", "1", "first"),), secret_files=(PASSWORD,)),
        container(scratch=(Scratch("/data"),), claims=(Claim("data-claim", "/data", "1Gi"),)),
    ],
    ids=["two ConfigMaps", "folder and configuration", "configuration and secret", "folder and claim"],
)
def test_two_mounts_of_one_path_are_refused(broken: Any) -> None:
    with pytest.raises(ValueError, match="two different mounts"):
        mounts(broken)
