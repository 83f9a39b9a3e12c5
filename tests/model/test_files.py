"""Output paths are stable, portable and never hide one object behind another."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.file_digests import FileDigest, FileDigests
from floe_compiler.model.files import File, FileSet, check_paths, git_blob, sha256
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.output_paths import LONGEST_NAME, delivery_path, file_name, object_path


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (ObjectId("apps", "Deployment", "floe-platform", "polaris"), "deployment.apps_polaris.yaml"),
        (ObjectId("", "ConfigMap", "floe-platform", "polaris"), "configmap_polaris.yaml"),
        (
            ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "system:reader"),
            "clusterrole.rbac.authorization.k8s.io_system%3areader.yaml",
        ),
        (
            ObjectId("rbac.authorization.k8s.io", "Role", "a", "Über_X"),
            "role.rbac.authorization.k8s.io_%c3%9cber%5f%58.yaml",
        ),
        (ObjectId("example.com", "Con", "a", "b"), "%63on.example.com_b.yaml"),
        (ObjectId("", "Con", "a", "b"), "con_b.yaml"),
        (ObjectId("", "Service", "a", "nul"), "service_nul.yaml"),
    ],
)
def test_a_file_is_named_after_kind_group_and_name(identity: ObjectId, expected: str) -> None:
    assert file_name(identity) == expected


def test_the_folder_is_the_namespace_or_the_cluster() -> None:
    service = ObjectId("", "Service", "floe-platform", "polaris")
    namespace = ObjectId("", "Namespace", "", "floe-platform")
    assert object_path("dev", service, cluster_scoped=False) == "output/dev/floe-platform/service_polaris.yaml"
    assert object_path("dev", namespace, cluster_scoped=True) == "output/dev/_cluster/namespace_floe-platform.yaml"
    assert (
        object_path("dev", ObjectId("", "Service", "aux", "x"), cluster_scoped=False)
        == "output/dev/%61ux/service_x.yaml"
    )


def test_delivery_objects_are_in_a_separate_folder() -> None:
    project = ObjectId("argoproj.io", "AppProject", "argocd", "sales")
    assert delivery_path("dev", project, "argocd") == "output/dev/_delivery/appproject.argoproj.io_sales.yaml"
    assert delivery_path("dev", project, "flux") == "output/dev/_delivery/appproject.argoproj.io_sales.yaml"


def test_one_argo_cd_delivers_all_clusters_and_each_flux_its_own() -> None:
    project = ObjectId("argoproj.io", "AppProject", "argocd", "sales")
    file = "_delivery/appproject.argoproj.io_sales.yaml"
    assert delivery_path("prod/us", project, "argocd") == f"output/prod/{file}"
    assert delivery_path("prod/us", project, "flux") == f"output/prod/us/{file}"


def test_a_namespaced_object_without_a_namespace_has_no_path() -> None:
    with pytest.raises(ValueError, match="Service polaris has no namespace"):
        object_path("dev", ObjectId("", "Service", "", "polaris"), cluster_scoped=False)


def test_long_names_are_cut_and_stay_different() -> None:
    first, second = (file_name(ObjectId("", "ConfigMap", "a", "x" * 200 + end)) for end in "ab")
    assert first != second
    assert len(first) == len(second) == LONGEST_NAME + len(".yaml")
    assert re.search(r"_[0-9a-f]{8}\.yaml$", first)


NAMES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=300)


@given(NAMES, NAMES)
@FEW
def test_different_names_get_different_portable_files(first: str, second: str) -> None:
    names = [file_name(ObjectId("apps", "Deployment", "a", name)) for name in (first, second)]
    assert (names[0] == names[1]) == (first == second)
    for name in names:
        assert re.fullmatch(r"[a-z0-9.%_-]+\.yaml", name)
        assert not re.search(r"%(?![0-9a-f]{2})", name)
        assert len(name) <= LONGEST_NAME + len(".yaml")


def test_files_are_ordered_by_path_for_any_input() -> None:
    files = FileSet.of([File("output/b", "2"), File("output/a", "1")], Findings())
    assert list(files.items()) == [("output/a", "1"), ("output/b", "2")]
    assert files["output/a"] == "1"
    assert len(files) == 2


def test_texts_are_read_lazily() -> None:
    texts = {"output/a": "1", "output/b": "2"}
    read: list[str] = []

    def look(path: str) -> str:
        read.append(path)
        return texts[path]

    def texts_of(number: int) -> list[str]:
        return [look(groups[number].lines)]

    groups = [FileDigests.of([FileDigest(path, sha256(text.encode()))]) for path, text in reversed(texts.items())]
    files = FileSet.of_digests(groups, texts_of)
    assert files.digests == FileSet.of_texts(texts).digests
    assert list(files) == ["output/a", "output/b"]
    assert "output/a" in files
    assert "output/c" not in files
    assert read == []
    assert files["output/b"] == "2"
    assert read == ["output/b"]
    with pytest.raises(KeyError):
        files["output/c"]
    assert read == ["output/b"]
    assert [*files.chosen({"output/a"})] == [(File("output/a", "1"), sha256(b"1"))]
    assert read == ["output/b", "output/a"]


HASH = sha256(b"")
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: sales
"""


