"""Every file that differs from a receipt is named, and files that the receipt does not name do not pass."""

from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.files import sha256
from floe_compiler.write.index import render_index
from floe_compiler.write.receipt import Compiler, Digest, Receipt
from floe_compiler.write.verified import compare_with_receipt

X, Y = "output/dev/floe-x/configmap_x.yaml", "output/dev/floe-x/configmap_y.yaml"
INDEX = "output/.floe/dev.index"
INPUTS = {"domains/a.yaml": sha256(b"a"), "platform-manifest.yaml": sha256(b"m")}


@pytest.fixture
def receipt(tmp_path: Path) -> Receipt:
    """Return the receipt of a folder with two compiled files."""
    write(tmp_path, X, "x")
    write(tmp_path, Y, "y")
    return index(tmp_path, (X, "x"), (Y, "y"))


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def index(root: Path, *files: tuple[str, str]) -> Receipt:
    """Write an index and return its receipt."""
    text = render_index((path, sha256(content.encode())) for path, content in files)
    write(root, INDEX, text)
    return Receipt.of({"dev": sha256(text.encode())}, INPUTS, Compiler("1", Digest(sha256(b""))), {}, "mesh")


def differences(
    root: Path, receipt: Receipt, inputs: dict[str, str] = INPUTS, path: str | None = "mesh"
) -> list[tuple[str, str]]:
    with pytest.raises(StageFailed) as failed:
        compare_with_receipt(root, receipt, inputs, path)
    return [
        (diagnostic.rule.code, str(diagnostic.span or diagnostic.subject)) for diagnostic in failed.value.diagnostics
    ]


def test_unchanged_files_pass(tmp_path: Path, receipt: Receipt) -> None:
    write(tmp_path, "output/prod/floe-x/configmap_x.yaml", "another environment")
    assert compare_with_receipt(tmp_path, receipt, INPUTS, "mesh") == 2


def test_outside_of_git_the_path_is_unknown(tmp_path: Path, receipt: Receipt) -> None:
    assert compare_with_receipt(tmp_path, receipt, INPUTS, None) == 2
    with pytest.raises(StageFailed) as failed:
        compare_with_receipt(tmp_path, receipt, INPUTS, "")
    [diagnostic] = failed.value.diagnostics
    assert diagnostic.rule.code == "W024"
    assert diagnostic.message == 'the mesh is in "." of its Git repository, and in the receipt in "mesh"'


def test_each_output_file_that_differs_is_named(tmp_path: Path, receipt: Receipt) -> None:
    write(tmp_path, X, "other")
    (tmp_path / Y).unlink()
    write(tmp_path, "output/dev/floe-x/kustomization.yaml", "")
    write(tmp_path, "output/dev/floe-z/job_z.yaml", "")
    assert differences(tmp_path, receipt) == [
        ("W023", f"{X}:1:1"),
        ("W023", f"{Y}:1:1"),
        ("W023", "output/dev/floe-x/kustomization.yaml:1:1"),
        ("W023", "output/dev/floe-z/job_z.yaml:1:1"),
    ]


def test_an_index_of_other_files_is_one_error(tmp_path: Path, receipt: Receipt) -> None:
    write(tmp_path, X, "other")
    index(tmp_path, (X, "other"), (Y, "y"))
    assert differences(tmp_path, receipt) == [("W023", f"{INDEX}:1:1")]
    (tmp_path / INDEX).unlink()
    assert differences(tmp_path, receipt) == [("W023", f"{INDEX}:1:1")]


def test_two_contents_of_one_file_are_an_error(tmp_path: Path) -> None:
    for text in ("x", "y"):
        write(tmp_path, X, text)
        assert differences(tmp_path, index(tmp_path, (X, "x"), (X, "y"))) == [("W023", f"{X}:1:1")]


def test_a_link_to_the_same_content_is_not_a_file(tmp_path: Path, receipt: Receipt) -> None:
    (tmp_path / "same").write_text("x")
    (tmp_path / X).unlink()
    (tmp_path / X).symlink_to(tmp_path / "same")
    assert ("W023", f"{X}:1:1") in differences(tmp_path, receipt)


def test_each_input_that_differs_is_named(tmp_path: Path, receipt: Receipt) -> None:
    inputs = {"domains/a.yaml": sha256(b"b"), "domains/c.yaml": sha256(b"c")}
    assert differences(tmp_path, receipt, inputs) == [
        ("W024", "domains/a.yaml:1:1"),
        ("W024", "domains/c.yaml:1:1"),
        ("W024", "platform-manifest.yaml:1:1"),
    ]
