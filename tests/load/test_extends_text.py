"""A manifest gets a parent, and nothing else in it changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.load.extends_text import CannotEdit, with_parent
from floe_compiler.load.yaml_reader import read_documents

SAID = {"path": "vendor/new", "digest": "sha256:2"}
BLOCK = "extends:\n  path: vendor/new\n  digest: sha256:2\n"
HEAD = "# Ours.\napiVersion: floe.dev/v1\nkind: PlatformManifest\nmetadata:\n  name: acme\n  version: 1.0.0  # now\n"
FLOW = f"{HEAD}extends: {{verify: {{key: vendor/new.pub}}}}\n"
VERIFY = "  verify: # by them\n    key: vendor/new.pub\n"
REST = "\n# Who runs it.\norchestrator:\n  type: dagster\nlocks:\n    - delivery # why\n"
LONG = "  description: |\n    One line.\n\n    # not a comment\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HEAD + REST, HEAD + BLOCK + REST),
        (HEAD + LONG + REST, HEAD + LONG + BLOCK + REST),
        (HEAD, HEAD + BLOCK),
        (HEAD.rstrip("\n"), HEAD + BLOCK.rstrip("\n")),
        (REST.lstrip("\n") + HEAD, REST.lstrip("\n") + HEAD + BLOCK),
        (
            HEAD + 'extends:\n  path: vendor/old # ours\n  digest: "sha256:1"  # v1\n' + REST,
            HEAD + "extends:\n  path: vendor/new # ours\n  digest: sha256:2  # v1\n" + REST,
        ),
        (
            HEAD + "extends: {path: vendor/old, digest: sha256:1}\n",
            HEAD + "extends: {path: vendor/new, digest: sha256:2}\n",
        ),
        (HEAD + "extends: {path: vendor/new}\n" + REST, HEAD + BLOCK + REST),
        (HEAD + "extends:\n  path: vendor/new\n  digest: 5\n" + REST, HEAD + BLOCK + REST),
        (HEAD + "extends:\n" + REST, HEAD + BLOCK + REST),
        (HEAD + "extends:\n" + VERIFY + REST, HEAD + BLOCK + VERIFY + REST),
        (HEAD + BLOCK.replace("new", "old") + VERIFY + REST, HEAD + BLOCK + VERIFY + REST),
        (HEAD + "extends:\n" + VERIFY + "  path: vendor/old\n" + REST, HEAD + BLOCK + VERIFY + REST),
    ],
)
def test_only_the_parent_changes(before: str, after: str) -> None:
    assert with_parent(before, SAID) == after
    assert with_parent(after, SAID) == after, "once is enough"
    windows = before.replace("\n", "\r\n")
    assert with_parent(windows, SAID) == after.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a: [\n", "{metadata: {name: x}}\n", "kind: x\n", f"{HEAD}---\n{HEAD}", FLOW]
)
def test_manifests_that_cannot_be_edited_are_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        with_parent(text, SAID)


def test_flow_style_is_refused_with_what_to_write() -> None:
    with pytest.raises(CannotEdit, match="write the keys of `extends` below it, each on a line of its own"):
        with_parent(FLOW, SAID)


COMMENT = st.sampled_from(["", "\n", "# a\n", "\n# b\n\n"])
ENTRY = st.sampled_from(
    ["locks:\n- a\n", "quota: {pods: 3}\n", "images:\n    registry: x\n", "extends:\n  path: vendor/z\n"]
)


@given(st.lists(st.tuples(COMMENT, ENTRY), max_size=4, unique_by=lambda commented: commented[1]), st.integers(0, 4))
def test_all_other_data_stays_the_same(entries: list[tuple[str, str]], position: int) -> None:
    parts = [comment + entry for comment, entry in entries]
    parts.insert(position, HEAD)
    text = "".join(parts)
    (before,), _ = read_documents(text, "m.yaml")
    (after,), _ = read_documents(with_parent(text, SAID), "m.yaml")
    assert after.data == {**before.data, "extends": SAID}
    assert [line for line in text.split("\n") if "#" in line] == [
        line for line in with_parent(text, SAID).split("\n") if "#" in line
    ]
