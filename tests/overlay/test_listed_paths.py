"""A kustomization lists only files and folders of base/ and its overlay."""

from __future__ import annotations

import os

import pytest

from overlay.overlay_mesh import OVERLAY, Mesh, config_map

FILE = "base/kustomization.yaml"
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\n"


@pytest.mark.parametrize(
    "path",
    [
        "https://example.com/a.yaml",
        "http://example.com/a.yaml",
        "ssh://git@example.com/a",
        "git@example.com:acme/a.git",
        "git::https://example.com/a",
        "github.com/acme/a//base?ref=v1",
        "github.com/acme/a",
        "gitlab.com/acme/a",
        "example.com/acme/a.git",
        "base?ref=main",
    ],
)
@pytest.mark.parametrize("field", ["resources", "components"])
def test_remote_resources_are_refused(mesh: Mesh, path: str, field: str) -> None:
    mesh.write({FILE: f'{field}:\n  - "{path}"\n'})

    assert mesh.messages() == [
        f'K008 {FILE}:2:5: "{path}" is not in this repository (commit a copy of it in base/ and list that)'
    ]


def test_a_remote_patch_is_refused(mesh: Mesh) -> None:
    mesh.write({FILE: "patches:\n  - path: https://example.com/p.yaml\n"})

    assert mesh.messages()[0].startswith(f"K008 {FILE}:2:11: ")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../secret.yaml", "is outside base/"),
        ("../overlays/dev", "is outside base/"),
        ("..", "is outside base/"),
        ("/etc/passwd", "is not a relative path with forward slashes"),
        ("sub\\\\a.yaml", "is not a relative path with forward slashes"),
        ("", "is not a relative path with forward slashes"),
    ],
)
def test_paths_out_of_the_base_are_refused(mesh: Mesh, path: str, reason: str) -> None:
    mesh.write({FILE: f'resources: ["{path}"]\n', "secret.yaml": OBJECT, "overlays/dev/x.yaml": OBJECT})
    mesh.write({"overlays/dev/kustomization.yaml": OVERLAY})

    (problem,) = mesh.messages()

    shown_path = path.replace("\\\\", "\\")
    assert problem == f'K009 {FILE}:1:13: "{shown_path}" {reason} (copy it to base/)'


@pytest.mark.parametrize("path", ["../prod", "../prod/a.yaml", "../../base/a.yaml", "../../domains/a.yaml"])
def test_an_overlay_may_not_list_files_of_others(mesh: Mesh, path: str) -> None:
    mesh.write({"overlays/dev/kustomization.yaml": f"resources: [../../base, {path}]\n", FILE: "resources: []\n"})
    mesh.write(dict.fromkeys(("overlays/prod/a.yaml", "base/a.yaml", "domains/a.yaml"), OBJECT))

    (problem,) = mesh.messages()

    assert problem.startswith(f'K009 overlays/dev/kustomization.yaml:1:25: "{path}" is outside overlays/dev/')


@pytest.mark.parametrize("link", ["base/link.yaml", "base/folder"])
def test_symbolic_links_are_not_followed(mesh: Mesh, link: str) -> None:
    mesh.write({"elsewhere/a.yaml": OBJECT, FILE: f"resources: [{'link.yaml' if '.' in link else 'folder/a.yaml'}]\n"})
    (mesh.root / link).symlink_to(mesh.root / ("elsewhere/a.yaml" if "." in link else "elsewhere"))

    (problem,) = mesh.messages()

    assert "is or follows a symbolic link" in problem
    assert problem.startswith(f"K009 {FILE}:1:13: ")


@pytest.mark.parametrize("path", [".a.yaml", "sub/.a.yaml", ".sub/a.yaml", ".sub"])
def test_hidden_files_are_not_inputs(mesh: Mesh, path: str) -> None:
    """No digest of the inputs counts them, so a change of one would leave stale output that passes for current."""
    mesh.write({FILE: f"resources: [{path}]\n", "base/.sub/kustomization.yaml": "resources: [a.yaml]\n"})
    mesh.write(dict.fromkeys(("base/.a.yaml", "base/sub/.a.yaml", "base/.sub/a.yaml"), OBJECT))

    assert mesh.messages() == [f'K009 {FILE}:1:13: "{path}" is hidden (give it a name without a dot at its start)']


def test_a_folder_that_lists_itself_is_refused(mesh: Mesh) -> None:
    mesh.write({FILE: "resources: [a]\n", "base/a/kustomization.yaml": "resources: [../../base/a]\n"})

    assert mesh.messages() == ["K009 base/a/kustomization.yaml:1:13: base/a/ lists itself (take it out)"]


