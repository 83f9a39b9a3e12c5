"""The files of a mesh are those of its environments, of which one is in memory at a time."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import pytest

from floe_compiler.model.file_digests import FileDigest, FileDigests
from floe_compiler.model.files import File, FileSet, git_blob, sha256
from floe_compiler.model.mesh_files import MeshFiles

TEXTS = {
    name: {f"output/{name}/{unit}/x.yaml": f"{name}/{unit}" for unit in ("a", "b")} for name in ("dev", "prod", "dev-b")
}
ALL = {path: text for texts in TEXTS.values() for path, text in texts.items()}


def of_environment(name: str) -> FileSet:
    digests = FileDigests.of(
        FileDigest(path, sha256(text.encode()), git_blob(text.encode())) for path, text in TEXTS[name].items()
    )
    return FileSet.of_digests([digests], lambda _: [*TEXTS[name].values()])


@pytest.fixture
def files() -> MeshFiles:
    made: list[weakref.ref[FileSet]] = []

    def part(name: str) -> Callable[[], FileSet]:
        def make() -> FileSet:
            assert not [one for one in made if one() is not None], "those of another environment are still in memory"
            own = of_environment(name)
            made.append(weakref.ref(own))
            return own

        return make

    return MeshFiles({name: part(name) for name in TEXTS}, len(ALL))


def test_it_is_one_set_in_the_order_of_the_paths(files: MeshFiles) -> None:
    whole = FileSet.of_texts(ALL)
    assert [*files] == [*whole] == sorted(ALL)
    assert [*files.digests.items()] == [*whole.digests.items()]
    assert dict(files.items()) == ALL
    assert len(files) == len(ALL)
    assert files.environments() == whole.environments() == TEXTS.keys()
    assert dict(files.read_git_blobs()) == {path: git_blob(text.encode()) for path, text in ALL.items()}


def test_a_path_is_looked_for_in_its_environment(files: MeshFiles) -> None:
    assert files["output/prod/b/x.yaml"] == "prod/b"
    assert "output/dev-b/a/x.yaml" in files
    for path in ("output/prod/c/x.yaml", "output/qa/a/x.yaml", "README.md"):
        assert path not in files
        with pytest.raises(KeyError):
            files[path]


def test_some_are_read_environment_by_environment(files: MeshFiles) -> None:
    chosen = {"output/prod/a/x.yaml", "output/dev/b/x.yaml"}
    expected = [(File(path, ALL[path]), sha256(ALL[path].encode())) for path in sorted(chosen)]
    assert [*files.chosen(chosen)] == expected
    assert [*FileSet.of_texts(ALL).chosen(chosen)] == expected


def test_an_environment_has_its_own_files(files: MeshFiles) -> None:
    for name in (*TEXTS, "qa"):
        expected = TEXTS.get(name, {})
        assert dict(files.of_environment(name)) == expected
        assert dict(FileSet.of_texts(ALL).of_environment(name)) == expected
