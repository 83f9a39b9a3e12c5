"""ConfigMaps, and the hash that restarts the pods that read them."""

from __future__ import annotations

import pytest

from floe_compiler.kit.config_maps import config_data, linked_hosts, secret_reasons
from floe_compiler.model.facts import ConfigFile, Pod, Variable
from kit.samples import SECRET, container, pod

FILES = (
    ConfigFile("/etc/app/app.yaml", "a: 1\n", "app"),
    ConfigFile("/etc/app/log.yaml", "b: 2\n", "app"),
    ConfigFile("/scripts/run.sh", "#!/bin/sh\n", "scripts", executable=True),
)


def reading(*files: ConfigFile) -> Pod:
    return pod(container(config=files))


def test_data_of_all_pods_is_grouped_by_config_map_and_key() -> None:
    pods = [reading(FILES[2]), pod(container(config=FILES[:1]), setup=(container("first", config=FILES[1:2]),))]
    data = config_data(pods)
    assert data == {
        "app": {"app.yaml": "a: 1\n", "log.yaml": "b: 2\n"},
        "scripts": {"run.sh": "#!/bin/sh\n"},
    }
    assert list(data) == ["app", "scripts"]
    assert list(data["app"]) == ["app.yaml", "log.yaml"]


def test_two_files_with_one_name_are_refused() -> None:
    assert config_data([reading(FILES[0]), reading(FILES[0])]) == {"app": {"app.yaml": "a: 1\n"}}
    with pytest.raises(ValueError, match=r"ConfigMap app .* app\.yaml"):
        config_data([reading(FILES[0]), reading(ConfigFile("/elsewhere/app.yaml", "a: 2\n", "app"))])


def test_hosts_for_people_are_annotated() -> None:
    login = ConfigFile("/etc/app/login.yaml", "c: 3\n", "app", links=("login.example", "app.example"))
    again = ConfigFile("/etc/app/again.yaml", "d: 4\n", "app", links=("app.example",))
    assert linked_hosts([reading(*FILES, login), reading(again)]) == {"app": ["app.example", "login.example"]}


def test_reasons_for_secrets_in_variables_are_annotated() -> None:
    first = container("first", variables=(Variable("B", secret=SECRET.key("password"), reason="no file"),))
    main = container(
        variables=(
            *(Variable(name, secret=SECRET.key("username"), reason="old") for name in "GFEDCA"),
            Variable("H", "plain", reason="none"),
        )
    )
    reasons = "A: old\nB: no file\nC: old\nD: old\nE: old\nF: old\nG: old"
    assert secret_reasons(pod(main, setup=(first,))) == reasons
    assert secret_reasons(pod()) == ""
