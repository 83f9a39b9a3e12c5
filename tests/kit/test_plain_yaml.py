"""YAML files come only from the component's own package."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.kit.plain_yaml import plain_yaml
from floe_compiler.model.facts import PlainYaml


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "shipping_component"
    (folder / "manifests").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "manifests/crds.yaml").write_text("kind: é\n", "utf-8")
    (tmp_path / "outside.yaml").write_text("kind: Secret\n")
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder.name


def test_a_file_of_the_package_is_read(package: str) -> None:
    assert plain_yaml(package, "manifests/crds.yaml") == PlainYaml("manifests/crds.yaml", "kind: é\n")


@pytest.mark.parametrize(
    "path",
    ["../outside.yaml", "manifests/../../outside.yaml", "/etc/hostname", "link.yaml", "https://example.com/a.yaml"],
)
def test_a_file_outside_the_package_is_refused(package: str, path: str) -> None:
    with pytest.raises(ValueError, match="is not a file in the package"):
        plain_yaml(package, path)


def test_a_file_that_is_missing_is_reported(package: str) -> None:
    with pytest.raises(FileNotFoundError):
        plain_yaml(package, "gone.yaml")
