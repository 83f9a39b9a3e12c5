"""Digests depend exactly on the inputs. A wrong digest would let stale output count as current."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tomllib
from dataclasses import replace
from importlib import metadata, resources
from pathlib import Path

import pytest

from floe_compiler.load import digests, input_tree
from floe_compiler.load.digests import compiler_digest, files_of, input_digests, versions
from floe_compiler.load.input_tree import read_inputs

SMALL = Path(__file__).parents[1] / "meshes" / "small"
INPUTS = (
    "platform-manifest.yaml",
    "domains/sales/domain.yaml",
    "domains/sales/products/orders.yaml",
    "overlays/dev/environment.yaml",
    "base/kustomization.yaml",
    "base/priority-class.yaml",
    "crds/widgets.yaml",
)


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
    second = (tmp_path / "overlays/dev/environment.yaml").read_text(encoding="utf-8")
    add(tmp_path, "overlays/prod/environment.yaml", second)
    add(tmp_path, "base/kustomization.yaml", "resources: [priority-class.yaml]\n")
    add(tmp_path, "base/priority-class.yaml", "kind: PriorityClass\n")
    add(tmp_path, "crds/widgets.yaml", "kind: CustomResourceDefinition\n")
    add(tmp_path, "overlays/dev/patch.yaml", "kind: Patch\n")
    return tmp_path


def add(root: Path, file: str, text: str = "x") -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text, encoding="utf-8")


def changed(root: Path, before: dict[str, str]) -> set[str]:
    after = input_digests(read_inputs(root))
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_each_environment_has_its_own_digest(mesh: Path) -> None:
    by_environment = input_digests(read_inputs(mesh))
    assert set(by_environment) == {"dev", "prod"}
    assert len(set(by_environment.values())) == 2
    assert by_environment == input_digests(read_inputs(mesh))


@pytest.mark.parametrize("file", INPUTS)
def test_every_input_counts_for_every_environment(mesh: Path, file: str) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    with (mesh / file).open("a", encoding="utf-8") as stream:
        stream.write("# more\n")
    assert changed(mesh, before) == {"dev", "prod"}


@pytest.mark.parametrize("file", ["base/new.yaml", "domains/sales/products/new.yaml", "base/deep/er/a.txt"])
def test_a_new_file_counts_for_every_environment(mesh: Path, file: str) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, file)
    assert changed(mesh, before) == {"dev", "prod"}


@pytest.mark.parametrize(
    "file", ["overlays/dev/kustomization.yaml", "overlays/dev/patch.yaml", "overlays/dev/images.yaml"]
)
def test_an_environments_patches_are_its_own(mesh: Path, file: str) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, file, "another")
    assert changed(mesh, before) == {"dev"}


@pytest.mark.parametrize(
    ("stray", "concerned"),
    [
        ("domains/sales/products/.orders.yaml", {"dev", "prod"}),
        ("platform-manifest.yml", {"dev", "prod"}),
        ("overlays/qa.yaml", {"dev", "prod"}),
        ("overlays/qa/patch.yaml", {"dev", "prod"}),
        ("overlays/dev/.kustomization.yaml", {"dev"}),
        ("overlays/dev/.patch.yaml.swp", set()),
    ],
)
def test_stray_files_count_because_they_are_errors(mesh: Path, stray: str, concerned: set[str]) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, stray)
    assert changed(mesh, before) == concerned


def test_a_new_environment_counts_for_all_as_it_could_claim_their_namespaces(mesh: Path) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, "overlays/qa/environment.yaml")
    assert changed(mesh, before) == {"dev", "prod", "qa"}


def test_the_files_of_an_environment_are_all_but_those_in_folders_of_others(mesh: Path) -> None:
    add(mesh, "overlays/prod/patch.yaml")
    add(mesh, "overlays/shared.yaml")
    inputs = read_inputs(mesh)
    of_prod = files_of(inputs, ["prod"])
    assert of_prod["overlays/prod/patch.yaml"] == hashlib.sha256(b"x").hexdigest()
    assert set(inputs.contents) - set(of_prod) == {"overlays/dev/patch.yaml"}
    assert set(files_of(inputs, ["dev", "prod"])) == set(inputs.contents)
    assert list(of_prod) == sorted(of_prod)


def test_versions_are_those_that_are_installed() -> None:
    assert versions()["msgspec"] == metadata.version("msgspec")
    assert set(versions()) >= {"cdk8s", "pyyaml"}
    assert all(versions().values())


def test_a_hidden_folder_is_not_an_environment(mesh: Path) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, "overlays/.old/environment.yaml")
    assert changed(mesh, before) == set()


def test_a_file_that_moves_is_another_input(mesh: Path) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    (mesh / "domains/sales/products/orders.yaml").rename(mesh / "domains/sales/products/others.yaml")
    assert changed(mesh, before) == {"dev", "prod"}


@pytest.mark.parametrize(
    "file", ["README.md", "output/dev/a.yaml", "domains/sales/.draft/orders.yaml", "base/.git/HEAD"]
)
def test_files_that_are_not_inputs_do_not_count(mesh: Path, file: str) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, file)
    assert changed(mesh, before) == set()


def test_the_place_of_the_repository_and_the_time_do_not_count(
    mesh: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(mesh, copy, dirs_exist_ok=True)
    os.utime(copy / INPUTS[0], (0, 0))
    assert input_digests(read_inputs(copy)) == input_digests(read_inputs(mesh))


def test_the_compiler_itself_counts(mesh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    monkeypatch.setattr(digests, "compiler_digest", lambda: "another")
    assert changed(mesh, before) == {"dev", "prod"}


@pytest.fixture
def uncached() -> object:
    compiler_digest.cache_clear()
    yield
    compiler_digest.cache_clear()


@pytest.fixture
def no_source(uncached: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the compiler's files: reading them takes longer than everything else."""
    (tmp_path / "nothing").mkdir()
    monkeypatch.setattr(resources, "files", lambda _: tmp_path / "nothing")