def test_the_base_cannot_list_itself(mesh: Mesh) -> None:
    mesh.write({FILE: "resources: [a]\n", "base/a/kustomization.yaml": "resources: [..]\n"})
    mesh.write({"overlays/dev/kustomization.yaml": OVERLAY})

    assert mesh.messages() == ["K009 base/a/kustomization.yaml:1:13: base/ lists itself (take it out)"]


def test_a_missing_file_is_reported_with_the_nearest(mesh: Mesh) -> None:
    mesh.write({FILE: "resources: [quotas.yaml]\n", "base/quota.yaml": OBJECT})

    assert mesh.messages() == [f'K010 {FILE}:1:13: base/quotas.yaml does not exist (did you mean "quota.yaml"?)']


@pytest.mark.parametrize(
    ("listing", "files", "expected"),
    [
        ("resources: [a]", {"base/a/x.yaml": OBJECT}, "base/a/ has no kustomization.yaml (list its files instead)"),
        (
            "components: [a.yaml]",
            {"base/a.yaml": OBJECT},
            (
                "base/a.yaml is a file, not a folder with a kustomization.yaml"
                " (list objects under `resources`, and patches under `patches`)"
            ),
        ),
    ],
)
def test_a_folder_without_a_kustomization_is_refused(
    mesh: Mesh, listing: str, files: dict[str, str], expected: str
) -> None:
    mesh.write({FILE: f"{listing}\n", **files})

    assert mesh.messages() == [
        f"K010 {FILE}:1:14: {expected}" if "comp" in listing else f"K010 {FILE}:1:13: {expected}"
    ]


@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
@pytest.mark.parametrize("folder", ["base", "overlays/dev"])
def test_a_kustomization_with_a_wrong_name_is_an_error(mesh: Mesh, folder: str, name: str) -> None:
    mesh.write({f"{folder}/{name}": OVERLAY})

    assert mesh.messages() == [f"K010 {folder}/{name}:1:1: {folder} has a {name} (rename it to kustomization.yaml)"]


def test_a_file_that_is_not_text_is_refused(mesh: Mesh) -> None:
    mesh.write({FILE: "resources: [a.yaml]\n"})
    (mesh.root / "base/a.yaml").write_bytes(b"\xff\xfe\x00")

    assert mesh.messages() == [f"K010 {FILE}:1:13: base/a.yaml cannot be read: it is not UTF-8 text"]


def test_a_listed_pipe_is_refused_and_not_waited_for(mesh: Mesh) -> None:
    mesh.write({FILE: "patches: [{path: a.yaml}]\n"})
    os.mkfifo(mesh.root / "base/a.yaml")

    assert mesh.messages() == [f"K010 {FILE}:1:18: base/a.yaml is not a regular file"]


@pytest.mark.parametrize(
    ("text", "place"),
    [("labels: []\n", "1:1"), ("labels: []\nresources: []\n", "2:1"), ("resources: [x.yaml]\n", "1:1")],
)
def test_an_overlay_may_list_the_base(mesh: Mesh, text: str, place: str) -> None:
    mesh.write({"overlays/dev/kustomization.yaml": text, "overlays/dev/x.yaml": OBJECT, FILE: "resources: []\n"})

    assert mesh.messages() == [
        (
            f"K011 overlays/dev/kustomization.yaml:{place}: the overlay does not list the base"
            ' (list "../../base" under resources)'
        )
    ]


def test_without_a_base_an_overlay_patches_generated_objects(mesh: Mesh) -> None:
    mesh.write(
        {
            "overlays/dev/kustomization.yaml": """\
patches:
- target: {kind: ConfigMap}
  patch: '[{op: add, path: /data, value: {k: v}}]'
resources: [x.yaml]
""",
            "overlays/dev/x.yaml": OBJECT,
        }
    )
    (mesh.root / FILE).unlink(missing_ok=True)

    rendered = mesh.apply(config_map("b", data={}))

    assert [manifest["data"] for manifest in rendered.objects.of_kind("ConfigMap")] == [{"k": "v"}] * 2


def test_duplicate_entries_are_refused(mesh: Mesh) -> None:
    mesh.write({"overlays/dev/kustomization.yaml": "resources: [../../base, ../../base]\n"})

    assert mesh.messages() == [
        "K004 overlays/dev/kustomization.yaml:1:25: ../../base is listed twice (delete one of the entries)"
    ]
