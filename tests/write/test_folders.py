"""The folders of paths, with their parents."""

from floe_compiler.write.folders import with_parents


def test_every_folder_comes_once_with_all_above() -> None:
    paths = ["output/dev/a/x.yaml", "output/dev/a/y.yaml", "output/prod/b/c/z.yaml", "top.yaml"]
    folders = {"output", "output/dev", "output/dev/a", "output/prod", "output/prod/b", "output/prod/b/c"}
    assert with_parents(paths) == folders
    assert with_parents([]) == set()