def digest_anew() -> str:
    compiler_digest.cache_clear()
    return compiler_digest()


def test_all_dependencies_of_the_compiler_count() -> None:
    needed = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split(r"[<>=]", requirement)[0].replace(".", "-") for requirement in needed} <= set(
        digests.dependencies()
    )


def test_versions_of_packages_that_shape_the_output_count(no_source: object, monkeypatch: pytest.MonkeyPatch) -> None:
    before, version, unnoticed = digest_anew(), digests._version, []
    for program in digests.dependencies():
        monkeypatch.setattr(
            digests, "_version", lambda name, program_=program: "0" if name == program_ else version(name)
        )
        if digest_anew() == before:
            unnoticed.append(program)
    assert len(digests.dependencies()) > 5
    assert unnoticed == []


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch, uncached: object) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["surely-not-installed>=1; sys_platform == 'win32'"])
    assert digests.dependencies() == ("surely-not-installed",)
    assert compiler_digest()


SOURCE = (
    "check/objects/custom_resources/schemas/argoproj.io/Application_v1alpha1.json",
    "kit/labels.py",
    "kit/minio/minio-buckets.sh",
    "node/construct_tree.js",
    "node/unpack.js",
)


def test_the_source_of_the_compiler_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uncached: object) -> None:
    package = Path(digests.__file__).parents[1]
    copy = tmp_path / "package"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(resources, "files", lambda _: copy)
    before, unnoticed = digest_anew(), []
    for file in SOURCE:
        with (copy / file).open("a", encoding="utf-8") as stream:
            stream.write("\n")
        after = digest_anew()
        if after == before:
            unnoticed.append(file)
        before = after
    assert unnoticed == []


@pytest.mark.parametrize("module", ["acme_floe", "acme_floe.portal"])
def test_all_files_of_a_components_package_count(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_source: object
) -> None:
    files, unnoticed = ("__init__.py", "portal.py", "labels.py", "manifests/portal.yaml"), []
    for file in files:
        add(tmp_path, f"acme_floe/{file}", "")
    add(tmp_path, "acme_floe-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme-floe\nVersion: 1.0.0\n")
    points = f"[floe_compile.components]\nportal = {module}:COMPONENT\n"
    add(tmp_path, "acme_floe-1.0.0.dist-info/entry_points.txt", points)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_floe", raising=False)  # another test's
    before = digest_anew()
    assert digest_anew() == before
    for file in files:
        add(tmp_path, f"acme_floe/{file}", "# another")
        after = digest_anew()
        if after == before:
            unnoticed.append(file)
        before = after
    assert unnoticed == []


def test_all_modules_that_shape_the_output_count() -> None:
    package = Path(digests.__file__).parents[1]
    kinds = {path.suffix for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert kinds <= {".py", ".conf", ".css", ".html", ".js", ".json", ".md", ".sh", ".typed", ".yaml"}, (
        "digests.py leaves these out"
    )


def test_unreadable_files_and_names_that_are_not_text_count(mesh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    (mesh / os.fsdecode(b"domains/sales/products/\xff.yaml")).write_text("", encoding="utf-8")
    assert changed(mesh, before) == {"dev", "prod"}

    before = dict(input_digests(read_inputs(mesh)))

    def refuse(path: str, _most: int) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(input_tree, "read_plain", refuse)
    assert changed(mesh, before) == {"dev", "prod"}


def test_every_file_that_is_read_counts(mesh: Path) -> None:
    """Every visible file with content counts: readers get no others."""
    add(mesh, "base/notes.txt")
    add(mesh, "base/sub/README.md")
    add(mesh, "domains/sales/.hidden.yaml")
    add(mesh, "base/.hidden/a.yaml")
    read = read_inputs(mesh)
    assert {"base/notes.txt", "base/sub/README.md", *INPUTS} <= read.contents.keys()
    assert not [path for path in read.contents if "/." in path]
    for path in read.contents:
        contents = {**read.contents, path: b"another"}
        assert input_digests(replace(read, contents=contents)) != input_digests(read), path


@pytest.mark.parametrize("place", ["base/link.yaml", "domains/link", "overlays/dev/link.yaml"])
def test_a_link_counts_but_not_its_target(mesh: Path, place: str) -> None:
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, "elsewhere/a.yaml")
    (mesh / place).symlink_to(mesh / "elsewhere" / ("a.yaml" if "." in place else ""))
    concerned = changed(mesh, before)
    assert concerned == ({"dev"} if "dev" in place else {"dev", "prod"})
    before = dict(input_digests(read_inputs(mesh)))
    add(mesh, "elsewhere/a.yaml", "another")
    assert changed(mesh, before) == set()


def test_a_file_that_is_too_large_is_not_read(mesh: Path) -> None:
    before = input_digests(read_inputs(mesh))
    with (mesh / "base/dump.bin").open("wb") as file:
        file.truncate(50_000_000_000)  # a hole, which takes no room
    larger = input_digests(read_inputs(mesh))
    assert larger["dev"] != before["dev"]


def test_folders_may_be_nested_deeply(mesh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = input_digests(read_inputs(mesh))
    monkeypatch.chdir(mesh / "domains")
    for _ in range(1200):
        Path("x").mkdir()
        os.chdir("x")
    try:
        assert input_digests(read_inputs(mesh)) != before
    finally:
        for _ in range(1200):  # `shutil.rmtree` could not
            os.chdir("..")
            Path("x").rmdir()
