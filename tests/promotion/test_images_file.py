"""An edited images.yaml keeps its comments, quotes, order and line ends; only the lines of images change."""

from __future__ import annotations

import pytest

from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.inputs import Metadata
from floe_compiler.promotion.images_file import new_text, with_images

TEXT = """\
# Who may change this: the platform team, and its programs.
apiVersion: floe.dev/v1
kind: ProductImages
metadata:
  name: prod   # the folder
  owner: "@acme/platform"

images:
  # sales, by their programs
  sales:
    orders: "sales/orders:1.0.0"   # {"$imagepolicy": "flux-system:orders"}

    # held back until the audit
    costs: sales/costs:1.0.0
  # finance

  finance:
    ledger: finance/ledger:3.1.0 # by hand
# the end
"""
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def test_without_a_change_not_a_byte_differs() -> None:
    for text in (TEXT, TEXT.replace("  ", "    "), TEXT.replace("\n", "\r\n"), f"---\n{TEXT}"):
        assert with_images(text, {}) == text


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        (("sales", "orders"), '"sales/orders:1.0.0"   #', f'"sales/orders:1.2.0@{DIGEST}" #'),
        (("sales", "costs"), "sales/costs:1.0.0", f"sales/orders:1.2.0@{DIGEST}"),
        (("finance", "ledger"), "finance/ledger:3.1.0 #", f"sales/orders:1.2.0@{DIGEST} #"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_one_line_changes(key: tuple[str, str], old: str, new: str, line_end: str) -> None:
    text = TEXT.replace("\n", line_end)
    assert with_images(text, {key: f"sales/orders:1.2.0@{DIGEST}"}) == text.replace(old, new)


@pytest.mark.parametrize(
    ("key", "before", "lines"),
    [
        (("sales", "new"), "  # finance\n\n", "    new: a:1\n"),
        (("finance", "new"), "# the end\n", "    new: a:1\n"),
        (("hr", "new"), "# the end\n", "  hr:\n    new: a:1\n"),
    ],
)
def test_a_new_line_comes_last_and_before_the_comments_that_follow(
    key: tuple[str, str], before: str, lines: str
) -> None:
    assert with_images(TEXT, {key: "a:1"}) == TEXT.replace(before, lines + before)


def test_entries_in_flow_style_keep_it() -> None:
    text = "images: {sales: {orders: a:1}} # all\n"
    assert with_images(text, {("sales", "b"): "x:1"}) == "images: {sales: {orders: a:1, b: x:1}} # all\n"


def test_a_new_file_can_be_read() -> None:
    text = with_images(new_text(Metadata(name="prod", owner="@acme/platform")), {("sales", "orders"): "a:1"})
    (document,), problems = read_documents(text, "images.yaml")
    assert problems == []
    assert document.data == {
        "apiVersion": "floe.dev/v1",
        "kind": "ProductImages",
        "metadata": {"name": "prod", "owner": "@acme/platform"},
        "images": {"sales": {"orders": "a:1"}},
    }