def no_texts(_: int) -> list[str]:
    raise AssertionError("nobody asked for a text")


def test_many_texts_are_read_group_by_group() -> None:
    read: list[int] = []

    def texts_of(number: int) -> list[str]:
        read.append(number)
        return [f"{number}.{index}" for index in range(2)]

    names = ("bd", "ac", "ef")
    groups = [FileDigests.of(FileDigest(f"output/{name}", HASH) for name in own) for own in names]
    files = FileSet.of_digests(groups, texts_of)
    texts = {"output/d": "0.1", "output/a": "1.0", "output/c": "1.1"}
    assert [*files.chosen(texts.keys())] == [(File(path, text), HASH) for path, text in texts.items()]
    assert read == [0, 1]


def test_git_blobs_are_used_only_if_all_are_known() -> None:
    blobs = {f"output/{name}": git_blob(name.encode()) for name in "ab"}
    first, second = (FileDigests.of([FileDigest(path, HASH, blob)]) for path, blob in blobs.items())
    assert FileSet.of_digests([first, second], no_texts).read_git_blobs() == blobs
    unknown = FileDigests.of([FileDigest("output/b", HASH)])
    assert FileSet.of_digests([first, unknown], no_texts).read_git_blobs() == {}


def test_a_content_has_the_blob_id_of_git() -> None:
    """The output of `printf abc | git hash-object --stdin`, in repositories with either hash."""
    assert git_blob(b"abc") == "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"
    assert git_blob(b"", "sha256") == "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"


def test_a_file_set_is_immutable() -> None:
    files = FileSet.of([File("output/a", "1")], Findings())
    assert FileSet.of_texts(files) is files
    assert FileSet.of_texts({"output/a": "1"}) == files


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        (("output/dev/sales/a.yaml", "output/dev/sales/a.yaml"), "W001"),
        (("output/dev/sales/a.yaml", "output/dev/sales/A.yaml"), "W002"),
        (("output/dev/sales/\u00e9.yaml", "output/dev/sales/e\u0301.yaml"), "W002"),
    ],
)
def test_two_objects_with_one_path_are_refused_by_name(paths: tuple[str, str], code: str) -> None:
    findings = Findings()
    texts = [ROLE.format(name=name) for name in "ab"]
    names = [f"dev: Role.rbac.authorization.k8s.io sales/{name}" for name in "ab"]
    FileSet.of([File(*file) for file in zip(paths, texts, names, strict=True)], findings)
    groups = [FileDigests.of([FileDigest(path, HASH)]) for path in (*paths, "output/dev/sales/other.yaml")]
    check_paths(groups, lambda number: [texts[number]], findings)
    [first, second] = findings.diagnostics
    assert second == first
    assert first.rule.code == code
    assert " and ".join(names) in first.message
    assert paths[0] in first.message
