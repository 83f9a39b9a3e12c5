"""The parents of a manifest are vendored, locked, and read only as its parents."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from floe_compiler.components import registry
from floe_compiler.load.digests import input_digests
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.load.parents import digest_of_manifest
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.layout import MANIFEST, MOST_PARENTS
from floe_compiler.resolve.schemas import plain_schemas
from small_mesh import small_mesh

SCHEMAS = plain_schemas(registry())
HEAD = 'apiVersion: floe.dev/v1\nkind: PlatformManifest\nmetadata: {name: %s, version: 1.0.0, owner: "@acme/%s"}\n'


def extends(path: str, content: bytes) -> str:
    return f"extends: {{path: {path}, digest: {digest_of_manifest(content)}}}\n"


def vendored(root: Path, *names: str, more: str = "") -> Path:
    """Return the small mesh with a chain of these parents; `more` is added to the last one."""
    small_mesh(root, {})
    texts: list[str] = []
    for name in reversed(names):
        above = extends(f"vendor/{names[len(names) - len(texts)]}", texts[-1].encode()) if texts else more
        texts.append(HEAD % (name, name) + above)
    folder = root
    for name, text in zip(names, reversed(texts), strict=True):
        folder = folder / "vendor" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).write_text(text, encoding="utf-8")
    own = root / MANIFEST
    own.write_text(own.read_text(encoding="utf-8") + extends(f"vendor/{names[0]}", texts[-1].encode()), "utf-8")
    return root


def problems(root: Path) -> list[Diagnostic]:
    with pytest.raises(StageFailed) as failed:
        load(read_inputs(root), SCHEMAS)
    return list(failed.value.diagnostics)


def problem_texts(root: Path) -> list[str]:
    return [f"{problem.span}: {problem.rule.code}: {problem.message}; {problem.hint}" for problem in problems(root)]


def test_a_chain_is_read_from_the_topmost_parent(tmp_path: Path) -> None:
    sources, _ = load(read_inputs(vendored(tmp_path, "retail", "corporate")), SCHEMAS)
    assert [parent.file for parent in sources.parents] == [
        "vendor/retail/vendor/corporate/platform-manifest.yaml",
        "vendor/retail/platform-manifest.yaml",
    ]
    assert [manifest.data["metadata"]["name"] for manifest in sources.manifests] == ["corporate", "retail", "small"]


def test_the_digest_is_that_of_sha256sum_for_any_line_endings(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail")
    content = (root / "vendor/retail" / MANIFEST).read_bytes()
    assert digest_of_manifest(content) == f"sha256:{hashlib.sha256(content).hexdigest()}"
    (root / "vendor/retail" / MANIFEST).write_bytes(content.replace(b"\n", b"\r\n"))
    assert len(load(read_inputs(root), SCHEMAS)[0].parents) == 1


def test_an_edited_parent_does_not_match_its_lock(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail", "corporate")
    file = root / "vendor/retail" / MANIFEST
    file.write_text(file.read_text(encoding="utf-8") + "locks: [nonsense\n", encoding="utf-8")
    actual = digest_of_manifest(file.read_bytes())
    (problem,) = problem_texts(root)
    assert problem == (
        "platform-manifest.yaml:20:40: L191: vendor/retail is locked to another digest; its platform-manifest.yaml has "
        f"{actual}; undo what has changed there, or, if it is a new version on purpose, "
        "floe-compile vendor vendor/retail"
    )


def test_each_manifest_locks_its_own_parent(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail", "corporate")
    file = root / "vendor/retail/vendor/corporate" / MANIFEST
    file.write_text(file.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    (problem,) = problem_texts(root)
    assert problem.startswith(
        "vendor/retail/platform-manifest.yaml:4:43: L191: vendor/retail/vendor/corporate is locked"
    )
    assert problem.endswith("undo what has changed in vendor/, where nothing is edited")


def test_a_missing_parent_is_reported(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail")
    (root / "vendor/retail" / MANIFEST).unlink()
    (problem,) = problem_texts(root)
    assert problem == (
        "platform-manifest.yaml:20:17: L190: vendor/retail/platform-manifest.yaml is the parent, but the file does not "
        "exist; vendor it: floe-compile vendor FOLDER, which writes vendor/retail"
    )


@pytest.mark.parametrize("link", ["vendor", "vendor/retail", "vendor/retail/platform-manifest.yaml"])
def test_a_parent_may_not_be_a_link(link: str, tmp_path: Path) -> None:
    root = vendored(tmp_path / "mesh", "retail")
    (root / link).rename(tmp_path / "elsewhere")
    (root / link).symlink_to(tmp_path / "elsewhere")
    (problem,) = problem_texts(root)
    assert problem.startswith(
        "platform-manifest.yaml:20:17: L190: vendor/retail/platform-manifest.yaml is the parent, but "
        f"{link} is a symbolic link; "
    )


def test_an_unreadable_parent_and_one_of_another_kind_are_reported(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail")
    (root / "vendor/retail" / MANIFEST).unlink()
    (root / "vendor/retail" / MANIFEST).mkdir()
    (problem,) = problem_texts(root)
    assert "is the parent, but the file is not a regular file; put a file with the text there" in problem


def test_a_chain_has_an_end(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(1, MOST_PARENTS + 1)]
    sources, _ = load(read_inputs(vendored(tmp_path / "long", *names)), SCHEMAS)
    assert len(sources.parents) == MOST_PARENTS
    (problem,) = problems(vendored(tmp_path / "longer", *names, "p9"))
    assert (problem.rule.code, problem.span and problem.span.file) == (
        "L190",
        f"{'/'.join(f'vendor/{name}' for name in names)}/platform-manifest.yaml",
    )
    assert problem.message.startswith("more than 8 manifests extend one another: small -> p1 -> p2 ->")
    assert problem.hint == "does one of them extend a copy of itself? Let one extend something higher up"


@pytest.mark.parametrize(
    "parent",
    [
        "[]",
        "vendor/retail",
        "{path: vendor/retail}",
        "{path: [a], digest: 5}",
        "{path: ../retail, digest: 'sha256:%s'}" % ("0" * 64),
        "{path: vendor/retail, digest: sha1:00}",
    ],
)
def test_an_invalid_parent_is_reported_by_its_form(parent: str, tmp_path: Path) -> None:
    root = small_mesh(tmp_path, {})
    own = root / MANIFEST
    own.write_text(own.read_text(encoding="utf-8") + f"extends: {parent}\n", "utf-8")
    assert {problem.rule.code for problem in problems(root)} == {"L105"}


def test_the_parent_is_checked_like_other_documents(tmp_path: Path) -> None:
    root = vendored(
        tmp_path, "retail", more="catalogue: {type: polaris}\nquota: {pods: many}\nimages: {registry: ghcr.io}\n"
    )
    file = f"vendor/retail/{MANIFEST}"
    assert [text[: text.index(";")] for text in problem_texts(root)] == [
        f"{file}:4:1: L105: catalogue is not a known key",
        f'{file}:5:15: L105: quota.pods: "many" is not a whole number',
    ]


def test_a_secret_in_a_parent_is_reported(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail", more="delivery: {repository: https://me:hunter22@example.com/x.git}\n")
    assert [problem.rule.code for problem in problems(root)] == ["L106"]


def test_an_unused_vendored_parent_is_reported(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail")
    unused = root / "vendor/old" / MANIFEST
    unused.parent.mkdir()
    unused.write_text(HEAD % ("old", "old"), encoding="utf-8")
    (problem,) = problem_texts(root)
    assert problem == (
        "vendor/old/platform-manifest.yaml:1:1: L102: vendor/old/platform-manifest.yaml is not read by anything; "
        "extend it in platform-manifest.yaml, or remove it: floe-compile vendor vendor/old"
    )


def test_other_files_in_vendor_are_ignored(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail", "corporate")
    before = input_digests(read_inputs(root))
    for file in (
        "go.example/x.go",
        "retail/domains/sales/domain.yaml",
        "retail/output/a.yaml",
        "retail/vendor/old/x.yaml",
    ):
        (root / "vendor" / file).parent.mkdir(parents=True, exist_ok=True)
        (root / "vendor" / file).write_text("not: [yaml", encoding="utf-8")
    stale = root / "vendor/retail/vendor/old" / MANIFEST  # which belongs to the parent
    stale.write_text("nothing", encoding="utf-8")
    assert len(load(read_inputs(root), SCHEMAS)[0].parents) == 2
    assert before != input_digests(read_inputs(root)), "the stale manifest is counted, as it could be read"


def test_a_parent_counts_in_the_digest_of_the_inputs(tmp_path: Path) -> None:
    root = vendored(tmp_path, "retail", "corporate")
    before = input_digests(read_inputs(root))
    file = root / "vendor/retail/vendor/corporate" / MANIFEST
    file.write_text(file.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert before.keys() == input_digests(read_inputs(root)).keys()
    assert before["dev"] != input_digests(read_inputs(root))["dev"]
